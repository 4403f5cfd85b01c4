"""What the statistical indicators share: returns, exact moving moments, counts of states."""

import math
from collections.abc import Sequence
from functools import cache, reduce
from operator import mul
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import change, clean, logs, previous, some, sums
from ara.features.indicator import Param
from ara.features.library import talib
from ara.features.loops import along, joint_moments, own_moments
from ara.features.shared import shared
from ara.features.windowed import Kept

__all__ = [
    "FAINT",
    "HARDLY",
    "RETURNS",
    "SAMPLE",
    "STATES",
    "Array",
    "Codes",
    "anchored",
    "central",
    "central_of",
    "joint",
    "length",
    "log_returns",
    "ratio",
    "running",
    "settle",
    "settled",
    "shares",
    "simple_returns",
    "states",
    "steady",
    "surplus",
    "tally",
    "varied",
]

Array = NDArray[np.float64]
"""One value per bar."""

Codes = NDArray[np.int64]
"""The number of a state per bar; -1 where it isn't known."""

FAINT: Final = 1e-26
"""A variance of log returns as small is what rounding left over: the price stood still or grew by a constant rate."""

HARDLY: Final = 3e-3
"""A variance of log returns this share of their mean square, or less, is none: the price kept to a line or a rate."""

STATES: Final = 3
"""Down, about unchanged, up."""

RETURNS: Final = Param(
    default=1, low=0, high=1, whole=True, words="1 takes the log returns of the closes; 0 the closes themselves."
)
"""What a figure is taken of."""

SAMPLE: Final = Param(
    default=0,
    low=0,
    high=1,
    whole=True,
    words="0 divides by the number of bars, as TA-Lib does; 1 corrects for the estimated mean, as for a sample.",
)
"""Which of the two usual definitions."""

_ROUNDING: Final = 1e-12


def length(default: int, words: str = "", *, low: int = 2, high: int = 5000) -> Param:
    """Give the parameter that says how many bars count."""
    told = words or "Bars that count; more of them make it steadier and later."
    return Param(default=default, low=low, high=high, whole=True, words=told)


@shared
def log_returns(close: Array) -> Array:
    """Give the change of the logarithm since the bar before; NaN where a price isn't positive."""
    return change(logs(close))


@shared
def simple_returns(close: Array) -> Array:
    """Give the change as a share of the price before; NaN where a price isn't positive."""
    known = np.where((close > 0) & np.isfinite(close), close, np.nan)
    return clean(known / previous(known) - 1.0)


def ratio(above: Array, below: Array) -> Array:
    """Give `above / below`, NaN where `below` is 0."""
    out, nothing = np.asarray(np.divide(above, below)), below == 0.0
    return np.where(nothing, np.nan, out) if some(nothing) else out


def steady(variance: Array, floor: Array | float = FAINT) -> Array:
    """Give a variance, and 0 where it is below what rounding leaves."""
    small = variance <= floor
    return np.where(small, 0.0, variance) if some(small) else variance


def running(window: int, *columns: Array) -> list[Array]:
    """Give the sums of the last `window` values of each column; NaN where one of them is.

    For figures near 0, as returns and their products are: a running sum keeps some rounding of what has left it.
    """
    if len(columns[0]) < window:
        return [np.full(len(columns[0]), np.nan)] * len(columns)
    if window == 1:
        return [one.copy() for one in columns]
    add = talib().SUM
    found = [np.asarray(add(one, window)) for one in columns]
    if all(math.isfinite(one[-1]) for one in found):
        return found
    return [sums(one, window) for one in columns]


