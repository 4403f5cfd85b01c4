"""What commands that look at the bars of instruments share: the bars, their dates, and looks at the market."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.market.bars import Bars
    from ara.prediction.looking import Looks

__all__ = ["closed_bars", "dates", "looked"]

_T = TypeVar("_T")


def looked(s: Screen, as_of: str, ask: "Callable[[Looks, datetime], Awaitable[_T]]") -> _T:
    """Open the desk and its market, ask about what was public at a moment, and close both."""
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.prediction.looking import Looks
    from ara.prediction.origin import as_instant

    async def asked() -> _T:
        async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
            moment = as_instant(as_of or None, now=desk.clock.now(), what="--as-of")
            return await ask(Looks(desk, market), moment)

    return s.run(asked())


def closed_bars(s: Screen, symbol: str, *, as_of: str = "", step: str = "") -> "Bars":
    """Give an instrument's closed bars that were public at a moment, daily if no step is given."""
    from ara.cli.commands.data.asked import timeframe

    wanted = timeframe(step or "1d")
    return looked(s, as_of, lambda looks, moment: looks.bars(symbol, wanted, as_of=moment))


def dates(bars: "Bars") -> list[date]:
    """Give each bar's date by the instrument's calendar."""
    return bars.dates()
