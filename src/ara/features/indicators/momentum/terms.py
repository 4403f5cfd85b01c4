"""What the momentum indicators share: gaps, exact moving sums, places within a range, recursions."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import numpy as np

from ara.features.arrays import filled, highest, lowest, quotient, rested, some, sound, steps, stretches, within
from ara.features.indicators.trend.terms import Array, rests, settles, weighted
from ara.features.library import talib
from ara.features.loops import along

__all__ = [
    "deviation",
    "endpoint",
    "moved",
    "place",
    "recurred",
    "relative",
    "settled",
    "strength_memory",
    "unbroken",
    "wilder",
]

_LINK: Final = 3.0
_STILL: Final = 1e-12

_Function = TypeVar("_Function", bound=Callable[..., Any])


def unbroken(function: _Function) -> _Function:
    """Begin anew after each gap: a bar with an unknown input has no value, and the ones before it don't count after."""

    @wraps(function)
    def parts(*inputs: Any, **params: Any) -> Any:
        if sound(*inputs):
            return function(*inputs, **params)
        known = np.isfinite(inputs[0])
        for one in inputs[1:]:
            known &= np.isfinite(one)
        empty: Any = function(*(one[:0] for one in inputs), **params)
        several = isinstance(empty, tuple)
        outs = [np.full(len(known), np.nan) for _ in range(len(empty) if several else 1)]
        for start, end in stretches(known):
            found: Any = function(*(np.ascontiguousarray(one[start:end]) for one in inputs), **params)
            for out, values in zip(outs, found if several else (found,), strict=True):
                out[start:end] = values
        return tuple(outs) if several else outs[0]

    return parts  # type: ignore[return-value]


def settled(*windows: int) -> int:
    """Give the memory of exponential means of these windows taken of each other, each begun with a simple mean."""
    weight = 2.0 / (max(windows) + 1.0)
    extra = 0 if weight >= 1.0 else math.ceil(_LINK * (len(windows) - 1) / -math.log1p(-weight))
    return sum(windows) - len(windows) + 1 + settles(weight) + extra


def strength_memory(window: int) -> int:
    """Give the bars after which Wilder's mean of changes has forgotten its start, also where nothing moves."""
    return window + 1 + settles(1.0 / window) + rests(1.0 / window)


def wilder(values: Array, window: int) -> Array:
    """Give Wilder's mean of values without gaps, begun with the mean of the first `window`."""
    return values.copy() if window == 1 else np.asarray(talib().RMA(values, window))


def moved(values: Array, window: int) -> Array:
    """Give Wilder's mean of values over that of their sizes, from -1 to 1; 0 where all are 0, or have long been."""
    share = within(quotient(wilder(values, window), wilder(np.abs(values), window), otherwise=0.0), -1.0, 1.0)
    return rested(share, values, rests(1.0 / window), otherwise=0.0)


def relative(values: Array, window: int, *, seeded: bool = True) -> Array:
    """Give Wilder's relative strength from 0 to 100; 50 where nothing moved, or has for long.

    Parameters
    ----------
    values
        Without gaps.
    window
        Of Wilder's means.
    seeded
        Begin the means with the first `window` changes; else with none before the first bar.
    """
    step, pause = steps(values), rests(1.0 / window)
    if seeded:
        return rested(np.asarray(50.0 + 0.5 * talib().CMO(values, window)), step, pause, otherwise=50.0)
    net, way = (recurred(one / window, 1.0 - 1.0 / window) for one in (step, np.abs(step)))
    line = 50.0 + 50.0 * within(quotient(net, way, otherwise=0.0), -1.0, 1.0)
    return filled(rested(line, step, pause, otherwise=50.0), 1)


@unbroken
def _range(high: Array, low: Array, *, window: int) -> tuple[Array, Array]:
    bottom = lowest(low, window)
    return bottom, highest(high, window) - bottom


def deviation(values: Array, window: int) -> Array:
    """Give the standard deviation of the last values, of the population; 0 where it is what rounding left over."""
    if len(values) < window:
        return np.full(len(values), np.nan)
    found = np.asarray(talib().STDDEV(values, window))
    return np.where(found <= _STILL * np.abs(values), 0.0, found)


def place(values: Array, high: Array, low: Array, window: int, *, least: float = 0.0) -> Array:
    """Give where values stand in the range of the last bars, from 0 to 100; 50 where it is no more than `least`."""
    bottom, span = _range(high, low, window=window)
    if least and some(small := span <= least):
        span = np.where(small, 0.0, span)
    return 100.0 * quotient(values - bottom, span, otherwise=0.5)


def endpoint(values: Array, window: int) -> Array:
    """Give the newest point of the straight line of least squares through the last values."""
    places = np.arange(window) - (window - 1) / 2.0
    return weighted(values, 1.0 / window + places[-1] * places / (places @ places))


def _recur(values: Array, a1: float, a2: float, y1: float, y2: float, limit: float, cap: float, lines: Any) -> None:
    """Add to each value a share of the last two results; a result beyond the limit counts as the cap."""
    for bar in range(len(values)):
        y = values[bar] + a1 * y1 + a2 * y2
        if y > limit:
            y = cap
        elif y < -limit:
            y = -cap
        y2 = y1
        y1 = y
        lines[0][bar] = y


def recurred(
    values: Array,
    a1: float,
    a2: float = 0.0,
    *,
    start: tuple[float, float] = (0.0, 0.0),
    limit: float = math.inf,
    cap: float = math.inf,
) -> Array:
    """Give `y[t] = x[t] + a1 * y[t-1] + a2 * y[t-2]` over values without gaps.

    Parameters
    ----------
    values
        The x.
    a1, a2
        Shares of the last two results.
    start
        The last result before the first bar, and the one before that.
    limit, cap
        A result larger than the limit, either way, is set to the cap.
    """
    return along(_recur, values, a1, a2, *start, limit, cap, users=5)
