"""Returns of markets that close at other hours are tied by the session on which they moved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.data.feed import MarketData
from ara.market import symbols
from ara.prediction.joint import past, ties
from ara.testing import desk

THEN = datetime(2021, 3, 31, 23, tzinfo=UTC)


async def bars_of(*names):
    async with desk() as one, MarketData(one) as market:
        return [await market.bars(symbols.resolve(name), as_of=THEN) for name in names]


async def test_a_currency_is_tied_to_the_stocks_of_its_session_and_none_of_these_is_lost():
    fund, pair = await bars_of("SPY", "AUDUSD")
    both = np.isfinite(past([fund, pair])).all(axis=1)
    assert both.sum() > 425, "of Fridays too, which begin on Thursday evening, and Mondays, which begin on Sunday's"
    moved = ties(past([fund, pair])).correlation[0, 1]
    early = replace(pair, frame=pair.frame.with_columns(at=pl.col("at") - timedelta(days=1)))
    assert moved > 0.25 > abs(ties(past([fund, early])).correlation[0, 1])


async def test_what_was_not_public_is_not_looked_at():
    fund, pair = await bars_of("SPY", "AUDUSD")
    cut = 1_000_000 * int(datetime(2020, 6, 1, 20, 30, tzinfo=UTC).timestamp())
    whole, known = past([fund, pair], cut), [pl.col("known_at").dt.epoch("us") <= cut]
    assert whole == pytest.approx(
        past([replace(one, frame=one.frame.filter(known)) for one in (fund, pair)]), nan_ok=True
    )
    assert np.isfinite(whole[-1, 0])
    assert np.isnan(whole[-1, 1]), "the currency's session of that day ends half an hour later"
