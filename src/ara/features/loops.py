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
    "lines_along",
    "median_spread",
    "moving_sums",
    "order_statistics",
    "own_moments",
    "quantiles",
]

_Array = NDArray[np.float64]

_FEW: Final = 5_000
_SHARED: Final = 10
_SORTED: Final = 400


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


def along(kernel: Callable[..., Any], values: NDArray[Any], *given: Any, users: int = 1) -> _Array:
    """Give what a loop writes along values, NaN where it writes nothing; see `lines_along`."""
    found: _Array = lines_along(kernel, 1, values, *given, users=users)[0]
    return found


def lines_along(kernel: Callable[..., Any], count: int, values: NDArray[Any], *given: Any, users: int = 1) -> _Array:
    """Give `[line, bar]`, what a loop writes to so many lines along values; NaN where it writes nothing.

    Its first few thousand bars are run as they stand, since that takes less than to compile it. So a loop is arithmetic
    and comparisons alone, which are the same to the last bit either way, and asks for no memory of its own, which takes
    long to compile.

    Parameters
    ----------
    kernel
        Takes the values, what else it is given, and the lines that it writes to, as `lines[line][bar]`.
    count
        How many lines there are.
    values
        One for each bar.
    *given
        What else it needs.
    users
        Some thousands of bars are run as they stand for each of so many, who share the loop.
    """
    if _briefly(kernel, len(values), users):
        plain = [one.tolist() if isinstance(one, np.ndarray) else one for one in (values, *given)]
        lines = [[math.nan] * len(values) for _ in range(count)]
        kernel(*plain, lines)
        return np.array(lines, np.float64)
    out = np.empty((count, len(values)))
    out.fill(np.nan)
    ready = [np.ascontiguousarray(one) if isinstance(one, np.ndarray) else one for one in (values, *given)]
    compiled(kernel)(*ready, out)
    return out


def _briefly(kernel: Callable[..., Any], bars: int, users: int) -> bool:
    """Give whether a loop has run over so few bars in this process that it isn't yet worth to compile it."""
    seen = _seen(kernel)
    seen[0] += bars
    return seen[0] <= _FEW * users


@cache
def _seen(_: Callable[..., Any]) -> list[int]:
    """Give the count of bars that a loop has run over in this process."""
    return [0]


def order_statistics(values: _Array, window: int, ranks: Sequence[int]) -> _Array:
    """Give `[rank, bar]`, the values of these ranks among the last `window` ones, 0 the smallest.

    A NaN makes the windows that hold it NaN, and no later ones.
    """
    return _orders(values, window, np.array(ranks, np.int64), spread=False)[0]


def quantiles(values: _Array, window: int, *levels: float) -> tuple[_Array, ...]:
    """Give the quantiles of the last `window` values, linear between them; NaN as in `order_statistics`."""
    places = [level * (window - 1) for level in levels]
    lows = [int(place) for place in places]
    found = order_statistics(values, window, [*lows, *(min(low + 1, window - 1) for low in lows)])
    count = len(levels)
    return tuple(found[i] + (places[i] - lows[i]) * (found[count + i] - found[i]) for i in range(count))


