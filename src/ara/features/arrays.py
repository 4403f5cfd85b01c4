"""What indicators are made of: moving figures over one array, each from its bar and those before it.

Every function gives an array as long as its input, NaN where it has no value yet. Leading NaN are passed over: the
window begins with the first number. A NaN after that makes what depends on it NaN.
"""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.library import talib
from ara.features.loops import moving_sums, own_moments
from ara.features.shared import shared

__all__ = [
    "Array",
    "change",
    "clean",
    "divisible",
    "ema",
    "filled",
    "highest",
    "logs",
    "lowest",
    "mean",
    "moments",
    "numbers",
    "previous",
    "priced",
    "quotient",
    "rested",
    "rolling",
    "runs",
    "smoothed",
    "some",
    "sound",
    "steps",
    "stretches",
    "sums",
    "texts",
    "total",
    "true_range",
    "unbroken",
    "wilder",
    "windows",
    "within",
]

Array = NDArray[np.float64]
"""One number for each bar."""

_P = ParamSpec("_P")
_R = TypeVar("_R")

_PART: Final = 8192  # numpy spreads longer products over threads, which cost more than they save


def previous(values: Array, bars: int = 1) -> Array:
    """Give the value some bars ago."""
    out = np.empty(len(values))
    out[:bars] = np.nan
    out[bars:] = values[: max(len(values) - bars, 0)]
    return out


def change(values: Array, bars: int = 1) -> Array:
    """Give the value less the one some bars ago."""
    out = np.empty(len(values))
    out[:bars] = np.nan
    np.subtract(values[bars:], values[: max(len(values) - bars, 0)], out[bars:])
    return out


def steps(values: Array) -> Array:
    """Give the value less the one before; 0 for the first."""
    out = np.empty(len(values))
    np.subtract(values[:1], values[:1], out[:1])
    np.subtract(values[1:], values[:-1], out[1:])
    return out


@shared
def logs(values: Array) -> Array:
    """Give the natural logarithm; NaN for what is no positive number."""
    with np.errstate(all="ignore"):
        out = np.log(values)
    endless = np.isinf(out)
    return np.where(endless, np.nan, out) if some(endless) else np.asarray(out)


def quotient(above: Array | float, below: Array | float, *, otherwise: float = np.nan) -> Array:
    """Give `above / below`, and `otherwise` where `below` is 0."""
    nothing = np.equal(below, 0.0)
    if not some(nothing):
        return np.asarray(np.divide(above, below))
    with np.errstate(all="ignore"):
        return np.where(nothing, np.where(np.isnan(above), np.nan, otherwise), np.divide(above, below))


def some(flags: Any) -> bool:
    """Give whether any of the flags, True or False each, is True: numpy's own ways take thrice as long for few."""
    return b"\x01" in flags.tobytes()


def rested(values: Array, moves: Array, bars: int, *, otherwise: float) -> Array:
    """Give the values, and `otherwise` where the last `bars` moves are all 0; NaN stays NaN.

    While nothing moves, the quotient of two decaying means goes on telling of moves long past, and at last of rounding.
    """
    still = moves == 0.0
    if np.count_nonzero(still) < bars:
        return values
    bar = np.arange(len(moves))
    waited = bar - np.maximum.accumulate(np.where(still, -1, bar))
    return np.where((waited >= bars) & ~np.isnan(values), otherwise, values)


def filled(values: Array, start: int) -> Array:
    """Give the values with the leading ones, up to `start`, taken as unknown."""
    out = values.copy()
    out[:start] = np.nan
    return out


@shared
def clean(values: Array) -> Array:
    """Give the values with infinities as NaN."""
    known = np.isfinite(values)
    return values.copy() if np.count_nonzero(known) == known.size else np.where(known, values, np.nan)


def priced(values: Array) -> Array:
    """Give prices with those of 0, of which nothing is a share, as unknown."""
    nothing = values == 0.0
    return np.where(nothing, np.nan, values) if some(nothing) else values


