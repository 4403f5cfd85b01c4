"""Whether prices come back: unit roots, half-lives, streaks."""

import math
from operator import mul, sub
from typing import Any, Final

import numpy as np

from ara.features.arrays import change, clean, logs, previous, within
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.steps import row_step
from ara.features.indicators.statistical.terms import FAINT, Array, anchored, length, ratio, steady
from ara.features.windowed import Kept, logged, over, slid

__all__ = ["adf", "half_life", "streak"]

_EXACT: Final = 1e-5  # of a variance: where a fit leaves less, it is exact, as where all but a bar or two stood still
_GONE: Final = 1e-9  # of a distance: so little is left of it after one bar that all of it is gone


def _spreads_of(line: Kept, lags: int) -> list[list[float]]:
    """Give what `_spreads` does for one window of logarithms, of as many lags."""
    steps, count = [*map(sub, line[1:], line)], len(line) - 1 - lags
    given = [steps[lags:], line[lags:-1], *(steps[lags - lag : -lag] for lag in range(1, lags + 1))]
    columns = [[value - one[0] for value in one] for one in given]
    means = [sum(one) / count for one in columns]
    found = [[0.0] * len(columns) for _ in columns]
    for i in range(len(columns)):
        for j in range(i, len(columns)):
            spread = sum(map(mul, columns[i], columns[j])) / count - means[i] * means[j]
            found[i][j] = found[j][i] = 0.0 if i == j and spread <= FAINT else spread
    return found


def _fuller_step(state: Any, close: float, *, window: int, lags: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last logarithms."""
    line = slid(state or (), logged(close), window + lags + 1)
    if len(line) <= window + lags:
        return line, (math.nan,)
    s = _spreads_of(line, lags)
    least = [_EXACT * s[i][i] for i in range(lags + 2)]
    for held in range(lags + 1, 1, -1):
        for i in range(held):
            for j in range(i, held):
                s[i][j] -= over(s[i][held] * s[j][held], s[held][held])
            s[i][i] = 0.0 if s[i][i] <= least[i] else s[i][i]
    slope = over(s[0][1], s[1][1])
    rest = s[0][0] - slope * s[0][1]
    error = over(0.0 if rest <= least[0] else rest / (window - lags - 2), s[1][1])
    return line, (over(slope, math.sqrt(error)),)


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
    formula="t of b in dy[t] = a + b * y[t-1] + c1 * dy[t-1] + ... + e, y = ln C, over n bars; none without e",
    reference="D. A. Dickey and W. A. Fuller (1979), Journal of the American Statistical Association 74",
    words="Whether the price returns to a level: below -2.9 it is no random walk at 5 percent; -1.5 is usual.",
    step=_fuller_step,
)
def adf(close: Array, *, window: int, lags: int) -> Array:
    """Give the augmented Dickey-Fuller statistic with a constant, of log prices."""
    line = logs(close)
    moved = change(line)
    s = _spreads(window, line, [moved, *(previous(moved, lag) for lag in range(1, lags + 1))])
    least = [_EXACT * s[i, i] for i in range(lags + 2)]
    for held in range(lags + 1, 1, -1):
        s = s[:held, :held] - ratio(s[:held, held, None] * s[None, held, :held], s[held, held])
        for i in range(held):
            s[i, i] = steady(s[i, i], least[i])
    slope = ratio(s[0, 1], s[1, 1])
    rest = steady(s[0, 0] - slope * s[0, 1], least[0]) / (window - lags - 2)
    return ratio(slope, np.sqrt(ratio(rest, s[1, 1])))


def _spreads(window: int, line: Array, steps: list[Array]) -> Array:
    """Give the covariances of a step, the level before it, and the steps before it, in that order."""
    columns = [steps[0], previous(line), *steps[1:]]
    pairs = [(i, j) for i in range(len(columns)) for j in range(i, len(columns))]
    means = anchored(window, columns, [*((i,) for i in range(len(columns))), *pairs])[0]
    out = np.empty((len(columns), len(columns), len(line)))
    for (i, j), product in zip(pairs, means[len(columns) :], strict=True):
        spread = product - means[i] * means[j]
        out[i, j] = out[j, i] = steady(spread) if i == j else spread
    return out


def _half_step(state: Any, close: float, *, window: int, most: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last logarithms."""
    line = slid(state or (), logged(close), window + 1)
    if len(line) <= window:
        return line, (math.nan,)
    s = _spreads_of(line, 0)
    if s[1][1] == 0.0:
        return line, (math.nan,)
    kept = 1.0 + s[0][1] / s[1][1]
    pace = -math.log(kept) if _GONE < kept < 1.0 else 0.0
    found = 0.0 if kept <= _GONE else min(over(math.log(2.0), pace, otherwise=math.inf), float(most))
    return line, (found,)


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
    kept = steady(within(1.0 + slope, 0.0, 1.0), _GONE)
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
    step=row_step,
)
def streak(close: Array, *, longest: int) -> Array:
    """Give the length of the current run of rises or falls."""
    moved = np.sign(change(clean(close)))
    places = np.arange(len(moved))
    began = np.maximum.accumulate(np.where(moved == previous(moved), 0, places))
    return np.minimum(places - began + 1, longest) * moved
