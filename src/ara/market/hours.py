"""From the labels of daily bars to instants and back, whole columns at a time."""

from datetime import time, timedelta
from typing import Final

import polars as pl

from ara.market.calendar import Calendar

__all__ = ["labels", "spans"]

_MICROSECOND: Final = timedelta(microseconds=1)


def spans(stamps: pl.Series, calendar: Calendar) -> pl.DataFrame:
    """Give when each bar of one instrument opened and when its close was public.

    Parameters
    ----------
    stamps
        As a source writes them: dates, or UTC times. Where all stand at midnight they are labels of sessions and get
        the calendar's hours; a date without a session gets the usual ones. Others are the instants at which the bars
        opened, each as long as the shortest step between two of them.
    calendar
        The instrument's.

    Returns
    -------
    pl.DataFrame
        Columns `at` and `known_at`, UTC, row by row.
    """
    if stamps.dtype == pl.Date:
        return _sessions(stamps, calendar)
    if stamps.dt.time().eq(time()).all():
        return _sessions(stamps.dt.date(), calendar)
    at = stamps.cast(pl.Datetime("us", "UTC")).rename("at")
    step = at.unique().sort().diff().min()
    return pl.DataFrame([at]).with_columns(known_at=pl.col("at") + (step or timedelta()))


def labels(at: pl.Series, calendar: Calendar) -> pl.Series:
    """Give the date of each bar from the instant at which it opened; the way back from `spans`."""
    wall = at.dt.convert_time_zone(calendar.zone).dt.replace_time_zone(None)
    return (wall + (timedelta(days=1) - calendar.closing)).dt.date().rename("label")


def _sessions(days: pl.Series, calendar: Calendar) -> pl.DataFrame:
    midnight = pl.col("label").cast(pl.Datetime("us"))
    closing = pl.lit(calendar.closing // _MICROSECOND, pl.Int64)
    early = _shortened(days, calendar)
    if early:
        closing = pl.col("label").replace_strict(early, default=closing, return_dtype=pl.Int64)
    frame = pl.DataFrame([days.rename("label")])
    return frame.select(
        at=_instant(midnight + calendar.opening, calendar),
        known_at=_instant(midnight + closing.cast(pl.Duration("us")), calendar),
    )


def _instant(wall: pl.Expr, calendar: Calendar) -> pl.Expr:
    # no venue opens or closes in the hour that a clock change repeats or skips
    return wall.dt.replace_time_zone(calendar.zone).dt.convert_time_zone("UTC")


def _shortened(days: pl.Series, calendar: Calendar) -> dict[object, int]:
    years = days.dt.year().unique().drop_nulls().to_list()
    return {day: hour // _MICROSECOND for year in years for day, hour in calendar.shortened(year).items()}
