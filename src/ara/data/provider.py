"""The seam at which sources of data plug in."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, Protocol, runtime_checkable

import polars as pl

from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

__all__ = ["BARS", "Kind", "Provider"]

_INSTANT: Final = pl.Datetime("us", "UTC")

BARS: Final = pl.Schema(
    {
        "at": _INSTANT,
        "known_at": _INSTANT,
        "learned_at": _INSTANT,
        "open": pl.Float64(),
        "high": pl.Float64(),
        "low": pl.Float64(),
        "close": pl.Float64(),
        "volume": pl.Float64(),
        "adjusted": pl.Float64(),
    }
)
"""Columns of the kind `BARS`, as published: `at` is the bar's open and `known_at` the instant from which its close was
public, `learned_at` when this source's answer was received. `adjusted` is the close after all splits and dividends
that the source knows of; null where it gives none."""


class Kind(StrEnum):
    """What a source offers."""

    BARS = "bars"
    QUOTES = "quotes"
    TRADES = "trades"
    BOOK = "book"
    ACTIONS = "actions"
    OPTIONS = "options"
    RATES = "rates"
    CHAIN = "chain"
    TEXT = "text"
    FILINGS = "filings"
    TRENDS = "trends"


@runtime_checkable
class Provider(Protocol):
    """A source of data. It translates, and nothing more: retries, limits, quality and adjustment are Ara's.

    A class of this shape, named by an entry point in `ara.providers`, is all that a package needs; it is called
    without arguments. `ara plugins check NAME` says whether it keeps what is promised here. Every failure is a
    `DataProviderError`; for an instrument that the source doesn't have, an `UnknownSymbolError` is right too.
    """

    name: ClassVar[str]
    """As in its entry point."""

    offers: ClassVar[frozenset[Kind]]
    """The kinds that it has; asking for another is a `DataProviderError`."""

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give the instruments whose symbol or name holds the query, all for an empty one."""
        ...

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give what has `start <= at < end`, ascending, one row for each `at`; for bars with the columns `BARS`."""
        ...

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give the newest row of each instrument, with its `symbol` in the first column."""
        ...

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Give new rows as they come, shaped like `latest`."""
        ...

    async def close(self) -> None:
        """Let go of connections; closing twice is no fault."""
        ...
