"""When a source can have something new: what is kept, held against the calendar and the last attempt."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from ara.errors import UnknownSymbolError
from ara.market.calendar import calendar
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

if TYPE_CHECKING:
    from ara.data.access.attempts import Attempt

__all__ = ["due", "lacks", "missing", "next_close"]

_PATIENCE: Final = timedelta(minutes=5)


def missing(newest: datetime, instrument: Instrument, timeframe: Timeframe, moment: datetime) -> datetime | None:
    """Give when the first bar after the newest one closed; None where it hadn't by a moment.

    Parameters
    ----------
    newest
        When the close of the last kept bar was public.
    instrument, timeframe
        Whose bars.
    moment
        By when.
    """
    venue = calendar(instrument.calendar)
    label = venue.dated(newest - timedelta.resolution)
    within = timeframe.span < DAY.span and newest < venue.closes(label)
    begins = newest if within else venue.opens(venue.following(label, 1)[0])
    closed = timeframe.closes(begins, venue)
    return closed if closed <= moment else None


def lacks(
    rows: pl.DataFrame | None,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    moment: datetime,
    wanted: datetime | None = None,
) -> bool:
    """Say whether what is kept lacks a bar that had closed by a moment; or the one that is wanted, if it is but one.

    Parameters
    ----------
    rows
        What is kept; None for nothing.
    instrument, timeframe
        Whose bars.
    moment
        By when.
    wanted
        When the one bar opened that is asked for; None for all.
    """
    if rows is None or rows.is_empty():
        return True
    if wanted is not None and wanted in rows["at"]:
        return False
    newest: datetime = rows["known_at"].max()  # type: ignore[assignment]
    return missing(newest, instrument, timeframe, moment) is not None


def next_close(moment: datetime, instrument: Instrument, timeframe: Timeframe) -> datetime:
    """Give the first instant after a moment at which a bar closes."""
    venue = calendar(instrument.calendar)
    begins = venue.opens(venue.label(moment))
    if timeframe.span < DAY.span and begins <= moment:
        begins += (moment - begins) // timeframe.span * timeframe.span
    return timeframe.closes(begins, venue)


def due(
    attempt: "Attempt | None",
    rows: pl.DataFrame,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    moment: datetime,
    now: datetime,
) -> bool:
    """Say whether to ask a source again for bars that are missing by a moment.

    One that answered is asked again once another bar has closed by that moment. A bar that should have been in its
    answer may be late: it is asked for after as long as it was late then, five minutes at least. One that failed is
    asked again after five minutes; where nothing is kept, at once, unless it doesn't know the instrument.

    Parameters
    ----------
    attempt
        The last one; None for none.
    rows
        What is kept.
    instrument, timeframe
        Whose bars.
    moment
        Up to when bars are wanted.
    now
        The time.
    """
    if attempt is None or attempt.at > now:
        return True
    newest = rows["known_at"].max()
    waited = now - attempt.at
    if attempt.code:
        holds = isinstance(newest, datetime) or attempt.code == UnknownSymbolError.code
        return not holds or waited >= _PATIENCE
    if not isinstance(newest, datetime) or (attempt.newest is not None and newest < attempt.newest):
        return True  # what it gave then is kept no longer
    closed = missing(newest, instrument, timeframe, moment)
    if closed is None:
        return False
    if closed > attempt.at or waited >= max(_PATIENCE, attempt.at - closed):
        return True
    return next_close(attempt.at, instrument, timeframe) <= min(moment, now)
