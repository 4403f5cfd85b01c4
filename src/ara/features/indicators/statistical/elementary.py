"""Prices of a bar in one number, and the simplest figures of the last bars."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import change, clean, highest, logs, lowest, previous, quotient, runs, sums
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.terms import Array, length

__all__ = [
    "avgprice",
    "intraday_return",
    "lag",
    "log_return",
    "medprice",
    "overnight_return",
    "rolling_max",
    "rolling_min",
    "rolling_sum",
    "typprice",
    "wclprice",
]

_ACHELIS: Final = "S. B. Achelis (2001), Technical Analysis from A to Z, 2nd ed."


@indicator(
    inputs=["open", "high", "low", "close"],
    warmup=0,
    memory=1,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="(O + H + L + C) / 4",
    reference="TA-Lib, AVGPRICE; the close of a Heikin-Ashi bar",
    words="One price for the whole bar, all four counting alike; used in place of the close to calm other indicators.",
)
def avgprice(open: Array, high: Array, low: Array, close: Array) -> Array:
    """Give the mean of open, high, low and close."""
    return (open + high + low + close) / 4.0


@indicator(
    inputs=["high", "low"],
    warmup=0,
    memory=1,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="(H + L) / 2",
    reference=f"{_ACHELIS}, Median Price",
    words="The middle of the bar's range; what Williams' and Ehlers' indicators take for the price.",
)
def medprice(high: Array, low: Array) -> Array:
    """Give the middle of high and low."""
    return (high + low) / 2.0


@indicator(
    inputs=["high", "low", "close"],
    warmup=0,
    memory=1,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="(H + L + C) / 3",
    reference=f"{_ACHELIS}, Typical Price",
    words="A bar's price with its range in it; the usual input of CCI, money flow and pivots.",
)
def typprice(high: Array, low: Array, close: Array) -> Array:
    """Give the mean of high, low and close."""
    return (high + low + close) / 3.0


@indicator(
    inputs=["high", "low", "close"],
    warmup=0,
    memory=1,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="(H + L + 2 * C) / 4",
    reference=f"{_ACHELIS}, Weighted Close",
    words="The typical price with the close counted twice, because positions are marked at it.",
)
def wclprice(high: Array, low: Array, close: Array) -> Array:
    """Give the mean of high, low and twice the close."""
    return (high + low + 2.0 * close) / 4.0


@indicator(
    inputs=["close"],
    params={"bars": length(1, "How many bars back.", low=1)},
    warmup=lambda bars: bars,
    memory=lambda bars: bars + 1,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="C[t-n]",
    reference="Tulip Indicators, lag",
    words="The close some bars ago, for comparing today with then.",
)
def lag(close: Array, *, bars: int) -> Array:
    """Give the close some bars ago."""
    return previous(close, bars)


@indicator(
    inputs=["close"],
    params={"window": length(20, "Bars that count; more make it change more rarely.", low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="max(C[t-n+1], ..., C[t])",
    reference="TA-Lib, MAX",
    words="The highest close of the last bars; a close that equals it is a breakout.",
)
def rolling_max(close: Array, *, window: int) -> Array:
    """Give the highest close of the window."""
    return runs(lambda part: highest(part, window), close)[0]


@indicator(
    inputs=["close"],
    params={"window": length(20, "Bars that count; more make it change more rarely.", low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="min(C[t-n+1], ..., C[t])",
    reference="TA-Lib, MIN",
    words="The lowest close of the last bars; a close that equals it is a breakdown.",
)
def rolling_min(close: Array, *, window: int) -> Array:
    """Give the lowest close of the window."""
    return runs(lambda part: lowest(part, window), close)[0]


@indicator(
    inputs=["close"],
    params={"window": length(20, "Bars that are added up.", low=1)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="C[t-n+1] + ... + C[t]",
    reference="TA-Lib, SUM",
    words="The closes of the last bars added up: a building block of other figures.",
)
def rolling_sum(close: Array, *, window: int) -> Array:
    """Give the sum of the closes of the window."""
    return sums(clean(close), window)


@indicator(
    inputs=["close"],
    params={"bars": length(1, "Over how many bars.", low=1)},
    warmup=lambda bars: bars,
    memory=lambda bars: bars + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="ln(C[t] / C[t-n])",
    reference="M. F. M. Osborne (1959), Brownian Motion in the Stock Market, Operations Research 7",
    words="How far the price moved, so measured that returns of successive bars add up: 0.01 is about 1 percent up.",
)
def log_return(close: Array, *, bars: int) -> Array:
    """Give the change of the logarithm of the close."""
    return change(logs(close), bars)


@indicator(
    inputs=["open", "close"],
    warmup=1,
    memory=2,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="ln(O[t] / C[t-1])",
    reference="K. R. French and R. Roll (1986), Stock Return Variances, Journal of Financial Economics 17",
    words="The part of the move that came while the market was shut: news, where nobody could trade on it.",
)
def overnight_return(open: Array, close: Array) -> Array:
    """Give the change of the logarithm from the close before to the open."""
    return logs(open) - previous(logs(close))


@indicator(
    inputs=["open", "close"],
    warmup=0,
    memory=1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="ln(C[t] / O[t])",
    reference="K. R. French and R. Roll (1986), Stock Return Variances, Journal of Financial Economics 17",
    words="The part of the move that was made in trading; set against the one overnight, it tells who moves the price.",
)
def intraday_return(open: Array, close: Array) -> Array:
    """Give the change of the logarithm from the open to the close."""
    return np.asarray(logs(quotient(clean(close), clean(open))))
