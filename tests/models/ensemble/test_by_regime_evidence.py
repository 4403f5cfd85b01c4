"""The table of `docs/evidence/by_regime.md`: blending by regime beside `fast`, before the exam's years."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from ara import plugins
from ara.data.files import read_bars
from ara.models import LEVELS, Panel
from ara.models.fits import fit_until, refits
from ara.performance import compared, crps
from ara.prediction.bulk import series

BARS = Path(os.environ.get("ARA_MARKET_DATA", "/nowhere")).parent / "bench" / "forecast" / "bars.parquet"
BEGIN, END = datetime(2017, 3, 20, tzinfo=UTC), datetime(2018, 3, 19, tzinfo=UTC)
HORIZONS = (1, 5, 21)
RIVALS = ("ewma_t", "pooled_har", "fast", "blended")
LEAST = 300

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not BARS.exists(), reason="needs the market data")]


class Row(NamedTuple):
    """One model over one horizon."""

    model: str
    horizon: int
    count: int
    loss: float
    skill: float
    against: float
    low: float
    high: float
    p: float
    inside: float


@pytest.fixture(scope="module")
def table() -> list[Row]:
    bars = read_bars(BARS).filter(pl.col("ts") < END)
    panel = Panel.build(series(bars), HORIZONS)
    old = np.arange(len(panel)) - np.searchsorted(panel.series, panel.series) >= LEAST
    begin = int(BEGIN.timestamp()) * 1_000_000
    rows = np.flatnonzero(old & (panel.known_at >= begin) & np.isfinite(panel.scale).all(axis=1))
    told = {name: np.full((len(rows), len(HORIZONS), len(LEVELS)), np.nan) for name in RIVALS}
    for moment, places in refits(panel.known_at[rows]):
        for name in RIVALS:
            fitted = fit_until(plugins.load("models", name)(), panel, moment, seed=0)
            told[name][places] = fitted.predict(panel, rows[places]).values
    return [row for h in range(len(HORIZONS)) for row in _judged(panel, rows, told, h)]


def _judged(panel: Panel, rows: np.ndarray, told: dict[str, np.ndarray], h: int) -> list[Row]:
    y, scale = panel.y[rows, h], panel.scale[rows, h]
    known = np.flatnonzero(np.isfinite(y))
    days = panel.known_at[rows][known] // 86_400_000_000
    losses, inside = {}, {}
    for name, values in told.items():
        units = values[known, h] / scale[known, None]
        losses[name] = crps(units, y[known], LEVELS)
        low, high = (units[:, LEVELS.index(level)] for level in (0.1, 0.9))
        inside[name] = float(((y[known] >= low) & (y[known] <= high)).mean())
    found = []
    for name, loss in losses.items():
        gap = compared(loss, losses["fast"], days, horizon=HORIZONS[h])
        skill = 1 - float(loss.mean()) / float(losses["ewma_t"].mean())
        low, high = (np.nan if one is None else one for one in (gap.low, gap.high))
        found.append(
            Row(name, HORIZONS[h], len(known), float(loss.mean()), skill, gap.skill, low, high, gap.p, inside[name])
        )
    return found


def test_weights_by_regime_are_not_far_from_those_of_fast(table: list[Row]) -> None:
    """They are offered to be tried; whether they win is for the table to say."""
    assert {row.model for row in table} == set(RIVALS)
    usual = {row.horizon: row.inside for row in table if row.model == "fast"}
    for row in table:
        if row.model == "blended":
            assert abs(row.against) < 0.002, row
            assert row.skill > 0.005, row
            assert abs(row.inside - usual[row.horizon]) < 0.01, row


@pytest.mark.skipif("ARA_EVIDENCE" not in os.environ, reason="results go to ARA_EVIDENCE")
def test_the_table_is_written(table: list[Row]) -> None:
    page = [
        "# Weights by regime",
        "",
        "`blended` beside `fast`, of the same ten members, on those of the exam's instruments that had",
        f"bars by then: a forecast at every bar from {BEGIN:%Y-%m-%d} to {END:%Y-%m-%d}, refitted monthly.",
        "The years of the exam were not looked at.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by",
        "`ARA_EVIDENCE=docs/evidence pytest -m slow tests/models/ensemble/test_by_regime_evidence.py`.",
        "",
        "`skill` is 1 - CRPS over that of `ewma_t`; `over fast` the same over that of `fast`, with its 95 % interval",
        "and the chance of so large a skill where there is none, days taken together. Losses are over the volatility",
        "known at each origin.",
        "",
        "| bars | model | forecasts | CRPS | skill | over fast | from | to | p | 80 % band |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {one.horizon} | `{one.model}` | {one.count:,} | {one.loss:.5f} | {one.skill:.2%} | "
            + ("| | | |" if one.model == "fast" else
               f"{one.against:+.2%} | {one.low:+.2%} | {one.high:+.2%} | {one.p:.2g} |")
            + f" {one.inside:.1%} |"
            for one in table
        ),
        "",
    ]  # fmt: skip
    Path(os.environ["ARA_EVIDENCE"], "by_regime.md").write_text("\n".join(page), encoding="utf-8")
