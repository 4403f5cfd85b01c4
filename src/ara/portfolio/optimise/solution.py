"""Weights that meet limits, found for any goal; and what gave way where nothing meets all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.portfolio.limits import RELAXED, Limits
from ara.portfolio.optimise.program import Program
from ara.statistics.covariance import nearest_psd

__all__ = ["Solution", "costs_of", "limited", "richest", "settled", "within"]

_Array = NDArray[np.float64]

_DUST: Final = 1e-6
_MARGIN: Final = 1e-6
_SINGLE: Final = ("highest", "lowest")
_TRIALS: Final = 200
_ALL: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Weights, and what is to be known of them.

    Parameters
    ----------
    weights
        Of each instrument.
    relaxed
        Limits that gave way, and why, in words; empty where all are met.
    limits
        Those that the weights meet.
    """

    weights: _Array
    relaxed: tuple[str, ...] = ()
    limits: Limits


def limited(program: Program, weights: slice, limits: Limits, *, scale: slice | None = None) -> slice | None:
    """Add the rows of limits to a program; give the places of the sizes of changes, where they are needed.

    Parameters
    ----------
    program, weights
        The program and its variables that are the weights.
    limits
        What they have to meet.
    scale
        A variable that all limits are multiplied by: the weights are then so many times too large.
    """
    from scipy import sparse

    count = weights.stop - weights.start
    low, high = limits.bounds(count)
    unit = sparse.identity(count, format="csr")

    def most(rows: Any, values: _Array, more: Sequence[tuple[slice, Any]] = ()) -> None:
        if scale is None:
            program.at_most([(weights, rows), *more], values)
        else:
            program.at_most([(weights, rows), *more, (scale, -values[:, None])], np.zeros(len(values)))

    whole = np.ones((1, count))
    if scale is None:
        program.equal([(weights, whole)], np.array([limits.invested]))
    else:
        program.equal([(weights, whole), (scale, np.array([[-limits.invested]]))], np.zeros(1))
    most(unit, high)
    most(-unit, -low)
    for one in limits.rows():
        if np.isfinite(one.most):
            most(one.loads[None, :], np.array([one.most]))
        if np.isfinite(one.least):
            most(-one.loads[None, :], np.array([-one.least]))
    if limits.held is None:
        return None
    sizes = program.add(count)
    most(unit, limits.held, [(sizes, -unit)])
    most(-unit, -limits.held, [(sizes, -unit)])
    if limits.turnover is not None:
        changed = np.array([limits.turnover])
        if scale is None:
            program.at_most([(sizes, whole)], changed)
        else:
            program.at_most([(sizes, whole), (scale, -changed[:, None])], np.zeros(1))
    return sizes


def costs_of(costs: float | _Array, count: int) -> _Array:
    """Give the cost of changing each weight by 1, one for all or one for each."""
    return np.array(np.broadcast_to(np.asarray(costs, np.float64), count))


def settled(
    count: int,
    limits: Limits,
    attempt: Callable[[Limits], _Array | None],
    *,
    first: _Array | None = None,
    loss: Callable[[_Array], float] | None = None,
) -> Solution:
    """Give weights by an attempt that may fail, with limits that give way, one kind after the other, until it does not.

    The order is `RELAXED`: turnover, number of holdings, exposures, groups, highest, lowest weights. The first kind
    that is enough alone gives way, by the least that leaves anything to choose from. Where none is enough alone, one
    after the other gives way, the last of them by the least. Where numbers defeat the solver, the answer is equal
    parts, told as such.

    Parameters
    ----------
    count
        Of instruments.
    limits
        What is wanted.
    attempt
        Gives the best weights within limits, None where there are none.
    first
        What it gave for these limits, where that is known.
    loss
        What it makes least, of weights: by it, some of at most so many holdings are exchanged for better ones.
    """
    limits.check(count)
    found = _few(limits, attempt, first, loss)
    if found is not None:
        return Solution(weights=_tidy(found, limits), limits=limits)
    kinds = [kind for kind in RELAXED if _there(limits, kind)]
    for kind in kinds:
        now, words, enough = _loosened(count, limits, kind)
        found = _few(now, attempt, None, loss) if enough else None
        if found is not None:
            return Solution(weights=_tidy(found, now), relaxed=(words,), limits=now)
    now, told = limits, []
    for kind in kinds:
        now, words, _ = _loosened(count, now, kind)
        told.append(words)
        found = _few(now, attempt, None, loss)
        if found is not None:
            return Solution(weights=_tidy(found, now), relaxed=tuple(told), limits=now)
    return _even(count, limits)


