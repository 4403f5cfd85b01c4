"""Rules about moves that nobody could have traded: outlier, unit."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.data.quality.moves import Moves
from ara.data.quality.report import Severity
from ara.data.quality.series import Finding, Floats, Series

__all__ = ["other_unit", "outlier", "unit", "unlikely"]

_WICK: Final = 8.0
_LATE: Final = 0.02
_CLOSELY: Final = ((5.0, 0.3), (4.0, 0.2))
_ALONE: Final = (8.0, 0.1)
_BEYOND: Final = 6.0
_BACK: Final = 0.25
_LEVEL: Final = 5.0
_SWINGS: Final = 10.0
_LEAST_LEVEL: Final = 0.15
_ALIKE: Final = 0.05
_LONGEST: Final = 60
_ROUGHLY: Final = 0.4
_OPENED: Final = 0.7
_STRAY: Final = 6.0
_STRAYED: Final = 0.3
_UNHEARD: Final = 25.0
_COUNTED: Final = 9
_TENS: Final = float(np.log(10.0))


def outlier(series: Series, m: Moves) -> Iterator[Finding]:
    """Find single prices that their own bar or the next one takes back; a move that persists is none.

    A change is measured by the usual change before it. It is an outlier where the next open undoes a close (the more
    exactly, the smaller it may be), the close undoes an open, or a high or low stands far beyond what this bar, the one
    before and the next did else. Where closes are all there is, a close must be undone by the next one almost exactly.
    """
    wrong = _taken_back(m) | _wrong_open(m) | _wrong_wick(m)
    wrong &= ~other_unit(m)
    if wrong.any():
        at = m.at[wrong]
        singular, plural = (
            "bar has a price that the next ones take back",
            "bars have prices that the next ones take back",
        )
        yield Finding(
            rule="outlier",
            severity=Severity.WARNING,
            at=at,
            words=series.since(at, singular, plural),
            single="a price is far from those around it, which take it back",
        )


def unit(series: Series, m: Moves) -> Iterator[Finding]:
    """Find prices in another unit or currency: by a power of ten from 100 up, or a level that changes and returns."""
    found = _unit_bars(m)
    if not found:
        return
    at = np.unique(np.concatenate([m.at[start:end] for start, end, _ in found]))
    shown = _factor(found[0][2])
    yield Finding(
        rule="unit",
        severity=Severity.ERROR,
        at=at,
        words=f"{series.since(at, 'bar is', 'bars are')}, in another unit or currency: {shown} the price before",
        single="its prices are in another unit or currency",
    )


def _factor(size: float) -> str:
    """Say how many times the price before it is; powers of ten without what the market did besides."""
    tens = round(abs(size) / _TENS)
    if tens < 2:
        return f"{np.exp(size):.3g} times"
    if tens > _COUNTED:
        return "more than a billion times" if size > 0 else "less than a billionth of"
    return f"{10**tens:,} times" if size > 0 else f"1/{10**tens:,} of"


def other_unit(m: Moves) -> NDArray[np.bool_]:
    """Say of each bar whether it is in another unit, or the first after such bars, which seems to jump too."""
    marked = np.zeros(len(m), bool)
    for start, end, _ in _unit_bars(m):
        marked[start : end + 1] = True
    return marked


def unlikely(m: Moves) -> NDArray[np.bool_]:
    """Say of each bar, by what was known at its close, whether it moved or stretched more than bars ever do."""
    reach = np.fmax(np.fmax(np.abs(m.change), np.abs(m.gap)), m.range)
    with np.errstate(invalid="ignore"):
        return (reach > _UNHEARD * m.sigma) | _wrong_wick(m, later=False)


def _taken_back(m: Moves) -> NDArray[np.bool_]:
    """Say of each close whether the next bar opens, and closes, where the bar before it did."""
    size = np.abs(m.change)
    undone, stays = np.abs(m.change + _next(m.gap)), np.abs(m.change + _next(m.change))
    # without opens the next move itself stands for the gap, and swings there and back are usual
    pairs = (_ALONE,) if not m.body.any() else _CLOSELY
    with np.errstate(invalid="ignore"):
        each = [(size > far * m.sigma) & (undone < back * size) & (stays < 2 * back * size) for far, back in pairs]
    found: NDArray[np.bool_] = np.logical_or.reduce(each)
    return found


def _wrong_open(m: Moves) -> NDArray[np.bool_]:
    """Say of each open whether the bar's close is back where the one before it was."""
    size = np.abs(m.gap)
    with np.errstate(invalid="ignore"):
        far = (size > _WICK * m.sigma) & (size > _BEYOND * _around(m))
        return far & (np.abs(m.change) < _BACK * size)


