"""Bars and forecasts that are unlike all others are said to be, and ordinary ones are not."""

import numpy as np
import polars as pl
import pytest

from ara.data.feed import MarketData
from ara.market.bars import Bars
from ara.market.symbols import resolve
from ara.models.learning.oddity import ODD, lonely
from ara.models.panel import Panel
from ara.models.quantiles import LEVELS, Quantiles
from ara.prediction.compute import Answer, Recipe
from ara.prediction.oddity import odd_forecast, odd_origin
from ara.prediction.outlook import outlook
from ara.testing import desk


async def known(symbol="AAPL", as_of=None):
    async with desk() as one, MarketData(one) as market:
        return await market.bars(resolve(symbol), as_of=as_of)


def with_last(bars, **factors):
    """Give bars whose last row's prices or volume are multiplied."""
    last = pl.int_range(pl.len()) == pl.len() - 1
    changed = [
        pl.when(last).then(pl.col(name) * factor).otherwise(pl.col(name)).alias(name)
        for name, factor in factors.items()
    ]
    return Bars(
        instrument=bars.instrument, timeframe=bars.timeframe, basis=bars.basis, frame=bars.frame.with_columns(changed)
    )


def told(bars):
    panel = Panel.build([bars], (1,))
    return odd_origin(panel, len(panel) - 1)


async def test_an_ordinary_bar_is_not_odd_and_few_of_all_are():
    bars = await known()
    assert told(bars) == ()
    panel = Panel.build([bars], (1,))
    rows = range(1200, len(panel), 7)
    assert sum(bool(odd_origin(panel, row)) for row in rows) / len(rows) < 0.05


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        ({"close": 1.3, "high": 1.3}, ("the move", "the range")),
        ({"high": 1.4}, ("the range",)),
        ({"open": 0.7, "low": 0.7}, ("the range", "the gap")),
        ({"volume": 500.0}, ("the volume",)),
    ],
)
async def test_what_is_beyond_all_before_is_named(factors, said):
    found = told(with_last(await known(), **factors))
    assert tuple(line.split(" of the last bar")[0] for line in found) == said
    assert all("larger than in any of the 1,000 bars before" in line for line in found)


async def test_a_combination_that_was_never_seen_stands_alone():
    dice = np.random.default_rng(7)
    before = np.abs(dice.standard_normal((1000, 4)))
    assert lonely(before, np.full(4, 2.9), seed=0) > ODD
    assert lonely(before, np.median(before, axis=0), seed=0) < 0.5
    assert lonely(before, np.full(4, 2.9), seed=0) == lonely(before, np.full(4, 2.9), seed=0)
    scores = [lonely(before, row, seed=0) for row in before[:200]]
    assert np.mean(np.array(scores) > ODD) < 0.05
    assert lonely(np.ones((300, 2)), np.ones(2), seed=0) <= 0.5


async def test_a_short_or_empty_past_says_nothing():
    bars = await known(as_of=None)
    short = Bars(instrument=bars.instrument, timeframe=bars.timeframe, basis=bars.basis, frame=bars.frame.tail(200))
    assert told(with_last(short, close=1.5, high=1.5)) == ()


async def test_a_market_without_volume_is_judged_by_its_prices():
    bars = await known("EURUSD")
    assert told(bars) == ()
    (move, *_) = told(with_last(bars, close=1.1, high=1.1))
    assert move.startswith("the move of the last bar, ")


def answer(values, usual=(0.02, 0.03)):
    rows = np.asarray(values)[None]
    blank = np.full((1, 2), 0.5)
    return Answer(
        quantiles=Quantiles(horizons=(1, 2), values=rows), p_up=blank, confidence=blank,
        usual_move=np.array([usual]), **extra(),
    )  # fmt: skip


def extra():
    names = dict.fromkeys(Answer.__dataclass_fields__)
    return {"volatility_ratio": np.ones(1)} if "volatility_ratio" in names else {}


def test_a_forecast_far_from_the_usual_moves_is_called_odd():
    place = np.array(LEVELS) - 0.5
    usual = np.stack([place * 0.05, place * 0.08])
    assert odd_forecast(answer(usual)) == ()
    (wide,) = odd_forecast(answer(np.stack([usual[0], usual[1] * 10])))
    assert wide == "this forecast is odd: the 80 % band of day 2 is 11x the usual one"
    (narrow,) = odd_forecast(answer(usual / 10))
    assert "0.1x the usual one" in narrow
    (far,) = odd_forecast(answer(usual + 0.05))
    assert far == "this forecast is odd: the price of day 1 lies 2.5 usual moves away"
    assert odd_forecast(answer(usual, usual=(0.0, 0.03))) == ()


async def test_a_forecast_from_an_odd_bar_says_so_and_its_id_stays():
    bars = with_last(await known(), high=1.4)
    forecast = outlook(bars, 2, Recipe())
    assert any(line.startswith("the range of the last bar, ") for line in forecast.warnings)
    assert outlook(bars, 2, Recipe()).id == forecast.id
