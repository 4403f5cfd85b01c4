"""What commands that look at one instrument's bars share: the bars, their dates, what one of them is called."""

from datetime import date
from typing import TYPE_CHECKING

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.market.bars import Bars

__all__ = ["bar_word", "closed_bars", "dates"]


def closed_bars(s: Screen, symbol: str, *, as_of: str = "", step: str = "") -> "Bars":
    """Give an instrument's closed bars that were public at a moment, daily if no step is given."""
    from ara.cli.commands.data.asked import timeframe
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.prediction.origin import as_instant

    wanted = timeframe(step or "1d")

    async def ask() -> "Bars":
        async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
            moment = as_instant(as_of or None, now=desk.clock.now(), what="--as-of")
            return await market.bars(await market.instrument(symbol), wanted, as_of=moment)

    return s.run(ask())


def dates(bars: "Bars") -> list[date]:
    """Give each bar's date by the instrument's calendar."""
    from ara.market.calendar import calendar
    from ara.market.hours import labels

    return labels(bars.frame["at"], calendar(bars.instrument.calendar)).to_list()


def bar_word(bars: "Bars") -> str:
    """Give what a bar is called: a day, a week, else a bar."""
    return {"1d": "day", "1w": "week"}.get(str(bars.timeframe), "bar")
