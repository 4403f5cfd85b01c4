"""What was asked for, held against what came: a history that is cut short, bars that no one can have yet."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from ara.data.compose import shorter
from ara.data.provider import Provider
from ara.errors import DataProviderError, ValidationError
from ara.market.calendar import FIRST_YEAR, Calendar, calendar
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY, Timeframe, Unit

__all__ = ["Missing", "askable", "beginning", "cut_short", "none_closed", "oldest"]

_NEAR: Final = 3
_EARLIEST: Final = datetime(FIRST_YEAR, 1, 2, tzinfo=UTC)
_FIRST: Final = {AssetClass.CRYPTO: 2010, AssetClass.FOREX: 1999}
_OLDEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_INTRADAY: Final = {Unit.MINUTE: timedelta(days=7), Unit.HOUR: timedelta(days=700)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The part at the beginning of a range that a source did not give.

    Parameters
    ----------
    start, end
        From what was asked for (None: all there is) until before the first bar that came, UTC.
    sessions
        How many sessions of the calendar lie in there.
    words
        What is missing and why, in a sentence or two.
    hint
        What to do.
    """

    start: datetime | None
    end: datetime
    sessions: int
    words: str
    hint: str


def askable(instrument: Instrument, timeframe: Timeframe, *, start: datetime, now: datetime) -> None:
    """Refuse what no source can have: bars of the future, and those of which the first one still runs.

    Raises
    ------
    ValidationError
        The range begins in the future.
    DataProviderError
        No bar of it has closed; `context["closes_at"]` says when the first one does.
    """
    symbol = instrument.symbol
    if start >= now:
        raise ValidationError(
            f"Bars of {symbol} are asked for from {_said(start)} on, which is in the future.",
            hint=f"It is {_said(now)}; ask for earlier ones.",
        )
    hours = calendar(instrument.calendar)
    begins = _first_open(start, hours) if timeframe.span >= DAY.span else start
    closes = timeframe.closes(begins, hours)
    if closes > now:
        raise DataProviderError(
            f"No {timeframe} bar of {symbol} from {_said(start)} on has closed; the first one closes {_said(closes)}.",
            hint=f"It is {_said(now)}; ask again then, or for earlier bars.",
            symbol=symbol,
            closes_at=closes.isoformat(),
        )


def beginning(instrument: Instrument, timeframe: Timeframe, now: datetime) -> datetime:
    """Give how far back to ask where nothing is said: sources keep little of what is shorter than a day."""
    if timeframe.unit in _INTRADAY:
        return now - _INTRADAY[timeframe.unit]
    year = _FIRST.get(instrument.asset_class)
    return _OLDEST if year is None else datetime(year, 1, 1, tzinfo=UTC)


def oldest(source: Provider, timeframe: Timeframe, now: datetime) -> datetime | None:
    """Give from when on a source has bars of a length, or those that they are made of, where it says so."""
    said = getattr(source, "oldest", None)
    step = next(iter(shorter(source, timeframe)), timeframe)
    found: datetime | None = said(step, now) if callable(said) else None
    return found


def none_closed(
    source: Provider, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime, now: datetime
) -> DataProviderError:
    """Make the error for a range of which a source gave no closed bar."""
    words = f"{source.name} gave no closed {timeframe} bar of {instrument.symbol} from {_said(start)} to {_said(end)}"
    limit = oldest(source, timeframe, now)
    if limit is not None and end <= limit:
        words += f"; it keeps those from {_said(limit)} on"
    return DataProviderError(
        f"{words}.",
        hint="Ask for another range, or another source with --provider; ara data sources lists them.",
        symbol=instrument.symbol,
        asked_from=start.isoformat(),
        asked_to=end.isoformat(),
    )


def cut_short(
    source: Provider,
    bars: pl.DataFrame,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    start: datetime | None,
    now: datetime,
) -> Missing | None:
    """Say what is missing before the first bar of an answer; None where nothing is.

    Parameters
    ----------
    source
        Who answered; by `oldest` it may say how far back it has anything.
    bars
        The answer, with a bar at least.
    instrument, timeframe
        Whose bars.
    start
        From when on they were asked for; None for all there is, of which only the source's own limit cuts something.
    now
        The time.
    """
    first: datetime = bars["at"][0]
    limit, symbol = oldest(source, timeframe, now), instrument.symbol
    hours = calendar(instrument.calendar)
    limited = limit is not None and first - limit <= _NEAR * max(timeframe.span, DAY.span)
    if start is None:
        return _limited(source, symbol, timeframe, first) if limited else None
    begins = max(start, _EARLIEST)
    sessions = _sessions(begins, first, hours)
    late = first - begins >= 2 * timeframe.span if hours.next_open(begins) is None else sessions > 0
    if not late or (timeframe.unit is Unit.WEEK and first - begins < 2 * timeframe.span):
        return None
    until = hours.dated(first)
    much = f"{sessions:,} {'session' if sessions == 1 else 'sessions'}" if sessions else f"{first - begins}"
    why = f"{source.name} keeps no older {timeframe} bars" if limited else "perhaps it was not traded yet"
    words = (
        f"{symbol} was asked for from {hours.dated(begins)} on and begins at {until}: {much} before that are missing"
    )
    return Missing(
        start=start, end=first, sessions=sessions, words=f"{words}; {why}.", hint=_elsewhere(symbol, start, first)
    )


def _limited(source: Provider, symbol: str, timeframe: Timeframe, first: datetime) -> Missing:
    words = f"{source.name} keeps no {timeframe} bars of {symbol} from before {_said(first)}."
    return Missing(start=None, end=first, sessions=0, words=words, hint=_elsewhere(symbol, None, first))


def _elsewhere(symbol: str, start: datetime | None, end: datetime) -> str:
    since = "" if start is None else f"--from {start:%Y-%m-%d} "
    span = f"{since}--to {end:%Y-%m-%d}"
    return f"Ask another source for them: ara data fetch {symbol} {span} --provider SOURCE"


def _first_open(start: datetime, hours: Calendar) -> datetime:
    """Give when the first session opens that doesn't begin before a moment."""
    label = hours.label(start)
    return hours.opens(label) if hours.opens(label) >= start else hours.opens(hours.following(label, 1)[0])


def _sessions(start: datetime, first: datetime, hours: Calendar) -> int:
    """Count the sessions that open from a moment on and before that of the first bar."""
    labels = hours.sessions(hours.dated(start), hours.dated(first))
    return sum(start <= hours.opens(label) and label < hours.dated(first) for label in labels)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
