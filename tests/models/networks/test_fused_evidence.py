"""The table of `docs/evidence/fused.md`: whether LightGBM gains by the fused vector of a `cnn_lstm`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from ara.data.files import read_bars
from ara.models import LEVELS, Panel
from ara.models.families.boosters import LightGbm
from ara.models.families.ewma_t import EwmaT
from ara.models.fits import fit_until, refits
from ara.models.inputs import attached
from ara.models.months import DAY
from ara.models.networks.fused import FittedFused, Fused
from ara.performance import compared, crps, inside
from ara.prediction.bulk import series

BARS = Path(os.environ.get("ARA_MARKET_DATA", "/nowhere")).parent / "bench" / "forecast" / "bars.parquet"
BEGIN, END = datetime(2016, 7, 1, tzinfo=UTC), datetime(2018, 3, 19, tzinfo=UTC)
HORIZONS = (1, 5, 21)
LEAST = 300
BASE = "`lightgbm`, newer days"
WAYS = ("`lightgbm`, all days", BASE, "`fused`: the same with the vector", "the `cnn_lstm` itself")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not BARS.exists(), reason="needs the market data")]


class Row(NamedTuple):
    """One way over one horizon."""

    way: str
    horizon: int
    count: int
    skill: float
    against: float
    low: float
    high: float
    p: float
    inside: float


@pytest.fixture(scope="module")
def table() -> list[Row]:
    bars = read_bars(BARS).filter(pl.col("ts") < END)
    panel = attached(Panel.build(series(bars), HORIZONS), Fused())
    old = np.arange(len(panel)) - np.searchsorted(panel.series, panel.series) >= LEAST
    whole = np.isfinite(panel.scale).all(axis=1) & np.isfinite(panel.x).any(axis=1)
    rows = np.flatnonzero(old & (panel.known_at >= int(BEGIN.timestamp()) * 1_000_000) & whole)
    told = {way: np.full((len(rows), len(HORIZONS), len(LEVELS)), np.nan) for way in (*WAYS, "ewma_t")}
    for moment, places in refits(panel.known_at[rows], every=6):
        for way, values in answered(panel, moment, rows[places]).items():
            told[way][places] = values
    return [judged(panel, rows, told, way, h) for h in range(len(HORIZONS)) for way in WAYS]


def answered(panel: Panel, moment: int, rows: np.ndarray) -> Mapping[str, np.ndarray]:
    """Fit each way on what was known at a moment, and give what they say of rows."""
    past = panel.until(moment)
    every = np.arange(len(past))
    both = fit_until(Fused(), panel, moment, seed=0)
    assert isinstance(both, FittedFused)
    assert both.network is not None
    newer = every[past.known_at >= both.network.head.trained_to]
    fitted = {
        WAYS[0]: LightGbm().fit(past, every, every[:0], seed=0, watch=lambda _: True),
        BASE: LightGbm().fit(past, newer, every[:0], seed=0, watch=lambda _: True),
        WAYS[2]: both,
        WAYS[3]: both.network,
        "ewma_t": EwmaT().fit(past, every, every[:0], seed=0, watch=lambda _: True),
    }
    return {way: one.predict(panel, rows).values for way, one in fitted.items()}


def judged(panel: Panel, rows: np.ndarray, told: Mapping[str, np.ndarray], way: str, h: int) -> Row:
    known = np.flatnonzero(np.isfinite(panel.y[rows, h]))
    y, scale = panel.y[rows[known], h], panel.scale[rows[known], h, None]
    loss = {one: crps(told[one][known, h] / scale, y, LEVELS) for one in {way, BASE, "ewma_t"}}
    gap = compared(loss[way], loss[BASE], panel.known_at[rows[known]] // DAY, horizon=HORIZONS[h])
    skill = 1 - float(loss[way].mean()) / float(loss["ewma_t"].mean())
    low, high = (np.nan if one is None else one for one in (gap.low, gap.high))
    held = float(inside(told[way][known, h] / scale, y, LEVELS, 0.8).mean())
    return Row(way, HORIZONS[h], len(known), skill, gap.skill, low, high, gap.p, held)


def test_the_vector_neither_makes_nor_breaks_it(table: list[Row]) -> None:
    assert len(table) == len(WAYS) * len(HORIZONS)
    for row in table:
        assert abs(row.against) < 0.03, row
        assert 0.7 < row.inside < 0.9, row


@pytest.mark.skipif("ARA_EVIDENCE" not in os.environ, reason="results go to ARA_EVIDENCE")
def test_the_table_is_written(table: list[Row]) -> None:
    page = Path(os.environ["ARA_EVIDENCE"], "fused.md")
    text = page.read_text(encoding="utf-8")
    beside = [
        "| | | |" if one.way == BASE else f"{one.against:+.2%} | {one.low:+.2%} | {one.high:+.2%} | {one.p:.2g} |"
        for one in table
    ]
    lines = [
        "| bars | way | forecasts | skill | over the newer days alone | from | to | p | 80 % band |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {one.horizon} | {one.way} | {one.count:,} | {one.skill:.2%} | {words} {one.inside:.1%} |"
            for one, words in zip(table, beside, strict=True)
        ),
    ]
    begin, end = text.index("| bars | way |"), text.index("\n\n", text.index("| bars | way |"))
    text = text[:begin] + "\n".join(lines) + text[end:]
    begin = text.index("Measured on ") + len("Measured on ")
    page.write_text(text[:begin] + f"{datetime.now(UTC):%Y-%m-%d}" + text[begin + 10 :], encoding="utf-8")
