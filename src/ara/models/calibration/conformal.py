"""Bands that are corrected by how they did: split conformal, adaptive (ACI) and by feedback (PID)."""

from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.models.quantiles import LEVELS

__all__ = ["METHODS", "Method", "conformal"]

_Array = NDArray[np.float64]

Method: TypeAlias = Literal["split", "aci", "pid"]
"""`split`: levels are moved to where past outcomes fell. `aci`: the level that is read off moves with each miss or hit.
`pid`: the band itself moves, by the last miss, by all misses and by what the last outcome tells of the next."""

METHODS: Final[tuple[Method, ...]] = ("split", "aci", "pid")
"""All methods."""

_RATES: Final = {"split": 0.01, "aci": 0.01, "pid": 0.05}
_P: Final = np.array(LEVELS)
_LOW, _MIDDLE, _HIGH = LEVELS.index(0.1), LEVELS.index(0.5), LEVELS.index(0.9)
_NARROWEST: Final = 1e-12
_FEWEST: Final = 50
_EDGE: Final = 5e-4
_SATURATED: Final = 0.02
_FARTHEST: Final = 8.0


def conformal(
    values: _Array, outcome: _Array, *, lag: int, method: Method = "split", rate: float | None = None, window: int = 500
) -> _Array:
    """Correct the forecasts of one series, each by the outcomes that were known when it was made.

    Each level is corrected by itself but for the median, which stays; where levels would cross, the outer one follows
    the inner. Offsets are in units of the forecast's own 80 % band, so that calm and wild days teach each other.

    Parameters
    ----------
    values
        `[row, level]`: quantiles at `LEVELS`, rows in the order of time; a row with NaN stays so and teaches nothing.
    outcome
        `[row]`: what happened; NaN where it is not known.
    lag
        Rows until an outcome is known: the horizon in bars, at least 1.
    method
        How.
    rate
        How far a miss moves things; by itself 0.01 of a level for `aci`, 0.05 of a band's half width for `pid`.
    window
        Of how many outcomes `split` takes the quantiles; under 50 nothing is corrected.

    References
    ----------
    Romano, Patterson and Candès (2019), Conformalized Quantile Regression; Gibbs and Candès (2021), Adaptive Conformal
    Inference Under Distribution Shift; Angelopoulos, Candès and Tibshirani (2023), Conformal PID Control for Time
    Series.
    """
    if values.ndim != 2 or values.shape[1] != len(LEVELS) or len(outcome) != len(values):
        raise ValidationError(f"quantiles {values.shape} and outcomes {outcome.shape} do not fit together")
    if lag < 1:
        raise ValidationError(
            f"an outcome can't be known after {lag} rows", hint="Give the horizon in bars, 1 or more."
        )
    if method not in METHODS:
        raise ValidationError(f"there is no method {method!r:.40}", hint=f"There are: {', '.join(METHODS)}.")
    rate = _RATES[method] if rate is None else rate
    if not 0 < rate <= 1 or window < 1:
        raise ValidationError("the rate lies between 0 and 1, and the window holds 1 outcome or more")
    width = np.maximum((values[:, _HIGH] - values[:, _LOW]) / 2, _NARROWEST)[:, None]
    match method:
        case "split":
            moved = values + width * _split(values, outcome, width, lag, window)
        case "aci":
            moved = _adaptive(values, outcome, lag, rate)
        case _:
            moved = values + width * _fed_back(values, outcome, width, lag, rate)
    moved[:, _MIDDLE] = values[:, _MIDDLE]
    upper = np.maximum.accumulate(moved[:, _MIDDLE:], axis=1)
    lower = np.minimum.accumulate(moved[:, _MIDDLE::-1], axis=1)[:, ::-1]
    return np.concatenate((lower[:, :-1], upper), axis=1)


def _split(values: _Array, outcome: _Array, width: _Array, lag: int, window: int) -> _Array:
    """Give offsets `[row, level]`: where the level's share of the last outcomes fell, in widths from the level.

    With n outcomes the lower levels take the value of rank floor((n + 1) p), the upper ones that of ceil((n + 1) p): so
    much is promised of one more that is exchangeable with them. Ranks beyond the sample take its outermost value.
    """
    score = (outcome[:, None] - values) / width
    offsets = np.zeros_like(values)
    known = np.flatnonzero(np.isfinite(score).all(axis=1))
    for row in range(len(values)):
        past = known[max(np.searchsorted(known, row - lag, side="right") - window, 0) :]
        past = past[: np.searchsorted(past, row - lag, side="right")]
        count = len(past)
        if count < _FEWEST:
            continue
        ranks = np.where(_P < 0.5, np.floor((count + 1) * _P), np.ceil((count + 1) * _P)).astype(int)
        ordered = np.sort(score[past], axis=0)
        offsets[row] = ordered[np.clip(ranks - 1, 0, count - 1), np.arange(len(LEVELS))]
    return offsets


def _adaptive(values: _Array, outcome: _Array, lag: int, rate: float) -> _Array:
    """Read each level off at another one, which rises after a hit and falls after a miss, so that misses average to p.

    Levels keep within 0.0005 and 0.9995: a band without an end helps nobody.
    """
    moved, level = values.copy(), _P.copy()
    for row in range(len(values)):
        if row >= lag and np.isfinite(outcome[row - lag]) and np.isfinite(values[row - lag]).all():
            level += rate * (_P - (outcome[row - lag] < moved[row - lag]))
            np.clip(level, _EDGE, 1 - _EDGE, out=level)
        moved[row] = _read(values[row], level)
    return moved


def _read(row: _Array, level: _Array) -> _Array:
    """Give the quantiles of one forecast at any levels: linear between its own, exponential tails beyond."""
    inside = np.interp(level, _P, row)
    low = (row[1] - row[0]) * _P[0] / (_P[1] - _P[0])
    high = (row[-1] - row[-2]) * (1 - _P[-1]) / (_P[-1] - _P[-2])
    inside = np.where(level < _P[0], row[0] + low * np.log(np.minimum(level / _P[0], 1.0)), inside)
    return np.where(level > _P[-1], row[-1] - high * np.log(np.minimum((1 - level) / (1 - _P[-1]), 1.0)), inside)


def _fed_back(values: _Array, outcome: _Array, width: _Array, lag: int, rate: float) -> _Array:
    """Give offsets `[row, level]`, in widths: proportional, integral and derivative feedback of the misses.

    The proportional part is a tracked quantile of the scores; the integral part saturates, so that the misses of a long
    time are made up for; the derivative part is what the last known score tells of the next, by a slope that is
    learned by the gradient of the pinball loss.
    """
    count = len(LEVELS)
    tracked, summed, slope, seen = np.zeros(count), np.zeros(count), np.zeros(count), 0
    offsets, signals = np.zeros_like(values), np.zeros(len(values))
    signal = 0.0
    for row in range(len(values)):
        there = row - lag
        if there >= 0 and np.isfinite(outcome[there]) and np.isfinite(values[there]).all():
            error = _P - ((outcome[there] - values[there]) / width[there] < offsets[there])
            seen += 1
            tracked += rate * error
            summed += error
            slope = np.clip(slope + rate * error * signals[there], -1.0, 1.0)
            surprise = float((outcome[there] - values[there, _MIDDLE]) / width[there, 0])
            signal = min(abs(surprise), _FARTHEST) / _FARTHEST
        signals[row] = signal
        reach = np.clip(summed * np.log(seen + 1.0) * _SATURATED / (seen + 1.0), -1.5, 1.5) if seen else summed
        offsets[row] = tracked + np.tan(reach) + slope * signal
    return offsets