def divisible(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function of one array of prices take those of 0 for unknown, as `priced` does."""
    call = cast("Callable[..., Any]", function)

    @wraps(function)
    def each(close: Any, **params: Any) -> Any:
        return call(priced(close), **params)

    return cast("Callable[_P, _R]", each)


def within(values: Array, low: float, high: float) -> Array:
    """Give values without what rounding put beyond their bounds."""
    return values.clip(low, high)


def mean(values: Array, window: int) -> Array:
    """Give the simple mean of the last `window` values."""
    return values.copy() if window == 1 else _whole(talib().SMA, values, window)


def total(values: Array, window: int) -> Array:
    """Give the sum of the last `window` values."""
    return values.copy() if window == 1 else _whole(talib().SUM, values, window)


def highest(values: Array, window: int) -> Array:
    """Give the largest of the last `window` values."""
    return values.copy() if window == 1 else _whole(talib().MAX, values, window)


def lowest(values: Array, window: int) -> Array:
    """Give the smallest of the last `window` values."""
    return values.copy() if window == 1 else _whole(talib().MIN, values, window)


def windows(values: Array, window: int) -> Array:
    """Give `[bar, window]`, the last values of each bar, oldest first; the first row belongs to bar `window - 1`."""
    line = np.ascontiguousarray(values)
    return np.ndarray((max(len(line) - window + 1, 0), window), line.dtype, line, 0, line.strides * 2)


def rolling(values: Array, figures: Array, window: int) -> Array:
    """Put figures of `windows` back where they belong: NaN for the bars before the first whole window."""
    out = np.full(len(values), np.nan)
    if len(figures):
        out[window - 1 :] = figures
    return out


def ema(values: Array, window: int, *, seeded: bool = True) -> Array:
    """Give the exponential mean, `2 / (window + 1)` of the weight on the newest value.

    Parameters
    ----------
    values
        What is averaged.
    window
        Its length.
    seeded
        Begin with the mean of the first `window` values, and give none before; else with the first value.
    """
    if seeded:
        return values.copy() if window == 1 else _whole(talib().EMA, values, window)
    return smoothed(values, 2.0 / (window + 1.0), seed=1)


def wilder(values: Array, window: int) -> Array:
    """Give Wilder's mean, `1 / window` of the weight on the newest value, begun with the mean of the first `window`."""
    return values.copy() if window == 1 else _whole(talib().RMA, values, window)


def smoothed(values: Array, weight: float, *, seed: int) -> Array:
    """Give `y[t] = weight * x[t] + (1 - weight) * y[t-1]`, begun with the mean of the first `seed` values."""
    out = np.full(len(values), np.nan)
    first = _first(values)
    if len(values) - first < seed:
        return out
    start = first + seed - 1
    line = values[start:].copy()
    line[0] = values[first : start + 1].mean()
    out[start:] = pl.Series(line).ewm_mean(alpha=weight, adjust=False, ignore_nulls=False).to_numpy()
    return out


@shared
def true_range(high: Array, low: Array, close: Array) -> Array:
    """Give the largest of high - low, |high - previous close|, |low - previous close|; NaN for the first bar."""
    out = np.empty(len(close))
    out[:1] = np.nan
    np.subtract(np.maximum(high[1:], close[:-1]), np.minimum(low[1:], close[:-1]), out[1:])
    return out


def _first(values: Array) -> int:
    known = np.isfinite(values)
    return int(np.argmax(known)) if known.any() else len(values)


def _whole(function: object, values: Array, window: int) -> Array:
    """Call a function of TA-Lib; fewer values than its window give none."""
    if len(values) < window:
        return np.full(len(values), np.nan)
    return np.asarray(function(np.ascontiguousarray(values, np.float64), window))  # type: ignore[operator]


sums = moving_sums
"""Give the sum of the last `window` values, each added anew: zeros sum to 0 whatever came before.

Nothing that has left a window leaves a trace of rounding in it. A NaN makes the sums that hold it NaN, no later ones.
"""


def moments(values: Array, window: int) -> tuple[Array, Array]:
    """Give the mean of the last `window` values and their variance, that of the population.

    Equal values have a variance of exactly 0, and small deviations of large values are not lost. NaN as in `sums`.
    """
    return own_moments(values, window)


@shared
def sound(*columns: Array) -> bool:
    """Give whether all values of all columns are known and finite, and none so large that products are endless."""
    last = columns[-1]
    if len(last) > _PART:
        parts = range(0, len(last), _PART)
        return all(sound(*(one[start : start + _PART] for one in columns)) for start in parts)
    found = last.dot(last) if len(columns) % 2 else 0.0
    for at in range(0, len(columns) - 1, 2):
        found += columns[at].dot(columns[at + 1])
    return math.isfinite(found)


def stretches(known: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Give where each row of known bars begins, and where it has ended."""
    turns = (np.flatnonzero(known[1:] != known[:-1]) + 1).tolist()
    bounds = [0, *turns, len(known)] if len(known) and known[0] else [*turns, len(known)]
    return list(zip(bounds[::2], bounds[1::2], strict=False))


def runs(function: Callable[..., Array | tuple[Array, ...]], *columns: Array, outputs: int = 1) -> tuple[Array, ...]:
    """Call a function on each stretch of bars without a gap; bars with one get NaN, and what follows begins anew.

    Parameters
    ----------
    function
        Of as many arrays as there are columns; gives one array, or a tuple of `outputs` arrays.
    columns
        What it is told.
    outputs
        How many arrays it gives.
    """
    if len(columns[0]) and sound(*columns):
        found = function(*columns)
        return found if isinstance(found, tuple) else (found,)
    known = np.isfinite(columns[0])
    for one in columns[1:]:
        known &= np.isfinite(one)
    out = tuple(np.full(len(known), np.nan) for _ in range(outputs))
    for start, end in stretches(known):
        found = function(*(one[start:end] for one in columns))
        for whole, part in zip(out, found if isinstance(found, tuple) else (found,), strict=True):
            whole[start:end] = part
    return out


def unbroken(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function of arrays begin anew after a gap, as `runs` does, however many arrays it gives."""
    call = cast("Callable[..., Any]", function)

    @wraps(function)
    def each(*columns: Any, **params: Any) -> Any:
        if sound(*columns):
            return call(*columns, **params)
        none = call(*(one[:0] for one in columns), **params)
        several = isinstance(none, tuple)

        def part(*bars: Array) -> Any:
            return call(*bars, **params)

        found = runs(part, *columns, outputs=len(none) if several else 1)
        return found if several else found[0]

    return cast("Callable[_P, _R]", each)


def texts(found: NDArray[Any]) -> bool:
    """Say whether an array of objects has a text in it, which numpy would read as a number where it looks like one."""
    return found.dtype.kind == "O" and any(isinstance(one, str | bytes) for one in found.ravel().tolist())


def numbers(name: str, values: object) -> NDArray[np.float64]:
    """Give a column as real numbers; FeatureEngineeringError names it where it holds something else."""
    try:
        found = np.asarray(values)
        if found.dtype.kind not in "fiubO" or texts(found):
            raise TypeError
        return found.astype(np.float64)
    except (TypeError, ValueError):
        words = f"{name} is made of no numbers but of {type(values).__name__} {values!r:.40}"
        raise FeatureEngineeringError(f"{words}; give one number for each row.") from None
