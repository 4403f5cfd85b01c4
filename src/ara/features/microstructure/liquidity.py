"""How much trade it takes to move the price: illiquidity ratios of bars."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import Array, highest, lowest, quotient, runs, sums
from ara.features.indicator import Scale, indicator
from ara.features.indicators.volatility.terms import returns
from ara.features.microstructure.terms import WINDOW, average, slope, window_of

__all__ = [
    "amihud",
    "amihud_balance",
    "amihud_depth",
    "amihud_shift",
    "amivest",
    "hui_heubel",
    "martin_liquidity",
    "return_to_turnover",
    "volume_response",
    "zero_volume_share",
]

_TRADE: Final = ("close", "volume")
_AMIHUD: Final = "Y. Amihud (2002), Illiquidity and Stock Returns, J. Financial Markets 5:1"
_ONE: Final = {"window": WINDOW}
_UP: Final = (0.0, math.inf)
_PERCENT: Final = 0.01


def _ratios(close: Array, volume: Array) -> tuple[Array, Array]:
    """Give each bar's |r| over the money traded, 0 where nothing was, and the money."""
    money = close * volume
    return quotient(np.abs(returns(close)), money, otherwise=0.0), money


def _illiquidity(close: Array, volume: Array, window: int) -> tuple[Array, Array]:
    """Give the mean ratio over the bars that traded, and the mean money of a bar; NaN and 0 where none did."""
    ratio, money = _ratios(close, volume)
    traded = np.where(np.isnan(money), np.nan, money > 0.0)
    return quotient(sums(ratio, window), sums(traded, window)), average(money, window)


@indicator(
    inputs=_TRADE,
    params=_ONE,
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=_UP,
    formula="A * mean of C V, A = mean of |r| / (C V) over the bars of n that traded: Amihud's ratio without its unit",
    reference=_AMIHUD,
    words="How far the price moves for an ordinary bar's trade; larger is harder to trade. Its unit: amihud_depth.",
)
def amihud(close: Array, volume: Array, *, window: int) -> Array:
    """Give Amihud's illiquidity, times the mean money of a bar so that instruments compare."""
    ratio, money = _illiquidity(close, volume, window)
    return ratio * money


@indicator(
    inputs=_TRADE,
    params=_ONE,
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.MIXED,
    bounds=_UP,
    formula="0.01 / (mean of |r| / (C V) over the bars of n that traded); Amihud's own ratio is 0.01 over it",
    reference=_AMIHUD,
    words="The money whose trade goes with a move of 1 %; larger is easier to trade.",
)
def amihud_depth(close: Array, volume: Array, *, window: int) -> Array:
    """Give the money that moves the price by one percent; NaN where it did not move at all."""
    return quotient(_PERCENT, _illiquidity(close, volume, window)[0])


@indicator(
    inputs=_TRADE,
    params={"short": window_of(5), "long": window_of(60)},
    warmup=lambda short, long: max(short, long),
    memory=lambda short, long: max(short, long) + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="ln(A(short) / A(long)), A: Amihud's ratio",
    reference=_AMIHUD + "; shift of it as in Ara",
    words="Above 0 trading has become harder than it was, below 0 easier; it jumps when a market dries up.",
)
def amihud_shift(close: Array, volume: Array, *, short: int, long: int) -> Array:
    """Give the logarithm of recent illiquidity over the usual one."""
    ratio = quotient(_illiquidity(close, volume, short)[0], _illiquidity(close, volume, long)[0])
    return np.log(np.where(ratio > 0.0, ratio, np.nan))


