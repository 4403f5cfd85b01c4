"""How far bars lag behind the time: the sessions that have closed since the newest one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ara.data.due import missing
from ara.market.bars import Bars
from ara.market.calendar import calendar
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["FEW", "Behind", "behind", "late", "note", "short"]

FEW: Final = 5
"""Sessions that may be missing before bars count as stale: holidays that a calendar doesn't know, a venue's delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What is missing between the newest bar and a moment.

    Parameters
    ----------
    newest
        When the close of the newest bar was public, UTC.
    since
        When the first bar that is missing closed, UTC.
    sessions
        How many sessions of the calendar have closed since the newest bar.
    stale
        Whether that is more than a few.
    words
        All of it in a sentence.
    """

    newest: datetime
    since: datetime
    sessions: int
    stale: bool
    words: str


def behind(newest: datetime, instrument: Instrument, timeframe: Timeframe, *, moment: datetime) -> Behind | None:
    """Say what is missing between the newest bar and a moment; None where no session is.

    Parameters
    ----------
    newest
        When the close of the newest bar was public, UTC.
    instrument, timeframe
        Whose bars.
    moment
        Up to when they are wanted, UTC; not in the future.
    """
    since = missing(newest, instrument, timeframe, moment)
    hours = calendar(instrument.calendar)
    label = hours.dated(newest - timedelta.resolution)
    if since is None or hours.dated(moment) <= label:
        return None
    labels = hours.sessions(label + timedelta(days=1), hours.dated(moment))
    while labels and hours.closes(labels[-1]) > moment:
        labels.pop()
    if not labels:
        return None
    when = f"is of {label}" if timeframe.span >= DAY.span else f"closed at {newest:%Y-%m-%d %H:%M} UTC"
    many = "1 session has" if len(labels) == 1 else f"{len(labels):,} sessions have"
    return Behind(
        newest=newest,
        since=since,
        sessions=len(labels),
        stale=len(labels) > FEW and moment - newest >= 2 * timeframe.span,
        words=f"the newest bar of {instrument.symbol} {when}: {many} closed since by {moment:%Y-%m-%d}",
    )


def late(newest: datetime, instrument: Instrument, timeframe: Timeframe, *, now: datetime) -> timedelta:
    """Give for how long the bar after the newest one could have been there; nothing where it couldn't."""
    since = missing(newest, instrument, timeframe, now)
    return timedelta() if since is None else now - since


def short(
    own: datetime | None,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    begin: datetime,
    moment: datetime,
    kept: datetime | None,
    known: bool = False,
) -> tuple[int, str] | None:
    """Say by how many sessions an answer is too old to stand while another source may have more; None where it isn't.

    Parameters
    ----------
    own
        When its newest bar was public; None where it holds none.
    instrument, timeframe
        Whose bars.
    begin, moment
        The range that was asked for.
    kept
        When the newest kept bar was public; None where it doesn't matter. An answer that ends before it is too old as
        soon as any session is missing.
    known
        Whether this very answer was found too old a short while ago, when the others were asked.
    """
    lacking = behind(own or begin, instrument, timeframe, moment=moment)
    if lacking is None:
        return None
    stale = lacking.stale and own is not None and not known
    older = kept is not None and (own is None or own < kept)
    if not stale and not (older and kept and behind(kept, instrument, timeframe, moment=moment)):
        return None
    gave = lacking.words if own is not None else f"it has no bar of {instrument.symbol} from {begin:%Y-%m-%d} on"
    return lacking.sessions, f"{gave}."


def note(bars: Bars, moment: datetime) -> tuple[str, ...]:
    """Say of bars that they are stale; nothing where they aren't."""
    found = behind(bars.frame["known_at"][-1], bars.instrument, bars.timeframe, moment=moment)
    return (found.words,) if found and found.stale else ()
