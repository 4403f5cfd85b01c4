"""What all candlesticks of a bar say together."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array, runs
from ara.features.indicator import Scale, indicator
from ara.features.patterns.candles.context import TREND, contexts
from ara.features.patterns.candles.found import shapes
from ara.features.patterns.candles.shape import INPUTS, Candle, exact

__all__ = ["candle_bias"]

_WARMUP = TREND + 5


@indicator(
    inputs=INPUTS,
    outputs=("bias", "strength"),
    warmup=_WARMUP,
    memory=_WARMUP + 1,
    scale=Scale.FREE,
    bounds={"bias": (-1.0, 1.0), "strength": (0.0, 1.0)},
    formula="bias = (U - D) / (1 + U + D), U and D the summed strengths of the shapes complete at this bar that point"
    " up and down; strength: that of the strongest, 0 where there is none",
    reference="Ara; shapes of TA-Lib, the parts of a strength as S. Nison (1991) names them",
    words="Which way the candlesticks of this bar point, and how much of a textbook's example the best of them is:"
    " range, body, place of the close, gap and the trend before it. It says how clear they are, not how likely they"
    " come true.",
)
def candle_bias(open: Array, high: Array, low: Array, close: Array) -> tuple[Array, Array]:
    """Give the net direction of the candlesticks complete at each bar, and the strength of the strongest."""
    bias, strength = runs(_together, open, high, low, close, outputs=2)
    return bias, strength


def _together(*columns: Array) -> tuple[Array, Array]:
    count = len(columns[0])
    if count <= _WARMUP:
        return np.full(count, np.nan), np.full(count, np.nan)
    prices = tuple(exact(np.array(columns)))
    around = contexts(prices)
    sides, best = np.zeros((2, count)), np.zeros(count)
    for bars, chosen in groupby(sorted(shapes(), key=_length), key=_length):
        at, points, asks, small = _complete(list(chosen), prices)
        strengths = around(bars).strength(at, points, asks, small)
        np.maximum.at(best, at, strengths)
        for side, sign in enumerate((1.0, -1.0)):
            sides[side] += np.bincount(at, strengths * (points == sign), minlength=count)
    bias = (sides[0] - sides[1]) / (1.0 + sides[0] + sides[1])
    bias[:_WARMUP] = best[:_WARMUP] = np.nan
    return bias, best


def _length(shape: Candle) -> int:
    return shape.bars


def _complete(chosen: Sequence[Candle], prices: Sequence[Array]) -> tuple[NDArray[np.int64], Array, Array, Array]:
    """Give the bars that complete shapes, where each points, the trend it asks for, whether a small body makes it."""
    found = []
    for shape in chosen:
        values = shape.rule(*prices)
        at = np.flatnonzero(values[_WARMUP:]) + _WARMUP
        found.append(
            (at, shape.points(values[at]), np.full(len(at), float(shape.asks)), np.full(len(at), float(shape.small)))
        )
    ends, points, asks, small = zip(*found, strict=True)
    return np.concatenate(ends), np.concatenate(points), np.concatenate(asks), np.concatenate(small)
