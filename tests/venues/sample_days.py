"""Days of the bundled sample, for venues that speak of real prices in their own words."""

from datetime import UTC, date, datetime
from functools import cache

import polars as pl

from ara.data.provider import Kind
from ara.data.providers.sample import Sample
from ara.market.calendar import calendar
from ara.market.hours import labels
from ara.market.symbols import resolve
from ara.market.timeframe import DAY

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)
"""A moment after the last bar of the sample."""


@cache
def days(symbol: str, first: date = date(2015, 1, 1)) -> pl.DataFrame:
    """Give `label open high low close volume adjusted` of one instrument."""
    one = resolve(symbol)
    bars = Sample()._bars(one).filter(pl.col("at") >= datetime(first.year, first.month, first.day, tzinfo=UTC))
    label = labels(bars["at"], calendar(one.calendar)).alias("label")
    return bars.select(label, "open", "high", "low", "close", "volume", "adjusted")


async def history(provider, symbol, *, kind=Kind.BARS, timeframe=DAY, start=datetime(1990, 1, 1, tzinfo=UTC), end=NOW):
    """Ask a provider for the past of one symbol, years of it unless told otherwise."""
    return await provider.history(kind, resolve(symbol), timeframe, start=start, end=end)