def _even(count: int, limits: Limits) -> Solution:
    """Give what is left where the numbers defeat the solver: equal parts, as near as the limits let them."""
    target = np.full(count, limits.invested / count)
    program = Program()
    weights = program.add(count)
    limited(program, weights, limits)
    linear = np.zeros(program.size)
    linear[weights] = -target
    found = program.solve(linear, [(weights, np.eye(count))])
    words = "the goal could not be reached with such returns: these are equal parts"
    if found is None:
        return Solution(weights=target, relaxed=(f"{words}, and no limit is met",), limits=limits)
    return Solution(
        weights=_tidy(found[weights], limits), relaxed=(f"{words}, as near as the limits let them",), limits=limits
    )


def _there(limits: Limits, kind: str) -> bool:
    return {
        "turnover": limits.turnover is not None,
        "most": limits.most is not None,
        "groups": bool(limits.rows("groups")),
        "exposures": bool(limits.rows("exposures")),
    }.get(kind, True)


def _loosened(count: int, limits: Limits, kind: str) -> tuple[Limits, str, bool]:
    """Give limits in which one kind gives way by the least that works, that in words, and whether it may be enough."""
    words = {
        "turnover": "the limit of turnover", "most": "the number of holdings", "groups": "the limits of groups",
        "exposures": "the limits of exposures", "highest": "the highest weights", "lowest": "the lowest weights",
    }[kind]  # fmt: skip
    if kind == "most":
        return limits.without(kind), f"{words} gave way: with so few, nothing meets the other limits", True
    for across in (False, True) if kind in _SINGLE else (False,):
        least = _least(count, limits, kind, across=across)
        if least is not None:
            told = f"{words} gave way by {least:.4g}, the least that can be met"
            return limits.loosened(kind, least + _MARGIN, across=across), told, True
    return limits.without(kind), f"{words} gave way wholly: nothing meets them with the others", False


def _least(count: int, limits: Limits, kind: str, *, across: bool) -> float | None:
    """Give the least by which one kind has to be wider, so that any weights are left; None where none are."""
    program = Program()
    weights, slack = program.add(count), program.add(1)
    unit = np.eye(count)
    sizes = limited(program, weights, limits.without(kind))
    against = -np.ones((count, 1))
    low, high = limits.bounds(count)
    if kind == "turnover" and sizes is not None and limits.turnover is not None:
        program.at_most([(sizes, np.ones((1, count))), (slack, -np.ones((1, 1)))], np.array([limits.turnover]))
    elif kind in ("groups", "exposures"):
        for one in limits.rows(kind):
            for sign, bound in ((1.0, one.most), (-1.0, -one.least)):
                if np.isfinite(bound):
                    program.at_most([(weights, sign * one.loads[None, :]), (slack, against[:1])], np.array([bound]))
    elif kind in _SINGLE:
        side, reach = (unit, high) if kind == "highest" else (-unit, -low)
        program.at_most([(weights, side), (slack, against)], reach)
        if not across:
            program.at_most([(weights, side[reach <= 0])], np.zeros(int((reach <= 0).sum())))
    program.at_most([(slack, -np.ones((1, 1)))], np.zeros(1))
    linear = np.zeros(program.size)
    linear[slack] = 1.0
    found = program.solve(linear)
    return None if found is None else max(float(found[slack][0]), 0.0)


