"""The crash exam: shares counted by hand, references that know no more than their origin, days that are asked."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ara.errors import ValidationError
from ara.evidence.crash import REFERENCES, crash
from ara.evidence.worlds import market, walks

FIRST, LAST = datetime(2020, 10, 1, tzinfo=UTC), datetime(2020, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    """Give a market whose moves are four times as large in October and November 2020."""
    returns = walks(24, 800, seed=6)
    days = market(returns)["ts"].unique().sort().to_numpy()
    wild = (days >= np.datetime64("2020-10-01")) & (days <= np.datetime64("2020-11-30"))
    returns[wild] *= 4
    return market(returns)


@pytest.fixture(scope="module")
def found(bars):
    return crash(bars, ["ewma_t"], first=FIRST, last=LAST)


def test_models_stand_before_references_and_all_are_counted(found):
    assert [row.name for row in found.rows] == ["ewma_t", *REFERENCES]
    assert [row.reference for row in found.rows] == [False, True, True, True]
    assert found.forecasts[0] == 24 * 43
    assert found.begin.year == found.end.year == 2020
    assert len(found.symbols) == 24
    named = {row.name: row for row in found.rows}
    assert named["quantiles"].crash < named["ewma"].crash < named["adaptive"].crash
    assert all(0.85 < row.whole < 0.93 for row in found.rows if row.name != "quantiles")
    assert [row.passed for row in found.rows[1:]] == [None] * 3


def test_the_reference_of_quantiles_is_what_numpy_says(bars, found):
    held, widths = [], []
    for symbol in found.symbols:
        own = bars.filter(symbol=symbol)
        moves = np.diff(np.log(own["close"].to_numpy()), prepend=np.nan)
        for place, day in enumerate(own["ts"].to_list()):
            if found.begin <= day <= found.end and place + 1 < len(moves):
                low, high = np.quantile(moves[place - 251 : place + 1], [0.05, 0.95])
                widths.append(high - low)
                held += [low <= moves[place + 1] <= high] if FIRST <= day <= LAST else []
    row = next(row for row in found.rows if row.name == "quantiles")
    assert row.crash == pytest.approx(np.mean(held))
    assert row.width == pytest.approx(np.mean(widths), rel=1e-9)


def test_a_reference_knows_nothing_of_what_follows(bars, found):
    later = pl.col("ts") > LAST.replace(month=12, day=10)
    prices = ["open", "high", "low", "close"]
    other = bars.with_columns(
        pl.when(later).then(pl.col(name) * 3).otherwise(pl.col(name)).alias(name) for name in prices
    )
    again = crash(other, ["ewma_t"], first=FIRST, last=LAST)
    assert [row.crash for row in again.rows] == [row.crash for row in found.rows]
    assert again.id != found.id


def test_the_worst_day_is_the_one_of_which_least_was_held(found):
    row = found.rows[0]
    assert FIRST <= row.worst_day <= LAST
    assert 0 <= row.worst <= row.crash


def test_a_model_passes_by_both_bounds_alone(found):
    from dataclasses import replace

    row = found.rows[0]
    assert replace(row, crash=0.86, whole=0.9).passed is True
    assert replace(row, crash=0.859, whole=0.9).passed is False
    assert replace(row, crash=0.95, whole=0.915).passed is False
    assert replace(found, rows=(replace(row, crash=0.9, whole=0.9), *found.rows[1:])).passed
    assert not replace(found, rows=found.rows[1:]).passed


def test_days_without_bars_are_refused(bars):
    with pytest.raises(ValidationError, match="no bar from 2020-02-20 to 2020-03-31"):
        crash(market(walks(2, 520, seed=1)), ["ewma_t"])
