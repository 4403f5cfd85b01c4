"""What the trend indicators share: parameters in one wording, memories of exponential means, weighted windows."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import ema, filled, highest, some, sound, total
from ara.features.indicator import Param

__all__ = [
    "EMA_SOURCE",
    "LEAST",
    "SEEDED",
    "TIE",
    "Array",
    "chain",
    "gapless",
    "length",
    "links",
    "over_gaps",
    "pause",
    "rests",
    "settles",
    "sum_of_sizes",
    "weighted",
]

Array = NDArray[np.float64]
"""One value per bar."""

SEEDED: Final = Param(
    default=1, low=0, high=1, whole=True, words="1 begins with the mean of the first window; 0 with the first value."
)
"""How an exponential mean begins: TA-Lib's way by default, the other of Tulip and of spreadsheets."""

EMA_SOURCE: Final = "P. N. Haurlan (1968), Measuring Trend Values; "
"""Who first described exponential means of prices."""

LEAST: Final = 1e-9
"""A range this share of what it is of, or less, is none: rounding alone makes ranges too."""

TIE: Final = 1e-12
"""A difference of this share of a price, or less, is what rounding leaves of none."""

_NEGLIGIBLE: Final = 1e-12
_FAINT: Final = 1e-3
_LINK: Final = 3.0


def length(default: int, words: str = "", *, low: int = 2, high: int = 5000) -> Param:
    """Give the parameter that says how many bars count."""
    told = words or "Bars that count; more of them make a smoother and later line."
    return Param(default=default, low=low, high=high, whole=True, words=told)


def settles(weight: float) -> int:
    """Give the bars after which an exponential mean with this weight on the newest value has forgotten its start."""
    return 1 if weight >= 1.0 else math.ceil(math.log(_NEGLIGIBLE) / math.log1p(-weight))


def rests(weight: float) -> int:
    """Give the bars without a move after which an exponential mean tells nothing: a thousandth of it is left."""
    return 1 if weight >= 1.0 else math.ceil(math.log(_FAINT) / math.log1p(-weight))


def pause(*windows: int) -> int:
    """Give the same for exponential means of these windows."""
    return rests(2.0 / (max(windows) + 1.0))


def chain(window: int, links: int = 1) -> int:
    """Give the memory of exponential means of that window taken of each other, each begun with a simple mean.

    A chain forgets later than one: the start's weight after t bars is that of one link times a polynomial of t.
    """
    weight = 2.0 / (window + 1.0)
    extra = 0 if weight >= 1.0 else math.ceil(_LINK * (links - 1) / -math.log1p(-weight))
    return links * (window - 1) + 1 + settles(weight) + extra


def links(values: Array, window: int, count: int, *, seeded: bool) -> list[Array]:
    """Give exponential means taken of each other; unseeded, each begins a window less one bar after the one before."""
    found = [ema(values, window, seeded=seeded)]
    while len(found) < count:
        begun = found[-1] if seeded else filled(found[-1], len(found) * (window - 1))
        found.append(ema(begun, window, seeded=seeded))
    return found


def weighted(values: Array, weights: Array) -> Array:
    """Give the mean of the last values with these weights, the oldest first; they sum to 1."""
    out = np.full(len(values), np.nan)
    if len(values) >= len(weights):
        out[len(weights) - 1 :] = np.convolve(values, weights[::-1], "valid")
    return out


def gapless(bar: tuple[float, ...]) -> bool:
    """Give whether all numbers of a bar are known and finite."""
    return all(math.isfinite(value) for value in bar)


def sum_of_sizes(values: Array, window: int) -> Array:
    """Give the sum of the last values, none of them negative: exactly 0 where all are, not the rounding of old ones."""
    out = total(values, window)
    nothing = highest(values, window) == 0.0
    if some(nothing):
        out[nothing] = 0.0
    return out


def over_gaps(figure: Callable[..., Array], *columns: Array) -> Array:
    """Give a figure of the bars that are wholly known, as if the others had not been; NaN for these."""
    if len(columns[0]) and sound(*columns):
        return figure(*columns)
    known = np.logical_and.reduce([np.isfinite(column) for column in columns])
    out = np.full(len(known), np.nan)
    out[known] = figure(*(column[known] for column in columns))
    return out