def _wrong_wick(m: Moves, *, later: bool = True) -> NDArray[np.bool_]:
    """Say of each high and low whether it stands alone; without the next bar's help, where `later` is false."""
    above = np.log(m.high / np.maximum(m.open, m.close))
    below = np.log(np.minimum(m.open, m.close) / m.low)
    wick = np.maximum(above, below)
    with np.errstate(invalid="ignore"):
        # trades reported late stand as wicks of a percent or so in a tape of minutes
        late = _LATE if m.belled else 0.0
        return (
            (wick > late)
            & (wick > _WICK * m.sigma)
            & (wick > _BEYOND * np.fmax(_around(m, later=later), np.abs(m.body)))
        )


def _unit_bars(m: Moves) -> list[tuple[int, int, float]]:
    """Give stretches in another unit: first bar, the one after the last, and the factor's logarithm."""
    with np.errstate(invalid="ignore"):
        size = np.abs(m.change)
        tens = np.nan_to_num(np.round(size / _TENS)).astype(np.int64)
        power = (tens >= 2) & (np.abs(size - tens * _TENS) < _ROUGHLY)
        level = (
            (size > (_LEVEL if m.body.any() else _SWINGS) * m.sigma)
            & (size > _LEAST_LEVEL)
            & (np.abs(m.gap) > _OPENED * size)
        )
    # the way back from a single wrong close is no way into another unit
    level[1:] &= ~_taken_back(m)[:-1]
    tens = np.where(power, np.where(m.change > 0, tens, -tens), 0)
    edges = np.flatnonzero(power | level).tolist()
    found: list[tuple[int, int, float]] = []
    place = 0
    while place < len(edges):
        start = edges[place]
        back = next((n for n in range(place + 1, len(edges)) if _returns(m, tens, start, edges[n])), None)
        if back is not None:
            # a level of one bar is an outlier
            if power[start] or edges[back] > start + 1:
                found.append((start, edges[back], float(m.change[start])))
            place = back
        elif power[start]:
            found.append((start, start + 1, float(m.change[start])))
        place += 1
    return found


def _returns(m: Moves, tens: NDArray[np.int64], start: int, end: int) -> bool:
    """Say whether the second jump undoes the first: by the same power of ten, or soon and by about as much."""
    if tens[start] or tens[end]:
        return bool(tens[start] == -tens[end])
    size, apart = abs(float(m.change[start])), abs(float(m.change[start] + m.change[end]))
    slack = max(_ALIKE * size, min(_STRAY * float(m.sigma[start]), _STRAYED * size))
    return end - start <= _LONGEST and apart < slack


def _around(m: Moves, *, later: bool = True) -> Floats:
    """Give the largest of the usual range, the one before and the one after each bar."""
    before = np.concatenate([m.range[:1] * 0, m.range[:-1]])
    after = np.concatenate([m.range[1:], m.range[-1:] * 0]) if later else before
    widest: Floats = np.fmax(np.fmax(before, after), m.ranged)
    return widest


def _next(values: Floats) -> Floats:
    following: Floats = np.concatenate([values[1:], np.full(min(1, len(values)), np.nan)])
    return following
