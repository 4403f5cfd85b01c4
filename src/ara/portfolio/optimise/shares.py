"""Weights by risk alone, without a view of returns and without a solver: risk parity and its hierarchical kin."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.portfolio.limits import Limits
from ara.portfolio.optimise.solution import Solution, within
from ara.statistics.covariance import correlation, nearest_psd

__all__ = ["hrp", "inverse_volatility", "risk_parity"]

_Array = NDArray[np.float64]

_ROUNDS: Final = 200
_CLOSE: Final = 1e-12
_SHORT: Final = 0.9
_RIDGE: Final = 1e-10


def inverse_volatility(covariance: _Array, *, limits: Limits | None = None) -> Solution:
    """Give weights in proportion to 1 / volatility; nothing to what never moves, unless nothing does.

    Parameters
    ----------
    covariance
        `[asset, asset]`.
    limits
        If given: the weights within them that are nearest by the deviation of their returns.
    """
    deviation = np.sqrt(np.diag(_valid(covariance)))
    moves = deviation > 0
    raw = np.where(moves, 1 / np.where(moves, deviation, 1.0), 0.0) if moves.any() else np.ones(len(deviation))
    return _kept(raw / raw.sum(), covariance, limits)


def risk_parity(covariance: _Array, *, budget: _Array | None = None, limits: Limits | None = None) -> Solution:
    """Give the long weights of which each brings its share of the risk, all the same if none is named.

    Parameters
    ----------
    covariance
        `[asset, asset]`; what never moves gets nothing.
    budget
        Share of the risk of each, above 0; they are divided by their sum.
    limits
        If given: the weights within them that are nearest by the deviation of their returns; the shares of risk are
        then what comes of it.

    References
    ----------
    S. Maillard, T. Roncalli and J. Teïletche (2010), The properties of equally weighted risk contribution portfolios,
    Journal of Portfolio Management 36; T. Griveau-Billion, J.-C. Richard and T. Roncalli (2013), A fast algorithm for
    computing high-dimensional risk parity portfolios: cyclical coordinate descent.
    """
    valid = _valid(covariance)
    shares = np.ones(len(valid)) if budget is None else np.asarray(budget, np.float64)
    if shares.shape != (len(valid),) or not (shares > 0).all() or not np.isfinite(shares).all():
        raise ValidationError(f"The shares of risk are {len(valid)} numbers above 0.")
    moves = np.diag(valid) > 0
    if not moves.any():
        return _kept(shares / shares.sum(), covariance, limits)
    weights = np.zeros(len(valid))
    weights[moves] = _parity(valid[np.ix_(moves, moves)], shares[moves] / shares[moves].sum())
    return _kept(weights, covariance, limits)


def _parity(covariance: _Array, budget: _Array) -> _Array:
    """Give the z of least z' C z / 2 - b' log z over the deviations, and over its sum; C are the correlations.

    Newton's steps from the weights of no correlation: each is cut short of 0 and halved until the goal falls, so that
    it takes some ten of them whether there are two instruments or two thousand. It ends where every share of the risk
    is its budget, or rounding lets it come no nearer. Where instruments cancel each other, the ridge alone keeps their
    weights finite.
    """
    deviation = np.sqrt(np.diag(covariance))
    tied = covariance / np.outer(deviation, deviation)
    tied[np.diag_indices_from(tied)] = 1 + _RIDGE
    now = np.sqrt(budget)
    now /= np.sqrt(float(now @ tied @ now))
    pulled = tied @ now
    for _ in range(_ROUNDS):
        slope = pulled - budget / now
        if np.abs(slope * now / budget).max() < _CLOSE:
            break
        curve = tied.copy()
        curve[np.diag_indices_from(curve)] += budget / (now * now)
        step = np.linalg.solve(curve, slope)
        length = min(1.0, _SHORT / max(float((step / now).max()), 1e-300))
        gained, across = float(slope @ step), tied @ step
        while length > _CLOSE and not _falls(now, pulled, step, across, budget, length, gained):
            length /= 2
        if length <= _CLOSE:
            break
        now, pulled = now - length * step, pulled - length * across
    weights = now / deviation
    return np.asarray(weights / weights.sum())


def _falls(
    now: _Array, pulled: _Array, step: _Array, across: _Array, budget: _Array, length: float, gained: float
) -> bool:
    """Say whether the goal falls by a step as it should; told by differences, so that the last steps are seen too."""
    square = -length * float(pulled @ step) + length * length * float(step @ across) / 2
    change = square - float(budget @ np.log1p(-length * step / now))
    return change <= -1e-4 * length * gained


def hrp(covariance: _Array, *, tied: _Array | None = None, limits: Limits | None = None) -> Solution:
    """Give hierarchical risk parity: instruments are put in an order by their likeness, and risk is halved along it.

    Likeness is √((1 - correlation) / 2), joined by the nearest pair (single linkage). Each half of the order gets what
    the other's variance has of the sum of both, where a half's variance is that of its inverse-variance weights.
    Duplicates and singular covariances do no harm.

    Parameters
    ----------
    covariance
        `[asset, asset]`.
    tied
        The correlations that likeness is told by; those of the covariance if None.
    limits
        If given: the weights within them that are nearest by the deviation of their returns.

    References
    ----------
    M. López de Prado (2016), Building diversified portfolios that outperform out of sample, Journal of Portfolio
    Management 42.
    """
    valid = _valid(covariance)
    variance = np.diag(valid)
    if not (variance > 0).any():
        return _kept(np.full(len(valid), 1 / len(valid)), covariance, limits)
    moving = np.flatnonzero(variance > 0)
    inside = valid[np.ix_(moving, moving)]
    alike = correlation(inside) if tied is None else np.asarray(tied, np.float64)[np.ix_(moving, moving)]
    likeness = np.sqrt(np.clip((1 - alike) / 2, 0.0, 1.0))
    order = moving[_order(likeness)]
    weights = np.zeros(len(valid))
    weights[order] = _halved(valid[np.ix_(order, order)])
    return _kept(weights, covariance, limits)


def _order(distance: _Array) -> list[int]:
    """Give the order of the leaves of a tree by single linkage, the earlier cluster first at each join."""
    count = len(distance)
    edges = sorted(_spanning(distance))
    of = list(range(2 * count - 1))
    leaves: list[list[int]] = [[place] for place in range(count)]

    def root(place: int) -> int:
        while of[place] != place:
            of[place] = of[of[place]]
            place = of[place]
        return place

    for _, _, one, other in edges:
        first, second = sorted((root(one), root(other)))
        of[first] = of[second] = len(leaves)
        leaves.append(leaves[first] + leaves[second])
    return leaves[-1]


def _spanning(distance: _Array) -> list[tuple[float, int, int, int]]:
    """Give the edges of the least tree that joins all, each with its length and when it was found."""
    count = len(distance)
    nearest, by = np.full(count, np.inf), np.zeros(count, np.int64)
    free = np.ones(count, bool)
    now, edges = 0, []
    for number in range(count - 1):
        free[now] = False
        closer = free & (distance[now] < nearest)
        nearest[closer], by[closer] = distance[now][closer], now
        following = int(np.argmin(np.where(free, nearest, np.inf)))
        edges.append((float(nearest[following]), number, int(by[following]), following))
        now = following
    return edges


def _halved(covariance: _Array) -> _Array:
    weights = np.ones(len(covariance))
    parts = [(0, len(covariance))]
    while parts:
        first, end = parts.pop()
        if end - first < 2:
            continue
        middle = (first + end) // 2
        left, right = (_variance(covariance[a:b, a:b]) for a, b in ((first, middle), (middle, end)))
        share = right / (left + right)
        weights[first:middle] *= share
        weights[middle:end] *= 1 - share
        parts += [(first, middle), (middle, end)]
    return weights


def _variance(covariance: _Array) -> float:
    """Give the variance of the weights that are in proportion to 1 / variance."""
    raw = 1 / np.diag(covariance)
    raw /= raw.sum()
    return max(float(raw @ covariance @ raw), 1e-300)


def _valid(covariance: _Array) -> _Array:
    return nearest_psd(np.asarray(covariance, np.float64))


def _kept(weights: _Array, covariance: _Array, limits: Limits | None) -> Solution:
    return Solution(weights=weights, limits=Limits()) if limits is None else within(weights, covariance, limits)
