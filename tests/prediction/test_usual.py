"""How far an instrument usually moves: steadier than its last days, wider where it reports, blind to what follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.errors import ModelError
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.instrument import AssetClass
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from ara.models.panel import instant
from ara.prediction.usual import FEWEST, usual

BEGIN = datetime(2010, 1, 1, tzinfo=UTC)


def made(moves, symbol="AAPL"):
    close = 100 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[100.0], close[:-1]])
    at = [BEGIN + timedelta(days=place) for place in range(len(moves))]
    frame = pl.DataFrame(
        {
            "at": at,
            "known_at": [one + timedelta(hours=8) for one in at],
            "learned_at": [one + timedelta(hours=8) for one in at],
            "open": opens,
            "high": np.maximum(opens, close),
            "low": np.minimum(opens, close),
            "close": close,
            "volume": 1e6,
            "source": "made",
            "quality": 1.0,
            "imputed": False,
            "votes": 1,
        },
        schema=SCHEMA,
    )
    return Bars(instrument=resolve(symbol), timeframe=DAY, basis=Basis.RAW, frame=frame)


@pytest.fixture
def calm():
    return np.random.default_rng(4).normal(0.0, 0.01, 900)


def test_it_is_the_deviation_of_what_is_normal_and_grows_with_the_root_of_the_bars():
    path = np.random.default_rng(4).normal(0.0, 0.01 / np.sqrt(100), (400, 100)).cumsum(axis=1)
    pair = made(path[:, -1], "EURUSD")
    opens = pl.Series(pair.frame["open"])
    frame = pair.frame.with_columns(high=opens * np.exp(path.max(axis=1)), low=opens * np.exp(path.min(axis=1)))
    pair = replace(pair, frame=frame)
    assert usual(pair, 1) == pytest.approx(0.01, rel=0.1)
    assert usual(pair, 16) == pytest.approx(4 * usual(pair, 1))


def test_one_large_move_does_not_stand_for_many(calm):
    shocked = calm.copy()
    shocked[-40] = 0.25
    after, before = usual(made(shocked, "EURUSD"), 5), usual(made(calm, "EURUSD"), 5)
    assert before < after < 1.35 * before
    assert np.std(shocked[-250:]) > 1.7 * np.std(calm[-250:])


def test_a_company_moves_more_when_it_reports_and_nothing_else_does(calm):
    moves = calm.copy()
    reports = len(moves) + 9 - 63 * np.arange(1, 13)
    moves[reports[reports > 0]] *= 8
    quiet = np.roll(moves, 30)
    assert usual(made(moves), 15) > 1.3 * usual(made(quiet), 15)
    apart = usual(made(moves, "EURUSD"), 15) / usual(made(quiet, "EURUSD"), 15)
    assert apart == pytest.approx(1.0, rel=0.1)
    few = usual(made(moves[-80:]), 15) / usual(made(moves[-80:], "EURUSD"), 15)
    assert 1.0 < few < usual(made(moves), 15) / usual(made(moves, "EURUSD"), 15)


def test_what_comes_later_changes_nothing(calm):
    whole = made(calm)
    until = whole.frame["known_at"][699]
    cut = replace(whole, frame=whole.frame.head(700))
    assert usual(whole, 20, until=instant(until)) == usual(cut, 20)
    assert usual(whole, 20) != usual(cut, 20)


def test_too_few_bars_and_a_price_that_stands_still(calm):
    with pytest.raises(ModelError, match="has 20 bars"):
        usual(made(calm[: FEWEST - 1]), 5)
    assert np.isfinite(usual(made(calm[:FEWEST]), 5))
    assert usual(made(np.zeros(300)), 5) == 0.0
    assert resolve("AAPL").asset_class is AssetClass.STOCK
