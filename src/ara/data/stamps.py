"""Time stamps of strangers' files, brought to UTC."""

from datetime import time
from typing import Final

import polars as pl

from ara.market.calendar import FIRST_YEAR, LAST_YEAR

__all__ = ["ALLOWED", "TEXT", "as_utc", "refused"]

ALLOWED: Final = f"a date or time like 2020-02-28 or 2020-02-28T21:00:00Z, in the years {FIRST_YEAR} to {LAST_YEAR}"
"""What a time stamp may be, in words."""

TEXT: Final = (pl.String, pl.Categorical, pl.Enum)
"""Types of columns that hold words."""

_INSTANT: Final = pl.Datetime("us", "UTC")

_NAIVE: Final = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S%.f")

_AWARE: Final = ("%Y-%m-%d %H:%M%#z", "%Y-%m-%d %H:%M:%S%.f%#z")


def as_utc(stamps: pl.Series) -> pl.Series | None:
    """Give stamps as UTC instants, null where one can't be read; None where the column holds no times at all.

    Dates and times without a zone count as UTC, which makes a date the label of its session. Stamps of another zone
    that all stand at its midnight are labels too, and keep their date.
    """
    if stamps.dtype == pl.Date:
        return stamps.cast(_INSTANT)
    if isinstance(stamps.dtype, pl.Datetime):
        return _from_times(stamps)
    if isinstance(stamps.dtype, TEXT):
        return _from_text(stamps.cast(pl.String))
    return None


def refused(instants: pl.Series) -> pl.Series:
    """Say of each instant whether it is missing or outside the years that calendars know."""
    years = instants.dt.year()
    return instants.is_null() | (years < FIRST_YEAR) | (years > LAST_YEAR)


def _from_times(stamps: pl.Series) -> pl.Series:
    zone = getattr(stamps.dtype, "time_zone", None)
    micro = stamps.dt.cast_time_unit("us")
    if zone is None:
        return micro.dt.replace_time_zone("UTC")
    wall = micro.dt.replace_time_zone(None)
    if wall.dt.time().eq(time()).all():
        return wall.dt.replace_time_zone("UTC")
    return micro.dt.convert_time_zone("UTC")


def _from_text(text: pl.Series) -> pl.Series:
    word = pl.col("text").str.strip_chars().str.replace("T", " ", literal=True).str.replace(r"[zZ]$", "+00:00")
    naive = [word.str.to_datetime(form, time_unit="us", strict=False) for form in _NAIVE]
    aware = [word.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False) for form in _AWARE]
    frame = pl.DataFrame([text.rename("text")])
    return frame.select(pl.coalesce(*(one.dt.replace_time_zone("UTC") for one in naive), *aware)).to_series()