def _few(
    limits: Limits,
    attempt: Callable[[Limits], _Array | None],
    first: _Array | None,
    loss: Callable[[_Array], float] | None,
) -> _Array | None:
    """Give the best weights; of at most so many holdings by leaving out the smallest, some at a time.

    Which of them to hold is a question that takes too long to answer for certain. So a fifth of those that are too many
    goes, the smallest, at least one; what is left is weighed again, and so on. Then, among up to 100, one after the
    other is exchanged for one that was left out, as long as that is better and for 200 trials at the most.
    """
    found = attempt(limits) if first is None else first
    if found is None or limits.most is None:
        return found
    low, _ = limits.bounds(len(found))
    while (held := int((np.abs(found) > _DUST).sum())) > limits.most:
        left = held - max(1, (held - limits.most) // 5)
        rank = np.abs(found) + np.where(low > 0, 1e6, 0.0)  # what has to be held stays
        kept = np.zeros(len(found), bool)
        kept[np.argsort(-rank, kind="stable")[:left]] = True
        again = None if (low[~kept] > 0).any() else attempt(limits.only(kept))
        if again is None:
            return None
        found = np.where(kept, again, 0.0)
    return found if loss is None or not _many(found, limits) else _exchanged(found, limits, attempt, loss)


def _many(found: _Array, limits: Limits) -> bool:
    """Say whether the number of holdings is what limits, and an exchange may help."""
    count = int((np.abs(found) > _DUST).sum())
    return count == limits.most and count < len(found) <= _ALL


def _exchanged(
    found: _Array, limits: Limits, attempt: Callable[[Limits], _Array | None], loss: Callable[[_Array], float]
) -> _Array:
    """Give weights of which no exchange of one holding is better, or the best after so many trials."""
    low, _ = limits.bounds(len(found))
    best, trials, better = loss(found), 0, True
    while better and trials < _TRIALS:
        better = False
        held = np.abs(found) > _DUST
        inside = sorted(np.flatnonzero(held & (low <= 0)), key=lambda one: abs(found[one]))
        for one, other in ((one, other) for one in inside for other in np.flatnonzero(~held)):
            kept = held.copy()
            kept[one], kept[other] = False, True
            again = attempt(limits.only(kept))
            trials += 1
            if again is not None and loss(np.where(kept, again, 0.0)) < best - 1e-6 * abs(best):
                found, better = np.where(kept, again, 0.0), True
                best = loss(found)
                break
            if trials >= _TRIALS:
                break
    return found


def _tidy(weights: _Array, limits: Limits) -> _Array:
    """Give weights without dust, summing to what is invested."""
    low, high = limits.bounds(len(weights))
    clean = np.clip(np.where(np.abs(weights) < _DUST, 0.0, weights), low, high)
    gap = limits.invested - float(clean.sum())
    room = np.where(clean == 0, 0.0, (high - clean) if gap > 0 else (clean - low))
    return np.asarray(clean + gap * room / room.sum() if room.sum() > abs(gap) else clean)


def within(target: _Array, covariance: _Array, limits: Limits) -> Solution:
    """Give the weights within limits whose returns are nearest to those of a target, by the deviation between them.

    Parameters
    ----------
    target
        Weights that know no limits.
    covariance
        Of the returns.
    limits
        What they have to meet.
    """
    count, valid = len(target), nearest_psd(np.asarray(covariance, np.float64))
    even = valid / (float(np.trace(valid)) / len(valid) or 1.0) + np.eye(len(valid)) * 1e-8

    def attempt(now: Limits) -> _Array | None:
        program = Program()
        weights = program.add(count)
        limited(program, weights, now)
        linear = np.zeros(program.size)
        linear[weights] = -even @ target
        found = program.solve(linear, [(weights, even)])
        return None if found is None else found[weights]

    return settled(count, limits, attempt)


def richest(mean: _Array, limits: Limits, cost: _Array) -> _Array | None:
    """Give the weights of the best expected return, whatever they vary."""
    program = Program()
    weights = program.add(len(mean))
    sizes = limited(program, weights, limits)
    linear = np.zeros(program.size)
    top = max(float(np.abs(mean).max()), 1e-300)
    linear[weights] = -mean / top
    if sizes is not None:
        linear[sizes] = cost / top
    found = program.solve(linear)
    return None if found is None else found[weights]
