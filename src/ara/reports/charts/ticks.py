"""Where an axis is marked, and with what words."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ara.reports.charts.marks import Column

__all__ = ["dated", "log_steps", "number", "round_places", "shortened", "told_time"]

_FINEST: Final = 1e-300
_DECADES: Final = 3.0
_UNITS: Final = (
    ("h", 1, "%H:%M"), ("h", 3, "%H:%M"), ("h", 6, "%H:%M"), ("D", 1, "%-d %b"), ("D", 2, "%-d %b"), ("D", 7, "%-d %b"),
    ("D", 14, "%-d %b"), ("M", 1, "%b %Y"), ("M", 3, "%b %Y"), ("M", 6, "%b %Y"), ("Y", 1, "%Y"), ("Y", 2, "%Y"),
    ("Y", 5, "%Y"), ("Y", 10, "%Y"), ("Y", 20, "%Y"), ("Y", 50, "%Y"),
)  # fmt: skip


def dated(stamps: Column, most: int) -> list[tuple[int, str]]:
    """Give places of ascending times at which a new hour, day, month or year begins, at most so many, with its name."""
    if not len(stamps) or most < 1:
        return []
    whole = stamps.astype("datetime64[us]")
    for unit, step, form in _UNITS:
        cell = whole.astype(f"datetime64[{unit}]").astype(np.int64) // step
        fresh = np.flatnonzero(np.diff(cell)) + 1
        if len(fresh) <= most:
            places = _apart([0, *fresh.tolist()], len(whole), most)
            named = [(place, _named(whole[place], form, unit)) for place in places]
            if unit in "hD" and named:
                named[0] = (named[0][0], str(whole[named[0][0]].item().strftime("%-d %b %Y")))
            return named
    return [(0, str(whole[0].astype("datetime64[Y]")))]


def _apart(places: list[int], count: int, most: int) -> list[int]:
    """Leave the first out where the second stands too close to it for both names."""
    near = len(places) > 1 and places[1] - places[0] < 0.8 * count / max(most, 1)
    return places[1:] if near else places


def _named(stamp: np.datetime64, form: str, unit: str) -> str:
    at: Any = stamp.item()
    if unit == "h" and at.hour == 0 and at.minute == 0:
        return str(at.strftime("%-d %b"))
    return str(at.strftime(form))


def told_time(stamp: Any) -> str:
    """Give a moment in words, its time of day only where it is not midnight."""
    if np.isnat(stamp):
        return ""
    at: Any = np.datetime64(stamp, "us").item()
    return str(at.strftime("%-d %b %Y" if at.hour == at.minute == at.second == 0 else "%-d %b %Y %H:%M"))


def number(value: float, step: float = 0.0) -> str:
    """Give a number as an axis shows it, with as many decimals as the step between two marks needs."""
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-6:
        return f"{value:.3g}"
    for limit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if size >= 10 * limit or (size >= limit and step >= limit / 1000):
            return f"{value / limit:,.{_decimals(step / limit)}f}{letter}"
    return f"{value:,.{_decimals(step)}f}".replace("-0", "0") if value == 0 else f"{value:,.{_decimals(step)}f}"


def _decimals(step: float) -> int:
    """Give the fewest decimals that tell neighbours as they are: 1 for 0.2 and for 2.5, 2 for 0.25."""
    if not step or not math.isfinite(step):
        return 0
    return next(
        (some for some in range(9) if abs(step * 10**some - round(step * 10**some)) < 1e-6 * step * 10**some), 8
    )


def round_places(low: float, high: float, most: int) -> tuple[list[float], float]:
    """Give round numbers between two, at most so many, and the step between them."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return ([low] if math.isfinite(low) else []), 0.0
    raw = (high - low) / most
    if raw < _FINEST:
        return [low], 0.0
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * one for one in (1, 2, 2.5, 5, 10) if size * one >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [one * step for one in range(first, last + 1)], step


def log_steps(low: float, high: float) -> tuple[float, ...]:
    """Give what of each power of ten is marked between two powers of ten: few marks where there are many powers."""
    return (1.0, 2.0, 5.0) if high - low <= _DECADES else (1.0,)


def shortened(texts: Sequence[str], most: int) -> list[str]:
    """Give names that take at most so many characters each."""
    return [text if len(text) <= most else text[: most - 1] + "…" for text in texts]
