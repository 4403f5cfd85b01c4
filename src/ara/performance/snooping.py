"""Many tried, one shown: whether the best of them is better than the benchmark, and which can't be told apart."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.bootstrap import drawn_means, usual_block

__all__ = ["BestOfMany", "ConfidenceSet", "model_confidence_set", "reality_check", "spa"]

_Array = NDArray[np.float64]

_FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOfMany:
    """Whether the best of many is better than the benchmark.

    Parameters
    ----------
    best
        Which one gains most.
    gain
        Its mean gain of a bar.
    p
        Chance of a best like this where none is better than the benchmark.
    low, high
        Bounds of that chance, by how many of the poor ones are left out; equal to `p` for the reality check.
    """

    best: int
    gain: float
    p: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceSet:
    """Those that can't be told from the best.

    Parameters
    ----------
    members
        Which stay, the smallest mean loss first.
    p
        Of each, the level at which it would leave: 1 for the best.
    losses
        Mean loss of each.
    """

    members: tuple[int, ...]
    p: tuple[float, ...]
    losses: tuple[float, ...]


def _table(values: ArrayLike, *, least: int) -> _Array:
    table = np.asarray(values, np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) < _FEWEST or table.shape[1] < least or not np.isfinite(table).all():
        raise ValidationError(
            f"A table {np.shape(values)} of trials can't be tested.",
            hint=f"Give [bar, trial]: {_FEWEST} bars or more, {least} trials or more, all finite.",
        )
    return table


def _block(table: _Array, block: float | None) -> float:
    return max(usual_block(one) for one in table.T) if block is None else block


def reality_check(gains: ArrayLike, *, draws: int = 1000, block: float | None = None, seed: int = 0) -> BestOfMany:
    """Test by White whether the best of many gains at all, given that the best was picked.

    Parameters
    ----------
    gains
        `[bar, trial]`: what each gained in each bar beyond the benchmark (returns less its returns, or its losses
        less theirs).
    draws, seed
        Of the stationary bootstrap.
    block
        Mean length of its blocks; without it the longest that suits any of them.

    References
    ----------
    White (2000), A Reality Check for Data Snooping, Econometrica 68.
    """
    table = _table(gains, least=1)
    means = table.mean(axis=0)
    apart = drawn_means(table, draws, block=_block(table, block), seed=seed) - means
    p = _share(apart.max(axis=1), float(means.max()))
    return BestOfMany(best=int(means.argmax()), gain=float(means.max()), p=p, low=p, high=p)


def spa(gains: ArrayLike, *, draws: int = 1000, block: float | None = None, seed: int = 0) -> BestOfMany:
    """Test by Hansen whether the best of many gains at all: each by its own error, and the hopeless left out.

    Adding poor trials makes the reality check blind; here they don't count. `low` leaves out all that lost, `high`
    none, `p` those that lost too much for chance.

    Parameters
    ----------
    gains, draws, block, seed
        As in `reality_check`.

    References
    ----------
    Hansen (2005), A Test for Superior Predictive Ability, Journal of Business & Economic Statistics 23.
    """
    table = _table(gains, least=1)
    length = _block(table, block)
    n, means = len(table), table.mean(axis=0)
    sizes = np.array([_error(one, length) for one in table.T])
    there = sizes > 0
    if not there.any():
        p = 0.0 if means.max() > 0 else 1.0
        return BestOfMany(best=int(means.argmax()), gain=float(means.max()), p=p, low=p, high=p)
    shown, errors = means[there], sizes[there]
    told = max(float((shown / errors).max()), 0.0)
    moved = drawn_means(table[:, there], draws, block=length, seed=seed)
    edge = -errors * math.sqrt(2 * math.log(math.log(max(n, _FEWEST))))
    centres = (np.maximum(shown, 0.0), np.where(shown >= edge, shown, 0.0), shown)
    low, p, high = (_share(np.maximum(((moved - one) / errors).max(axis=1), 0.0), told) for one in centres)
    return BestOfMany(best=int(means.argmax()), gain=float(means.max()), p=p, low=low, high=high)


def _share(drawn: _Array, told: float) -> float:
    """Give the share of draws that reach what was seen, the seen one among them, so that it is never 0."""
    return (1 + int((drawn >= told - 1e-15).sum())) / (1 + len(drawn))


def _error(values: _Array, block: float) -> float:
    """Give the standard error of a mean as the stationary bootstrap has it; 0 where nothing moves."""
    n, apart = len(values), values - values.mean()
    size = float(np.dot(apart, apart)) / n
    if not size > 1e-26 * float(np.dot(values, values)) / n:
        return 0.0
    power = 2 ** math.ceil(math.log2(2 * n))
    waves = np.fft.rfft(apart, power)
    told = np.fft.irfft(waves * np.conj(waves), power)[:n] / n
    step, stay = np.arange(1, n), 1 - 1 / block
    weight = (1 - step / n) * stay**step + step / n * stay ** (n - step)
    return math.sqrt(max(size + 2 * float(np.dot(weight, told[1:])), 1e-4 * size) / n)


def model_confidence_set(
    losses: ArrayLike, *, level: float = 0.1, draws: int = 1000, block: float | None = None, seed: int = 0
) -> ConfidenceSet:
    """Give those of several models that can't be told from the best: it is among them with a share 1 - `level`.

    The worst leaves as long as the models that are left can be told apart (by the largest t of a model against their
    mean).

    Parameters
    ----------
    losses
        `[bar, model]`: smaller is better.
    level
        0.1: the set holds the best with 90 %.
    draws, block, seed
        As in `reality_check`.

    References
    ----------
    Hansen, Lunde and Nason (2011), The Model Confidence Set, Econometrica 79.
    """
    table = _table(losses, least=2)
    if not 0 < level < 1:
        raise ValidationError(f"level is {level:g}.", hint="Give a share between 0 and 1, as 0.1.")
    means = table.mean(axis=0)
    moved = drawn_means(table, draws, block=_block(table, block), seed=seed) - means
    left, p, worst = list(range(table.shape[1])), np.ones(table.shape[1]), 0.0
    while len(left) > 1:
        place, chance = _leaving(means[left], moved[:, left])
        worst = max(worst, chance)
        p[left[place]] = worst
        left.pop(place)
    members = sorted(np.flatnonzero(p > level).tolist(), key=lambda one: (means[one], one))
    return ConfidenceSet(
        members=tuple(members), p=tuple(float(one) for one in p), losses=tuple(float(one) for one in means)
    )


def _leaving(means: _Array, moved: _Array) -> tuple[int, float]:
    """Give which model leaves first, and the chance that all are alike."""
    floor = 1e-12 * max(float(np.abs(means).max()), 1e-300)
    apart, drawn = means - means.mean(), moved - moved.mean(axis=1, keepdims=True)
    errors = np.sqrt((drawn * drawn).mean(axis=0))
    alike = errors <= floor
    errors, drawn = np.where(alike, floor, errors), np.where(alike, 0.0, drawn)
    stats = np.where(np.abs(apart) <= floor, 0.0, apart) / errors
    place = int(np.argmax(stats))
    return place, _share((drawn / errors).max(axis=1), float(stats[place]))
