"""Figures and dates in words: rounded to what is known, grouped, aligned by the reader's eye."""

import math
from datetime import date
from decimal import Decimal
from typing import Final

from ara.market.timeframe import Timeframe
from ara.reports import numbers

__all__ = ["ago", "bars_ahead", "counted", "day", "decimals", "grouped", "long_day", "percent", "places", "within"]

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS: Final = 25.0

counted = numbers.counted
"""Things are counted as in reports."""
grouped = numbers.grouped
"""Numbers on a screen are written as in reports."""
percent = numbers.percent
"""So are shares."""


def bars_ahead(count: int, step: Timeframe) -> str:
    """Say how many bars of a length: 3 days, 1 week, 5 bars of 4h."""
    return counted(count, step.word) + (f" of {step}" if step.word == "bar" else "")


def decimals(span: float, value: float) -> int:
    """Give the decimals that tell apart some 25 steps of a band so wide; without a width, four significant digits."""
    step = span / _STEPS if span > 0 else abs(value) / 1000
    return min(max(-math.floor(math.log10(step)), 0), 12) if step > 0 and math.isfinite(step) else 2


def places(step: Decimal) -> int:
    """Give the decimals of a tick: 2 for 0.01, 0 for 5."""
    exponent = step.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def within(chance: float, low: float, high: float) -> str:
    """Give a chance with two decimals, or as many more as it takes not to be rounded out of its own bin."""
    for digits in range(2, 9):
        if low <= float(f"{chance:.{digits}f}") < high:
            return f"{chance:.{digits}f}"
    return f"{chance:.2f}"


def day(label: date) -> str:
    """Give a date as `Thu  1 Apr`, always ten columns."""
    return f"{_WEEKDAYS[label.weekday()]} {label.day:2d} {_MONTHS[label.month - 1]}"


def long_day(label: date) -> str:
    """Give a date as `Wed 31 Mar 2021`."""
    return f"{_WEEKDAYS[label.weekday()]} {label.day} {_MONTHS[label.month - 1]} {label.year}"


def ago(then: date, now: date) -> str:
    """Give the time from one date to another in its two largest units, `5 years and 7 months ago`, or from it."""
    days = (now - then).days
    if days == -1:
        return "dated tomorrow"
    if days < 0:
        return f"{_counted(-days, 'day')} ahead of the clock"
    if not days:
        return "today"
    if days < 60:
        return _counted(days, "day") + " ago"
    months = (now.year - then.year) * 12 + now.month - then.month - (now.day < then.day)
    years, months = divmod(months, 12)
    units = [_counted(count, unit) for count, unit in ((years, "year"), (months, "month")) if count]
    return " and ".join(units) + " ago"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