def joint(window: int, x: Array, y: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Give both means, both variances and the covariance of the last returns, those of the population."""
    a, b, xx, yy, xy = joint_moments(x, y, window)
    return a, b, steady(xx), steady(yy), xy


def settled(variance: Array, squares: Array) -> Array:
    """Give a variance made of running sums, and 0 where it is no more than the rounding of the largest mean square."""
    if not some(variance <= max(_ROUNDING * float(np.fmax.reduce(squares, initial=0.0)), FAINT)):
        return variance
    return np.where(variance <= np.maximum(_ROUNDING * np.fmax.accumulate(squares), FAINT), 0.0, variance)


def varied(values: Array, window: int) -> tuple[Array, Array]:
    """Give the mean of the last returns and their variance, 0 where it is what rounding leaves of their own size."""
    average, variance = own_moments(values, window)
    return average, steady(variance, np.maximum(_ROUNDING * (variance + average * average), FAINT))


def settle(most: float, variance: float, square: float) -> tuple[float, float]:
    """Take one bar of `settled`: give the largest mean square so far, and the variance or 0."""
    most = max(most, square)
    return most, 0.0 if variance <= max(_ROUNDING * most, FAINT) else variance


def anchored(window: int, columns: Sequence[Array], products: Sequence[tuple[int, ...]]) -> tuple[Array, Array]:
    """Give the means over the last `window` bars of products of columns, and what was taken off each column first.

    The column at each place is counted from one of its own values in the same window: equal values give products of
    exactly 0, and small differences of large values aren't lost.

    Parameters
    ----------
    window
        Bars.
    columns
        Arrays of the same length.
    products
        Which columns to multiply, by number: `(0, 0, 1)` is the square of the first with the second.
    """
    count = len(columns[0])
    if count < window:
        return np.full((len(products), count), np.nan), np.full((len(columns), count), np.nan)
    blocks = _blocks(np.stack(columns), window)
    anchor = blocks[:, :, :1]
    newer, older = blocks - anchor, blocks[:, :-1] - anchor[:, 1:]
    found = _joined(_multiplied(newer, products), _multiplied(older, products)) / window
    return found[:, :count], np.repeat(anchor[:, :, 0], window, axis=1)[:, :count]


@shared
def central(values: Array, window: int, *, levels: bool = False) -> tuple[Array, Array, Array, Array]:
    """Give the mean and the second, third and fourth central moments of the last returns, or of levels far from 0."""
    if levels:
        (a, b, c, d), anchors = anchored(window, [values], [(0,), (0, 0), (0, 0, 0), (0, 0, 0, 0)])
        base, floor = anchors[0], FAINT * (a + anchors[0]) ** 2
    else:
        square = values * values
        columns = (values, square, square * values, square * square)
        a, b, c, d = (sums(one, window) / window for one in columns)
        base, floor = np.zeros(1), np.maximum(HARDLY * b, FAINT)
    square = a * a
    second = np.where(b - square <= floor, 0.0, b - square)
    third = c - 3.0 * a * b + 2.0 * a * square
    fourth = d - 4.0 * a * c + 6.0 * square * b - 3.0 * square * square
    return a + base, second, third, np.maximum(fourth, 0.0)


def central_of(kept: Kept, *, levels: bool = False) -> tuple[float, float, float, float]:
    """Give what `central` does for one window."""
    base, count = kept[0] if levels else 0.0, len(kept)
    off = [value - base for value in kept] if levels else kept
    squares = [*map(mul, off, off)]
    a, b, c, d = sum(off), sum(squares), sum(map(mul, squares, off)), sum(map(mul, squares, squares))
    a, b, c, d = a / count, b / count, c / count, d / count
    square, level = a * a, a + base
    second = b - square
    if second <= (FAINT * level * level if levels else max(HARDLY * b, FAINT)):
        second = 0.0
    fourth = d - 4.0 * a * c + 6.0 * square * b - 3.0 * square * square
    return level, second, c - 3.0 * a * b + 2.0 * a * square, max(fourth, 0.0)


@shared
def states(values: Array, window: int) -> Codes:
    """Give 0 for a fall, 2 for a rise, and 1 for what is less than half the mean size of the last `window` values.

    About a third of normally distributed values falls into each.
    """
    size = running(window, np.abs(values))[0] / window
    codes = 1 + (values > 0.5 * size).astype(np.int64) - (values < -0.5 * size)
    return np.where(np.isnan(size) | np.isnan(values), -1, codes)


def tally(codes: Codes, kinds: int, window: int) -> NDArray[np.int64]:
    """Count `[kind, bar]` how often each state occurs in the last `window` bars, for each bar that has as many."""
    known = codes == np.arange(kinds)[:, None]
    seen = np.zeros((kinds, len(codes) + 1), np.int64)
    np.cumsum(known, axis=1, out=seen[:, 1:])
    return seen[:, window:] - seen[:, :-window] if len(codes) >= window else np.zeros((kinds, 0), np.int64)


def shares(figures: Array, counts: NDArray[np.int64], length: int, window: int) -> Array:
    """Put figures of counts back where they belong; NaN where a window has a bar without a state."""
    out = np.full(length, np.nan)
    if counts.shape[1]:
        out[window - 1 :] = np.where(counts.sum(axis=0) == window, figures, np.nan)
    return out


def surplus(codes: Codes, kinds: int, window: int) -> Array:
    """Give the sum over kinds of `c * ln(c)`, c the count of each in the window: an entropy is `ln(n) - sum / n`.

    NaN where a window has a bar without a state.
    """
    return along(_counted, codes, np.zeros(kinds, np.int64), window, _entropies(window), users=3)


def _counted(codes: Any, counts: Any, window: Any, entropies: Any, lines: Any) -> None:
    """Count the kinds as they come in and as they leave."""
    held = 0
    for bar in range(len(codes)):
        if codes[bar] < 0:
            held = 0
            for kind in range(len(counts)):
                counts[kind] = 0
            continue
        if held == window:
            counts[codes[bar - window]] -= 1
        else:
            held += 1
        counts[codes[bar]] += 1
        if held == window:
            found = 0.0
            for kind in range(len(counts)):
                found += entropies[counts[kind]]
            lines[0][bar] = found


@cache
def _entropies(window: int) -> Array:
    return np.array([count * math.log(count) if count else 0.0 for count in range(window + 1)])


def _blocks(stack: Array, window: int) -> Array:
    rows, count = stack.shape
    return np.concatenate([stack, np.full((rows, -count % window), np.nan)], axis=1).reshape(rows, -1, window)


def _multiplied(columns: Array, products: Sequence[tuple[int, ...]]) -> Array:
    made: dict[tuple[int, ...], Array] = {}
    for one in products:
        start = made.get(one[:-1])
        made[one] = reduce(np.multiply, columns[list(one)]) if start is None else start * columns[one[-1]]
    return np.stack(list(made.values()))


def _joined(newer: Array, older: Array) -> Array:
    """Sum windows that end in each place of a block: the block up to there, and the end of the one before it."""
    out = np.cumsum(newer, axis=2)
    out[:, 1:, :-1] += np.cumsum(older[:, :, :0:-1], axis=2)[:, :, ::-1]
    out[:, 0, :-1] = np.nan
    return out.reshape(len(out), -1)
