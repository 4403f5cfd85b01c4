"""Cycles in returns: the power of bands, the strongest period, how even the spectrum is; each window by itself."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import change, logs, rolling, windows
from ara.features.indicator import Param, Scale, indicator

__all__ = ["band_power", "dominant_period", "spectral_entropy", "spectral_slope"]

_Array = NDArray[np.float64]

_ROWS: Final = 1 << 20
_STILL: Final = 1e-26
_WINDOW: Final = Param(
    default=64, low=16, high=4096, whole=True, words="Bars of one spectrum; more of them tell longer periods apart."
)
_SOURCE: Final = "P. Bloomfield (2000), Fourier Analysis of Time Series, 2nd ed."
_SLOW, _QUICK = 16.0, 5.0


def _spectrum(close: _Array, window: int) -> tuple[_Array, _Array]:
    """Give the periods in bars, the longest first, and `[bar, period]`, the share of each in the variance.

    Log returns of each window less their mean, tapered by a cosine so that its ends don't look like a jump.
    """
    returns = change(logs(close))
    spans = windows(returns, window)
    taper = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(window) + 0.5) / window)
    power = np.empty((len(spans), window // 2))
    rows = max(1, _ROWS // window)
    for start in range(0, len(spans), rows):
        part = spans[start : start + rows]
        found = np.fft.rfft((part - part.mean(axis=1, keepdims=True)) * taper, axis=1)[:, 1:]
        power[start : start + rows] = found.real**2 + found.imag**2
    if window % 2 == 0:
        power[:, -1] /= 2.0  # the quickest is its own mirror image
    total = power.sum(axis=1, keepdims=True)
    return window / np.arange(1, window // 2 + 1), power / np.where(total > _STILL, total, np.nan)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    outputs=["slow", "middle", "quick"],
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="share of |F(r)|^2 at periods over 16 bars, of 5 to 16, and under 5; r log returns of n bars, Hann's taper",
    reference=_SOURCE,
    words="Where the movement is: slow swings are trends, quick ones noise; a walk has a tenth, a third, over a half.",
)
def band_power(close: _Array, *, window: int) -> tuple[_Array, _Array, _Array]:
    """Give the shares of three bands in the variance of the log returns; NaN where no price moved."""
    periods, power = _spectrum(close, window)
    slow, quick = periods > _SLOW, periods < _QUICK
    bands = (slow, ~slow & ~quick, quick)
    known = 0.0 * power[:, 0]  # a band that no period falls into has none of the movement, where there is any
    shares = (np.clip(power[:, band].sum(axis=1) + known, 0.0, 1.0) for band in bands)
    low, middle, high = (rolling(close, share, window) for share in shares)
    return low, middle, high


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    outputs=["period", "share"],
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds={"period": (2.0, math.inf), "share": (0.0, 1.0)},
    formula="exp(mean of ln(period) weighted by power) at the largest |F(r)|^2 and its neighbours; share: theirs",
    reference=f"{_SOURCE}; A. Schuster (1898), On the Investigation of Hidden Periodicities",
    words="The strongest swing in bars, and its share of all movement; without a cycle it jumps, its share is small.",
)
def dominant_period(close: _Array, *, window: int) -> tuple[_Array, _Array]:
    """Give the strongest period of the log returns and the share of the variance about it."""
    periods, power = _spectrum(close, window)
    padded = np.pad(power, ((0, 0), (1, 1)))
    top = np.where(np.isnan(power), 0.0, power).argmax(axis=1)
    near = np.stack([padded[np.arange(len(power)), top + place] for place in range(3)])
    lengths = np.log(np.pad(periods, 1, mode="edge"))
    total = near.sum(axis=0)
    middle = sum(near[place] * lengths[top + place] for place in range(3)) / total
    return rolling(close, np.exp(middle), window), rolling(close, np.minimum(total, 1.0), window)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="-sum of p * ln(p) / ln(m), p the shares of m periods in |F(r)|^2 of n log returns",
    reference="T. Inouye and others (1991), Electroencephalography and Clinical Neurophysiology 79",
    words="Near 1 all periods are alike, as in noise; lower, a few swings make most of the movement.",
)
def spectral_entropy(close: _Array, *, window: int) -> _Array:
    """Give the entropy of the spectrum as a share of the most that it can be."""
    _, power = _spectrum(close, window)
    parts = power * np.log(np.where(power > 0.0, power, 1.0))
    found = -parts.sum(axis=1) / math.log(power.shape[1])
    return rolling(close, np.clip(found, 0.0, 1.0), window)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="-slope of ln |F(r)|^2 on ln(frequency), r log returns of n bars",
    reference="B. B. Mandelbrot and J. W. Van Ness (1968), Fractional Brownian Motions, SIAM Review 10",
    words="0 for returns without memory; above it slow swings carry more, as in trends; below it quick ones do.",
)
def spectral_slope(close: _Array, *, window: int) -> _Array:
    """Give how fast the power of the log returns falls with the frequency."""
    periods, power = _spectrum(close, window)
    axis = np.log(periods)
    weights = axis - axis.mean()
    lines = np.log(np.where(power > _STILL, power, np.where(np.isnan(power), np.nan, _STILL)))
    return rolling(close, (lines * (weights / float(weights @ weights))).sum(axis=1), window)
