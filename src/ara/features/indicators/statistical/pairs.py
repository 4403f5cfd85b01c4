"""How an instrument moves with another one: beta, correlation, what is left over."""

import math
from operator import mul
from typing import Any, Final

import numpy as np

from ara.features.arrays import change, clean, previous, quotient, sums, within
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.steps import both_step
from ara.features.indicators.statistical.terms import (
    FAINT,
    RETURNS,
    SAMPLE,
    Array,
    joint,
    length,
    log_returns,
    ratio,
    running,
    settle,
    settled,
    simple_returns,
    steady,
    varied,
)
from ara.features.loops import joint_moments
from ara.features.onward import Told
from ara.features.windowed import Kept, moved, over, scatter, slid, squared

__all__ = [
    "alpha",
    "beta",
    "beta_up_down",
    "comovement",
    "correlation",
    "coskewness",
    "covariance",
    "information_ratio",
    "lagged_correlation",
    "price_relative",
    "relative_strength",
    "residual_volatility",
    "tracking_error",
]

_WINDOW: Final = length(60, "Bars that count; few make it jumpy, many make it late.", low=3)
_SHARPE: Final = "W. F. Sharpe (1964), Capital Asset Prices, Journal of Finance 19"
_ALIKE: Final = 1e-6  # of a mean square: moves that differ by less all but agree, and what one of them adds is chance
_SIMPLE: Final = "r and m simple returns of close and other"


def _market(close: Array, other: Array, window: int) -> tuple[Array, Array, Array, Array, Array]:
    """Give both means of simple returns, the variance of the first, their covariance, and the beta."""
    own, market, scatter, swing, both = joint(window, simple_returns(close), simple_returns(other))
    return own, market, scatter, both, ratio(both, swing)


def _returned(state: Any, close: float, other: float, window: int) -> tuple[Any, Kept, Kept]:
    """Give both last prices (0 where unknown) and the last simple returns of both; these again if they are enough."""
    before, lead, own, market = state or (0.0, 0.0, (), ())
    close, other = (price if 0.0 < price < math.inf else 0.0 for price in (close, other))
    own = slid(own, close / before - 1.0 if close and before else math.nan, window)
    market = slid(market, other / lead - 1.0 if other and lead else math.nan, window)
    found = (own, market) if len(own) == window == len(market) else ((), ())
    return (close, other, own, market), *found


def _beta_step(state: Any, close: float, other: float, *, window: int) -> Told:
    """Go on from the last simple returns of both."""
    state, own, market = _returned(state, close, other, window)
    if not own:
        return state, (math.nan,)
    average, swing = scatter(market)
    both = sum(map(mul, [value - average for value in market], own)) / window
    return state, (over(both, swing if swing > FAINT else 0.0),)


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula=f"cov(r, m) / var(m) over n bars, {_SIMPLE}",
    reference=f"{_SHARPE}; TA-Lib, BETA, with the other instrument first",
    words="How many percent it moves when the other, often the market, moves by one: above 1 it swings more.",
    step=_beta_step,
)
def beta(close: Array, other: Array, *, window: int) -> Array:
    """Give the slope of the regression on the other's returns; NaN where that stood still."""
    return _market(close, other, window)[-1]


def _alpha_step(state: Any, close: float, other: float, *, window: int) -> Told:
    """Go on from the last simple returns of both."""
    state, own, market = _returned(state, close, other, window)
    if not own:
        return state, (math.nan,)
    (average, swing), mean = scatter(market), sum(own) / window
    both = sum(map(mul, [value - average for value in market], own)) / window
    return state, (mean - over(both, swing if swing > FAINT else 0.0) * average,)


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula=f"mean(r) - beta * mean(m) over n bars, {_SIMPLE}",
    reference="M. C. Jensen (1968), The Performance of Mutual Funds, Journal of Finance 23; riskless rate taken as 0",
    words="The mean return of a bar that the other one doesn't explain: above 0 it did better than its beta asks for.",
    step=_alpha_step,
)
def alpha(close: Array, other: Array, *, window: int) -> Array:
    """Give the intercept of the regression on the other's returns, per bar."""
    own, market, _, _, slope = _market(close, other, window)
    return own - slope * market


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula=f"sqrt(var(r) - beta * cov(r, m)) over n bars, {_SIMPLE}",
    reference="A. Ang, R. J. Hodrick, Y. Xing and X. Zhang (2006), Journal of Finance 61",
    words="How much it moves on its own account, per bar: high where its own news rules, and not the market's.",
)
def residual_volatility(close: Array, other: Array, *, window: int) -> Array:
    """Give the standard deviation of what the regression on the other's returns leaves."""
    _, _, scatter, both, slope = _market(close, other, window)
    return np.asarray(np.sqrt(np.maximum(scatter - slope * both, 0.0)))


