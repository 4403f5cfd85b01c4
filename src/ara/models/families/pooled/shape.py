"""The empirical shape of returns over their volatility: of the class, of calm and wild days, of each series."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ara.models.quantiles import LEVELS

__all__ = ["Sample", "Scored", "Scores", "Shape", "shape", "weighted_quantiles"]

_Array = NDArray[np.float64]

_LEVELS: Final = np.array(LEVELS)
_SCORED: Final = 250
_THIRD: Final = 2000.0
_SERIES: Final = 800.0
_LARGEST: Final = 200.0
_LEAST_THIRD, _LEAST_SERIES = 50, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows of one class and horizon whose outcome is known, sorted by value.

    Parameters
    ----------
    values
        Return over its forecast scale, less its timing; ascending.
    weights
        Older rows weigh less.
    shock
        Size of the last return over its volatility, when the forecast was made.
    series
        Whose they are.
    squares
        Sum of the squares of the single bars' returns over the scale's square.
    """

    values: _Array
    weights: _Array
    shock: _Array
    series: NDArray[np.int32]
    squares: _Array

    @classmethod
    def of(cls, values: _Array, weights: _Array, shock: _Array, series: NDArray[np.int32], squares: _Array) -> "Sample":
        """Give the sample of unsorted rows."""
        order = np.argsort(values, kind="stable")
        return cls(
            values=values[order],
            weights=weights[order],
            shock=shock[order],
            series=series[order],
            squares=squares[order],
        )


class Scored(NamedTuple):
    """Rows of one class and horizon whose outcome is known, as they are added to `Scores`.

    Parameters
    ----------
    values, shock, series, squares
        As in `Sample`, in any order.
    moment
        Which of the moments at which outcomes became known is that of a row.
    """

    values: _Array
    shock: _Array
    series: NDArray[np.int32]
    squares: _Array
    moment: NDArray[np.int64]

    def followed(self, more: "Scored") -> "Scored":
        """Give these rows and others after them."""
        return Scored(
            values=np.concatenate((self.values, more.values)),
            shock=np.concatenate((self.shock, more.shock)),
            series=np.concatenate((self.series, more.series)),
            squares=np.concatenate((self.squares, more.squares)),
            moment=np.concatenate((self.moment, more.moment)),
        )

    def take(self, order: NDArray[np.int64]) -> "Scored":
        """Give the rows in another order."""
        return Scored(
            values=self.values[order],
            shock=self.shock[order],
            series=self.series[order],
            squares=self.squares[order],
            moment=self.moment[order],
        )


