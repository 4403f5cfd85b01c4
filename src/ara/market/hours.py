"""From the stamps of bars to instants and back, whole columns at a time."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import polars as pl

from ara.errors import ValidationError
from ara.market.calendar import FIRST_YEAR, LAST_YEAR, Calendar, Hours
from ara.market.timeframe import DAY, TIMEFRAMES, WEEK, Timeframe

__all__ = ["Stamped", "labels", "sessions", "spans", "stamped", "step"]

_WALL: Final = pl.Datetime("us")

_MICROSECOND: Final = timedelta(microseconds=1)

_HOUR: Final = timedelta(hours=1)

_WEEK_DAYS: Final = 7

_FEW: Final = 2

_LONGEST: Final = 8192

Stamped = Literal["open", "close"]
"""Which end of its bar a stamp marks."""

_ENDS: Final[tuple[Stamped, ...]] = ("open", "close")

_Edge = Literal["opening", "closing"]

_Moved = Literal["late", "early"]

_Same: TypeAlias = tuple[bytes, pl.DataType]


def spans(
    stamps: pl.Series, calendar: Calendar, timeframe: Timeframe = DAY, *, stamped: Stamped = "open"
) -> pl.DataFrame:
    """Give when each bar of one instrument opened and when its close was public.

    Every row is answered from its own stamp alone, as `Timeframe.closes` answers it, so no later bar has a say. Only a
    week whose label has no session left, a Saturday's, counts as the one that follows: its label may be its beginning.

    Parameters
    ----------
    stamps
        As a source writes them: dates, or UTC times. Bars shorter than a day opened at their stamps. Where bars last a
        day or a week, a stamp names a session, whose hours the bar gets; a date without one gets the usual ones.
        A date or a midnight is the session's label. Any other time belongs, at a venue that closes for the night, to
        the session of its day by the venue's clock, before the opening, within, at the bell or after it; at one that
        trades through, to the session that holds it, which an evening's opening in New York begins.
    calendar
        The instrument's.
    timeframe
        Length of the bars.
    stamped
        Which end of their bars the stamps of a day or a week mark. At the `close`, a midnight ends the day before it,
        and the instant at which one session follows another ends the first; `stamped` judges a file by its stamps.

    Returns
    -------
    pl.DataFrame
        Columns `at` and `known_at`, UTC, row by row.
    """
    same = _same(stamps)
    return _spans(stamps, calendar, timeframe, stamped) if same is None else _again(same, calendar, timeframe, stamped)


@lru_cache(maxsize=32)
def _again(same: _Same, calendar: Calendar, timeframe: Timeframe, stamped: Stamped) -> pl.DataFrame:
    """Give the spans of stamps that many instruments have: the days on which one venue trades are those of another."""
    return _spans(_stamps(same), calendar, timeframe, stamped)


def _same(stamps: pl.Series) -> _Same | None:
    """Give all that stamps say, to tell whether others say the same; None where they are too many, or not whole."""
    if len(stamps) > _LONGEST or stamps.has_nulls() or stamps.dtype not in (pl.Date, pl.Datetime):
        return None
    return stamps.to_physical().to_numpy().tobytes(), stamps.dtype


def _stamps(same: _Same) -> pl.Series:
    import numpy as np

    content, kind = same
    return pl.Series(np.frombuffer(content, np.int32 if kind == pl.Date else np.int64)).cast(kind)


def _spans(stamps: pl.Series, calendar: Calendar, timeframe: Timeframe, stamped: Stamped) -> pl.DataFrame:
    frame = pl.DataFrame([_opened(stamps, calendar, timeframe, stamped)])
    frame = frame.with_columns(label=labels(frame["at"], calendar))
    if timeframe == WEEK:
        return frame.select("at", known_at=_bell(_week_ends(frame["label"], calendar), calendar))
    bell = _bell(frame["label"], calendar)
    if timeframe == DAY:
        return frame.select("at", known_at=bell)
    by_clock = pl.col("at") + timeframe.span
    inside = (_first(frame["label"], calendar) <= pl.col("at")) & (pl.col("at") < bell)
    return frame.select("at", known_at=pl.when(inside).then(pl.min_horizontal(by_clock, bell)).otherwise(by_clock))


def labels(at: pl.Series, calendar: Calendar) -> pl.Series:
    """Give the date of each bar from the instant at which it opened; the way back from `spans`."""
    wall = at.dt.convert_time_zone(calendar.zone).dt.replace_time_zone(None).rename("wall")
    day = pl.col("wall").dt.date()
    after = pl.col("wall") - day.cast(_WALL) >= _usual(day, calendar.hours, "closing").cast(pl.Duration("us"))
    return pl.DataFrame([wall]).select(label=pl.when(after).then(day.dt.offset_by("1d")).otherwise(day))["label"]


def sessions(at: pl.Series, calendar: Calendar, timeframe: Timeframe) -> pl.Series:
    """Give the date of the session that each bar belongs to; null for what is traded before the bell or after it.

    Parameters
    ----------
    at
        When the bars opened.
    calendar
        The instrument's.
    timeframe
        Length of the bars.
    """
    label = labels(at, calendar)
    if timeframe.span >= DAY.span:
        return label
    inside = (at + timeframe.span > _first(label, calendar)) & (at < _bell(label, calendar))
    return pl.DataFrame([label.rename("label"), inside.rename("inside")]).select(
        pl.when("inside").then("label").alias("label")
    )["label"]


def stamped(stamps: pl.Series, calendar: Calendar) -> Stamped:
    """Give which end of their bars the stamps of a file's daily bars mark, as far as the calendar tells.

    It is a fact about the file, judged once for all of it. They mark the close where that puts at least two bars more
    on days with a session: currencies stamped at 17:00 in New York from Monday to Friday, shares at the midnights from
    Tuesday to Saturday. What never closes tells nothing; there they mark the opening.
    """
    same = _same(stamps)
    return _judged(stamps, calendar) if same is None else _judged_again(same, calendar)


@lru_cache(maxsize=32)
def _judged_again(same: _Same, calendar: Calendar) -> Stamped:
    return _judged(_stamps(same), calendar)


def _judged(stamps: pl.Series, calendar: Calendar) -> Stamped:
    at = stamps.cast(pl.Datetime("us", "UTC")).drop_nulls().unique()
    if at.is_empty():
        return "open"
    first, last = (edge.year for edge in (at.min(), at.max()))  # type: ignore[union-attr]
    days = calendar.sessions(date(max(first, FIRST_YEAR), 1, 1), date(min(last + 1, LAST_YEAR), 12, 31))
    sessions = pl.Series("sessions", days, dtype=pl.Date).implode()
    fitting = {end: int(_named(at, calendar, end).is_in(sessions).sum()) for end in _ENDS}
    return "close" if fitting["close"] >= fitting["open"] + _FEW else "open"


def step(stamps: pl.Series) -> Timeframe:
    """Give the timeframe that a file's stamps tell: the one as long as their commonest distance.

    It is a fact about the file, judged once for all of it; where the source states a timeframe, take that. Up to six
    days are a day with gaps, an hour more or less is a change of clocks; one or two days far apart are a day's.

    Raises
    ------
    ValidationError
        The distance is that of no timeframe, such as 6 hours or a month.
    """
    ascending = stamps.cast(_WALL).drop_nulls().unique().sort().rename("step")
    counted = ascending.diff().drop_nulls().value_counts(name="count").sort("count", "step", descending=[True, False])
    if counted.is_empty():
        return DAY
    common: timedelta = counted["step"][0]
    days = round(common / DAY.span)
    if days and abs(common - days * DAY.span) <= _HOUR:
        if days == _WEEK_DAYS:
            return WEEK
        if days < _WEEK_DAYS or len(ascending) <= _FEW:
            return DAY
    found = next((timeframe for timeframe in TIMEFRAMES if timeframe.span == common), None)
    if found is None and common > DAY.span and len(ascending) <= _FEW:
        return DAY
    if found is None:
        raise ValidationError(
            f"the bars are {_words(common)} apart, which is no timeframe; there are {', '.join(map(str, TIMEFRAMES))}",
            hint="Where the distance misleads, say how long a bar is with --timeframe, such as --timeframe 1d.",
        )
    return found


def _words(distance: timedelta) -> str:
    """Say a distance: 31 days, 6 hours, 90 minutes."""
    for name, unit in (("day", DAY.span), ("hour", _HOUR), ("minute", timedelta(minutes=1))):
        if distance >= unit and not distance % unit:
            count = distance // unit
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return str(distance)


def _opened(stamps: pl.Series, calendar: Calendar, timeframe: Timeframe, stamped: Stamped) -> pl.Series:
    """Give the instants at which the bars opened; a session's by the calendar."""
    at = stamps.cast(pl.Datetime("us", "UTC")).rename("at")
    return at if timeframe.span < DAY.span else _first(_named(at, calendar, stamped), calendar).rename("at")


