"""What kind of volatility it is: up or down, steady or in jumps, short or long; how it compares with its past."""

import math

import numpy as np

from ara.features.arrays import (
    change,
    highest,
    lowest,
    moments,
    previous,
    quotient,
    rested,
    rolling,
    runs,
    sums,
    windows,
    within,
)
from ara.features.indicator import Scale, indicator
from ara.features.indicators.trend.terms import length, rests, settles
from ara.features.indicators.volatility import onward
from ara.features.indicators.volatility.steps import SAME, percentile_step, rank_step, relative_step, ulcer_step
from ara.features.indicators.volatility.terms import (
    YEAR,
    Array,
    flag,
    mean_square,
    returns,
    returns_variance,
    root,
    window_mean,
)
from ara.features.library import talib

__all__ = [
    "downside_volatility",
    "har",
    "relative_volatility",
    "return_shock",
    "semivariance_balance",
    "ulcer_index",
    "upside_volatility",
    "volatility_of_volatility",
    "volatility_percentile",
    "volatility_rank",
    "volatility_term",
]

_WINDOW = length(20, "Bars that count; more of them are steadier and later.")
_PARAMS = {"window": _WINDOW, "year": YEAR}
_LONG = length(252, "Bars that it is compared with; 252 daily bars are a year.")
_SEMI = "O. E. Barndorff-Nielsen, S. Kinnebrock, N. Shephard (2010), Measuring Downside Risk: Realised Semivariance"


def _historical(close: Array, window: int) -> Array:
    return np.asarray(np.sqrt(returns_variance(returns(close), window)))


@indicator(
    inputs=["close"],
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * mean of min(r, 0)^2), r = ln(C / C[t-1])",
    reference=_SEMI,
    words="Volatility of the losses alone: what most people mean by risk.",
    step=onward.downside_step,
)
def downside_volatility(close: Array, *, window: int, year: float) -> Array:
    """Give the root of the lower semivariance."""
    return root(mean_square(np.minimum(returns(close), 0.0), window), year)


@indicator(
    inputs=["close"],
    params=_PARAMS,
    warmup=lambda window, year: window,
    memory=lambda window, year: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * mean of max(r, 0)^2), r = ln(C / C[t-1])",
    reference=_SEMI,
    words="Volatility of the gains alone.",
    step=onward.upside_step,
)
def upside_volatility(close: Array, *, window: int, year: float) -> Array:
    """Give the root of the upper semivariance."""
    return root(mean_square(np.maximum(returns(close), 0.0), window), year)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="(sum of max(r, 0)^2 - sum of min(r, 0)^2) / sum of r^2, r = ln(C / C[t-1])",
    reference=(
        "T. Bollerslev, S. Z. Li, B. Zhao (2020), Good Volatility, Bad Volatility, and the Cross Section, JFQA 55"
    ),
    words="Which side the volatility is on: -1 all of it in losses, after which more follows; 1 all of it in gains.",
    step=onward.side_step,
)
def semivariance_balance(close: Array, *, window: int) -> Array:
    """Give upper less lower semivariance, over both; 0 where no price moved."""
    moved = returns(close)
    return within(quotient(sums(moved * np.abs(moved), window), sums(moved * moved, window), otherwise=0.0), -1.0, 1.0)


@indicator(
    inputs=["close"],
    params={
        "week": length(5, "Bars of a week."),
        "month": length(22, "Bars of a month."),
        "year": YEAR,
    },
    outputs=["day", "week", "month"],
    warmup=lambda week, month, year: max(week, month),
    memory=lambda week, month, year: max(week, month) + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(year * mean of r^2) over 1 bar, a week and a month, r = ln(C / C[t-1])",
    reference="F. Corsi (2009), A Simple Approximate Long-Memory Model of Realized Volatility, J. Fin. Econometrics 7",
    words="Volatility of the day, the week and the month, from which the HAR model forecasts the next one.",
    step=onward.har_step,
)
def har(close: Array, *, week: int, month: int, year: float) -> tuple[Array, ...]:
    """Give the components of the HAR model."""
    square = returns(close) ** 2
    parts = [root(window_mean(square, bars), year) for bars in (1, week, month)]
    for part in parts:
        part[: max(week, month)] = np.nan
    return tuple(parts)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "bars": length(20, "Bars over which the volatility's own spread is taken.")},
    warmup=lambda window, bars: window + bars - 1,
    memory=lambda window, bars: window + bars,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="standard deviation of m values of s / mean of m values of s, s = standard deviation of n log returns",
    reference=(
        "G. Baltussen, S. van Bekkum, B. van der Grient (2018), Unknown Unknowns: Uncertainty About Risk, J. Fin. "
        "Quant. Anal. 53"
    ),
    words="How unsteady the volatility itself is: near 0 one can rely on it, large ones say that risk is uncertain.",
    step=onward.unsteady_step,
)
def volatility_of_volatility(close: Array, *, window: int, bars: int) -> Array:
    """Give the spread of the volatility over its mean; NaN where no price moved."""
    average, variance = moments(_historical(close, window), bars)
    return quotient(np.sqrt(variance), average)


