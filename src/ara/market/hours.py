"""From the stamps of bars to instants and back, whole columns at a time."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Final, Literal

import polars as pl

from ara.errors import ValidationError
from ara.market.calendar import LAST_YEAR, Calendar, Hours
from ara.market.timeframe import DAY, TIMEFRAMES, WEEK, Timeframe

__all__ = ["labels", "spans", "step"]

_WALL: Final = pl.Datetime("us")

_MICROSECOND: Final = timedelta(microseconds=1)

_HOUR: Final = timedelta(hours=1)

_WEEK_DAYS: Final = 7

_FEW: Final = 2

_Edge = Literal["opening", "closing"]

_Moved = Literal["late", "early"]


def spans(stamps: pl.Series, calendar: Calendar, timeframe: Timeframe = DAY) -> pl.DataFrame:
    """Give when each bar of one instrument opened and when its close was public.

    Every row is answered from its own stamp alone, as `Timeframe.closes` answers it, so no later bar has a say. Only a
    week whose label has no session left, a Saturday's, counts as the one that follows: its label may be its beginning.

    Parameters
    ----------
    stamps
        As a source writes them: dates, or UTC times. Where bars last a day or a week, a date or a midnight is the label
        of a session and gets the calendar's hours; a date without a session gets the usual ones. All other stamps are
        the instants at which the bars opened.
    calendar
        The instrument's.
    timeframe
        Length of the bars.

    Returns
    -------
    pl.DataFrame
        Columns `at` and `known_at`, UTC, row by row.
    """
    frame = pl.DataFrame([_opened(stamps, calendar, timeframe)])
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


def _opened(stamps: pl.Series, calendar: Calendar, timeframe: Timeframe) -> pl.Series:
    """Give the instants at which the bars opened; a label's by the calendar."""
    at = stamps.cast(pl.Datetime("us", "UTC")).rename("at")
    if timeframe.span < DAY.span:
        return at
    label = stamps.cast(pl.Date)
    marked = pl.Series("marked", at.dt.time() == time())
    return pl.DataFrame([at, marked]).select(
        at=pl.when("marked").then(_first(label, calendar)).otherwise("at"),
    )["at"]


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
