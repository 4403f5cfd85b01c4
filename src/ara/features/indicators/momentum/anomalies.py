"""Momentum as researchers measure it: over a year or so, for ranking instruments and for following trends."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import change, clean, highest, logs, previous, quotient, runs, sums
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.momentum.steps import discrete_step, year_step
from ara.features.indicators.momentum.terms import unbroken, wilder
from ara.features.indicators.trend.terms import Array, length, settles

__all__ = ["information_discreteness", "momentum_12_1", "nearness_to_high", "tsmom"]

_YEAR: Final = 252
_YEARS_BARS: Final = Param(
    default=252.0, low=1.0, high=600_000.0, words="Bars in a year, by which the figure is told per year."
)


@indicator(
    inputs=["close"],
    params={
        "window": length(_YEAR, "Bars back to the older price.", low=2),
        "skip": length(21, "Newest bars that are left out, as they tend to turn back.", low=0, high=1000),
    },
    warmup=lambda window, skip: max(window, skip),
    memory=lambda window, skip: max(window, skip) + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="C[t-21] / C[t-252] - 1",
    reference="N. Jegadeesh and S. Titman (1993), Returns to Buying Winners and Selling Losers, Journal of Finance "
    "48:1",
    words="What the price gained in the past year but for its last month. Instruments that rank high by it have "
    "tended to go on doing better than those that rank low.",
)
def momentum_12_1(close: Array, *, window: int, skip: int) -> Array:
    """Give the return of the past year without its last month."""
    prices = clean(close)
    return quotient(previous(prices, skip), previous(prices, window)) - 1.0


@indicator(
    inputs=["close"],
    params={
        "window": length(_YEAR, "Bars of the return.", low=2),
        "centre": length(60, "Bars that the volatility looks back on average; more make it steadier."),
        "year": _YEARS_BARS,
    },
    warmup=lambda window, centre, year: max(window, centre + 1),
    memory=lambda window, centre, year: max(window + 1, 2 + centre + settles(1.0 / (centre + 1.0))),
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="ln(C[t] / C[t-252]) / (s * sqrt(252)), s^2 = mean of squared log returns with weight 1 / 61; 0 if none "
    "moved",
    reference="T. J. Moskowitz, Y. H. Ooi and L. H. Pedersen (2012), Time Series Momentum, J. of Financial Economics "
    "104:2",
    words="The past year's return in units of what a year usually moves now: above 0 followers of trends hold it, "
    "below they sell it short, and the size says how clear the trend is.",
    step=year_step,
)
def tsmom(close: Array, *, window: int, centre: int, year: float) -> Array:
    """Give the return over a window in units of its volatility."""

    def gained(prices: Array) -> Array:
        step = change(prices)
        size = np.sqrt(wilder(step * step, centre + 1) * year)
        return quotient(change(prices, window), size, otherwise=0.0)

    return runs(gained, logs(close))[0]


@indicator(
    inputs=["high", "close"],
    params={"window": length(_YEAR, "Bars whose highest price is taken.")},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="C / max(H), last n bars",
    reference="T. J. George and C.-Y. Hwang (2004), The 52-Week High and Momentum Investing, Journal of Finance 59:5",
    words="The close as a share of the highest price of the past year: 1 is a new high. Instruments near their high "
    "have tended to do better afterwards than those far from it.",
)
@unbroken
def nearness_to_high(high: Array, close: Array, *, window: int) -> Array:
    """Give the close as a share of the highest price of a window."""
    return quotient(close, highest(high, window))


@indicator(
    inputs=["close"],
    params={"window": length(_YEAR, "Bars that are counted.")},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="sign(C[t] - C[t-n]) * (falls - rises) / n, numbers of bars that closed lower and higher",
    reference="Z. Da, U. G. Gurun and M. Warachka (2014), Frog in the Pan, Review of Financial Studies 27:7",
    words="Whether the price came here in many small steps or in a few jumps: the lower, the steadier was the way. "
    "Moves that came steadily have tended to go on longer.",
    step=discrete_step,
)
@unbroken
def information_discreteness(close: Array, *, window: int) -> Array:
    """Give how much of a move came at once."""
    return -np.sign(change(close, window)) * sums(np.sign(change(close)), window) / window