class Scores:
    """Scored rows of one class and horizon, kept sorted by value: a month's few are merged into all before them."""

    def __init__(self) -> None:
        self._kept: Scored | None = None
        self.seen = 0

    def add(self, rows: Scored, *, seen: int) -> None:
        """Add rows; of equal values those added first stand first. `seen` is where to go on from the next time."""
        both = rows if self._kept is None else self._kept.followed(rows)
        self._kept, self.seen = both.take(np.argsort(both.values, kind="stable")), seen

    def sample(self, weights: _Array) -> Sample:
        """Give all rows, each with the weight of its moment."""
        if self._kept is None:
            nothing = np.zeros(0)
            return Sample.of(nothing, nothing, nothing, np.zeros(0, np.int32), nothing)
        one = self._kept
        return Sample(
            values=one.values, weights=weights[one.moment], shock=one.shock, series=one.series, squares=one.squares
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Quantiles at `LEVELS` of one class and horizon.

    Parameters
    ----------
    quantiles
        Of the class; NaN until enough of its forecasts were scored.
    edges, thirds
        Where the thirds of `shock` part, and what each third's quantiles are beyond the class's.
    own
        `[S, level]`: what each series' quantiles are beyond the class's.
    """

    quantiles: _Array
    edges: _Array
    thirds: _Array
    own: _Array


def shape(sample: Sample, *, horizon: int, lean: float, series: int) -> Shape:
    """Give the shape of a sample.

    Parameters
    ----------
    sample
        All scored rows of the class.
    horizon
        In bars: a longer one's rows overlap and say less; the thirds are told apart for one bar only.
    lean
        0 counts each return and its mirror image alike, so that there is no drift; 1 takes the returns as they were.
    series
        How many series the panel has.
    """
    size = len(_LEVELS)
    edges, thirds, own = np.array([0.0, 0.0]), np.zeros((3, size)), np.zeros((series, size))
    if len(sample.values) < _SCORED:
        return Shape(quantiles=np.full(size, np.nan), edges=edges, thirds=thirds, own=own)
    whole = weighted_quantiles(sample.values, sample.weights, lean)
    if horizon == 1:
        edges = _edges(sample)
        part = np.searchsorted(edges, sample.shock, side="right")
        for third in range(3):
            mine = np.flatnonzero(part == third)
            thirds[third] = _beyond(sample, mine, whole, lean, _THIRD, _LEAST_THIRD)
    groups = list(_by_series(sample.series))
    if len(groups) > 1:
        beyond = [_beyond(sample, mine, whole, lean, _SERIES * horizon, _LEAST_SERIES) for _, mine in groups]
        own[[code for code, _ in groups]] = _smooth(np.stack(beyond))
    middle, factor = _steadier(sample, lean)
    return Shape(quantiles=middle + factor * (whole - middle), edges=edges, thirds=thirds, own=own * factor)


def _steadier(sample: Sample, lean: float) -> tuple[float, float]:
    """Give the drift that is believed, and half the way (in logs) to the width that the single bars' squares tell.

    Few returns over a month fit into the past; the squares of its days tell as much of their size with less noise, but
    nothing of how days follow on each other: so neither is believed alone.
    """
    total = float(sample.weights.sum())
    middle = lean * float((sample.weights * sample.values).sum()) / total
    seen = float((sample.weights * np.minimum(sample.values**2, _LARGEST)).sum()) / total - middle * middle
    summed = float((sample.weights * np.minimum(sample.squares, _LARGEST)).sum()) / total
    return middle, (summed / seen) ** 0.25 if seen > 0 and summed > 0 else 1.0


def weighted_quantiles(values: _Array, weights: _Array, lean: float) -> _Array:
    """Give quantiles at `LEVELS` of ascending values, weighing (1 + lean) / 2, and of their mirror image with the rest.

    Each value stands at the middle of its weight; between two, the quantile is linear.
    """
    both = np.concatenate((values, -values[::-1]))
    share = np.concatenate((weights * ((1 + lean) / 2), weights[::-1] * ((1 - lean) / 2)))
    order = np.argsort(both, kind="stable")
    share = share[order]
    upto = np.cumsum(share)
    return np.asarray(np.interp(_LEVELS * upto[-1], upto - share / 2, both[order]))


def _edges(sample: Sample) -> _Array:
    order = np.argsort(sample.shock, kind="stable")
    share = sample.weights[order]
    upto = np.cumsum(share)
    return np.asarray(np.interp(np.array([1.0, 2.0]) / 3 * upto[-1], upto - share / 2, sample.shock[order]))


def _by_series(series: NDArray[np.int32]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Give each series with its places, ascending; codes of few bits are sorted by counting."""
    order = np.argsort(series.astype(np.min_scalar_type(int(series.max()))), kind="stable")
    codes, first = np.unique(series[order], return_index=True)
    yield from zip(codes.tolist(), np.split(order, first[1:]), strict=True)


def _beyond(sample: Sample, mine: NDArray[np.int64], whole: _Array, lean: float, pull: float, least: int) -> _Array:
    """Give how far a part's quantiles lie from the whole's, drawn to 0 where the part is small."""
    weights = sample.weights[mine]
    if len(weights) < least:
        return np.zeros(len(whole))
    count = math.fsum(weights.tolist())
    return count / (count + pull) * (weighted_quantiles(sample.values[mine], weights, lean) - whole)


def _smooth(values: _Array) -> _Array:
    """Give each row's mean over five neighbouring levels; the outermost are repeated."""
    padded = np.pad(values, ((0, 0), (2, 2)), mode="edge")
    return np.asarray(sum(padded[:, k : k + values.shape[1]] for k in range(5)) / 5)
