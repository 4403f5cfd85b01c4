"""Moving averages that change their own pace."""

import math
from itertools import pairwise
from typing import Any

import numpy as np

from ara.features.arrays import change, highest, lowest, previous, quotient, sums, total, unbroken, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import Array, gapless, length, over_gaps, settles
from ara.features.library import talib
from ara.features.loops import along
from ara.features.windowed import added, over, slid

__all__ = ["efficiency_ratio", "evwma", "frama", "kama", "mcginley", "vidya"]

_FASTEST, _SLOWEST = 2, 30
_FRACTAL_FLOOR = 0.01


def _adaptive(values: Array, weights: Array, start: int, lines: Any) -> None:
    """Take the step of its own weight towards each value; a gap leaves the line as it is."""
    line = 0.0
    for bar in range(start, len(values)):
        moved = line + weights[bar] * (values[bar] - line) if bar > start else values[bar]
        if math.isnan(moved):
            continue
        line = moved
        lines[0][bar] = line


def _follow(values: Array, weights: Array, bars: int) -> Array:
    known = np.isfinite(values)
    first = int(np.argmax(known)) if known.any() else len(values)
    return along(_adaptive, values, weights, first + bars)


def _efficiency(close: Array, window: int, otherwise: float) -> Array:
    way = total(np.abs(change(close)), window)
    return np.minimum(quotient(np.abs(change(close, window)), way, otherwise=otherwise), 1.0)


@indicator(
    inputs=["close"],
    params={"window": length(10)},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="|C[t] - C[t-n]| / sum |C[i] - C[i-1]|, last n changes; 0 where no price moved",
    reference="P. J. Kaufman (1995), Smarter Trading, chapter 8",
    words="How straight the way of the price was: 1 is a straight line, near 0 is to and fro without direction.",
)
@unbroken
def efficiency_ratio(close: Array, *, window: int) -> Array:
    """Give Kaufman's efficiency ratio."""
    return _efficiency(close, window, 0.0)


@indicator(
    inputs=["close"],
    params={
        "window": length(10, "Bars of the efficiency ratio; more judges the trend later."),
        "fast": length(_FASTEST, "Length of the mean in a straight trend; more is slower.", low=1, high=500),
        "slow": length(_SLOWEST, "Length of the mean where there is no trend; more is slower.", high=500),
    },
    warmup=lambda window, **_: window - 1,
    memory=lambda window, fast, slow: window + 1 + settles((2.0 / (max(slow, fast) + 1.0)) ** 2),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "y = y[t-1] + c^2 * (C - y[t-1]), c = e * (2/(f+1) - 2/(s+1)) + 2/(s+1), e = efficiency_ratio; begun "
        "with C[n-1]"
    ),
    reference="P. J. Kaufman (1995), Smarter Trading, chapter 8",
    words="A mean that runs with the price in a straight trend and stands nearly still in to and fro.",
)
@unbroken
def kama(close: Array, *, window: int, fast: int, slow: int) -> Array:
    """Give Kaufman's adaptive moving average."""
    if (fast, slow) == (_FASTEST, _SLOWEST):
        line = np.asarray(talib().KAMA(close, window))
        line[window - 1 : window] = close[window - 1 : window]
        return line
    quick, calm = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    weights = (_efficiency(close, window, 1.0) * (quick - calm) + calm) ** 2
    return _follow(close, weights, window - 1)


