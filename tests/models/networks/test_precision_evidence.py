"""The table of `docs/evidence/precision.md`: what networks lose and win in half precision and in 8 bits."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ara.models.form import Form
from ara.models.graphs.precision import KINDS, weigh
from ara.models.networks import BiLstm, CnnLstm, Gru, SeqToSeq, Transformer
from tests.models.networks.worlds import cut, featured
from tests.models.panels import fit

pytestmark = pytest.mark.slow

FAMILIES = (BiLstm, CnnLstm, Gru, SeqToSeq, Transformer)
SIZES = ("tiny", "medium")
WINDOW, WIDTH, EPOCHS, ROWS = 60, 32, 2, 64
WORDS = {"fp16": "half", "int8": "int8"}


class Line(NamedTuple):
    """One network in one precision."""

    family: str
    size: str
    precision: str
    spread: float
    band: float
    bytes: float
    speed: float


def lines(family: type, size: str) -> list[Line]:
    panel = featured(bars=500, horizons=(1, 5, 21), width=WIDTH)
    past, later = cut(panel, 0.8)
    served = fit(family(size=size, window=WINDOW, epochs=EPOCHS), past, seed=1)
    rows = later[:ROWS]
    exact = served.predict(panel, rows)
    width = (exact.at(0.9) - exact.at(0.1))[:, :, None]
    found = []
    for one in weigh(served.graph, panel.windows(rows, WINDOW)):
        told = served.in_form(Form(precision=WORDS[one.kind]))
        assert told.notes == ()
        band = float((np.abs(told.predict(panel, rows).values - exact.values) / width).max())
        found.append(Line(family.family, size, WORDS[one.kind], one.errors["quantiles"], band, one.size, one.speed))
    return found


@pytest.fixture(scope="module")
def table() -> list[Line]:
    return [line for family in FAMILIES for size in SIZES for line in lines(family, size)]


def test_each_network_answers_nearly_the_same_in_each_precision(table: list[Line]) -> None:
    assert len(table) == len(FAMILIES) * len(SIZES) * len(KINDS)
    for line in table:
        assert 0 < line.band < (0.01 if line.precision == "half" else 0.1), line
        assert line.speed > 0


@pytest.mark.skipif("ARA_EVIDENCE" not in os.environ, reason="results go to ARA_EVIDENCE")
def test_the_table_is_written(table: list[Line]) -> None:
    page = [
        "# Precision of graphs",
        "",
        "What a network loses and wins when its graph answers in half precision (`half`) or with weights of 8 bits",
        f"(`int8`): windows of {WINDOW} bars of {WIDTH} features, {ROWS} rows at once, three horizons, one thread of",
        f"a processor, networks trained for {EPOCHS} epochs on a made-up panel.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by",
        "`ARA_EVIDENCE=docs/evidence pytest -m slow tests/models/networks/test_precision_evidence.py`.",
        "",
        "`of the spread` is the largest difference of a quantile over the standard deviation of all answers, before",
        "the volatility; `of the band` the largest difference over the width of the 80 % band; `size` and `speed`",
        "(of processor time) are over those of the exact graph, so a speed below 1 is slower.",
        "",
        "| network | size of it | precision | of the spread | of the band | size | speed |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| `{one.family}` | {one.size} | `{one.precision}` | {one.spread:.3%} | {one.band:.3%} | {one.bytes:.2f} "
            f"| {one.speed:.2f} |"
            for one in table
        ),
        "",
        "Small graphs grow: casts between precisions weigh more than what the weights save.",
        "",
        *_why(table),
        "",
    ]
    Path(os.environ["ARA_EVIDENCE"], "precision.md").write_text("\n".join(page), encoding="utf-8")


def _why(table: list[Line]) -> list[str]:
    """Say in how many cases another precision was quicker, and what it cost at the most; so why it is off."""
    told = []
    for kind, name in (("half", "half precision"), ("int8", "8 bits")):
        mine = [one for one in table if one.precision == kind]
        quicker, off = sum(one.speed > 1 for one in mine), max(one.band for one in mine)
        told.append(f"{name} was quicker in {quicker} of {len(mine)}, and off by up to {off:.1%} of the band")
    return [
        "The setting `models.precision` chooses; `exact` is the default, since nothing else pays on a processor:",
        f"{'; '.join(told)}.",
        "Half precision is for who keeps many larger networks: their files are some 60 %.",
    ]
