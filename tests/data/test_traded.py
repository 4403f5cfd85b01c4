"""Prices of their days, and the splits and dividends that lie between them."""

import numpy as np
import polars as pl
import pytest

from ara.data.feed import MarketData
from ara.data.traded import _read, as_of
from ara.market.bars import Basis
from ara.testing import desk


@pytest.fixture
async def apple():
    async with desk() as opened, MarketData(opened) as market:
        instrument = await market.instrument("AAPL")
        return await as_of(market, instrument), await market.bars(instrument)


async def test_apple_split_seven_for_one_and_four_for_one(apple):
    found, adjusted = apple
    days = found.bars.frame["at"].dt.date().cast(pl.String)
    splits = {days[int(place)]: found.split[place] for place in np.flatnonzero(found.split != 1)}
    assert splits == {"2014-06-09": 7.0, "2020-08-31": 4.0}
    paid = dict(zip(days, found.dividend, strict=True))
    assert paid["2012-08-09"] == pytest.approx(2.65, abs=0.001)
    assert paid["2021-02-05"] == pytest.approx(0.205, abs=0.001)
    assert found.bars.basis is Basis.RAW
    assert found.bars.frame["close"][0] == pytest.approx(90.75)
    assert found.bars.frame["close"][-1] == adjusted.frame["close"][-1]


async def test_together_they_make_the_adjusted_closes(apple):
    found, adjusted = apple
    close = found.bars.frame["close"].to_numpy()
    before = close[:-1] / found.split[1:]
    held = np.cumprod(close[1:] / close[:-1] * found.split[1:] * before / (before - found.dividend[1:]))
    wanted = adjusted.frame["close"].to_numpy()
    assert held == pytest.approx(wanted[1:] / wanted[0], rel=2e-3)


def test_steps_are_read_as_splits_and_dividends():
    close = np.array([100.0, 50.0, 49.5, 99.0, 98.0])
    split, dividend = _read(close, np.array([0.495, 0.99, 1.0, 0.5, 0.5]))
    assert split.tolist() == [1, 2, 1, 0.5, 1]
    assert dividend.tolist() == pytest.approx([0, 0, 0.5, 0, 0])
    assert _read(close, np.ones(5))[1].tolist() == [0, 0, 0, 0, 0]
