"""Loops over bars as machine code: moving figures for which no operation on whole arrays is as quick."""

import gc
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "along",
    "compiled",
    "joint_moments",
    "median_spread",
    "moving_sums",
    "order_statistics",
    "own_moments",
    "quantiles",
]

_Array = NDArray[np.float64]

_FEW: Final = 5_000


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Give a loop over bars as machine code, compiled once per machine and kept beside its file."""
    from numba import njit

    _rest_the_collector()
    return njit(cache=True, nogil=True)(kernel)


@cache
def _rest_the_collector() -> None:
    """Have no garbage collected while a loop is compiled, which is done in a fifth less time.

    What the compiler makes is many and lives on, so that looking through it again and again frees nothing.
    """
    from numba.core import event

    class Rest(event.Listener):
        """Loops that call others are compiled within each other: the outermost stops the collector and starts it."""

        def __init__(self) -> None:
            self._within: list[bool] = []

        def on_start(self, event: event.Event) -> None:
            del event
            self._within.append(gc.isenabled())
            gc.disable()

        def on_end(self, event: event.Event) -> None:
            del event
            if self._within.pop():
                gc.enable()

    event.register("numba:compile", Rest())  # type: ignore[no-untyped-call]


def along(kernel: Callable[..., Any], values: _Array, *given: Any) -> _Array:
    """Give what a loop writes along values, NaN where it writes nothing.

    Its first few thousand bars are run as they stand, since that takes less than to compile it. So a loop is arithmetic
    and comparisons alone, which are the same to the last bit either way, and asks for no memory of its own, which takes
    long to compile.

    Parameters
    ----------
    kernel
        Takes the values, what else it is given, and the array that it writes to.
    values
        One for each bar.
    *given
        What else it needs.
    """
    seen = _seen(kernel)
    seen[0] += len(values)
    if seen[0] <= _FEW:
        lines = [one.tolist() if isinstance(one, np.ndarray) else one for one in (values, *given)]
        told = [math.nan] * len(values)
        kernel(*lines, told)
        return np.array(told, np.float64)
    out = np.empty(len(values))
    out.fill(np.nan)
    compiled(kernel)(np.ascontiguousarray(values), *given, out)
    return out


@cache
def _seen(_: Callable[..., Any]) -> list[int]:
    """Give the count of bars that a loop has run over in this process."""
    return [0]


def order_statistics(values: _Array, window: int, ranks: Sequence[int]) -> _Array:
    """Give `[rank, bar]`, the values of these ranks among the last `window` ones, 0 the smallest.

    A NaN makes the windows that hold it NaN, and no later ones.
    """
    out = np.full((len(ranks), len(values)), np.nan)
    spare = np.empty((2, window + 1))
    compiled(_ranked)(np.ascontiguousarray(values), window, np.array(ranks, np.int64), *spare, out, np.empty(0))
    return out


def quantiles(values: _Array, window: int, *levels: float) -> tuple[_Array, ...]:
    """Give the quantiles of the last `window` values, linear between them; NaN as in `order_statistics`."""
    places = [level * (window - 1) for level in levels]
    lows = [int(place) for place in places]
    found = order_statistics(values, window, [*lows, *(min(low + 1, window - 1) for low in lows)])
    count = len(levels)
    return tuple(found[i] + (places[i] - lows[i]) * (found[count + i] - found[i]) for i in range(count))


def median_spread(values: _Array, window: int) -> tuple[_Array, _Array]:
    """Give the median of the last `window` values and the median distance from it; NaN as in `order_statistics`."""
    halves, spread = np.full((2, len(values)), np.nan), np.full(len(values), np.nan)
    ranks, spare = np.array([(window - 1) // 2, window // 2]), np.empty((2, window + 1))
    compiled(_ranked)(np.ascontiguousarray(values), window, ranks, *spare, halves, spread)
    return (halves[0] + halves[1]) / 2.0, spread


def moving_sums(values: _Array, window: int) -> _Array:
    """Give the sum of the last `window` values; nothing is ever taken away from a sum, so zeros sum to 0 after all.

    NaN as in `order_statistics`.
    """
    out = np.empty(len(values))
    compiled(_summed)(values.copy(), np.empty(len(values)), window, out)
    return out


def joint_moments(x: _Array, y: _Array, window: int) -> tuple[_Array, _Array, _Array, _Array, _Array]:
    """Give both means of the last `window` values, both variances and the covariance, those of the population.

    Each window is counted from one of its own values and nothing is ever taken away from a sum: equal values vary by
    exactly 0, small differences of large values aren't lost, and what has left a window leaves no trace. NaN as in
    `order_statistics`.
    """
    out = np.empty((5, len(x)))
    compiled(_joint)(np.ascontiguousarray(x), np.ascontiguousarray(y), window, np.zeros((5, window)), out)
    return out[0], out[2], out[1], out[3], out[4]


def own_moments(values: _Array, window: int) -> tuple[_Array, _Array]:
    """Give the mean of the last `window` values and their variance, as `joint_moments` does."""
    out = np.empty((2, len(values)))
    compiled(_joint)(np.ascontiguousarray(values), np.empty(0), window, np.zeros((2, window)), out)
    return out[0], out[1]


def _ranked(values: Any, window: Any, ranks: Any, line: Any, rest: Any, out: Any, spread: Any) -> None:
    """Keep the window sorted, without a branch per value: the oldest is left out, the newest put between its like."""
    rest[0], held, unknown = -np.inf, 0, True
    centre, nearest = (window - 1) // 2, window // 2 + 1
    for bar in range(len(values)):
        new = values[bar]
        if math.isnan(new):
            unknown = True
            continue
        if unknown:
            held, unknown = 0, False
            for place in range(window + 1):
                line[place] = np.inf
        oldest = values[bar - window] if held == window else np.inf
        for place in range(window):
            rest[place + 1] = line[place] if line[place] < oldest else line[place + 1]
        for place in range(window):
            least = new if new > rest[place] else rest[place]
            line[place] = least if least < rest[place + 1] else rest[place + 1]
        held = min(held + 1, window)
        if held < window:
            continue
        for rank in range(len(ranks)):
            out[rank, bar] = line[ranks[rank]]
        if len(spread) == 0:
            continue
        # Distances from the median grow to both sides of it: `taken` of the nearest lie on the left.
        half = (out[0, bar] + out[1, bar]) / 2.0
        taken, most = max(0, nearest - (window - 1 - centre)), min(nearest, centre + 1)
        while taken < most:
            middle = (taken + most) // 2
            if half - line[centre - middle] < line[centre + nearest - middle] - half:
                taken = middle + 1
            else:
                most = middle
        left, right = centre - taken + 1, centre + nearest - taken
        last, before = max(half - line[left], line[right] - half), min(half - line[left], line[right] - half)
        if nearest > 1:
            on_left = half - line[left] >= line[right] - half
            before = max(before, half - line[left + 1] if on_left else line[right - 1] - half)
        spread[bar] = last if window % 2 else (before + last) / 2.0


def _summed(part: Any, spare: Any, window: Any, out: Any) -> None:
    """Make sums of 1, 2, 4, 8, ... values of each other, and put them together to the window."""
    count, held, width = len(part), 0, 1
    for bar in range(count):
        out[bar] = np.nan if bar < window - 1 else 0.0
    while width <= window <= count:
        if window & width:
            for bar in range(window - 1, count):
                out[bar] += part[bar - held]
            held += width
        if 2 * width <= window:
            for bar in range(2 * width - 1, count):
                spare[bar] = part[bar] + part[bar - width]
        part, spare, width = spare, part, 2 * width


def _joint(x: Any, y: Any, window: Any, tail: Any, out: Any) -> None:
    """Go through blocks of one window's length: a window is the end of one block and the beginning of the next.

    Each counts from its first values, and `tail` keeps sums of the end of a block; without y, there is x alone.
    """
    count, both = len(x), len(y) > 0
    for start in range(0, count, window):
        first_x, first_y = x[start], y[start] if both else 0.0
        for back in range(1, window):
            bar = start - back
            place = window - 1 - back
            a = x[bar] - first_x if bar >= 0 else np.nan
            tail[0, place] = tail[0, place + 1] + a
            tail[1, place] = tail[1, place + 1] + a * a
            if both:
                b = y[bar] - first_y if bar >= 0 else np.nan
                tail[2, place] = tail[2, place + 1] + b
                tail[3, place] = tail[3, place + 1] + b * b
                tail[4, place] = tail[4, place + 1] + a * b
        sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
        for place in range(min(window, count - start)):
            bar = start + place
            a = x[bar] - first_x
            sx, sxx = sx + a, sxx + a * a
            mean_x = (sx + tail[0, place]) / window
            out[0, bar] = mean_x + first_x
            out[1, bar] = max((sxx + tail[1, place]) / window - mean_x * mean_x, 0.0)
            if both:
                b = y[bar] - first_y
                sy, syy, sxy = sy + b, syy + b * b, sxy + a * b
                mean_y = (sy + tail[2, place]) / window
                out[2, bar] = mean_y + first_y
                out[3, bar] = max((syy + tail[3, place]) / window - mean_y * mean_y, 0.0)
                out[4, bar] = (sxy + tail[4, place]) / window - mean_x * mean_y