@indicator(
    inputs=_TRADE,
    params={"window": window_of(60)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="(A- - A+) / (A- + A+), A: Amihud's ratio, of the falling and of the rising bars of n; 0 where neither is",
    reference="M. J. Brennan, S.-W. Huh, A. Subrahmanyam (2013), An Analysis of the Amihud Illiquidity Premium, RAPS 3",
    words="Above 0 selling moves the price more than buying does: what is paid for, if any illiquidity is.",
)
def amihud_balance(close: Array, volume: Array, *, window: int) -> Array:
    """Give the lean of illiquidity towards falling bars."""
    ratio, _ = _ratios(close, volume)
    moved = returns(close)
    sides = []
    for falling in (True, False):
        chosen = moved < 0.0 if falling else moved > 0.0
        held = np.where(np.isnan(moved + ratio), np.nan, chosen)
        picked = np.where(held > 0.0, ratio, held)
        sides.append(quotient(sums(picked, window), sums(held, window), otherwise=0.0))
    return quotient(sides[0] - sides[1], sides[0] + sides[1], otherwise=0.0)


@indicator(
    inputs=_TRADE,
    params=_ONE,
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.MIXED,
    bounds=_UP,
    formula="sum of n C V / sum of n |r|",
    reference="D. Cooper, J. Groth, W. Avera (1985), Liquidity, Exchange Listing, Stock Performance (Amivest)",
    words="The money traded for each whole move of the price; larger is easier to trade.",
)
def amivest(close: Array, volume: Array, *, window: int) -> Array:
    """Give the Amivest ratio; NaN where the price did not move."""
    moved = np.abs(returns(close))
    return quotient(sums(close * volume + 0.0 * moved, window), sums(moved, window))


@indicator(
    inputs=_TRADE,
    params=_ONE,
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=_UP,
    formula="mean of r^2 / V over the bars of n that traded, times the mean of V",
    reference="P. Martin (1975), Analysis of the Impact of Competitive Rates on the Liquidity of NYSE Stocks",
    words="Squared moves against volume: one large move on little trade weighs much; larger is thinner.",
)
def martin_liquidity(close: Array, volume: Array, *, window: int) -> Array:
    """Give Martin's index, with volumes in units of their mean; NaN where nothing was traded."""
    ratio = quotient(returns(close) ** 2, volume, otherwise=0.0)
    traded = np.where(np.isnan(volume + ratio), np.nan, volume > 0.0)
    return quotient(sums(ratio, window), sums(traded, window)) * average(volume, window)


@indicator(
    inputs=["high", "low", "close", "volume"],
    params={"window": window_of(5), "long": window_of(60)},
    warmup=lambda window, long: max(window, long) - 1,
    memory=lambda window, long: max(window, long),
    scale=Scale.FREE,
    bounds=_UP,
    formula="(max H / min L - 1) over n / (mean of C V over n / mean of C V over the long window)",
    reference="B. Hui, B. Heubel (1984), Comparative Liquidity Advantages; turnover against its own mean",
    words="How wide the price ranged for the money that changed hands, against what is usual; larger is thinner.",
)
def hui_heubel(high: Array, low: Array, close: Array, volume: Array, *, window: int, long: int) -> Array:
    """Give the Hui-Heubel ratio; NaN where nothing was traded."""
    (top,), (bottom,) = runs(lambda one: highest(one, window), high), runs(lambda one: lowest(one, window), low)
    money = close * volume
    busy = quotient(average(money, window), average(money, long))
    return quotient(quotient(top - bottom, bottom), busy)


@indicator(
    inputs=_TRADE,
    params={"window": WINDOW, "long": window_of(250)},
    warmup=lambda window, long: max(window, long - 1),
    memory=lambda window, long: max(window + 1, long),
    scale=Scale.FREE,
    bounds=_UP,
    formula="mean over n of |r| / V, over the bars that traded, times the mean of V over the long window",
    reference="C. Florackis, A. Gregoriou, A. Kostakis (2011), Trading Frequency and Asset Pricing, JBF 35:12",
    words="How far the price moves for a usual turnover; like amihud, without the size of the company in it.",
)
def return_to_turnover(close: Array, volume: Array, *, window: int, long: int) -> Array:
    """Give the return-to-turnover ratio; turnover is volume over its long mean."""
    ratio = quotient(np.abs(returns(close)), volume, otherwise=0.0)
    traded = np.where(np.isnan(volume + ratio), np.nan, volume > 0.0)
    return quotient(sums(ratio, window), sums(traded, window)) * average(volume, long)


@indicator(
    inputs=_TRADE,
    params={"window": window_of(60)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="slope of |r| / mean |r| on V / mean V over n bars",
    reference="J. M. Karpoff (1987), The Relation between Price Changes and Trading Volume, JFQA 22:1",
    words="Near 1 moves grow with volume, near 0 they come without it: breakouts on no volume are distrusted.",
)
def volume_response(close: Array, volume: Array, *, window: int) -> Array:
    """Give how the size of the moves follows the volume; 0 where one of them does not vary."""
    moved = np.abs(returns(close))
    return slope(moved, volume, window) * quotient(average(volume, window), average(moved, window), otherwise=0.0)


@indicator(
    inputs=["volume"],
    params={"window": WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="share of n bars with V = 0",
    reference="W. Liu (2006), A Liquidity-Augmented Capital Asset Pricing Model, J. Financial Economics 82:3",
    words="How often nothing was traded at all: a price of such a bar is no price that anyone got.",
)
def zero_volume_share(volume: Array, *, window: int) -> Array:
    """Give the share of bars without trade."""
    return average(np.where(np.isnan(volume), np.nan, volume == 0.0), window)
