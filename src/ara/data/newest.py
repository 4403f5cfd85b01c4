"""Prices of the moment: the newest bar of an instrument, and closed bars as they come. The cache hears of each."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from ara.data import live
from ara.data.provider import BARS, Kind, Provider, fetches
from ara.errors import DataProviderError
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

if TYPE_CHECKING:
    from ara.clock import Clock
    from ara.data.feed import MarketData

__all__ = ["NEWEST", "follow", "latest"]

NEWEST: Final = pl.Schema({**BARS, "source": pl.String()})
"""Columns of what `latest` gives: those of `BARS`, and who said it; `learned_at` before `known_at` is an open bar."""


async def latest(market: "MarketData", instrument: Instrument) -> pl.DataFrame:
    """Give the newest bar that a source tells of, which may still run; it stands for `data.cache.live_seconds`.

    Where its price lies far from the closes that are cached, what is cached of the instrument is dropped.

    Parameters
    ----------
    market
        Whose sources and whose cache.
    instrument
        Whose price.

    Returns
    -------
    pl.DataFrame
        One row in the columns of `NEWEST`.

    Raises
    ------
    DataProviderError
        No source has one; the message holds every reason.
    """
    from ara.data.cache import Key

    async def ask(source: Provider) -> pl.DataFrame:
        rows = await source.latest(Kind.BARS, [instrument])
        own = rows.filter(pl.col("symbol") == instrument.symbol, pl.col("close") > 0, pl.col("close").is_finite())
        if own.is_empty():
            raise DataProviderError(f"{source.name} has no newest bar of {instrument.symbol}.")
        return own.tail(1).select(*BARS, pl.lit(source.name).alias("source"))

    async def load() -> pl.DataFrame:
        told = await market.sources.ask(_names(market, [instrument]), ask, what=f"the price of {instrument.symbol}")
        return told.value

    key = Key(kind=Kind.BARS, symbol=instrument.symbol, parts=("newest",), calendar=instrument.calendar)
    row = await market.cache.get(key, load, live=True)
    await market.cache.price(instrument.symbol, row["close"][0])
    return row


async def follow(
    market: "MarketData",
    instruments: Sequence[Instrument],
    timeframe: Timeframe = live.MINUTE,
    *,
    clock: "Clock",
    since: datetime | None = None,
) -> AsyncGenerator[pl.DataFrame, None]:
    """Give closed bars as they come, of the first source that streams all of them; see `ara.data.live.closed`.

    A close that lies far from those that are cached drops what is cached of its instrument.

    Parameters
    ----------
    market
        Whose sources and whose cache.
    instruments
        Which ones; each once.
    timeframe
        Of the bars that are wanted.
    clock
        Says what has ended.
    since
        From which bar on: the end of the last that one has, aware; the bar that runs now, if None.

    Yields
    ------
    pl.DataFrame
        `symbol` and the columns `BARS`.

    Raises
    ------
    DataProviderError
        No source has all of them, or the stream ended or failed.
    """
    names = _names(market, instruments)
    if not names:
        raise DataProviderError(
            f"No source has live bars of {', '.join(one.symbol for one in instruments)} together.",
            hint="Name a live one in the setting data.providers, or follow fewer at once.",
        )
    bars = live.closed(market.sources.get(names[0]), instruments, timeframe, clock=clock, since=since)
    async with aclosing(bars):
        async for rows in bars:
            for symbol, close in rows.select("symbol", "close").iter_rows():
                await market.cache.price(symbol, close)
            yield rows


def _names(market: "MarketData", instruments: Sequence[Instrument]) -> list[str]:
    """Give the sources that may serve all instruments, those of venues before those that read what lies there."""
    able = [set(market.sources.live(one)) for one in instruments]
    shared = [name for name in market.sources.live(instruments[0]) if all(name in names for names in able)]
    venues = [name for name in shared if fetches(market.sources.get(name))]
    return venues or shared
