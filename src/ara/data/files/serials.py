"""Dates as spreadsheets keep them: days since 30 December 1899, the time of day as a fraction."""

from typing import Final

import polars as pl

__all__ = ["are_serials", "written_out"]

_SINCE: Final = 25_569
"""Days from then to the beginning of 1970."""

_SECONDS: Final = 86_400
_FROM, _TO = 20_000, 60_000
"""1954 to 2064: no epoch in any unit and no date without signs is as small."""

_TEXT: Final = r"^\s*\"?([2-5]\d{4}(?:[.,]\d+)?)\"?\s*$"
_FIRST: Final = 1_000


def are_serials(stamps: pl.Series) -> bool:
    """Tell whether a column's first values are such dates, or most of them."""
    first = stamps.head(_FIRST).drop_nulls()
    return len(first) > 0 and _days(first).null_count() < len(first) / 2


def written_out(stamps: pl.Series) -> pl.Series:
    """Give a column of such dates as text, `2020-01-02 15:30:00`, to the second; any other as it is.

    They name no zone, and neither does the text; a whole day gets no time of day.
    """
    if not are_serials(stamps):
        return stamps
    seconds = ((_days(stamps) - _SINCE) * _SECONDS).round().cast(pl.Int64, strict=False)
    found = (seconds * 1_000_000).cast(pl.Datetime("us"))
    form = "%Y-%m-%d" if (seconds % _SECONDS).drop_nulls().eq(0).all() else "%Y-%m-%d %H:%M:%S"
    told = found.dt.strftime(form).alias(stamps.name)
    return told if stamps.dtype != pl.String else pl.select(pl.coalesce(told, stamps)).to_series()


def _days(stamps: pl.Series) -> pl.Series:
    """Give the days that each value is, null where it is none."""
    if stamps.dtype.is_numeric():
        number = stamps.cast(pl.Float64)
    elif stamps.dtype == pl.String:
        number = stamps.str.extract(_TEXT).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    else:
        return pl.Series([None], dtype=pl.Float64).new_from_index(0, len(stamps))
    return number.set(~number.is_between(_FROM, _TO, closed="left"), None)
