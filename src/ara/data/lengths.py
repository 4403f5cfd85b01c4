"""Bars of the length that is asked for: as they are kept, or made of shorter ones where nobody has them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from ara.data.lateness import note
from ara.errors import DataProviderError
from ara.market.bars import Bars
from ara.market.instrument import Instrument
from ara.market.longer import resample
from ara.market.timeframe import DAY, TIMEFRAMES, WEEK, Timeframe

__all__ = ["as_long"]

_Ask = Callable[[Timeframe, datetime | None], Awaitable[Bars]]


async def as_long(
    ask: _Ask, instrument: Instrument, timeframe: Timeframe, *, as_of: datetime | None, now: datetime
) -> Bars:
    """Give the closed bars that were public at a moment; longer ones of shorter ones, where there are none as long.

    Weeks are made of days, hours and minutes of the longest shorter ones that there are. A longer bar is known when the
    last session, or part of one, that belongs to it has closed. What is made depends on nothing that came after the
    close of its last bar: prices are adjusted to that bar, not to a newer part of the next one.

    Parameters
    ----------
    ask
        Gives the bars of a length that were public at a moment, or now, for None.
    instrument, timeframe
        Whose bars, and how long they are.
    as_of
        The moment; now, if None.
    now
        The time.

    Raises
    ------
    DataProviderError
        There are no such bars, nor shorter ones that they can be made of; the reason is that of the length asked for.
    """
    try:
        return await ask(timeframe, as_of)
    except DataProviderError as error:
        if timeframe == DAY:
            raise
        first = error
    late: DataProviderError | None = None
    for shorter in _shorter(timeframe):
        try:
            bars = await ask(shorter, as_of)
        except DataProviderError as error:
            late = late or (error if "begins" in error.context else None)
            continue
        made = resample(bars, timeframe)
        if not len(made):
            continue
        closed = made.frame["known_at"][-1]
        if bars.frame["known_at"][-1] > closed:
            made = resample(await ask(shorter, closed), timeframe)
        whose = instrument.symbol
        words = f"bars of {timeframe} are made of bars of {shorter}: no source has such bars of {whose} itself"
        notes = bars.notes
        if timeframe.span < DAY.span:  # how old these bars are, not those that they are made of
            stale = note(bars, as_of or now)
            notes = (*(one for one in notes if one not in stale), *note(made, as_of or now))
        return replace(made, notes=(*notes, words))
    raise late or first


def _shorter(timeframe: Timeframe) -> list[Timeframe]:
    """Give the lengths that a bar can be made of, longest first: of a week days alone."""
    if timeframe == WEEK:
        return [DAY]
    return [one for one in reversed(TIMEFRAMES) if one.span < timeframe.span and not timeframe.span % one.span]
