"""Volatility that a leap hardly moves: by the size of moves, their median, or neighbours that confirm each other."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import previous
from ara.features.indicator import Scale, indicator
from ara.features.indicators.trend.terms import length
from ara.features.indicators.volatility import onward
from ara.features.indicators.volatility.terms import YEAR, Array, mean_square, median, returns, root, window_mean

__all__ = ["absolute_volatility", "bipower_volatility", "mad_volatility", "medrv_volatility", "minrv_volatility"]

_PARAMS: Final = {"window": length(20, "Bars that count; more of them are steadier and later."), "year": YEAR}
_NORMAL_MEAN: Final = math.sqrt(math.pi / 2.0)
_NORMAL_MEDIAN: Final = 1.482602218505602  # 1 / the upper quartile of a standard normal
_NEAREST: Final = (
    "T. G. Andersen, D. Dobrev, E. Schaumburg (2012), Jump-robust Volatility Estimation, J. Econometrics 169"
)


@indicator(
    inputs=["close"],
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * pi / 2) * mean of abs(ln(C / C[t-1]))",
    reference="S. J. Taylor (1986), Modelling Financial Time Series; Z. Ding, C. Granger, R. Engle (1993)",
    words="Volatility by the mean size of the moves: large ones count less than in the standard deviation.",
    step=onward.size_step,
)
def absolute_volatility(close: Array, *, window: int, year: float) -> Array:
    """Give the volatility by mean absolute return."""
    return np.asarray(math.sqrt(year) * _NORMAL_MEAN * window_mean(np.abs(returns(close)), window))


@indicator(
    inputs=["close"],
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="1.4826 sqrt(year) * median of abs(ln(C / C[t-1]))",
    reference="F. R. Hampel (1974), The Influence Curve and Its Role in Robust Estimation, J. Am. Stat. Assoc. 69",
    words="Volatility of the ordinary bars: up to half of them may be wild without moving it.",
    step=onward.median_step,
)
def mad_volatility(close: Array, *, window: int, year: float) -> Array:
    """Give the volatility by the median absolute return."""
    size = np.abs(returns(close))
    middle = median(size, window)
    return np.asarray(math.sqrt(year) * _NORMAL_MEDIAN * middle)


@indicator(
    inputs=["close"],
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * pi / 2 * sum of abs(r[i]) abs(r[i-1]) over n returns / (n - 1)), r = ln(C / C[t-1])",
    reference=(
        "O. E. Barndorff-Nielsen, N. Shephard (2004), Power and Bipower Variation With Stochastic Volatility and Jumps"
    ),
    words="Volatility without the jumps: a single leap next to quiet bars hardly counts.",
    step=onward.bipower_step,
)
def bipower_volatility(close: Array, *, window: int, year: float) -> Array:
    """Give the root of the bipower variation."""
    size = np.abs(returns(close))
    return root(0.5 * math.pi * window_mean(size * previous(size), window - 1), year)


@indicator(
    inputs=["close"],
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * pi / (pi - 2) * sum of min(abs(r[i]), abs(r[i-1]))^2 over n returns / (n - 1))",
    reference=_NEAREST,
    words="Volatility by the smaller of two neighbours: no single jump counts at all.",
    step=onward.nearest_step,
)
def minrv_volatility(close: Array, *, window: int, year: float) -> Array:
    """Give the root of MinRV."""
    size = np.abs(returns(close))
    return root(math.pi / (math.pi - 2.0) * mean_square(np.minimum(size, previous(size)), window - 1), year)


@indicator(
    inputs=["close"],
    params={"window": length(20, "Bars that count; more of them are steadier and later.", low=3), "year": YEAR},
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * pi / (6 - 4 sqrt(3) + pi) * sum of median(abs r[i], abs r[i-1], abs r[i-2])^2 / (n - 2))",
    reference=_NEAREST,
    words="Volatility by the middle of three neighbours: jumps and bars without trade count little.",
    step=onward.middle_step,
)
def medrv_volatility(close: Array, *, window: int, year: float) -> Array:
    """Give the root of MedRV."""
    last = np.abs(returns(close))
    second, third = previous(last), previous(last, 2)
    middle = np.maximum(np.minimum(last, second), np.minimum(np.maximum(last, second), third))
    scale = math.pi / (6.0 - 4.0 * math.sqrt(3.0) + math.pi)
    return root(scale * mean_square(middle, window - 2), year)
