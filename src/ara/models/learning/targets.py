"""What learners learn: the return over each horizon and the size of the moves in it, both over the panel's scale."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.panel import Panel, Rows
from ara.models.stillness import still_rows
from ara.statistics.ranges import floored, range_variance

__all__ = ["Targets", "targets", "uniqueness"]

_Array = NDArray[np.float64]

_FAR: Final = 750
_PRIOR: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Rows that have features and whose price moves, with what became of them as far as it is known.

    Parameters
    ----------
    rows
        Where they stand in the panel.
    group
        Index of each row's asset class.
    begin, end
        `[n]` and `[n, H]`: when a row was known and when its outcomes were, microseconds since 1970 UTC.
    y
        `[n, H]`: log return over the scale; NaN where it is not known.
    size
        `[n, H]`: log of the volatility that came over the scale; NaN where it is not known.
    weight
        `[n, H]`: how much of its outcome a row shares with no other row of its series, 0 to 1.
    """

    rows: Rows
    group: NDArray[np.int32]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    y: _Array
    size: _Array
    weight: _Array

    def known(self, place: int) -> Rows:
        """Give the positions of the rows whose outcome over the horizon at `place` is known."""
        return np.flatnonzero(np.isfinite(self.y[:, place]) & np.isfinite(self.size[:, place]))


def targets(panel: Panel, rows: Rows) -> Targets:
    """Give the targets of those of the rows that have features, and whose price does not stand still.

    A price that stands still says nothing of those that move: learned from, it would narrow the bands of all.
    The volatility that came is read from the ranges of the bars within the horizon, which tell more of it than the one
    return, times what the series' returns have been over its ranges up to the row.
    """
    rows = rows[np.isfinite(panel.x[rows]).any(axis=1) & ~still_rows(panel)[rows]] if panel.names else rows[:0]
    size = np.full(panel.y.shape, np.nan)
    weight = np.zeros(panel.y.shape)
    for code in np.unique(panel.series[rows]).tolist():
        first, end = panel.span(code)
        own = _sizes(panel.bars[first:end], panel.scale[first:end], panel.horizons)
        size[first:end] = np.where(np.isfinite(panel.y[first:end]), own, np.nan)
        for place, horizon in enumerate(panel.horizons):
            weight[first:end, place] = uniqueness(np.isfinite(panel.y[first:end, place]), horizon)
    return Targets(
        rows=rows,
        group=panel.group[rows],
        begin=panel.known_at[rows],
        end=panel.y_known[rows],
        y=panel.y[rows],
        size=size[rows],
        weight=weight[rows],
    )


def uniqueness(known: NDArray[np.bool_], horizon: int) -> _Array:
    """Give, for each row of one series, the mean over its next bars of 1 / (outcomes that this bar is part of).

    1 where outcomes don't overlap, about 1 / horizon where one begins at each bar; 0 where the outcome is not known.

    Parameters
    ----------
    known
        Whether a row's outcome is known.
    horizon
        In bars.

    References
    ----------
    M. Lopez de Prado (2018), Advances in Financial Machine Learning, section 4.4.
    """
    starts = np.concatenate(([0], np.cumsum(known)))
    places = np.arange(len(known) + horizon)
    upto = starts[np.minimum(places, len(known))]
    before = starts[np.clip(places - horizon, 0, len(known))]
    share = np.concatenate(([0.0], np.cumsum(1.0 / np.maximum(upto - before, 1))))
    first = np.arange(len(known)) + 1
    return np.where(known, (share[first + horizon] - share[first]) / horizon if len(known) else 0.0, 0.0)


def _sizes(bars: _Array, scale: _Array, horizons: tuple[int, ...]) -> _Array:
    """Give `[row, horizon]` of one series: log of the volatility per bar that came, over the scale per bar."""
    out = np.full((len(bars), len(horizons)), np.nan)
    variance = floored(range_variance(bars), share=0.02)
    over = _returns_over_ranges(bars[:, 3], variance)
    summed, missing = np.cumsum(np.nan_to_num(variance)), np.cumsum(np.isnan(variance))
    for place, h in enumerate(horizons):
        if len(bars) <= h:
            continue
        ahead = summed[h:] - summed[:-h]
        whole = (missing[h:] == missing[:-h]) & (ahead > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            came = 0.5 * (np.log(ahead) + over[:-h]) - np.log(scale[:-h, place])
        out[:-h, place] = np.where(whole & np.isfinite(came), came, np.nan)
    return out


def _returns_over_ranges(returns: _Array, variance: _Array) -> _Array:
    """Give the log of the mean square of returns over the mean variance of ranges up to each bar, drawn to 0."""
    known = np.isfinite(returns) & np.isfinite(variance)
    count = _recent(known.astype(float))
    squares = _recent(np.where(known, returns * returns, 0.0))
    ranges = _recent(np.where(known, variance, 0.0))
    prior = _PRIOR / np.maximum(count, 1.0) * ranges
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.log((squares + prior) / (ranges + prior))
    return np.asarray(np.nan_to_num(told, posinf=0.0, neginf=0.0))


def _recent(values: _Array) -> _Array:
    """Give the sum of the last 750 values up to each one, so that an old jump is forgotten."""
    total = np.cumsum(values)
    return np.asarray(total - np.concatenate((np.zeros(min(_FAR, len(total))), total[:-_FAR])))