def median_spread(values: _Array, window: int) -> tuple[_Array, _Array]:
    """Give the median of the last `window` values and the median distance from it; NaN as in `order_statistics`."""
    halves, spread = _orders(values, window, np.array([(window - 1) // 2, window // 2]), spread=True)
    return (halves[0] + halves[1]) / 2.0, spread


def moving_sums(values: _Array, window: int) -> _Array:
    """Give the sum of the last `window` values; nothing is ever taken away from a sum, so zeros sum to 0 after all.

    Sums of 1, 2, 4, 8, ... values are made of each other, and put together to the window. NaN as in `order_statistics`.
    """
    count = len(values)
    out = np.empty(count)
    out[: window - 1] = np.nan
    ends, left, width, part = out[window - 1 :], window, 1, values
    ends.fill(0.0)
    while width <= window <= count:
        if window & width:
            left -= width
            ends += part[left : left + len(ends)]
        if 2 * width <= window:
            part = part[width:] + part[:-width]
        width *= 2
    return out


def joint_moments(x: _Array, y: _Array, window: int) -> tuple[_Array, _Array, _Array, _Array, _Array]:
    """Give both means of the last `window` values, both variances and the covariance, those of the population.

    Each window is counted from one of its own values and nothing is ever taken away from a sum: equal values vary by
    exactly 0, small differences of large values aren't lost, and what has left a window leaves no trace. NaN as in
    `order_statistics`.
    """
    out = lines_along(_joint, 5, x, y, window, np.zeros((5, window)), users=_SHARED)
    return out[0], out[2], out[1], out[3], out[4]


def own_moments(values: _Array, window: int) -> tuple[_Array, _Array]:
    """Give the mean of the last `window` values and their variance, as `joint_moments` does."""
    out = lines_along(_joint, 2, values, np.empty(0), window, np.zeros((2, window)), users=_SHARED)
    return out[0], out[1]


def _orders(values: _Array, window: int, ranks: NDArray[np.int64], *, spread: bool) -> tuple[_Array, _Array]:
    """Give values by rank, and the median distance from the mean of the first two if asked for."""
    values = values + 0.0  # no zero is below another
    out, around = np.full((len(ranks), len(values)), np.nan), np.full(len(values) if spread else 0, np.nan)
    if not _briefly(_ranked, len(values) * window, _SORTED):
        compiled(_ranked)(values, window, ranks, *np.empty((2, window + 1)), out, around)
    elif len(values) >= window:
        line = np.sort(np.lib.stride_tricks.sliding_window_view(values, window), axis=1)
        line[np.isnan(line[:, -1])] = np.nan
        out[:, window - 1 :] = line[:, ranks].T
        if spread:
            off = np.sort(np.abs(line - ((line[:, ranks[0]] + line[:, ranks[1]]) / 2.0)[:, None]), axis=1)
            last, before = off[:, window // 2], off[:, window // 2 - 1]
            around[window - 1 :] = last if window % 2 else (before + last) / 2.0
    return out, around


def _ranked(values: Any, window: Any, ranks: Any, line: Any, rest: Any, out: Any, spread: Any) -> None:
    """Keep the window sorted, without a branch per value: the oldest is left out, the newest put between its like."""
    rest[0], held, unknown = -np.inf, 0, True
    centre = (window - 1) // 2
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
        held += 1 if held < window else 0
        if held < window:
            continue
        for rank in range(len(ranks)):
            out[rank, bar] = line[ranks[rank]]
        if len(spread) == 0:
            continue
        # Distances from the median grow to both sides of it: `taken` of the nearest half lie on the left.
        half, nearest, taken, most = (out[0, bar] + out[1, bar]) / 2.0, window // 2 + 1, 1, centre + 1
        while taken < most:
            middle = (taken + most) // 2
            if half - line[centre - middle] < line[centre + nearest - middle] - half:
                taken = middle + 1
            else:
                most = middle
        left, right = centre - taken + 1, centre + nearest - taken
        below, above = half - line[left], line[right] - half
        if below >= above:
            last, one, other = below, above, half - line[left + 1]
        else:
            last, one, other = above, below, line[right - 1] - half
        spread[bar] = last if window % 2 else ((one if one > other else other) + last) / 2.0


def _joint(x: Any, y: Any, window: Any, tail: Any, lines: Any) -> None:
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
            tail[0][place] = tail[0][place + 1] + a
            tail[1][place] = tail[1][place + 1] + a * a
            if both:
                b = y[bar] - first_y if bar >= 0 else np.nan
                tail[2][place] = tail[2][place + 1] + b
                tail[3][place] = tail[3][place + 1] + b * b
                tail[4][place] = tail[4][place + 1] + a * b
        sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
        for place in range(window if window < count - start else count - start):
            bar = start + place
            a = x[bar] - first_x
            sx, sxx = sx + a, sxx + a * a
            mean_x = (sx + tail[0][place]) / window
            lines[0][bar] = mean_x + first_x
            spread = (sxx + tail[1][place]) / window - mean_x * mean_x
            lines[1][bar] = 0.0 if spread < 0.0 else spread
            if both:
                b = y[bar] - first_y
                sy, syy, sxy = sy + b, syy + b * b, sxy + a * b
                mean_y = (sy + tail[2][place]) / window
                lines[2][bar] = mean_y + first_y
                spread = (syy + tail[3][place]) / window - mean_y * mean_y
                lines[3][bar] = 0.0 if spread < 0.0 else spread
                lines[4][bar] = (sxy + tail[4][place]) / window - mean_x * mean_y
