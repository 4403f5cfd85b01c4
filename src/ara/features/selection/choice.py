"""Features chosen from some rows, and from nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.selection.filters import clusters, inflation, information, parts, rank_correlation, ranks, variation
from ara.features.selection.folds import folds
from ara.features.selection.importance import Estimator, judged

__all__ = ["Choice", "Limits", "choose"]

_SHIFTS: Final = 80
_INNER: Final = 3
_LEAVE: Final = 3
_CHANCE: Final = (
    "alone it goes with the target no more than with one that was moved in time, by rank correlation and by information"
)

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on a feature is dropped.

    Parameters
    ----------
    missing
        Share of the rows without a value.
    variation
        Standard deviation as a share of the usual size, at least.
    correlation
        Absolute rank correlation from which on two features say the same.
    inflation
        Variance inflation factor.
    chance
        How often a target that was moved in time may go with the feature as well, by rank correlation or by mutual
        information; that it is judged by the better of both is counted in.
    """

    missing: float = 0.3
    variation: float = 1e-9
    correlation: float = 0.9
    inflation: float = 10.0
    chance: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was kept of the features, and why not the others.

    Parameters
    ----------
    kept
        Their places.
    reasons
        Why each of the others was dropped, by its place.
    correlation, information
        Of each with the target: rank correlation, and bits of mutual information.
    """

    kept: tuple[int, ...]
    reasons: dict[int, str]
    correlation: _Array
    information: _Array


def choose(
    x: _Array, y: _Array, names: Sequence[str], estimator: Estimator, *, horizon: int, limits: Limits, seed: int
) -> Choice:
    """Drop what has no values, stands still, repeats others, says nothing, or does not help the estimator.

    Parameters
    ----------
    x, y
        Rows ascending in time, and their targets, all known.
    names
        Of the columns.
    estimator
        Judges by what it learns, in folds within these rows.
    horizon
        After how many rows a target is known.
    limits
        From where on a feature is dropped.
    seed
        Of what is random.
    """
    random = np.random.default_rng(seed)
    reasons: dict[int, str] = {}
    missing, varied = (~np.isfinite(x)).mean(axis=0), variation(x)
    for place in range(x.shape[1]):
        if missing[place] > limits.missing:
            reasons[place] = f"{missing[place]:.0%} of its values are missing"
        elif varied[place] < limits.variation:
            reasons[place] = "it stands still"
    with_target, bits, unlikely = _alone(x, y, horizon, random)
    # bits as the correlation of two normal figures that have as many of each other (E. H. Linfoot 1957)
    order = np.argsort(-np.maximum(np.abs(with_target), np.sqrt(1.0 - 4.0**-bits)), kind="stable")
    order = np.array([place for place in order.tolist() if place not in reasons], np.int64)
    correlation = rank_correlation(x)
    for place, leader in enumerate(clusters(correlation, limits.correlation, order).tolist()):
        if place not in reasons and leader != place:
            reasons[place] = f"it says what {names[leader]} says (rank correlation {correlation[place, leader]:.2f})"
    _inflated(correlation, reasons, limits.inflation)
    for place in range(x.shape[1]):
        if place not in reasons and unlikely[place] > limits.chance:
            reasons[place] = _CHANCE
    left = [place for place in range(x.shape[1]) if place not in reasons]
    kept = _eliminated(x, y, left, estimator, horizon, random)
    reasons |= dict.fromkeys(set(left) - set(kept), "the estimator does as well without it")
    return Choice(kept=tuple(kept), reasons=reasons, correlation=with_target, information=bits)


def _alone(x: _Array, y: _Array, horizon: int, random: np.random.Generator) -> tuple[_Array, _Array, _Array]:
    """Give each feature's rank correlation and information with the target, and how unlikely both are by chance.

    That is how often a target that was moved in time goes with the feature as well, by the measure by which that is
    rarer, and twice that: of two tries the better one was taken.
    """
    ranked, target = ranks(x), ranks(y[:, None])[:, 0]
    ranked = ranked - ranked.mean(axis=0)
    length = np.sqrt((ranked * ranked).sum(axis=0) * (target * target).sum())
    safe = np.where(length > 0, length, 1.0)
    eighths, aim = parts(x), parts(y[:, None])[:, 0]
    least = min(max(2 * horizon, len(y) // 10), len(y) // 3)
    found, bits = (target @ ranked) / safe, information(eighths, aim)
    above = np.ones((2, x.shape[1]))
    for shift in random.integers(least, len(y) - least, _SHIFTS).tolist():
        above[0] += np.abs(np.roll(target, shift) @ ranked) / safe >= np.abs(found)
        above[1] += information(eighths, np.roll(aim, shift)) >= bits
    return found, bits, np.asarray(np.minimum(2 * above.min(axis=0) / (_SHIFTS + 1), 1.0))


def _inflated(correlation: _Array, reasons: dict[int, str], limit: float) -> None:
    """Drop the feature that follows most from the others, until none follows too much."""
    while True:
        left = [place for place in range(len(correlation)) if place not in reasons]
        if len(left) < 2:
            return
        factors = inflation(correlation[np.ix_(left, left)])
        worst = int(np.argmax(factors))
        if not factors[worst] > limit:
            return
        reasons[left[worst]] = f"it follows from the others (variance inflation {min(factors[worst], 1e6):.0f})"


def _eliminated(
    x: _Array, y: _Array, left: list[int], estimator: Estimator, horizon: int, random: np.random.Generator
) -> list[int]:
    """Leave out a third again and again, those whose loss is smallest; give the set that did best, and beat nothing."""
    best, kept = 0.0, []
    inner = list(folds(len(y), count=_INNER, horizon=horizon)) if left else []
    while left:
        own, losses = judged(estimator, x[:, left], y, inner, random)
        if own > best:
            best, kept = own, left
        stay = len(left) - max(len(left) // _LEAVE, 1)
        left = [left[place] for place in sorted(np.argsort(-losses, kind="stable")[:stay].tolist())]
    return kept
