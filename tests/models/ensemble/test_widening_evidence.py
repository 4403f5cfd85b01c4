"""The table of `docs/evidence/widening.md`: what calibration adds to the bands of `fast`, before the exam's years."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from ara.data.files import read_bars
from ara.models import LEVELS, Panel, Quantiles
from ara.models.ensemble import Fast, FittedEnsemble
from ara.models.fits import fit_until, refits
from ara.prediction import bulk
from tests.models.exam import BARS, HORIZONS, NEEDED, ROOM, SCORER, Row, cell, held, rows_of, scored, work

__all__ = ["work"]

END = datetime(2018, 3, 19, tzinfo=UTC)
LAST = "2018-03-18"
WAYS = ("as it is", "without stretching", "without surprise", "without either")
STORMS = (
    (datetime(2015, 8, 19, tzinfo=UTC), datetime(2015, 9, 28, tzinfo=UTC)),
    (datetime(2018, 2, 1, tzinfo=UTC), datetime(2018, 3, 8, tzinfo=UTC)),
)
SHOWN = (
    ("crps_skill", "{:.2%}"), ("dm_t", "{:.1f}"), ("sym_better_bh", "{:.0f}"), ("width80_ratio", "{:.3f}"),
    ("cov80", "{:.1%}"), ("indep_rej_bh", "{}"),
)  # fmt: skip

pytestmark = NEEDED


@pytest.fixture(scope="module")
def told(work: Path) -> Mapping[str, Path]:
    """Give the forecasts of each way, at every bar of the scorer's baseline in the three years before the exam."""
    bars, base = work / "bars_before.parquet", work / "base_before.parquet"
    paths = {way: work / f"before_{way.replace(' ', '_')}.parquet" for way in WAYS}
    if all(path.exists() for path in paths.values()):
        return paths
    if not base.exists():
        pl.read_parquet(BARS).filter(pl.col("ts").dt.replace_time_zone("UTC") < END).write_parquet(bars)
        command = [SCORER, ROOM / "score.py", "baseline", "--bars", bars, "--end", LAST, "--out", base]
        subprocess.run([*map(str, command), "--models", "ewma_t"], check=True, capture_output=True)
    frame = read_bars(bars)
    panel = Panel.build(bulk.series(frame), HORIZONS)
    origins = pl.read_parquet(base, columns=["symbol", "origin"]).unique()
    stamps = frame.select(pl.col("symbol").cast(pl.String), "ts").with_row_index("row")
    asked = stamps.join(
        origins.select("symbol", ts=pl.col("origin").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")),
        on=["symbol", "ts"],
    ).sort("row")
    rows = asked["row"].cast(pl.Int64).to_numpy()
    answers = _answered(panel, rows)
    close = frame["close"].to_numpy()[rows]
    for way, path in paths.items():
        _write(path, way, asked, close, answers[way])
    return paths


def _answered(panel: Panel, rows: np.ndarray) -> dict[str, np.ndarray]:
    out = {way: np.full((len(rows), len(HORIZONS), len(LEVELS)), np.nan) for way in WAYS}
    for moment, places in refits(panel.known_at[rows]):
        fitted = fit_until(Fast(), panel, moment, seed=0)
        assert isinstance(fitted, FittedEnsemble)
        for way in WAYS:
            out[way][places] = _bared(fitted, way).predict(panel, rows[places]).values
    return out


def _bared(fitted: FittedEnsemble, way: str) -> FittedEnsemble:
    """Give the ensemble with some of what it learned of its bands taken away."""
    changes = {}
    for name, one in fitted.state.classes.items():
        if way in {"without stretching", "without either"}:
            one = msgspec.structs.replace(one, stretches=((0.0, 0.0, 0.0),) * len(one.stretches))
        if way in {"without surprise", "without either"}:
            one = msgspec.structs.replace(one, surprise=None)
        changes[name] = one
    return replace(fitted, state=msgspec.structs.replace(fitted.state, classes=changes))


def _write(path: Path, way: str, asked: pl.DataFrame, close: np.ndarray, values: np.ndarray) -> None:
    quantiles = Quantiles(horizons=HORIZONS, values=values)
    chances, sigma = quantiles.above(0.0), quantiles.sigma
    parts = []
    for h, horizon in enumerate(HORIZONS):
        prices = close[:, None] * np.exp(values[:, h])
        parts.append(
            asked.select(
                pl.lit(way).alias("model"), "symbol", pl.col("ts").alias("origin"), pl.lit(horizon).alias("horizon")
            ).with_columns(
                p_up=pl.Series(chances[:, h]),
                sigma=pl.Series(sigma[:, h]),
                **{f"q{level:g}": pl.Series(prices[:, place]) for place, level in enumerate(LEVELS)},
            )
        )
    pl.concat(parts).write_parquet(path)


@pytest.fixture(scope="module")
def table(told: Mapping[str, Path], work: Path) -> list[Row]:
    folder = work / "scores_before"
    found = scored([work / "base_before.parquet", *told.values()], work / "bars_before.parquet", folder)
    return [row for row in found if row["model"] in WAYS]


def test_what_calibration_adds_is_small_beside_what_the_members_know(table: list[Row]) -> None:
    usual = rows_of(table, "as it is")
    for way in WAYS:
        for horizon, row in rows_of(table, way).items():
            assert row["grid"] == 1.0
            assert abs(row["crps_skill"] - usual[horizon]["crps_skill"]) < 0.002, (way, horizon)
            assert row["dm_p"] < 0.01
    bare = rows_of(table, "without surprise")[1]
    assert bare["width80_ratio"] < usual[1]["width80_ratio"]
    assert bare["dm_t"] < usual[1]["dm_t"]


def test_surprise_holds_more_returns_in_storms(told: Mapping[str, Path], work: Path) -> None:
    bars = work / "bars_before.parquet"
    for storm in STORMS:
        assert _held(told["as it is"], bars, storm) >= _held(told["without surprise"], bars, storm)


def _held(path: Path, bars: Path, storm: tuple[datetime, datetime]) -> float:
    """Give the share of next-day returns in the 90 % bands."""
    one = path.with_name(f"{path.stem}_next.parquet")
    pl.read_parquet(path).filter(horizon=1).write_parquet(one)
    return held(one, bars, "q0.05", "q0.95", storm)


@pytest.mark.skipif("ARA_EVIDENCE" not in os.environ, reason="results go to ARA_EVIDENCE")
def test_the_table_is_written(table: list[Row], told: Mapping[str, Path], work: Path) -> None:
    page = Path(os.environ["ARA_EVIDENCE"], "widening.md")
    text = re.sub(r"Measured on \S+", f"Measured on {datetime.now(UTC):%Y-%m-%d}", page.read_text(encoding="utf-8"))
    begin, end = text.index("| way |"), text.index("\n\n", text.index("| way |"))
    head = ["way", *(f"{name}, {bars}" for bars in ("1 bar", "5", "21") for name in ("skill", "DM t"))]
    head += ["better", "width", "80 % band", "independence", "storm of 2015", "of 2018"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for way in WAYS:
        rows = rows_of(table, way)
        cells = [cell(rows[h], name, "", form) for h in HORIZONS for name, form in SHOWN[:2]]
        cells += [cell(rows[1], name, "", form) for name, form in SHOWN[2:]]
        cells += [f"{_held(told[way], work / 'bars_before.parquet', storm):.1%}" for storm in STORMS]
        lines.append("| " + " | ".join([way, *cells]) + " |")
    page.write_text(text[:begin] + "\n".join(lines) + text[end:], encoding="utf-8")