def _sides_step(state: Any, close: float, other: float, *, window: int) -> Told:
    """Go on from the last simple returns of both."""
    state, own, market = _returned(state, close, other, window)
    pairs = [*zip(market, own, strict=True)]
    return state, (_side([pair for pair in pairs if pair[0] > 0.0]), _side([pair for pair in pairs if pair[0] < 0.0]))


def _side(pairs: list[tuple[float, float]]) -> float:
    """Give the beta of these bars."""
    if not pairs:
        return math.nan
    lead, own = zip(*pairs, strict=True)
    count, x, y, xx = len(pairs), sum(lead), sum(own), squared(lead)
    spread = xx - x * x / count
    both = sum(map(mul, lead, own)) - x * y / count
    return over(both, 0.0 if spread <= max(_ALIKE * xx, FAINT) else spread)


@indicator(
    inputs=["close", "other"],
    params={"window": length(120, "Bars that count; few leave too few on either side.", low=20)},
    outputs=["up", "down"],
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula=f"cov(r, m) / var(m) over those of n bars where m > 0, and where m < 0, none if these m agree; {_SIMPLE}",
    reference="V. S. Bawa and E. B. Lindenberg (1977); A. Ang, J. Chen and Y. Xing (2006), Downside Risk, RFS 19",
    words="Beta when the other rises and when it falls: a lower one in falls is what every holder wants.",
    step=_sides_step,
)
def beta_up_down(close: Array, other: Array, *, window: int) -> tuple[Array, Array]:
    """Give the beta of bars in which the other rose, and of those in which it fell."""
    own, market = simple_returns(close), simple_returns(other)
    found = []
    for side in (market > 0, market < 0):
        chosen = np.where(np.isnan(own + market), np.nan, side)
        lead, mine = chosen * market, chosen * own
        count, x, y, xx, xy = (sums(one, window) for one in (chosen, lead, mine, lead * market, lead * own))
        spread = steady(xx - ratio(x * x, count), np.maximum(_ALIKE * xx, FAINT))
        found.append(ratio(xy - ratio(x * y, count), spread))
    return found[0], found[1]


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW, "returns": RETURNS},
    outputs=["correlation", "r_squared"],
    warmup=lambda window, returns: window - 1 + returns,
    memory=lambda window, returns: window + returns,
    scale=Scale.FREE,
    bounds={"correlation": (-1.0, 1.0), "r_squared": (0.0, 1.0)},
    formula="cov(x, y) / (s(x) * s(y)) over n bars, x and y log returns of close and other, or both closes",
    reference="K. Pearson (1896), Philosophical Transactions A 187; of closes: TA-Lib, CORREL",
    words="1 if both move as one, 0 without relation, -1 against each other; squared, the share that one explains.",
)
def correlation(close: Array, other: Array, *, window: int, returns: int) -> tuple[Array, Array]:
    """Give Pearson's correlation and its square; NaN where one of both stood still."""
    x, y = (log_returns(one) if returns else clean(one) for one in (close, other))
    found = _correlation(x, y, window, returns)
    return found, found * found


def _correlation(x: Array, y: Array, window: int, returns: int) -> Array:
    a, b, xx, yy, xy = joint_moments(x, y, window)
    xx, yy = (steady(xx), steady(yy)) if returns else (steady(xx, FAINT * a * a), steady(yy, FAINT * b * b))
    return within(ratio(xy, np.sqrt(xx) * np.sqrt(yy)), -1.0, 1.0)


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW, "returns": RETURNS, "sample": SAMPLE},
    warmup=lambda window, returns, sample: window - 1 + returns,
    memory=lambda window, returns, sample: window + returns,
    scale=lambda returns, **_: Scale.FREE if returns else Scale.MIXED,
    bounds=(-math.inf, math.inf),
    formula="mean of (x - mean(x)) * (y - mean(y)) over n bars, x and y log returns of close and other, or both closes",
    reference="H. Markowitz (1952), Portfolio Selection, Journal of Finance 7",
    words="How much both move together, in squares of returns: what portfolios are computed from.",
)
def covariance(close: Array, other: Array, *, window: int, returns: int, sample: int) -> Array:
    """Give the covariance of both log returns, or of both closes."""
    x, y = (log_returns(one) if returns else clean(one) for one in (close, other))
    found = joint_moments(x, y, window)[4]
    return np.asarray(found * (window / (window - sample)))


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW, "lag": length(1, "Bars by which the other goes before.", low=1, high=500)},
    warmup=lambda window, lag: window + lag,
    memory=lambda window, lag: window + lag + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="corr(r[t], m[t-k]) over n bars, r and m log returns of close and other",
    reference="A. W. Lo and A. C. MacKinlay (1990), When Are Contrarian Profits Due to Overreaction, RFS 3",
    words="Whether the other leads: above 2 / sqrt(n), its last bar tells which way this one goes.",
)
def lagged_correlation(close: Array, other: Array, *, window: int, lag: int) -> Array:
    """Give the correlation of log returns with the other's some bars before."""
    return _correlation(log_returns(close), previous(log_returns(other), lag), window, 1)


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="number of bars in which both closes rose or both fell, over n",
    reference="G. T. Fechner (1897), Kollektivmasslehre, the coefficient of agreement of signs",
    words="The share of bars in which both went the same way: robust where correlation is made by a few large bars.",
    step=both_step,
)
def comovement(close: Array, other: Array, *, window: int) -> Array:
    """Give the share of bars in which both moved in the same direction."""
    moved = np.sign(change(clean(close))), np.sign(change(clean(other)))
    return sums(np.where(np.isnan(moved[0] + moved[1]), np.nan, moved[0] * moved[1] > 0), window) / window


