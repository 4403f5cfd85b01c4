"""A live source as a socket listens to it: beside the bars that have closed it hears those that still run."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ara.data.provider import Kind, Provider, fetches
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

if TYPE_CHECKING:
    import polars as pl

    from ara.data.feed import MarketData

__all__ = ["Overheard", "live_source"]


class Overheard:
    """A source whose stream somebody else hears too.

    Parameters
    ----------
    source
        What is asked.
    hear
        Is given each frame of the stream.
    """

    def __init__(self, source: Provider, hear: "Callable[[pl.DataFrame], None]") -> None:
        self._source = source
        self._hear = hear
        self.name = source.name
        self.offers = source.offers

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Ask the source."""
        return await self._source.symbols(query)

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> "pl.DataFrame":
        """Ask the source."""
        return await self._source.history(kind, instrument, timeframe, start=start, end=end)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> "pl.DataFrame":
        """Ask the source."""
        return await self._source.latest(kind, instruments)

    async def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> "AsyncIterator[pl.DataFrame]":
        """Ask the source, and let what it says be heard."""
        async for frame in self._source.stream(kind, instruments):
            self._hear(frame)
            yield frame

    async def close(self) -> None:
        """Leave the source open: it is not this one's."""


def live_source(market: "MarketData", instrument: Instrument, timeframe: Timeframe) -> Provider | None:
    """Give the healthiest source whose bars can be followed, one that lacks its key last; None where none is live."""
    for sources in (market.sources, market.online):
        for provider in sources.followed(instrument):
            if fetches(provider):
                return provider
    return None
