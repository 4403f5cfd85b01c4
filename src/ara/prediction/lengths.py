"""Bars of the length that is asked for: as a source has them, or made of shorter ones where none has."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from ara.data.feed import MarketData
from ara.data.lateness import note
from ara.errors import DataProviderError
from ara.features.timeframes import resample
from ara.market.bars import Bars
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, TIMEFRAMES, WEEK, Timeframe

__all__ = ["MADE", "bars_as"]

MADE: Final = "are made of bars of"
"""What the note on bars that were put together says."""


async def bars_as(
    market: MarketData,
    instrument: Instrument,
    timeframe: Timeframe = DAY,
    *,
    as_of: datetime | None = None,
    learned: datetime | None = None,
) -> Bars:
    """Give the closed bars that were public at a moment, as `MarketData.bars` does; longer ones from shorter ones.

    Weeks are made of days, hours and minutes of the longest shorter ones that there are. A longer bar is known when the
    last session, or part of one, that belongs to it has closed. What is made depends on nothing that came after the
    close of its last bar: prices are adjusted to that bar, not to a newer part of the next one.

    Raises
    ------
    DataProviderError
        No source has such bars, nor shorter ones that they can be made of; the reason is that of the length asked for.
    """
    try:
        return await market.bars(instrument, timeframe, as_of=as_of, learned=learned)
    except DataProviderError as error:
        if timeframe == DAY:
            raise
        first = error
    for shorter in _shorter(timeframe):
        try:
            bars = await market.bars(instrument, shorter, as_of=as_of, learned=learned)
        except DataProviderError:
            continue
        made = resample(bars, timeframe)
        if not len(made):
            continue
        closed = made.frame["known_at"][-1]
        if bars.frame["known_at"][-1] > closed:
            made = resample(await market.bars(instrument, shorter, as_of=closed, learned=learned), timeframe)
        words = f"bars of {timeframe} {MADE} {shorter}: no source has such bars of {instrument.symbol} itself"
        notes = bars.notes
        if as_of is not None and timeframe.span < DAY.span:  # how old these bars are, not those that they are made of
            stale = note(bars, as_of)
            notes = (*(one for one in notes if one not in stale), *note(made, as_of))
        return replace(made, notes=(*notes, words))
    raise first


def _shorter(timeframe: Timeframe) -> list[Timeframe]:
    """Give the lengths that a bar can be made of, longest first: of a week days alone."""
    if timeframe == WEEK:
        return [DAY]
    return [one for one in reversed(TIMEFRAMES) if one.span < timeframe.span and not timeframe.span % one.span]