def _coskew_step(state: Any, close: float, other: float, *, window: int) -> Told:
    """Go on from the last log returns of both, and their largest mean squares so far."""
    own, market, most, widest = state or (None, None, 0.0, 0.0)
    own, market = moved(own, close, window), moved(market, other, window)
    if own is None or market is None or min(len(own[1]), len(market[1])) < window:
        return (own, market, most, widest), (math.nan,)
    r, m = own[1], market[1]
    squares = [*map(mul, m, m)]
    x, y, xx, yy = sum(r) / window, sum(m) / window, squared(r) / window, sum(squares) / window
    xy, xyy = sum(map(mul, r, m)) / window, sum(map(mul, r, squares)) / window
    most, own_spread = settle(most, xx - x * x, xx)
    widest, swing = settle(widest, yy - y * y, yy)
    third = xyy - 2.0 * y * xy - x * yy + 2.0 * x * y * y
    return (own, market, most, widest), (over(third, math.sqrt(own_spread) * swing),)


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="mean of (r - mean(r)) * (m - mean(m))^2 / (s(r) * var(m)) over n bars, log returns of close and other",
    reference="C. R. Harvey and A. Siddique (2000), Conditional Skewness in Asset Pricing Tests, Journal of Finance 55",
    words="Below 0 it falls just when the other moves wildly: no shelter in a storm; above 0 it is one.",
    step=_coskew_step,
)
def coskewness(close: Array, other: Array, *, window: int) -> Array:
    """Give the coskewness of log returns with the other's; NaN where one of both stood still."""
    r, m = log_returns(close), log_returns(other)
    squares = m * m
    x, y, xx, xy, yy, xyy = (one / window for one in running(window, r, m, r * r, r * m, squares, r * squares))
    third = xyy - 2.0 * y * xy - x * yy + 2.0 * x * y * y
    return ratio(third, np.sqrt(settled(xx - x * x, xx)) * settled(yy - y * y, yy))


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula=f"s(r - m) of a sample of n bars, {_SIMPLE}",
    reference="R. C. Grinold and R. N. Kahn (1999), Active Portfolio Management, 2nd ed., chapter 3",
    words="How far its return usually strays from the other's in one bar; near 0 for a fund that copies its index.",
)
def tracking_error(close: Array, other: Array, *, window: int) -> Array:
    """Give the standard deviation of the difference of simple returns."""
    return _active(close, other, window)[1]


@indicator(
    inputs=["close", "other"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula=f"mean(r - m) / s(r - m) of a sample of n bars, {_SIMPLE}",
    reference="J. L. Treynor and F. Black (1973), Journal of Business 46; R. C. Grinold and R. N. Kahn (1999)",
    words="How reliably it beats the other, per bar: above 0.1 it did so nearly all along.",
)
def information_ratio(close: Array, other: Array, *, window: int) -> Array:
    """Give the mean difference of simple returns over its deviation; NaN where that is 0."""
    average, deviation = _active(close, other, window)
    return ratio(average, deviation)


def _active(close: Array, other: Array, window: int) -> tuple[Array, Array]:
    average, spread = varied(simple_returns(close) - simple_returns(other), window)
    return average, np.sqrt(spread * (window / (window - 1)))


@indicator(
    inputs=["close", "other"],
    warmup=0,
    memory=1,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="C / D, D the other's close",
    reference="R. D. Edwards and J. Magee (1948), Technical Analysis of Stock Trends, relative strength",
    words="The price counted in the other's: while its line rises, it does better than the other.",
)
def price_relative(close: Array, other: Array) -> Array:
    """Give the ratio of both closes."""
    return quotient(clean(close), clean(other))


@indicator(
    inputs=["close", "other"],
    params={"window": length(20, "Bars over which the changes are taken.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="C[t] / C[t-n] - D[t] / D[t-n], D the other's close",
    reference="R. A. Levy (1967), Relative Strength as a Criterion for Investment Selection, Journal of Finance 22",
    words="By how much more it rose than the other over the window: above 0 it is the stronger of both.",
)
def relative_strength(close: Array, other: Array, *, window: int) -> Array:
    """Give the difference of both simple returns over the window."""
    own, base = clean(close), clean(other)
    return quotient(own, previous(own, window)) - quotient(base, previous(base, window))
