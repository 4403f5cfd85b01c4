"""What every exchange of coins is to those who ask it: kinds, names and ranges are the same, only the words differ."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

import polars as pl

from ara.data.access import Access, Venue
from ara.data.provider import Kind
from ara.data.providers import exchange
from ara.data.providers.rows import each, offered
from ara.market.bars import Basis
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import Timeframe

__all__ = ["CoinExchange"]


class CoinExchange(ABC):
    """An exchange of coins but for how it is asked; no key is needed.

    A subclass names its venue and its first day, and asks for each kind.

    Parameters
    ----------
    access
        The way to the exchange.
    """

    name: ClassVar[str]
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.BARS, Kind.QUOTES, Kind.TRADES, Kind.BOOK})
    basis: ClassVar[Basis] = Basis.RAW
    classes: ClassVar[frozenset[AssetClass]] = frozenset({AssetClass.CRYPTO})
    venue: ClassVar[Venue]
    first: ClassVar[datetime]

    def __init__(self, access: Access) -> None:
        self._access = access
        self._listed: tuple[Instrument, ...] = ()

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give the pairs whose symbol or coin's name holds the query; the list is asked for once."""
        return exchange.found(await self._listing(), query)

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give closed bars, or trades, with `start <= at < end`; of quotes and books there is no past."""
        offered(kind, self.offers, source=self.name)
        start, end = max(start, self.first), min(end, self._access.clock.now())
        if kind is Kind.BARS:
            return await self._bars(instrument, timeframe, start, end)
        if kind is Kind.TRADES:
            return await self._trades(instrument, start, end)
        raise exchange.no_past(self.name, kind)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give today's bar as it stands, the last trade, the best prices, or the book of each instrument."""
        offered(kind, self.offers, source=self.name)
        ask = {Kind.BARS: self._bar, Kind.QUOTES: self._quote, Kind.TRADES: self._trade, Kind.BOOK: self._book}[kind]
        return pl.concat([exchange.empty(kind), *await each(ask, instruments)])

    async def close(self) -> None:
        """Let go of connections."""
        await self._access.close()

    async def _listing(self) -> tuple[Instrument, ...]:
        if not self._listed:
            self._listed = tuple(one for one in await self._list() if one is not None)
        return self._listed

    @abstractmethod
    async def _list(self) -> Iterable[Instrument | None]:
        """Ask which pairs are traded; None for each that is no instrument of ours."""

    @abstractmethod
    async def _bars(self, one: Instrument, timeframe: Timeframe, start: datetime, end: datetime) -> pl.DataFrame: ...

    @abstractmethod
    async def _trades(self, one: Instrument, start: datetime, end: datetime) -> pl.DataFrame: ...

    @abstractmethod
    async def _bar(self, one: Instrument) -> pl.DataFrame: ...

    @abstractmethod
    async def _quote(self, one: Instrument) -> pl.DataFrame: ...

    @abstractmethod
    async def _trade(self, one: Instrument) -> pl.DataFrame: ...

    @abstractmethod
    async def _book(self, one: Instrument) -> pl.DataFrame: ...