@indicator(
    inputs=["close"],
    params={"fast": length(10, "Bars of the short volatility."), "slow": length(60, "Bars of the long volatility.")},
    warmup=lambda fast, slow: max(fast, slow),
    memory=lambda fast, slow: max(fast, slow) + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="standard deviation of the last fast log returns / that of the last slow ones",
    reference="L. Connors, L. Raschke (1995), Street Smarts: historical volatility ratio",
    words="Above 1 the market is wilder than it was, below 1 calmer; below 0.5 a large move is often near.",
    step=onward.term_step,
)
def volatility_term(close: Array, *, fast: int, slow: int) -> Array:
    """Give short over long volatility; NaN where no price moved."""
    return quotient(_historical(close, fast), _historical(close, slow))


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "lookback": _LONG},
    warmup=lambda window, lookback: window + lookback,
    memory=lambda window, lookback: window + lookback + 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="percent of the m values before it that are smaller than s, s = standard deviation of n log returns",
    reference="S. Natenberg (2015), Option Volatility and Pricing, 2nd ed., chapter 20",
    words="In how many percent of the last year's bars the market was calmer than now: 100 is the wildest of the year.",
    step=percentile_step,
)
def volatility_percentile(close: Array, *, window: int, lookback: int) -> Array:
    """Give the share of calmer bars."""
    now = _historical(close, window)
    # what differs by rounding alone is no calmer
    calmer = (windows(now, lookback + 1)[:, :-1] < now[lookback:, None] * (1.0 - SAME)).sum(axis=1)
    known = np.isfinite(sums(now, lookback + 1)[lookback:])
    return rolling(now, np.where(known, calmer * 100.0 / lookback, np.nan), lookback + 1)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW, "lookback": _LONG},
    warmup=lambda window, lookback: window + lookback - 1,
    memory=lambda window, lookback: window + lookback,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="(s - min of m s) / (max of m s - min of m s), s = standard deviation of n log returns",
    reference="S. Natenberg (2015), Option Volatility and Pricing, 2nd ed., chapter 20",
    words="Where the volatility is between the lowest and the highest of the last year: 0 calmest, 1 wildest.",
    step=rank_step,
)
def volatility_rank(close: Array, *, window: int, lookback: int) -> Array:
    """Give the place of the volatility in its range; 0.5 where all were the same."""
    now = _historical(close, window)
    (top,), (bottom,) = (runs(lambda one, f=f: f(one, lookback), now) for f in (highest, lowest))
    return quotient(now - bottom, top - bottom, otherwise=0.5)


@indicator(
    inputs=["close"],
    params={"window": _WINDOW},
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="r[t] / sqrt(mean of n r^2 before it), r = ln(C / C[t-1])",
    reference="T. G. Andersen, T. Bollerslev, F. X. Diebold, P. Labys (2001): standardised returns",
    words="This bar's return in usual moves: beyond 3 either way is a shock.",
    step=onward.shock_step,
)
def return_shock(close: Array, *, window: int) -> Array:
    """Give the return over the volatility of the bars before; NaN where none of those moved."""
    moved = returns(close)
    return quotient(moved, previous(root(mean_square(moved, window))))


@indicator(
    inputs=["close"],
    params={
        "window": length(14, "Bars of Wilder's mean; more of them are smoother and later."),
        "bars": length(10, "Bars of the standard deviation."),
    },
    warmup=lambda window, bars: window + bars - 2,
    memory=lambda window, bars: window + bars + settles(1.0 / window) + rests(1.0 / window),
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="100 u / (u + d): Wilder's means of the standard deviation of m C in bars that rose, and that fell",
    reference="D. Dorsey (1993), The Relative Volatility Index, Stocks & Commodities 11:6",
    words="Above 50 the volatility is on the way up, below on the way down; used to confirm other signals.",
    step=relative_step,
)
def relative_volatility(close: Array, *, window: int, bars: int) -> Array:
    """Give the relative volatility index; 50 where no price moved."""

    def index(price: Array) -> Array:
        spread, step = np.sqrt(moments(price, bars)[1]), change(price)
        up = talib().RMA(np.where(step > 0, spread, 0.0 * spread), window)
        down = talib().RMA(np.where(step < 0, spread, 0.0 * spread), window)
        return rested(100.0 * quotient(up, up + down, otherwise=0.5), step, rests(1.0 / window), otherwise=50.0)

    return runs(index, close)[0]


@indicator(
    inputs=["close"],
    params={
        "window": length(14, "Bars that are judged; more of them see deeper falls."),
        "inside": flag(
            1, "1 measures falls from the highest close so far inside the window; 0 from that of n bars each."
        ),
    },
    warmup=lambda window, inside: (window - 1) * (2 - inside),
    memory=lambda window, inside: (window - 1) * (2 - inside) + 1,
    scale=Scale.FREE,
    bounds=(0.0, 100.0),
    formula="sqrt(mean over n bars of (100 (C / highest C - 1))^2)",
    reference="P. G. Martin, B. B. McCann (1989), The Investor's Guide to Fidelity Funds",
    words="How deep and how long the price has been under its high, in percent: gains don't count as risk.",
    step=ulcer_step,
)
def ulcer_index(close: Array, *, window: int, inside: int) -> Array:
    """Give the ulcer index."""
    if inside:
        count = max(len(close) - window + 1, 0)
        top, squares = close[:count], np.zeros(count)
        for bar in range(1, window):
            seen = close[bar : bar + count]
            top = np.maximum(top, seen)
            fall = quotient(seen, top, otherwise=1.0) - 1.0
            squares += fall * fall
        return rolling(close, 100.0 * np.sqrt(squares / window), window)
    (top,) = runs(lambda one: highest(one, window), close)
    return np.asarray(100.0 * np.sqrt(mean_square(quotient(close, top, otherwise=1.0) - 1.0, window)))
