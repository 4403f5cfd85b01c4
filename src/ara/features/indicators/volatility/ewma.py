"""Volatility with exponential weights, and how it stands against its own year."""

import math
from bisect import bisect_left, insort
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.features.arrays import change, logs, rested
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import rests
from ara.statistics.volatility import ewma_variance

__all__ = ["ewma_volatility", "volatility_ratio"]

_SEED_BARS: Final = 20
_NEGLIGIBLE: Final = 1e-12
_BEGUN: Any = (None, (), ())

_DECAY: Final = Param(
    default=0.94,
    low=0.5,
    high=0.999,
    words="Weight of yesterday's variance; nearer to 1 remembers longer and moves more slowly.",
)
_WINDOW: Final = Param(
    default=250, low=2, high=5000, whole=True, words="Bars of the median; more of them make a steadier yardstick."
)


def _volatility(close: NDArray[np.float64], decay: float) -> NDArray[np.float64]:
    returns = change(logs(close))
    found = np.asarray(np.sqrt(ewma_variance(returns, decay=decay, seed_bars=_SEED_BARS)))
    return rested(found, returns, _pause(decay), otherwise=0.0)


def _pause(decay: float) -> int:
    return 2 * rests(1.0 - decay)


def _memory(decay: float) -> int:
    """Bars until the start of the recursion weighs less than what is negligible."""
    return 1 + _SEED_BARS + math.ceil(math.log(_NEGLIGIBLE) / math.log(decay)) + _pause(decay)


def _ewma_step(state: Any, close: float, *, decay: float) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last logarithm, the squares seen, the variance, a sum until they are enough, and bars at rest."""
    before, seen, variance, still = state or (None, 0, 0.0, 0)
    now = math.log(close) if 0.0 < close < math.inf else None
    still = still + 1 if now is not None and now == before else 0
    if now is not None and before is not None:
        square = (now - before) * (now - before)
        if seen >= _SEED_BARS:
            variance = decay * variance + (1.0 - decay) * square
        else:
            seen, variance = seen + 1, (variance + square) / (_SEED_BARS if seen == _SEED_BARS - 1 else 1.0)
    known = 0.0 if still >= _pause(decay) else math.sqrt(variance)
    return (now, seen, variance, still), (known if seen == _SEED_BARS else math.nan,)


def _ratio_step(state: Any, close: float, *, decay: float, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the variance and the last volatilities, by age and by size."""
    kept, ages, sizes = state or _BEGUN
    kept, (now,) = _ewma_step(kept, close, decay=decay)
    if math.isnan(now):
        return (kept, ages, sizes), (math.nan,)
    line = list(sizes)
    if len(ages) == window:
        del line[bisect_left(line, ages[0])]
    insort(line, now)
    ages = (*ages[len(ages) == window :], now)
    middle = 0.5 * (line[(window - 1) // 2] + line[window // 2]) if len(line) == window else 0.0
    return (kept, ages, tuple(line)), (now / middle if middle > 0.0 else math.nan,)


@indicator(
    inputs=["close"],
    params={"decay": _DECAY},
    warmup=_SEED_BARS,
    memory=_memory,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="sqrt(v[t]), v[t] = decay * v[t-1] + (1 - decay) * ln(C[t] / C[t-1])^2, begun with the mean of 20 squares",
    reference="J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th ed., section 5.2",
    words="The usual size of one bar's log return now, recent bars counting more; larger is wilder.",
    step=_ewma_step,
)
def ewma_volatility(close: NDArray[np.float64], *, decay: float) -> NDArray[np.float64]:
    """Give the standard deviation of one bar's log return as known at each bar's close."""
    return _volatility(close, decay)


@indicator(
    inputs=["close"],
    params={"decay": _DECAY, "window": _WINDOW},
    warmup=lambda decay, window: _SEED_BARS + window - 1,
    memory=lambda decay, window: _memory(decay) + window - 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="s[t] / median(s[t-window+1], ..., s[t]), s = ewma_volatility",
    reference="J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th ed., section 5.2; ratio: Ara",
    words="Volatility now against its own last year: 1 is an ordinary day, 2 twice as wild; NaN where no price moved.",
    step=_ratio_step,
)
def volatility_ratio(close: NDArray[np.float64], *, decay: float, window: int) -> NDArray[np.float64]:
    """Give the volatility at each bar over its median of the last `window` bars."""
    volatility = _volatility(close, decay)
    missing = int(np.isnan(volatility).sum())  # all at the start: a bar without a return keeps the last variance
    median = np.zeros(len(close))  # a window that isn't whole has none, and stays unknown for it
    median[missing:] = pl.Series(volatility[missing:]).rolling_median(window, min_samples=1).to_numpy()
    median[: missing + window - 1] = 0.0
    out = np.full(len(close), np.nan)
    np.divide(volatility, median, out=out, where=median > 0)
    return out