def _named(at: pl.Series, calendar: Calendar, stamped: Stamped) -> pl.Series:
    """Give the label of the session that each stamp of a daily bar names."""
    inside = at if stamped == "open" else at.dt.offset_by("-1us")
    through = calendar.closing - calendar.opening == DAY.span
    session = labels(inside, calendar) if through else inside.dt.convert_time_zone(calendar.zone).dt.date()
    marked = pl.Series("marked", at.dt.time() == time())
    frame = pl.DataFrame([inside.dt.date().rename("written"), session.rename("session"), marked])
    return frame.select(label=pl.when("marked").then("written").otherwise("session"))["label"]


def _first(label: pl.Series, calendar: Calendar) -> pl.Series:
    return _instants(label, calendar, "opening", "late")


def _bell(label: pl.Series, calendar: Calendar) -> pl.Series:
    return _instants(label, calendar, "closing", "early")


def _instants(label: pl.Series, calendar: Calendar, edge: _Edge, moved: _Moved) -> pl.Series:
    """Give when each session opens or closes: at the usual hour, or at the year's special one."""
    day = pl.col("label")
    hour = _usual(day, calendar.hours, edge)
    years = label.dt.year().unique().drop_nulls().to_list()
    special = {one: at // _MICROSECOND for year in years for one, at in getattr(calendar.special(year), moved).items()}
    if special:
        hour = day.replace_strict(special, default=hour, return_dtype=pl.Int64)
    wall = day.cast(_WALL) + hour.cast(pl.Duration("us"))
    # no venue opens or closes in the hour that a clock change repeats or skips
    instant = wall.dt.replace_time_zone(calendar.zone).dt.convert_time_zone("UTC")
    return pl.DataFrame([label.rename("label")]).select(instant=instant)["instant"]


def _usual(day: pl.Expr, hours: Sequence[Hours], edge: _Edge) -> pl.Expr:
    """Give the usual hour of each date, in microseconds since its midnight."""
    first, *later = ((one.since, getattr(one, edge) // _MICROSECOND) for one in hours)
    usual = pl.lit(first[1], pl.Int64)
    for since, hour in later:
        usual = pl.when(day >= since).then(pl.lit(hour, pl.Int64)).otherwise(usual)
    return usual


def _week_ends(label: pl.Series, calendar: Calendar) -> pl.Series:
    """Give the last session, from a label on, of its week, or of the next one with sessions where none is left."""
    years = label.dt.year().unique().drop_nulls().to_list()
    if not years:
        return label
    sessions = calendar.sessions(date(min(years), 1, 1), date(min(max(years) + 1, LAST_YEAR), 12, 31))
    days = pl.Series("last", sessions, dtype=pl.Date)
    weeks = pl.DataFrame([days]).group_by(week=pl.col("last").dt.truncate("1w")).agg(pl.col("last").max()).sort("last")
    asked = pl.DataFrame([label.rename("label")]).with_row_index("place").sort("label", nulls_last=True)
    found = asked.join_asof(weeks, left_on="label", right_on="last", strategy="forward").sort("place")
    return found.select(label=pl.coalesce("last", "label"))["label"]
