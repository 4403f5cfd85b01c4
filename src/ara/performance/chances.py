"""Whether stated chances are honest, directions told, and instruments ranked."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.performance.inference import chi2_tail, newey_west_matrix, tail

__all__ = ["Calibration", "calibrated", "pesaran_timmermann", "rank_correlations", "rise"]

_Array = NDArray[np.float64]

_FEWEST = 5
_SAME = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Stated chances beside what happened, in bins of equal mass.

    Parameters
    ----------
    error
        Mean distance of the stated chance from the share that happened.
    floor
        What of it chance alone makes where the chances are right.
    corrected
        Root mean square distance less what chance makes.
    p
        Chance of all bins' distances together where the chances are right (Wald, errors that hang together).
    spread
        Standard deviation of the stated chances.
    bins
        Of each bin: mean stated chance, share that happened, count.
    """

    error: float
    floor: float
    corrected: float
    p: float
    spread: float
    bins: tuple[tuple[float, float, int], ...]


def calibrated(
    stated: _Array, happened: _Array, days: NDArray[np.int64], *, lag: int = 0, bins: int = 10
) -> Calibration:
    """Hold stated chances against what happened (0 or 1); forecasts of one day count together."""
    values = np.unique(stated)
    if len(values) <= bins:
        place = np.searchsorted(values, stated)
    else:
        edges = np.quantile(stated, np.linspace(0, 1, bins + 1)[1:-1])
        place = np.searchsorted(edges, stated, side="right")
    count, n = int(place.max()) + 1, len(stated)
    day = np.unique(days, return_inverse=True)[1]
    rows = int(day.max()) + 1
    gaps = np.bincount(day * count + place, happened - stated, rows * count).reshape(rows, count) * rows / n
    mass = np.bincount(place, minlength=count) / n
    keep = mass > 0
    mean, whole = gaps.mean(axis=0)[keep], newey_west_matrix(gaps, max(lag, 1))[np.ix_(keep, keep)]
    spread = np.diag(whole)
    distance = float(mean @ np.linalg.pinv(whole) @ mean)
    told = [place == one for one in range(count) if (place == one).any()]
    return Calibration(
        error=float(np.abs(mean).sum()),
        floor=math.sqrt(2 / math.pi) * float(np.sqrt(spread).sum()),
        corrected=math.sqrt(max(float(((mean * mean - spread) / mass[keep]).sum()), 0.0)),
        p=chi2_tail(distance, int(keep.sum())),
        spread=float(np.std(stated)),
        bins=tuple((float(stated[one].mean()), float(happened[one].mean()), int(one.sum())) for one in told),
    )


def pesaran_timmermann(said: _Array, happened: _Array) -> tuple[float, float]:
    """Give z and the one-sided p of directions (0 or 1) that were told better than by their own frequencies.

    References
    ----------
    Pesaran and Timmermann (1992), A Simple Nonparametric Test of Predictive Performance, Journal of Business &
    Economic Statistics 10.
    """
    n = len(said)
    hit, ups, rises = float((said == happened).mean()), float(said.mean()), float(happened.mean())
    usual = ups * rises + (1 - ups) * (1 - rises)
    first = usual * (1 - usual) / n
    second = (
        (2 * rises - 1) ** 2 * ups * (1 - ups) + (2 * ups - 1) ** 2 * rises * (1 - rises)
    ) / n + 4 * rises * ups * (1 - rises) * (1 - ups) / n**2
    if first - second <= _SAME:
        return 0.0, 0.5
    z = (hit - usual) / math.sqrt(first - second)
    return z, tail(z)


def rise(quantiles: _Array, levels: _Array) -> _Array:
    """Give the chance of a value above 0 that quantiles `[row, level]` state, linear between the levels."""
    below = (quantiles <= 0).sum(axis=1)
    left = np.clip(below - 1, 0, len(levels) - 2)
    row = np.arange(len(quantiles))
    low, high = quantiles[row, left], quantiles[row, left + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = levels[left] + (levels[left + 1] - levels[left]) / (high - low) * (0.0 - low)
    last = quantiles[:, -1]
    level = np.where(below == 0, levels[0] / 2, inside)
    level = np.where(last < 0, 1 - (1 - levels[-1]) / 2, np.where(last == 0, levels[-1], level))
    return np.asarray(np.where(np.isfinite(quantiles).all(axis=1), 1 - level, np.nan))


def rank_correlations(days: NDArray[np.int64], kinds: NDArray[np.int64], stated: _Array, happened: _Array) -> _Array:
    """Give one rank correlation a day, ascending: within each class of five or more, weighed by how many they are.

    References
    ----------
    Spearman (1904), The Proof and Measurement of Association between Two Things, American Journal of Psychology 15.
    """
    group = np.unique(days * (int(kinds.max()) + 1) + kinds, return_inverse=True)[1] if len(days) else days
    size = np.bincount(group)[group] if len(days) else days
    mine = size >= _FEWEST
    if not mine.any():
        return np.empty(0)
    day, group = days[mine], np.unique(group[mine], return_inverse=True)[1]
    x, y = (_apart(group, _ranks(group, one[mine])) for one in (stated, happened))
    xy, xx, yy = (np.bincount(group, one) for one in (x * y, x * x, y * y))
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.nan_to_num(np.where(xx * yy > 0, xy / np.sqrt(xx * yy), 0.0))
    weight = np.bincount(group)
    first = np.unique(group, return_index=True)[1]
    when = np.unique(day[first], return_inverse=True)[1]
    return np.asarray(np.bincount(when, told * weight) / np.bincount(when, weight))


def _apart(group: NDArray[np.int64], values: _Array) -> _Array:
    return np.asarray(values - (np.bincount(group, values) / np.bincount(group))[group])


def _ranks(group: NDArray[np.int64], values: _Array) -> _Array:
    """Give the rank of each value within its group; equal ones share theirs."""
    order = np.lexsort((values, group))
    own, sorted_ = group[order], values[order]
    starts = np.flatnonzero(np.concatenate(([True], (own[1:] != own[:-1]) | (sorted_[1:] != sorted_[:-1]))))
    ends = np.concatenate((starts[1:], [len(own)]))
    begin = np.searchsorted(own, own[starts])
    shared = np.repeat((starts + ends - 1) / 2 - begin + 1, ends - starts)
    out = np.empty(len(values))
    out[order] = shared
    return out
