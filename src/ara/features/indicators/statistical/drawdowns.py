"""How far the price fell from its high."""

import math
from itertools import accumulate
from operator import truediv
from typing import Any

import numpy as np

from ara.features.arrays import clean, highest, runs, sums
from ara.features.indicator import Scale, indicator
from ara.features.indicators.statistical.steps import below_step, pain_step
from ara.features.indicators.statistical.terms import Array, length, ratio
from ara.features.windowed import slid

__all__ = ["drawdown", "max_drawdown", "pain_index"]


def _below(close: Array, window: int) -> Array:
    """Give the distance from the highest close of the window, as a share of it: 0 or more."""
    values = clean(close)
    (top,) = runs(lambda part: highest(part, window), values)
    return 1.0 - ratio(values, np.where(top > 0, top, np.nan))


@indicator(
    inputs=["close"],
    params={"window": length(250, "Bars among which the high is sought.")},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(-1.0, 0.0),
    formula="C[t] / max(C[t-n+1], ..., C[t]) - 1",
    reference="S. J. Grossman and Z. Zhou (1993), Optimal Investment Strategies for Controlling Drawdowns",
    words="How far the close lies below its high: 0 at a new high, -0.2 is what is called a bear market.",
    step=below_step,
)
def drawdown(close: Array, *, window: int) -> Array:
    """Give the fall since the highest close of the window, as a share of it."""
    return np.maximum(0.0 - _below(close, window), -1.0)


def _worst_step(state: Any, close: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last closes."""
    kept = slid(state or (), close if close > 0.0 else math.nan, window)
    if len(kept) < window:
        return kept, (math.nan,)
    return kept, (1.0 - min(map(truediv, kept, accumulate(kept, max))),)


@indicator(
    inputs=["close"],
    params={"window": length(100)},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="max of 1 - C[j] / C[i], i <= j, both among the last n bars",
    reference="M. Magdon-Ismail and A. F. Atiya (2004), Maximum Drawdown, Risk 17",
    words="The worst that a holder could have lost from a high to a later low of the window; larger is riskier.",
    step=_worst_step,
)
def max_drawdown(close: Array, *, window: int) -> Array:
    """Give the largest fall from a close to a later one within the window.

    A window is the end of one block and the beginning of the next: the worst fall lies within either, or leads from the
    high of the one to the low of the other.
    """
    count = len(close)
    values = np.where((close > 0) & np.isfinite(close), close, np.nan)
    if count < window:
        return np.full(count, np.nan)
    blocks = np.concatenate([values, np.full(-count % window, np.nan)]).reshape(-1, window)
    low = np.minimum.accumulate(blocks, axis=1)
    out = np.maximum.accumulate(1.0 - blocks / np.maximum.accumulate(blocks, axis=1), axis=1)
    ends = blocks[:-1, :0:-1]
    high = np.maximum.accumulate(ends, axis=1)
    within = np.maximum.accumulate(1.0 - np.minimum.accumulate(ends, axis=1) / ends, axis=1)
    later = np.maximum(out[1:, :-1], 1.0 - low[1:, :-1] / high[:, ::-1])
    out[1:, :-1] = np.maximum(later, within[:, ::-1])
    out[0, :-1] = np.nan
    return out.ravel()[:count]


@indicator(
    inputs=["close"],
    params={"window": length(60)},
    warmup=lambda window: 2 * (window - 1),
    memory=lambda window: 2 * window - 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="mean over n bars of 1 - C / max of the n closes up to it",
    reference="T. Becker (2006), The Zephyr Pain Index, Zephyr Associates",
    words="How deep under its high the price stayed on average: larger for deep and for long falls.",
    step=pain_step,
)
def pain_index(close: Array, *, window: int) -> Array:
    """Give the mean drawdown of the window, each from the highest close of the window before it."""
    return sums(_below(close, window), window) / window
