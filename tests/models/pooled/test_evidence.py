"""How well `pooled_har` forecasts, by an independent scorer on real bars and on worlds where nothing is to be found."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.models.exam import END, NEEDED, Row, examined, forecast, next_bars, rows_of, scored, tables, work, world

__all__ = ["work"]

LOOKS = 5
SKILL = {1: 0.010, 5: 0.014, 21: 0.020}
WORLDS = range(5)

pytestmark = NEEDED


@pytest.fixture(scope="module")
def exam(work: Path) -> list[Row]:
    return examined(work, ("pooled_har",))


@pytest.fixture(scope="module")
def worlds(work: Path) -> list[Row]:
    found = []
    for seed in WORLDS:
        bars = world(work, "null", seed)
        told = forecast(bars, next_bars(bars, 756, 1258), work / f"null_{seed}_pooled_har.parquet", "pooled_har")
        found += scored([told], bars, work / f"null_{seed}_pooled_har")
    return found


def test_it_is_better_than_the_obvious_and_its_bands_hold(exam: list[Row]) -> None:
    mine = rows_of(exam, "ara_pooled_har")
    for horizon, least in SKILL.items():
        row = mine[horizon]
        assert row["crps_skill"] >= least
        assert row["dm_p"] < 0.01
        assert row["sym_worse_bh"] == 0
        assert abs(row["cov80"] - 0.8) <= {1: 0.01, 5: 0.015, 21: 0.025}[horizon]
        others = max(
            row["crps_skill"] for row in exam if row["horizon"] == horizon and row["model"] in {"garch_t", "har_t"}
        )
        assert row["crps_skill"] >= others + 0.003
    assert mine[1]["kupiec_rej_bh"].startswith("0/")


def test_no_direction_is_claimed_where_there_is_none(worlds: list[Row]) -> None:
    assert len(worlds) == len(WORLDS)
    assert sum(row["pt_p"] < 0.01 or row["brier_p"] < 0.01 or row["ic_t"] > 2.33 for row in worlds) == 0
    tell_of(worlds)


def test_the_whole_table_is_told(exam: list[Row], worlds: list[Row]) -> None:
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        pytest.skip("nobody asked for the page")
    Path(folder, "pooled_har.md").write_text(page(exam, worlds), encoding="utf-8")


def tell_of(worlds: list[Row]) -> list[str]:
    lines = ["| world | right side | PT t | Brier t | rank IC t | 80 % |", "|---|---|---|---|---|---|"]
    for seed, row in zip(WORLDS, worlds, strict=True):
        claims = f"{row['da']:.1%} | {row['pt_t']:.1f} | {row['brier_t']:.1f} | {row['ic_t']:.1f}"
        lines.append(f"| {seed} | {claims} | {row['cov80']:.1%} |")
    return lines


def page(exam: list[Row], worlds: list[Row]) -> str:
    lines = [
        "# pooled_har on real bars",
        "",
        "33 instruments (14 US stocks, 9 coins, 10 currency pairs and gold), a forecast at every bar from 2018-03-20",
        f"to {END}, 27,623 for each horizon, refitted monthly, scored by a program that shares no code with Ara.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `pytest -m slow tests/models/pooled/test_evidence.py`.",
        f"The constants were chosen on bars before 2018-03-19; these years were looked at {LOOKS} times.",
        "",
    ]
    lines += tables(exam)
    lines += [
        "## Where there is nothing to find",
        "",
        "Five made-up markets of 20 correlated random walks with clustered volatility, one bar ahead, 503 origins of",
        "each walk. A claim of direction would be false: t beyond 2.3 (PT, rank IC) or below -2.3 (Brier against 0.5).",
        "",
        *tell_of(worlds),
    ]
    return "\n".join(lines) + "\n"
