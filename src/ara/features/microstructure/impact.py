"""What an order of a size does to the price, as slopes of returns on signed volume of bars."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import Array, logs, previous, quotient
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.volatility.terms import returns
from ara.features.loops import joint_moments
from ara.features.microstructure.terms import average, signed_volume, slope, window_of

__all__ = ["hasbrouck_lambda", "kyle_lambda", "pastor_stambaugh", "price_impact"]

_TRADE: Final = ("close", "volume")
_ALL: Final = (-math.inf, math.inf)
_WINDOW: Final = {"window": window_of(60, low=5)}


@indicator(
    inputs=_TRADE,
    params=_WINDOW,
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="slope over n bars of r on sign(r) V / mean of V, r = ln(C / C[t-1])",
    reference="A. S. Kyle (1985), Continuous Auctions and Insider Trading, Econometrica 53:6; signs of bars",
    words="The move that goes with one mean bar's volume on one side; larger is a thinner market.",
)
def kyle_lambda(close: Array, volume: Array, *, window: int) -> Array:
    """Give Kyle's lambda for a mean bar's volume; 0 where signed volume does not vary."""
    return slope(returns(close), signed_volume(close, volume), window) * average(volume, window)


@indicator(
    inputs=_TRADE,
    params=_WINDOW,
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="slope over n bars of r on s / mean of |s|, s = sign(r) sqrt(C V)",
    reference="J. Hasbrouck (2009), Trading Costs and Returns for U.S. Equities, J. Finance 64:3; of bars",
    words="The move that goes with one usual bar's root of money on one side: impact grows with the root of size.",
)
def hasbrouck_lambda(close: Array, volume: Array, *, window: int) -> Array:
    """Give Hasbrouck's lambda for a usual bar; 0 where nothing varies."""
    root = np.sqrt(np.maximum(close * volume, 0.0))
    moved = returns(close)
    return slope(moved, np.sign(moved) * root, window) * average(root, window)


@indicator(
    inputs=_TRADE,
    params=_WINDOW,
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2,
    scale=Scale.FREE,
    bounds=_ALL,
    formula="g of r[t] = a + b r[t-1] + g sign(r[t-1]) C V[t-1] / mean of C V, least squares over n bars",
    reference="L. Pastor, R. F. Stambaugh (2003), Liquidity Risk and Expected Stock Returns, JPE 111:3; own return",
    words="Below 0 moves on volume come back the bar after, the mark of an illiquid market; near 0 they stay.",
)
def pastor_stambaugh(close: Array, volume: Array, *, window: int) -> Array:
    """Give the reversal after volume; 0 where the two causes can't be told apart."""
    moved = returns(close)
    money = close * volume
    before, flow = previous(moved), previous(np.sign(moved) * money)
    _, _, own, flowing, both = joint_moments(before, flow, window)
    by_own, by_flow = joint_moments(before, moved, window)[4], joint_moments(flow, moved, window)[4]
    apart = own * flowing - both * both
    unclear = apart <= 1e-12 * own * flowing
    gamma = quotient(own * by_flow - both * by_own, np.where(unclear, 0.0, apart) + 0.0 * by_flow, otherwise=0.0)
    return gamma * average(previous(money), window)


@indicator(
    inputs=_TRADE,
    params=_WINDOW
    | {"after": Param(default=5, low=1, high=500, whole=True, words="Bars after which the rest is looked at.")},
    outputs=["at_once", "lasting"],
    warmup=lambda window, after: window + after,
    memory=lambda window, after: window + after + 1,
    scale=Scale.FREE,
    bounds=_ALL,
    formula=(
        "slopes over n bars, of r[t-h] and of ln(C / C[t-h-1]), on sign(r[t-h]) sqrt(V[t-h] / mean of V); h: after"
    ),
    reference="R. F. Almgren, C. Thum, E. Hauptmann, H. Li (2005), Direct Estimation of Equity Market Impact, Risk 18",
    words="What pressure moved the price by in its bar, and what is left of that some bars later; less is reversal.",
)
def price_impact(close: Array, volume: Array, *, window: int, after: int) -> tuple[Array, Array]:
    """Give the impact of a mean bar's volume at once and what lasts of it."""
    moved = returns(close)
    pressed = previous(np.sign(moved) * np.sqrt(np.maximum(volume, 0.0)), after)
    known = logs(close)
    whole = known - previous(known, after + 1)
    size = np.sqrt(average(previous(volume, after), window))
    return slope(previous(moved, after), pressed, window) * size, slope(whole, pressed, window) * size
