"""Looks at the market: bars fetched, then indicators, states and correlations told beside the event loop."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, ValidationError
from ara.features.readings import FAMILIES, Told, told
from ara.market.bars import Bars
from ara.market.timeframe import DAY, Timeframe
from ara.models.regimes import Standing, standing
from ara.prediction.features import MARKETS
from ara.risk import Moves, Ties, aligned, together

__all__ = ["FOLLOWED", "INSTRUMENTS", "Looks"]

FOLLOWED: Final = range(1, 251)
"""So many bars later may be looked at what followed."""

INSTRUMENTS: Final = range(2, 101)
"""So many instruments may be held against each other."""

_FEAR: Final = "^VIX"


class Looks:
    """Looks at the market.

    Parameters
    ----------
    desk
        The desk of the process.
    market
        Where bars come from; it stays the caller's to close.
    """

    def __init__(self, desk: Desk, market: MarketData) -> None:
        self._desk, self._market = desk, market

    async def bars(self, symbol: str, timeframe: Timeframe = DAY, *, as_of: datetime) -> Bars:
        """Give an instrument's closed bars that were public at the moment."""
        return await self._market.bars(await self._market.instrument(symbol), timeframe, as_of=as_of)

    async def fear(self, bars: Bars, *, as_of: datetime) -> Bars | None:
        """Give the index of implied volatility, for shares alone, if there is one."""
        if MARKETS.get(bars.instrument.asset_class) != "SPY":
            return None
        try:
            return await self.bars(_FEAR, as_of=as_of)
        except AraError:
            return None

    async def indicators(
        self, symbol: str, *, as_of: datetime, category: str = "all", timeframe: Timeframe = DAY, horizon: int = 5
    ) -> Told:
        """Tell what the indicators of a category, or of all, say at the last bar, and what followed such bars."""
        family = category.strip().lower()
        if family != "all" and family not in FAMILIES:
            raise ValidationError(
                f"There is no category {category!r:.40}.", hint=f"There are: {', '.join(FAMILIES)} and all."
            )
        bars = await self.bars(symbol, timeframe, as_of=as_of)
        return await self._desk.workers.run(told, bars, category=family, horizon=horizon)

    async def regime(self, symbol: str, *, as_of: datetime, among: Sequence[str] = (), horizon: int = 21) -> Standing:
        """Tell the state of a market; others are looked at for correlation and breadth."""
        bars = await self.bars(symbol, as_of=as_of)
        names = [one for one in among if one.upper() != bars.instrument.symbol.upper()]
        others = [await self.bars(one, as_of=as_of) for one in names]
        implied = await self.fear(bars, as_of=as_of)
        return await self._desk.workers.run(standing, bars, implied=implied, others=others, horizon=horizon)

    async def moves(self, symbols: Sequence[str], *, as_of: datetime) -> Moves:
        """Give the returns of several instruments on the days that all have."""
        if len(symbols) not in INSTRUMENTS:
            raise ValidationError(
                f"{len(symbols)} instruments are named.", hint=f"Name {INSTRUMENTS.start} to {INSTRUMENTS.stop - 1}."
            )
        return aligned([await self.bars(one, as_of=as_of) for one in symbols])

    async def ties(self, symbols: Sequence[str], *, as_of: datetime, window: int = 90) -> Ties:
        """Tell how closely instruments move together over the last days."""
        return await self._desk.workers.run(together, await self.moves(symbols, as_of=as_of), window)
