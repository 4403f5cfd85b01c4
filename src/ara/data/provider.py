"""The seam at which sources of data plug in."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, Protocol, runtime_checkable

import polars as pl

from ara.market.bars import Basis
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

__all__ = ["BARS", "SCHEMAS", "Kind", "Provider", "basis_of", "fetches"]

_INSTANT: Final = pl.Datetime("us", "UTC")

_TIMES: Final = {"at": _INSTANT, "known_at": _INSTANT, "learned_at": _INSTANT}

BARS: Final = pl.Schema(
    {
        **_TIMES,
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
that the source knows of; null where it gives none. A row that was learned before it was known is an open bar: `latest`
and `stream` may give one, `history` never does."""


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
    FACTS = "facts"


SCHEMAS: Final[Mapping[Kind, pl.Schema]] = {
    Kind.BARS: BARS,
    Kind.QUOTES: pl.Schema(
        {
            **_TIMES,
            "bid": pl.Float64(),
            "ask": pl.Float64(),
            "bid_size": pl.Float64(),
            "ask_size": pl.Float64(),
            "last": pl.Float64(),
        }
    ),
    Kind.TRADES: pl.Schema(
        {**_TIMES, "price": pl.Float64(), "size": pl.Float64(), "side": pl.String(), "trade_id": pl.String()}
    ),
    Kind.BOOK: pl.Schema(
        {**_TIMES, "side": pl.String(), "level": pl.Int64(), "price": pl.Float64(), "size": pl.Float64()}
    ),
    Kind.ACTIONS: pl.Schema(
        {**_TIMES, "action": pl.String(), "value": pl.Float64(), "currency": pl.String(), "basis": pl.String()}
    ),
    Kind.OPTIONS: pl.Schema(
        {
            **_TIMES,
            "contract": pl.String(),
            "expiry": pl.Date(),
            "strike": pl.Float64(),
            "right": pl.String(),
            "multiplier": pl.Float64(),
            "bid": pl.Float64(),
            "ask": pl.Float64(),
            "last": pl.Float64(),
            "volume": pl.Float64(),
            "open_interest": pl.Float64(),
            "implied_volatility": pl.Float64(),
        }
    ),
    Kind.RATES: pl.Schema({**_TIMES, "base": pl.String(), "quote": pl.String(), "rate": pl.Float64()}),
    Kind.FACTS: pl.Schema({**_TIMES, "field": pl.String(), "value": pl.String()}),
}
"""Columns of each kind; all times UTC, all sorted by `at`.

`side` is `buy` or `sell` of who took the trade, `bid` or `ask` in a book, whose `level` counts from 1, the best. An
action's `at` is the open of the first session without it (the ex-date); `action` is `split`, whose `value` is new
shares for one old, or `dividend`, cash for one share; `basis` is `raw` where the amount is as paid, `split` where the
source divided it by later splits. A rate is how much of `quote` one `base` is worth. A fact is a `field` of an
instrument, such as `sector` or `industry`, and its `value` from then on."""


@runtime_checkable
class Provider(Protocol):
    """A source of data. It translates, and nothing more: retries, limits, quality and adjustment are Ara's.

    A class of this shape, named by an entry point in `ara.providers`, is all that a package needs. It is called
    without arguments; or, where it has a class attribute `venue` (`ara.data.access.Venue`: address, limits, whether a
    key is needed), with one: the `Access` through which it asks that venue. By `basis` (an `ara.market.Basis`, or a
    method that gives one for an instrument) it may say for what its bars are adjusted, splits where it says nothing,
    by `classes` (a set of `AssetClass`) what it serves, and by `timeframes` (a set of `Timeframe`) what lengths it has:
    others are made of those. By a method `oldest(timeframe, now)` it may say from when on it has bars of a length, None
    for the listing. `ara plugins check NAME` says whether it keeps what is promised here. Every failure is a
    `DataProviderError`; for an instrument that the source doesn't have, an
    `UnknownSymbolError` is right too.
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
        """Give what has `start <= at < end`, ascending, in the columns of its kind; bars closed, one an `at`."""
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


def fetches(provider: Provider) -> bool:
    """Say whether a source asks a venue, so that its answers are kept; others' bars are read where they lie."""
    return hasattr(provider, "venue")


def basis_of(provider: Provider, instrument: Instrument) -> Basis:
    """Give what a source's bars of an instrument are adjusted for; splits, where it says nothing."""
    said = getattr(provider, "basis", Basis.SPLIT)
    return Basis(said(instrument) if callable(said) else said)
