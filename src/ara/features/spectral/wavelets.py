"""Wavelets that look back only: each level is a filter over bars that have closed.

A usual wavelet denoising transforms the whole series and back, so that each bar knows what comes after it. Here a level
is made of the level before it and what that was some bars ago (the "a trous" scheme), which is late, and honest.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import change, logs, previous, sums
from ara.features.indicator import Param, Scale, indicator

__all__ = ["wavelet_distance", "wavelet_energy", "wavelet_trend"]

_Array = NDArray[np.float64]

_ROOT: Final = math.sqrt(3.0)
_FILTERS: Final = (
    (0.5, 0.5),
    ((1 + _ROOT) / 8, (3 + _ROOT) / 8, (3 - _ROOT) / 8, (1 - _ROOT) / 8),
)
_STILL: Final = 1e-26

_LEVELS: Final = Param(default=4, low=1, high=8, whole=True, words="Levels; each looks twice as far back as the last.")
_KIND: Final = Param(default=0, low=0, high=1, whole=True, words="0 is Haar's wavelet, 1 Daubechies' of four weights.")
_SOURCE: Final = "D. B. Percival and A. T. Walden (2000), Wavelet Methods for Time Series Analysis, chapter 5"


def _reach(levels: int, kind: int) -> int:
    """Give how many bars back a level looks."""
    return (len(_FILTERS[kind]) - 1) * int(2**levels - 1)


def _smooths(values: _Array, levels: int, kind: int) -> list[_Array]:
    """Give the values and their smooths, the finest first."""
    found = [values]
    for level in range(levels):
        line = found[-1]
        parts = [weight * previous(line, place * 2**level) for place, weight in enumerate(_FILTERS[kind])]
        found.append(np.asarray(sum(parts)))
    return found


@indicator(
    inputs=["close"],
    params={"levels": _LEVELS, "kind": _KIND},
    warmup=lambda levels, kind: _reach(levels, kind),
    memory=lambda levels, kind: _reach(levels, kind) + 1,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="s[j][t] = sum of h[i] * s[j-1][t - i * 2^(j-1)], s[0] = C, j up to the levels; h the scaling weights",
    reference=_SOURCE,
    words="The price without its quick moves, from closed bars alone; it lags as every honest smoothing does.",
)
def wavelet_trend(close: _Array, *, levels: int, kind: int) -> _Array:
    """Give the smooth of the last level."""
    return _smooths(np.where(np.isfinite(close), close, np.nan), levels, kind)[-1]


@indicator(
    inputs=["close"],
    params={"levels": _LEVELS, "kind": _KIND},
    warmup=lambda levels, kind: _reach(levels, kind),
    memory=lambda levels, kind: _reach(levels, kind) + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="ln C - s, s the smooth of ln C as in wavelet_trend",
    reference=_SOURCE,
    words="How far the price is from its wavelet smooth, as a log share: above 0 it is ahead of its trend.",
)
def wavelet_distance(close: _Array, *, levels: int, kind: int) -> _Array:
    """Give the log distance of the close from its smooth."""
    line = logs(close)
    return np.asarray(line - _smooths(line, levels, kind)[-1])


@indicator(
    inputs=["close"],
    params={
        "window": Param(default=128, low=8, high=5000, whole=True, words="Bars over which the energy is counted."),
        "kind": _KIND,
    },
    outputs=["quickest", "quick", "middle", "slow", "slowest"],
    warmup=lambda window, kind: 1 + _reach(4, kind) + window - 1,
    memory=lambda window, kind: 1 + _reach(4, kind) + window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="share of sum(d[j]^2) over n bars, d[j] = s[j-1] - s[j] of log returns, j = 1..4; s[4]^2 for the slowest",
    reference=f"{_SOURCE}; R. Gencay, F. Selcuk and B. Whitcher (2002), An Introduction to Wavelets in Finance",
    words="Where the movement is: swings of 2 to 4 bars, 4 to 8, 8 to 16, 16 to 32, slower; half of a walk is first.",
)
def wavelet_energy(close: _Array, *, window: int, kind: int) -> tuple[_Array, ...]:
    """Give the shares of the levels in the energy of the returns; NaN where no price moved."""
    lines = _smooths(change(logs(close)), 4, kind)
    parts = [lines[level] - lines[level + 1] for level in range(4)] + [lines[4]]
    known = np.isfinite(lines[4])
    energies = [sums(np.where(known, part * part, np.nan), window) for part in parts]
    total = np.asarray(sum(energies))
    whole = np.where(total > _STILL, total, np.nan)
    return tuple(np.clip(one / whole, 0.0, 1.0) for one in energies)
