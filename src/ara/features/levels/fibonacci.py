"""Fibonacci's ratios of the last confirmed swing: where the price stands in it, and which ratio is nearest."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import Array, quotient
from ara.features.indicator import Scale, indicator
from ara.features.indicators.trend.terms import length
from ara.features.levels.turns import SPAN, legs

__all__ = ["RATIOS", "fibonacci_extension", "fibonacci_levels", "fibonacci_position", "fibonacci_retracement"]

RATIOS: Final = (0.0, 0.236, 0.382, 0.5, 0.618, 0.786, 1.0, 1.272, 1.618)
"""Shares of a swing: up to 1 how much of it is taken back, above 1 how far it is overshot."""

_REFERENCE: Final = "R. N. Elliott (1946), Nature's Law; ratios after L. Fibonacci (1202), Liber Abaci"
_BACK: Final = {"r236": 0.236, "r382": 0.382, "r500": 0.5, "r618": 0.618, "r786": 0.786}
_BEYOND: Final = {"e1272": 1.272, "e1618": 1.618, "e2000": 2.0, "e2618": 2.618}
_PARAMS: Final = {"span": SPAN, "window": length(120, "Bars in which the turns of the swing are looked for.", low=5)}


def _ready(span: int, window: int) -> int:
    return window + span - 1


def _memory(span: int, window: int) -> int:
    return window + 2 * span


@indicator(
    inputs=["high", "low"],
    params=_PARAMS,
    outputs=["began", "ended", *_BACK],
    warmup=_ready,
    memory=_memory,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="end - ratio * (end - start) of the last swing between two confirmed turns",
    reference=_REFERENCE,
    words="How far the price has to come back to have undone 23.6, 38.2, 50, 61.8 or 78.6 % of the last swing.",
)
def fibonacci_retracement(high: Array, low: Array, *, span: int, window: int) -> tuple[Array, ...]:
    """Give the ends of the last swing and the prices at which its ratios are taken back."""
    start, end = legs(high, low, span=span, window=window)
    return start, end, *(end - ratio * (end - start) for ratio in _BACK.values())


@indicator(
    inputs=["high", "low"],
    params=_PARAMS,
    outputs=list(_BEYOND),
    warmup=_ready,
    memory=_memory,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="start + ratio * (end - start) of the last swing between two confirmed turns",
    reference=_REFERENCE,
    words="Targets beyond the end of the last swing: its length once again in Fibonacci's ratios.",
)
def fibonacci_extension(high: Array, low: Array, *, span: int, window: int) -> tuple[Array, ...]:
    """Give the prices at 127.2, 161.8, 200 and 261.8 % of the last swing."""
    start, end = legs(high, low, span=span, window=window)
    return tuple(start + ratio * (end - start) for ratio in _BEYOND.values())


@indicator(
    inputs=["high", "low", "close"],
    params=_PARAMS,
    outputs=["taken_back", "swing"],
    warmup=_ready,
    memory=_memory,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="(end - C) / (end - start) and (end - start) / C; 0 where the swing has no length",
    reference=_REFERENCE,
    words="How much of the last swing is taken back: 0 nothing, 1 all, below 0 it goes on; swing: its size and way.",
)
def fibonacci_position(high: Array, low: Array, close: Array, *, span: int, window: int) -> tuple[Array, Array]:
    """Give the place of the close in the last swing, and the swing as a share of the close."""
    start, end = legs(high, low, span=span, window=window)
    return quotient(end - close, end - start, otherwise=0.0), quotient(end - start, close)


@indicator(
    inputs=["high", "low", "close"],
    params=_PARAMS,
    outputs=["ratio", "distance"],
    warmup=_ready,
    memory=_memory,
    scale=Scale.FREE,
    bounds={"ratio": (0.0, 1.618), "distance": (-math.inf, math.inf)},
    formula="the k of 0, .236, .382, .5, .618, .786, 1, 1.272, 1.618 next to x = (end - C) / (end - start); x - k",
    reference=_REFERENCE,
    words="The ratio the price is next to, and how far past it, in shares of the last swing.",
)
def fibonacci_levels(high: Array, low: Array, close: Array, *, span: int, window: int) -> tuple[Array, Array]:
    """Give the ratio nearest to the close, and the distance from it."""
    start, end = legs(high, low, span=span, window=window)
    back = quotient(end - close, end - start, otherwise=0.0)
    ratios = np.array(RATIOS)
    halves = (ratios[1:] + ratios[:-1]) / 2.0
    nearest = np.where(np.isnan(back), np.nan, ratios[np.searchsorted(halves, np.nan_to_num(back))])
    return nearest, back - nearest
