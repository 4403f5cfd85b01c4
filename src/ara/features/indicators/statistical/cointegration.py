"""Pairs that belong together: the spread between two instruments, and whether it holds."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import change, logs, previous
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.terms import Array, length, ratio, running, steady
from ara.features.loops import joint_moments

__all__ = ["cointegration", "hedge_ratio", "pair_zscore"]

_WINDOW: Final = length(100, "Bars that count; fewer find a tie that is not there.", low=20)
_GRANGER: Final = "R. F. Engle and C. W. J. Granger (1987), Co-Integration and Error Correction, Econometrica 55"


def _tied(close: Array, other: Array, window: int) -> tuple[Array, Array, Array, Array]:
    """Give the slope of one log price on the other, both means, and the mean square of what is left."""
    own, base, scatter, swing, both = joint_moments(logs(close), logs(other), window)
    slope = ratio(both, steady(swing))
    return slope, own, base, steady(np.maximum(scatter - slope * both, 0.0))


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="b of ln C = a + b * ln D + e by least squares over n bars, D the other's close",
    reference=_GRANGER,
    words="How much of the other to sell for one unit bought, so that the pair stands still when both move together.",
)
def hedge_ratio(close: Array, other: Array, *, window: int) -> Array:
    """Give the slope of the log price on the other's; NaN where that stood still."""
    return _tied(close, other, window)[0]


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="e[t] / sqrt(mean(e^2)), e of ln C = a + b * ln D + e over n bars, D the other's close",
    reference="E. Gatev, W. N. Goetzmann and K. G. Rouwenhorst (2006), Pairs Trading, Review of Financial Studies 19",
    words="How far the pair is out of line: above 2 sell it and buy the other, below -2 the reverse, if they belong.",
)
def pair_zscore(close: Array, other: Array, *, window: int) -> Array:
    """Give the newest residual of the regression of log prices, in its deviations; NaN where nothing is left over."""
    slope, own, base, rest = _tied(close, other, window)
    return ratio(logs(close) - own - slope * (logs(other) - base), np.sqrt(rest))


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="t of p in de[t] = p * e[t-1] + u, e of ln C = a + b * ln D + e by least squares over n bars",
    reference=f"{_GRANGER}; critical values: J. G. MacKinnon (2010)",
    words="Whether two prices are tied to each other: below -3.4 that they are not is refused at 5 percent.",
)
def cointegration(close: Array, other: Array, *, window: int) -> Array:
    """Give the statistic of Engle and Granger of both log prices, without lags.

    Of the residuals e, the square of the last is that of the first, plus the squared steps, plus twice the products of
    each with the step after it; so the regression of steps on residuals needs no window of residuals.
    """
    own, base = logs(close), logs(other)
    slope, mean_own, mean_base, rest = _tied(close, other, window)
    y, x = change(own), change(base)
    yy, yx, xx = running(window - 1, y * y, y * x, x * x)
    steps = np.maximum(yy - 2.0 * slope * yx + slope * slope * xx, 0.0)
    last = own - mean_own - slope * (base - mean_base)
    first = previous(own, window - 1) - mean_own - slope * (previous(base, window - 1) - mean_base)
    before = rest * window - last * last
    pull = ratio((last * last - first * first - steps) / 2.0, before)
    left = np.maximum(steps - pull * pull * before, 0.0) / (window - 2)
    return ratio(pull, np.sqrt(ratio(left, before)))
