"""Whether prices come back: unit roots, half-lives, streaks."""

import math
from operator import mul, sub
from typing import Any

import numpy as np

from ara.features.arrays import change, clean, logs, moments, previous, within
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.terms import Array, length, ratio, running, settle, settled
from ara.features.windowed import Kept, logged, over, slid

__all__ = ["adf", "half_life", "streak"]


def _spreads_of(line: Kept, most: float, lags: int) -> tuple[float, list[list[float]]]:
    """Give what `_spreads` does for one window of logarithms, of as many lags, and the largest mean square so far."""
    steps, count = [*map(sub, line[1:], line)], len(line) - 1 - lags
    first = line[lags]
    columns = [steps[lags:], [value - first for value in line[lags:-1]]]
    columns += [steps[lags - lag : -lag] for lag in range(1, lags + 1)]
    means = [sum(one) / count for one in columns]
    found = [[0.0] * len(columns) for _ in columns]
    for i in reversed(range(len(columns))):
        for j in range(i, len(columns)):
            product = sum(map(mul, columns[i], columns[j])) / count
            spread = product - means[i] * means[j]
            if i == j != 1:
                most, spread = settle(most, spread, product)
            found[i][j] = found[j][i] = max(spread, 0.0) if i == j else spread
    return most, found


def _fuller_step(state: Any, close: float, *, window: int, lags: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last logarithms and the largest mean square of their changes so far."""
    line, most = state or ((), 0.0)
    line = slid(line, logged(close), window + lags + 1)
    if len(line) <= window + lags:
        return (line, most), (math.nan,)
    most, s = _spreads_of(line, most, lags)
    for held in range(lags + 1, 1, -1):
        for i in range(held):
            for j in range(i, held):
                s[i][j] -= over(s[i][held] * s[j][held], s[held][held])
    slope = over(s[0][1], s[1][1])
    rest = max(s[0][0] - slope * s[0][1], 0.0) / (window - lags - 2)
    error = over(rest, s[1][1])
    return (line, most), (over(slope, math.sqrt(error)) if error >= 0.0 else math.nan,)


@indicator(
    inputs=["close"],
    params={
        "window": length(100, "Changes that count; few of them find only fast reversion.", low=20),
        "lags": length(1, "Earlier changes held fixed; more of them allow for longer dependence.", low=0, high=8),
    },
    warmup=lambda window, lags: window + lags,
    memory=lambda window, lags: window + lags + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="t of b in dy[t] = a + b * y[t-1] + c1 * dy[t-1] + ... + e, y = ln C, over n bars",
    reference="D. A. Dickey and W. A. Fuller (1979), Journal of the American Statistical Association 74",
    words="Whether the price returns to a level: below -2.9 it is no random walk at 5 percent; -1.5 is usual.",
    step=_fuller_step,
)
def adf(close: Array, *, window: int, lags: int) -> Array:
    """Give the augmented Dickey-Fuller statistic with a constant, of log prices."""
    line = logs(close)
    moved = change(line)
    s = _spreads(window, line, [moved, *(previous(moved, lag) for lag in range(1, lags + 1))])
    for held in range(lags + 1, 1, -1):
        s = s[:held, :held] - ratio(s[:held, held, None] * s[None, held, :held], s[held, held])
    slope = ratio(s[0, 1], s[1, 1])
    rest = np.maximum(s[0, 0] - slope * s[0, 1], 0.0) / (window - lags - 2)
    return ratio(slope, np.sqrt(ratio(rest, s[1, 1])))


def _spreads(window: int, line: Array, steps: list[Array]) -> Array:
    """Give the covariances of a step, the level before it, and the steps before it, in that order."""
    level = previous(line) - _origin(line)
    columns = [steps[0], level, *steps[1:]]
    pairs = [(i, j) for i in range(len(columns)) for j in range(i, len(columns)) if (i, j) != (1, 1)]
    found = running(window, *columns, *(columns[i] * columns[j] for i, j in pairs))
    means = [one / window for one in found[: len(columns)]]
    out = np.empty((len(columns), len(columns), len(line)))
    for (i, j), product in zip(pairs, found[len(columns) :], strict=True):
        out[i, j] = out[j, i] = product / window - means[i] * means[j]
        if i == j:
            out[i, i] = settled(out[i, i], product / window)
    out[1, 1] = moments(level, window)[1]
    return out


def _origin(line: Array) -> float:
    """Give the first known value: levels are counted from there."""
    return float(line[0]) if len(line) and math.isfinite(line[0]) else 0.0


def _half_step(state: Any, close: float, *, window: int, most: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last logarithms and the largest mean square of their changes so far."""
    line, largest = state or ((), 0.0)
    line = slid(line, logged(close), window + 1)
    if len(line) <= window:
        return (line, largest), (math.nan,)
    largest, s = _spreads_of(line, largest, 0)
    if s[1][1] == 0.0:
        return (line, largest), (math.nan,)
    kept = 1.0 + s[0][1] / s[1][1]
    pace = -math.log(kept) if 0.0 < kept < 1.0 else 0.0
    found = 0.0 if kept <= 0.0 else min(over(math.log(2.0), pace, otherwise=math.inf), float(most))
    return (line, largest), (found,)


@indicator(
    inputs=["close"],
    params={
        "window": length(100, "Changes that count; more of them make it steadier.", low=10),
        "most": length(1000, "What is given where the price doesn't come back, and at most.", low=1, high=1_000_000),
    },
    warmup=lambda window, most: window,
    memory=lambda window, most: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="-ln 2 / ln(1 + b), b of dy[t] = a + b * y[t-1] + e, y = ln C, over n bars; 0 where b <= -1",
    reference="E. P. Chan (2013), Algorithmic Trading, chapter 2; L. S. Ornstein and G. E. Uhlenbeck (1930)",
    words="Bars until half of a distance from the mean is gone: short ones are traded as reversion; the cap is none.",
    step=_half_step,
)
def half_life(close: Array, *, window: int, most: int) -> Array:
    """Give the half-life of deviations of the log price; the cap where it doesn't revert, NaN where it stood still."""
    line = logs(close)
    s = _spreads(window, line, [change(line)])
    slope = ratio(s[0, 1], s[1, 1])
    kept = within(1.0 + slope, 0.0, 1.0)
    return np.minimum(math.log(2.0) / np.abs(np.log(kept)), float(most))


@indicator(
    inputs=["close"],
    params={"longest": length(100, "Where counting ends.", low=1)},
    warmup=1,
    memory=lambda longest: longest + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="number of bars in a row that rose, negative for falls, 0 for an unchanged close; at most `longest`",
    reference="L. Connors and C. Alvarez (2012), An Introduction to ConnorsRSI, streak",
    words="How many bars in a row the price went the same way; from 4 on it is often read as due for a pause.",
)
def streak(close: Array, *, longest: int) -> Array:
    """Give the length of the current run of rises or falls."""
    moved = np.sign(change(clean(close)))
    places = np.arange(len(moved))
    began = np.maximum.accumulate(np.where(moved == previous(moved), 0, places))
    return np.minimum(places - began + 1, longest) * moved
