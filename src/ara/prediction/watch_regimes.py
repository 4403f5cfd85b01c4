"""The state of markets, told again at each closed bar."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.market.timeframe import DAY
from ara.models.regimes import Change, Standing
from ara.prediction.looking import Looks
from ara.prediction.many import Missed
from ara.prediction.watch import Look, Trouble, each_bar

__all__ = ["Stood", "Told", "watch_regimes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """How a watched market stands at its newest bar.

    Parameters
    ----------
    now
        All that is told of it.
    news
        The changes of state that were told since it was looked at before, the oldest first; None at the first look.
    """

    now: Standing
    news: tuple[Change, ...] | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it: as it is without a watch, and what is new."""
        whole = self.now.as_dict()
        dates = {self.now.dates[one.bar].isoformat() for one in self.news or ()}
        return {**whole, "news": [one for one in reversed(whole["changes"]) if one["date"] in dates]}


Told: TypeAlias = Stood | Trouble | Missed
"""What a watch tells: how a market stands, a trouble that may pass, or an instrument that can't be watched."""


def watch_regimes(
    desk: Desk,
    market: MarketData,
    symbols: Sequence[str],
    *,
    among: Sequence[str] = (),
    horizon: int = 21,
    pause: float = 1.0,
) -> AsyncGenerator[Told, None]:
    """Tell the state of markets, and of each again whenever a day's bar of it has closed.

    Parameters
    ----------
    desk, market
        Of the process, and where the bars come from.
    symbols
        Of the instruments.
    among
        Others for correlation and breadth.
    horizon
        Bars after which is looked at what followed.
    pause
        As for `each_bar`.
    """
    looks, seen = Looks(desk, market), dict[str, date]()

    async def look(symbol: str) -> Look[Stood]:
        now = desk.clock.now()
        bars = await looks.bars(symbol, as_of=now)

        async def tell() -> Stood:
            found = await looks.stands(bars, as_of=now, among=among, horizon=horizon)
            before, seen[symbol] = seen.get(symbol), found.dates[-1]
            news = None if before is None else tuple(one for one in found.changes if found.dates[one.bar] > before)
            return Stood(now=found, news=news)

        return Look(bars=bars, tell=tell)

    return each_bar(desk, market, symbols, look, timeframe=DAY, pause=pause)