def _vidya_step(state: Any, close: float, *, window: int, smooth: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last closes and the line."""
    kept, line = state or ((), 0.0)
    if not gapless((close,)):
        return (kept, line), (math.nan,)
    kept = (*kept[-window:], close)
    if len(kept) <= window:
        return (kept, close), (close if len(kept) == window else math.nan,)
    moves = [later - earlier for earlier, later in pairwise(kept)]
    way = math.fsum(map(abs, moves))
    momentum = abs(kept[-1] - kept[0]) / way if way else 0.0
    line += 2.0 / (smooth + 1.0) * min(momentum, 1.0) * (close - line)
    return (kept, line), (line,)


@indicator(
    inputs=["close"],
    params={
        "window": length(9, "Bars of the momentum that sets the pace; more changes pace later."),
        "smooth": length(12, "Length of the mean at full pace; more is slower.", low=1),
    },
    warmup=lambda window, smooth: window - 1,
    memory=None,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="y = y[t-1] + 2 / (m + 1) * |cmo(n)| / 100 * (C - y[t-1]), cmo of plain sums; begun with C[n-1]",
    reference="T. S. Chande (1992), Adapting Moving Averages to Market Volatility, Stocks & Commodities 10:3",
    words="A mean that moves only as fast as momentum is one-sided: flat in quiet markets, close in strong trends.",
    step=_vidya_step,
)
def vidya(close: Array, *, window: int, smooth: int) -> Array:
    """Give Chande's variable index dynamic average."""
    weight = 2.0 / (smooth + 1.0)
    return over_gaps(lambda known: _follow(known, weight * _efficiency(known, window, 0.0), window - 1), close)


@indicator(
    inputs=["high", "low"],
    params={"window": Param(default=16, low=4, high=5000, whole=True, words="Bars of the fractal dimension; halved.")},
    warmup=lambda window: 2 * (window // 2) - 1,
    memory=lambda window: window + settles(_FRACTAL_FLOOR),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="y = y[t-1] + a * ((H+L)/2 - y[t-1]), a = exp(-4.6 * (D - 1)), 0.01 <= a <= 1, D of ranges of both halves",
    reference="J. F. Ehlers (2005), Fractal Adaptive Moving Averages, Stocks & Commodities 23:10",
    words="A mean that follows a straight path at once and a jagged one hardly at all.",
)
def frama(high: Array, low: Array, *, window: int) -> Array:
    """Give the fractal adaptive moving average."""
    half = window // 2
    newer = highest(high, half) - lowest(low, half)
    whole = highest(high, 2 * half) - lowest(low, 2 * half)
    jagged = quotient(newer + previous(newer, half), whole / 2.0, otherwise=1.0)
    weights = within(np.exp(-4.6 * (np.log2(np.maximum(jagged, 1e-300)) - 1.0)), _FRACTAL_FLOOR, 1.0)
    return _follow((high + low) / 2.0, weights, 2 * half - 1)


def _mcginley(values: Any, line: Any, length: Any, lines: Any) -> None:
    """Step towards each value by a share that falls with the fourth power of value over line."""
    for bar in range(len(values)):
        x = values[bar]
        if not (x > 0.0 and x < np.inf):
            continue
        ratio = x / line if line > 0.0 else 1.0  # first, since the squares of tiny prices are nothing
        square = ratio * ratio
        line = x if line <= 0.0 else line + (x - line) / max(length * square * square, 1.0)
        lines[0][bar] = line


def _mcginley_step(state: Any, close: float, *, window: int, share: float) -> tuple[Any, tuple[float, ...]]:
    """Go on from the line."""
    out = [math.nan]
    _mcginley([close], state or 0.0, share * window, [out])
    return (state if math.isnan(out[0]) else out[0]), (out[0],)


@indicator(
    inputs=["close"],
    params={
        "window": length(14, low=1),
        "share": Param(default=0.6, low=0.1, high=2.0, words="Share of the window that counts; more is slower."),
    },
    warmup=0,
    memory=None,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="y = y[t-1] + (C - y[t-1]) / max(k * n * (C / y[t-1])^4, 1), begun with the first close",
    reference="J. R. McGinley (1997), The McGinley Dynamic, Journal of Technical Analysis; never past the price: Ara",
    words="A mean that hurries when the price falls away below it and takes its time above; used as a trailing line.",
    step=_mcginley_step,
)
def mcginley(close: Array, *, window: int, share: float) -> Array:
    """Give the McGinley dynamic."""
    return along(_mcginley, close, 0.0, share * window)


def _elastic_step(state: Any, close: float, volume: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last volumes and the line."""
    if not gapless((close, volume)):
        return None, (math.nan,)
    volumes, line = state or ((), None)
    volumes = slid(volumes, volume, window)
    if len(volumes) < window:
        return (volumes, None), (math.nan,)
    weight = min(max(over(volume, added(volumes), otherwise=0.0), 0.0), 1.0)
    line = close if line is None else line + weight * (close - line)
    return (volumes, line), (line,)


@indicator(
    inputs=["close", "volume"],
    params={"window": length(20, "Bars whose volume stands for all that is outstanding; more is slower.")},
    warmup=lambda window: window - 1,
    memory=None,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="y = y[t-1] + V / S * (C - y[t-1]), S = sum of V over n bars; unmoved where S = 0; begun with C[n-1]",
    reference="C. P. Fries (2001), Elastic Moving Averages, Stocks & Commodities 19:6",
    words="What holders paid on average if each trade replaced an older one; above it holders are in profit.",
    step=_elastic_step,
)
@unbroken
def evwma(close: Array, volume: Array, *, window: int) -> Array:
    """Give the elastic volume-weighted moving average."""
    weights = quotient(volume, sums(volume, window), otherwise=0.0)
    return _follow(close, within(weights, 0.0, 1.0), window - 1)
