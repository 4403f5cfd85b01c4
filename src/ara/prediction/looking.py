"""Looks at the market: bars fetched, then indicators, states and correlations told beside the event loop."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, FeatureEngineeringError, NotFoundError, ValidationError
from ara.features.build import compute
from ara.features.described import item_of, values_document
from ara.features.levels.find import PIVOTS
from ara.features.levels.told import Told as Levels
from ara.features.levels.told import checked
from ara.features.levels.told import told as levels
from ara.features.patterns.told import Told as Patterns
from ara.features.patterns.told import family_of
from ara.features.patterns.told import told as patterns
from ara.features.readings import FAMILIES, Told, told
from ara.market.bars import Bars
from ara.market.timeframe import DAY, Timeframe
from ara.models.regimes import Standing, standing
from ara.prediction.features import MARKETS, compared
from ara.prediction.remembered import Remembered, key_of
from ara.risk import Moves, Ties, aligned, together

if TYPE_CHECKING:
    from ara.prediction.importance import Resting

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
        self._told = Remembered()

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
        found: Told = await self._told.of(
            key_of("indicators", [bars], family, horizon),
            lambda: self._desk.workers.run(told, bars, category=family, horizon=horizon),
        )
        return found

    async def patterns(
        self, symbol: str, *, as_of: datetime, last: int = 5, family: str = "", horizon: int = 5
    ) -> Patterns:
        """Tell the patterns that became known in the last bars, and what followed their like before."""
        chosen = family_of(family)
        bars = await self.bars(symbol, as_of=as_of)
        found: Patterns = await self._told.of(
            key_of("patterns", [bars], last, chosen, horizon),
            lambda: self._desk.workers.run(patterns, bars, last=last, family=chosen, horizon=horizon),
        )
        return found

    async def levels(
        self,
        symbol: str,
        *,
        as_of: datetime,
        pivots: Sequence[str] = PIVOTS[:1],
        period: str = "week",
        window: int = 250,
        kind: str = "",
        count: int = 16,
    ) -> Levels:
        """Tell the prices that matter, the nearest of them, and how often the price turned at their like."""
        asked: dict[str, Any] = {"pivots": tuple(checked("pivots", pivots, PIVOTS)), "period": period, "window": window}
        asked |= {"kind": kind, "count": count}
        bars = await self.bars(symbol, as_of=as_of)
        found: Levels = await self._told.of(
            key_of("levels", [bars], *asked.values()), lambda: self._desk.workers.run(levels, bars, **asked)
        )
        return found

    async def computed(self, name: str, symbol: str, *, as_of: datetime, last: int) -> dict[str, Any]:
        """Give the values of an indicator or a formula over an instrument's last bars."""
        try:
            item = item_of(name)
        except FeatureEngineeringError as error:
            raise NotFoundError(error.message, hint=error.hint) from error
        if item.crosses:
            raise ValidationError(
                f"{item.label} compares many instruments, so it can't be computed for one.",
                hint="Ask for an indicator of one instrument, such as rsi.",
            )
        bars = await self.bars(symbol, as_of=as_of)
        others = await compared(self._market, [item], [bars.instrument], as_of=as_of)
        found, missing = await self._desk.workers.run(compute, item, bars, others=others)
        at = bars.frame["at"].tail(last).dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list()
        return values_document(at, {key: one[-last:] for key, one in found.items()}, missing)

    async def regime(self, symbol: str, *, as_of: datetime, among: Sequence[str] = (), horizon: int = 21) -> Standing:
        """Tell the state of a market; others are looked at for correlation and breadth."""
        bars = await self.bars(symbol, as_of=as_of)
        return await self.stands(bars, as_of=as_of, among=among, horizon=horizon)

    async def stands(self, bars: Bars, *, as_of: datetime, among: Sequence[str] = (), horizon: int = 21) -> Standing:
        """Tell the state of the market that daily bars are of."""
        names = [one for one in among if one.upper() != bars.instrument.symbol.upper()]
        others = [await self.bars(one, as_of=as_of) for one in names]
        implied = await self.fear(bars, as_of=as_of)
        found: Standing = await self._told.of(
            key_of("regime", [bars, *others, *([implied] if implied else [])], len(others), horizon),
            lambda: self._desk.workers.run(standing, bars, implied=implied, others=others, horizon=horizon),
        )
        return found

    async def importance(self, seen: Standing, model: str) -> "Resting":
        """Tell what a model's bands rest on in each state that a market was in."""
        from ara.prediction.importance import rests_on  # it takes the models with it, which no other look needs

        return await rests_on(self._desk, self._market, seen, model)

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
