"""What steps over a window are made of: its last values, and figures of them, one bar at a time."""

import math
from collections.abc import Iterable, Sequence
from operator import add, mul

__all__ = [
    "Counts",
    "Kept",
    "Moves",
    "added",
    "counted",
    "logged",
    "moved",
    "over",
    "place",
    "quantile_of",
    "scatter",
    "slid",
    "squared",
]

Kept = tuple[float, ...]
"""The last values of a window, the oldest first; all of them known."""

Counts = tuple[tuple[int, ...], tuple[int, ...]]
"""The last states of a window, and how often each kind is among them."""

Moves = tuple[float, Kept]
"""A logarithm of a price, and the changes of it up to there."""


def slid(kept: Kept, value: float, window: int) -> Kept:
    """Give the last `window` values with one more; none where that is unknown: what follows begins anew."""
    return (*kept[len(kept) >= window :], value) if math.isfinite(value) else ()


def added(kept: Iterable[float]) -> float:
    """Give the sum, put together as `moving_sums` does it: to the last bit what a batch has."""
    line, found = [*kept][::-1], 0.0
    while line:
        if len(line) % 2:
            found += line[0]
            del line[0]
        line = [*map(add, line[::2], line[1::2])]
    return found


def counted(state: Counts | None, code: int, window: int, kinds: int) -> Counts | None:
    """Give the last `window` states with one more, and how often each kind is among them; nothing for less than 0."""
    if code < 0:
        return None
    kept, counts = state or ((), (0,) * kinds)
    line = list(counts)
    line[code] += 1
    if len(kept) == window:
        line[kept[0]] -= 1
    return (*kept[len(kept) >= window :], code), tuple(line)


def logged(price: float) -> float:
    """Give the natural logarithm; NaN for what is no positive number."""
    return math.log(price) if 0.0 < price < math.inf else math.nan


def moved(state: Moves | None, price: float, window: int) -> Moves | None:
    """Give the last `window` log returns with one price more; nothing where it is no positive number."""
    if not 0.0 < price < math.inf:
        return None
    now = math.log(price)
    return (now, (*state[1][len(state[1]) >= window :], now - state[0])) if state else (now, ())


def over(above: float, below: float, *, otherwise: float = math.nan) -> float:
    """Give `above / below`, and `otherwise` where `below` is 0; NaN where `above` is unknown."""
    return above / below if below else otherwise + 0.0 * above


def squared(kept: Sequence[float]) -> float:
    """Give the sum of the squares."""
    found: float = sum(map(mul, kept, kept))
    return found


def quantile_of(line: Sequence[float], level: float) -> float:
    """Give a quantile of values in rising order, linear between them."""
    at = level * (len(line) - 1)
    low = int(at)
    return line[low] + (at - low) * (line[min(low + 1, len(line) - 1)] - line[low])


def scatter(kept: Kept, block: int = 0) -> tuple[float, float]:
    """Give the mean and the variance, that of the population, counted from one of the values.

    Parameters
    ----------
    kept
        The values.
    block
        How many of the newest belong to one of the blocks in which `own_moments` counts: what it gives is then met to
        the last bit. 0 stands for all.
    """
    count, turn = len(kept), -block % len(kept)
    first = kept[turn]
    off = [value - first for value in kept]
    newer, older = off[turn:], off[:turn][::-1]
    mean = (sum(newer) + sum(older)) / count
    squares = sum(map(mul, newer, newer)) + sum(map(mul, older, older))
    return mean + first, max(squares / count - mean * mean, 0.0)


def place(kept: Kept) -> float:
    """Give where the newest value lies between the smallest, 0, and the largest, 1; 0.5 where all are the same."""
    low, high = min(kept), max(kept)
    return over(kept[-1] - low, high - low, otherwise=0.5)
