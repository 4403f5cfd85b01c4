"""Jumps: what of the movement came in leaps rather than steadily."""

import math
from operator import mul
from typing import Any, Final

import numpy as np

from ara.features.arrays import previous, sums
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.steps import bipower_step, ends_step, shock_step, signed_step
from ara.features.indicators.statistical.terms import Array, length, log_returns, ratio, running, settle, settled
from ara.features.windowed import moved, over, slid, squared

__all__ = ["bipower_variation", "jump_share", "jump_test", "lee_mykland", "signed_jump"]

_WINDOW: Final = length(60, "Bars that count; more of them tell jumps more surely.", low=5)
_BARNDORFF: Final = (
    "O. E. Barndorff-Nielsen and N. Shephard (2004), Power and Bipower Variation, Journal of Financial Econometrics 2"
)
_HALF_PI: Final = math.pi / 2.0
_TRIPOWER: Final = (2.0 ** (2.0 / 3.0) * math.gamma(7.0 / 6.0) / math.gamma(0.5)) ** -3
_SPREAD: Final = math.pi**2 / 4.0 + math.pi - 5.0


def _variations(returns: Array, window: int) -> tuple[Array, Array]:
    """Give the mean square, and what it would be without jumps: from products of neighbours within the window."""
    size = np.abs(returns)
    squares = running(window, returns * returns)[0] / window
    neighbours = running(window - 1, size * previous(size))[0] * (_HALF_PI / (window - 1))
    return settled(squares, squares), settled(neighbours, neighbours)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="pi / 2 * mean of |r[t-i]| * |r[t-i-1]| over n - 1 pairs, r log returns",
    reference=_BARNDORFF,
    words="The variance of one bar's return as if there had been no jumps: what steady trading alone makes.",
    step=bipower_step,
)
def bipower_variation(close: Array, *, window: int) -> Array:
    """Give the bipower variation of log returns, per bar."""
    return _variations(log_returns(close), window)[1]


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="max(0, 1 - bipower_variation / mean(r^2)) over n bars, r log returns",
    reference=_BARNDORFF,
    words="The share of the variance that came by leaps: near 0 steady trading, above 0.5 a few bars made it all.",
    step=ends_step,
)
def jump_share(close: Array, *, window: int) -> Array:
    """Give the share of the realised variance that the bipower variation lacks; NaN where no price moved."""
    squares, without = _variations(log_returns(close), window)
    return np.maximum(1.0 - ratio(without, squares), 0.0)


def _test_step(state: Any, close: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last returns, their powers, and the largest means of squares and of neighbours so far."""
    moves, powers, most, nearest = state or (None, (), 0.0, 0.0)
    moves = moved(moves, close, window)
    power = math.cbrt(moves[1][-1] * moves[1][-1]) if moves and moves[1] else math.nan
    powers = slid(powers, power * power, window)
    if moves is None or len(powers) < window:
        return (moves, powers, most, nearest), (math.nan,)
    size = tuple(map(abs, moves[1]))
    mean, near = squared(size) / window, sum(map(mul, size[1:], size)) * (_HALF_PI / (window - 1))
    (most, squares), (nearest, without) = settle(most, mean, mean), settle(nearest, near, near)
    triples = sum(map(mul, map(mul, powers[2:], powers[1:]), powers)) * (_TRIPOWER / (window - 2))
    wide = over(triples, without * without)
    wide = max(wide, 1.0)
    found = over(1.0 - over(without, squares), math.sqrt(_SPREAD / window * wide))
    return (moves, powers, most, nearest), (found,)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="(1 - BV / RV) / sqrt((pi^2/4 + pi - 5) / n * max(1, TQ / BV^2)), TQ tripower quarticity, n log returns",
    reference="X. Huang and G. Tauchen (2005), The Relative Contribution of Jumps, Journal of Financial Econometrics 3",
    words="Whether the window holds a jump: above 1.6 one is likely, above 3.1 nearly sure.",
    step=_test_step,
)
def jump_test(close: Array, *, window: int) -> Array:
    """Give the z of the ratio test for jumps of log returns; NaN where no price moved."""
    returns = log_returns(close)
    squares, without = _variations(returns, window)
    power = np.cbrt(returns * returns) ** 2
    (triples,) = running(window - 2, power * previous(power) * previous(power, 2))
    quarticity = triples * (_TRIPOWER / (window - 2))
    wide = np.maximum(ratio(quarticity, without * without), 1.0)
    return ratio(1.0 - ratio(without, squares), np.sqrt(_SPREAD / window * wide))


@indicator(
    inputs=["close"],
    params={"window": length(60, "Bars before it that say what is usual; more make it steadier.", low=5)},
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="r[t] / sqrt(mean of |r[t-i]| * |r[t-i-1]|, i = 1..n-1), r log returns",
    reference="S. S. Lee and P. A. Mykland (2008), Jumps in Financial Markets, Review of Financial Studies 21",
    words="This bar's return over what was usual just before, jumps apart: beyond 4 or -4 the bar is a jump.",
    step=shock_step,
)
def lee_mykland(close: Array, *, window: int) -> Array:
    """Give the log return over the root of the bipower variation before it, not scaled to a normal deviation."""
    returns = log_returns(close)
    _, without = _variations(returns, window)
    return ratio(returns, np.sqrt(previous(without) / _HALF_PI))


@indicator(
    inputs=["close"],
    params={"window": length(20)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="sum of r^2 where r > 0 - sum of r^2 where r < 0 over n bars, r log returns",
    reference="A. J. Patton and K. Sheppard (2015), Good Volatility, Bad Volatility, Rev. Econ. Statistics 97",
    words="How much more variance came from rises than from falls: what moves as much both ways cancels, what is left "
    "is a leap, upwards above 0. Below 0 more volatility is read to follow.",
    step=signed_step,
)
def signed_jump(close: Array, *, window: int) -> Array:
    """Give the upper less the lower semivariance of log returns."""
    returns = log_returns(close)
    return sums(returns * np.abs(returns), window)
