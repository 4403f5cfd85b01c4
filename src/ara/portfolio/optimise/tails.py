"""Weights by returns as they were: the least mean loss of the worst days, and the best growth."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.portfolio.limits import Limits, Sum
from ara.portfolio.optimise.program import Program
from ara.portfolio.optimise.solution import Solution, costs_of, limited, richest, settled
from ara.portfolio.optimise.widening import widened

__all__ = ["kelly", "mean_cvar"]

_Array = NDArray[np.float64]

_LEAST: Final = 10
_LARGE: Final = 200_000
"""Returns, bars times assets, above which a part of them is solved, and widened until it answers for all."""


def mean_cvar(
    returns: _Array,
    *,
    level: float = 0.95,
    expected: _Array | None = None,
    target_return: float | None = None,
    limits: Limits | None = None,
    costs: float | _Array = 0.0,
) -> Solution:
    """Give the weights whose worst days lose least on average.

    Parameters
    ----------
    returns
        `[bar, asset]`, finite: each bar is as likely as any other.
    level
        The worst 1 - level of bars count: 0.95.
    expected
        Return of each over a bar; the mean of `returns` if None. Only for `target_return`.
    target_return
        What is to be earned a bar on average; the most that can be where it is more.
    limits
        Long only and wholly invested, if None.
    costs
        Of changing a weight by 1 from `limits.held`, as a share.

    References
    ----------
    R. T. Rockafellar and S. Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2.
    """
    bars, count = _given(returns)
    if not 0.5 <= level < 1:
        raise ValidationError(f"The level is {level}; it is from 0.5 to below 1.")
    mean = returns.mean(axis=0) if expected is None else np.asarray(expected, np.float64)
    cost, size = costs_of(costs, count), max(float(np.abs(returns).mean()), 1e-300)
    scaled = returns / size

    def attempt(now: Limits, least: float | None) -> _Array | None:
        if least is not None:
            earned = Sum(name="return", loads=mean / size, least=least / size, kind="exposures")
            now = replace(now, sums=(*now.sums, earned))
        worst = (1 - level) * bars
        if bars * count <= _LARGE:
            return _calmest(scaled, worst, now, cost / size)[0]
        return widened(
            -np.abs(scaled).mean(axis=0), now, cost / size, lambda here: _sliced(scaled, worst, now, cost / size, here)
        )

    wanted = limits or Limits()
    if target_return is None:
        return settled(count, wanted, lambda now: attempt(now, None))
    wanted.check(count)
    first = attempt(wanted, target_return)
    if first is not None:
        return settled(count, wanted, lambda now: attempt(now, target_return), first=first)
    best = settled(count, wanted, lambda now: richest(mean, now, cost))
    reached = float(best.weights @ mean)
    if reached >= target_return:
        return settled(count, best.limits, lambda now: attempt(now, target_return))
    words = f"a return of {target_return:.4g} a bar can't be expected: the most within the limits is {reached:.4g}"
    return Solution(weights=best.weights, relaxed=(words, *best.relaxed), limits=best.limits)


def _calmest(returns: _Array, worst: float, limits: Limits, cost: _Array) -> tuple[_Array | None, _Array]:
    """Give the weights of the least mean loss of so many worst bars, and what each bar has of that mean."""
    bars, count = returns.shape
    program = Program()
    weights, start, beyond = program.add(count), program.add(1), program.add(bars)
    unit = _unit(bars)
    program.at_most([(weights, -returns), (start, -np.ones((bars, 1))), (beyond, -unit)], np.zeros(bars))
    program.at_most([(beyond, -unit)], np.zeros(bars))
    sizes = limited(program, weights, limits)
    linear = np.zeros(program.size)
    linear[start] = 1.0
    linear[beyond] = 1.0 / worst
    if sizes is not None:
        linear[sizes] = cost
    found = program.solve(linear)
    return None if found is None else found[weights], program.prices[1 : 1 + bars]


def _sliced(
    returns: _Array, worst: float, limits: Limits, cost: _Array, here: NDArray[np.bool_]
) -> tuple[_Array, _Array] | None:
    part, shares = _calmest(returns[:, here], worst, limits.among(here), cost[here])
    return None if part is None else (part, shares @ returns)


def kelly(
    returns: _Array,
    *,
    fraction: float = 0.5,
    limits: Limits | None = None,
) -> Solution:
    """Give the weights under which wealth would have grown fastest, and of them a fraction; the rest is cash.

    Growth is the mean of log(1 + return) over the bars as they were, so a bar that loses all is never risked. Full
    Kelly bets on means that nobody knows so well; half of it keeps three quarters of the growth with half the
    deviation.

    Parameters
    ----------
    returns
        `[bar, asset]`, finite, above what cash earns: each bar is as likely as any other.
    fraction
        Of the weights: above 0, at most 1.
    limits
        Long only, if None. `invested` is then the most, not the sum; the fraction is taken after the limits.

    References
    ----------
    J. L. Kelly (1956), A new interpretation of information rate, Bell System Technical Journal 35; L. MacLean,
    E. Thorp and W. Ziemba (2010), Good and bad properties of the Kelly criterion.
    """
    bars, count = _given(returns)
    if not 0 < fraction <= 1:
        raise ValidationError(f"The fraction is {fraction}; it is above 0 and at most 1.")
    wanted = limits or Limits()
    wanted.check(count)
    with_cash = np.column_stack([returns, np.zeros(bars)])

    def attempt(now: Limits) -> _Array | None:
        if bars * count <= _LARGE:
            return _grown(with_cash, now)

        def of(here: NDArray[np.bool_]) -> tuple[_Array, _Array] | None:
            part = _grown(with_cash[:, here], now.among(here))
            return None if part is None else (part, (with_cash / (1 + with_cash[:, here] @ part)[:, None]).mean(axis=0))

        return widened(with_cash.mean(axis=0), now, np.zeros(count + 1), of)

    found = settled(count + 1, _and_cash(wanted, count), attempt)
    return Solution(weights=found.weights[:-1] * fraction, relaxed=found.relaxed, limits=wanted)


def _grown(returns: _Array, limits: Limits) -> _Array | None:
    """Give the weights of the best mean of log(1 + return)."""
    bars, count = returns.shape
    program = Program()
    weights, grown = program.add(count), program.add(bars)
    limited(program, weights, limits)
    rows, values = np.zeros((3 * bars, count)), np.zeros(3 * bars)
    rows[2::3], values[1::3], values[2::3] = -returns, 1.0, 1.0  # each three: growth, 1, wealth after the bar
    program.exponential([(weights, rows), (grown, _thirds(bars))], values)
    linear = np.zeros(program.size)
    linear[grown] = -1.0 / bars
    found = program.solve(linear)
    return None if found is None else found[weights]


def _and_cash(limits: Limits, count: int) -> Limits:
    """Give the limits with cash as one more holding: from nothing to all that there is, and what shorts bring."""
    low, high = limits.bounds(count)
    held = limits.held
    return replace(
        limits,
        lowest=np.append(low, 0.0),
        highest=np.append(high, max(limits.invested - float(np.minimum(low, 0.0).sum()), 0.0)),
        group=(*limits.group, "") if limits.groups else (),
        held=None if held is None else np.append(held, limits.invested - float(held.sum())),
        most=None if limits.most is None else limits.most + 1,
        sums=tuple(replace(one, loads=np.append(one.loads, 0.0)) for one in limits.sums),
    )


def _given(returns: _Array) -> tuple[int, int]:
    if returns.ndim != 2 or not returns.shape[1] or not np.isfinite(returns).all():
        raise ValidationError("Returns are a table with a column for each instrument, without gaps.")
    if len(returns) < _LEAST:
        raise ValidationError(f"There are {len(returns)} bars of returns; {_LEAST} are needed.")
    return len(returns), returns.shape[1]


def _unit(count: int) -> Any:
    from scipy import sparse

    return sparse.identity(count, format="csr")


def _thirds(bars: int) -> Any:
    """Give -1 at each third row, for a variable each."""
    from scipy import sparse

    return sparse.csr_matrix((-np.ones(bars), (3 * np.arange(bars), np.arange(bars))), shape=(3 * bars, bars))
