"""One call from returns to weights: the method's name, the limits, and all that is to be said of the result."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.portfolio import optimise
from ara.portfolio.expected import historical_mean, shrunk_mean
from ara.portfolio.limits import Limits
from ara.portfolio.optimise.solution import Solution
from ara.risk.contributions import contributions
from ara.risk.moves import Moves
from ara.risk.tail import tail
from ara.statistics.covariance import covariance as estimated
from ara.statistics.covariance import nearest_psd

__all__ = ["AVERSIONS", "METHODS", "Allocation", "Plan", "allocate", "weighed"]

_Array = NDArray[np.float64]

METHODS: Final = (
    "equal",
    "inverse_volatility",
    "minimum_volatility",
    "risk_parity",
    "hrp",
    "mean_cvar",
    "mean_variance",
    "maximum_sharpe",
    "kelly",
)
"""Names that `allocate` understands; the last three need expected returns."""

AVERSIONS: Final[Mapping[str, float]] = {"conservative": 12.0, "moderate": 5.0, "aggressive": 2.0}
"""Words for the aversion to variance of `mean_variance`."""

_HALF: Final = 0.5
_TAIL: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How weights are to be chosen.

    Parameters
    ----------
    method
        One of `METHODS`.
    covariance
        How it is estimated: `sample`, `ledoit_wolf`, `oas`, `ewma`, `factor`, `dcc`.
    expected
        `shrunk` means of the past, drawn together by what chance would make of them, or `historical`.
    aversion
        To variance, for `mean_variance`.
    fraction
        Of Kelly's weights.
    free
        What cash earns in a year, for `maximum_sharpe` and for the ratios by which `walk` measures.
    cost
        Of changing a weight by 1, as a share; it is spread over a year.
    """

    method: str = "hrp"
    covariance: str = "ledoit_wolf"
    expected: str = "shrunk"
    aversion: float = AVERSIONS["moderate"]
    fraction: float = _HALF
    free: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Allocation:
    """Weights, and what is to be expected of them; what is of a year is so by the venue's calendar.

    Parameters
    ----------
    weights
        Of each symbol.
    method
        Which chose them.
    expected_return, risk
        Of a year: the mean, as the plan estimates it; the volatility.
    var, cvar
        Loss of a day that 95 % of the days stay within, and the mean of the others; None with fewer than 50 days.
    shares
        Of the risk, of each symbol.
    turnover, costs
        Sum of the sizes of all changes from what is held, and what they cost; None where nothing is said to be held.
    binding
        Limits that are reached.
    relaxed
        Limits that gave way, and why.
    """

    weights: Mapping[str, float]
    method: str
    expected_return: float
    risk: float
    var: float | None
    cvar: float | None
    shares: Mapping[str, float]
    turnover: float | None
    costs: float | None
    binding: tuple[str, ...]
    relaxed: tuple[str, ...]

    @property
    def cash(self) -> float:
        """What is missing to 1; below 0 it is borrowed."""
        left = 1 - float(np.sum(list(self.weights.values())))
        return left if abs(left) > 1e-9 else 0.0

    @property
    def sharpe(self) -> float | None:
        """Expected return over risk, both of a year; None where nothing moves."""
        return self.expected_return / self.risk if self.risk > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "method": self.method,
            "weights": dict(self.weights),
            "cash": self.cash,
            "expected_return": self.expected_return,
            "volatility": self.risk,
            "sharpe": self.sharpe,
            "var_95": self.var,
            "cvar_95": self.cvar,
            "risk_shares": dict(self.shares),
            "turnover": self.turnover,
            "costs": self.costs,
            "binding": list(self.binding),
            "relaxed": list(self.relaxed),
        }


def allocate(
    moves: Moves,
    plan: Plan | None = None,
    *,
    limits: Limits | None = None,
    expected: _Array | None = None,
    covariance: _Array | None = None,
) -> Allocation:
    """Give weights by a plan, within limits, from daily returns; there is always an answer.

    Parameters
    ----------
    moves
        Returns of the instruments on the days that all have.
    plan
        How; hierarchical risk parity if None.
    limits
        Long only and wholly invested if None. For `kelly` the sum is the most, and the rest is cash.
    expected
        Return of a day of each, such as `believed` gives; those of the plan if None.
    covariance
        Of a day, such as a `FactorModel` gives; that of the plan if None.
    """
    how, wanted = plan or Plan(), limits or Limits()
    _checked(moves.returns, how, wanted)
    mean, matrix = _beliefs(moves.returns, how, expected, covariance)
    found = _found(moves.returns, how, wanted, moves.per_year, mean, matrix)
    weights, returns = found.weights, moves.returns @ found.weights
    parts = contributions(weights, covariance=matrix)
    moved = None if wanted.held is None else float(np.abs(weights - wanted.held).sum())
    lost = tail(np.maximum(returns, -1.0)) if len(returns) >= _TAIL else None
    return Allocation(
        weights=dict(zip(moves.symbols, weights.tolist(), strict=True)),
        method=how.method,
        expected_return=float(weights @ mean) * moves.per_year,
        risk=parts.total * moves.per_year**0.5,
        var=lost.var if lost else None,
        cvar=lost.cvar if lost else None,
        shares=dict(zip(moves.symbols, np.nan_to_num(parts.share).tolist(), strict=True)),
        turnover=moved,
        costs=None if moved is None else moved * how.cost,
        binding=found.limits.binding(weights, moves.symbols) if how.method != "kelly" else (),
        relaxed=found.relaxed,
    )


def weighed(
    returns: _Array,
    plan: Plan,
    *,
    limits: Limits,
    per_year: float,
    expected: _Array | None = None,
    covariance: _Array | None = None,
) -> Solution:
    """Give the weights of a plan from `[day, asset]` returns, and other beliefs where they are given.

    Raises
    ------
    ValidationError
        There is no such method, or too little to estimate from.
    """
    _checked(returns, plan, limits)
    return _found(returns, plan, limits, per_year, *_beliefs(returns, plan, expected, covariance))


def _checked(returns: _Array, plan: Plan, limits: Limits) -> None:
    if plan.method not in METHODS:
        raise ValidationError(f"There is no method {plan.method!r}.", hint=f"There are: {', '.join(METHODS)}.")
    limits.check(returns.shape[1])


def _found(returns: _Array, plan: Plan, limits: Limits, per_year: float, mean: _Array, matrix: _Array) -> Solution:
    cost = plan.cost if limits.held is not None else 0.0
    daily = cost / per_year  # what is paid once is earned back over a year
    if plan.method == "equal":
        even = np.full(len(mean), limits.invested / len(mean))
        return (
            optimise.within(even, matrix, limits) if _limiting(limits, even) else Solution(weights=even, limits=limits)
        )
    if plan.method in ("inverse_volatility", "risk_parity", "hrp"):
        choose = {
            "inverse_volatility": optimise.inverse_volatility, "risk_parity": optimise.risk_parity, "hrp": optimise.hrp,
        }[plan.method]  # fmt: skip
        free = choose(matrix)
        target = free.weights * limits.invested
        if not _limiting(limits, target):
            return replace(free, weights=target, limits=limits)
        return optimise.within(target, matrix, limits)
    if plan.method == "minimum_volatility":
        return optimise.minimum_volatility(matrix, limits=limits, costs=daily)
    if plan.method == "mean_cvar":
        return optimise.mean_cvar(returns, limits=limits, costs=daily)
    if plan.method == "maximum_sharpe":
        return optimise.maximum_sharpe(mean, matrix, free=plan.free / per_year, limits=limits, costs=daily)
    if plan.method == "kelly":
        centred = returns - returns.mean(axis=0) + mean
        return optimise.kelly(centred, fraction=plan.fraction, limits=limits)
    return optimise.mean_variance(mean, matrix, aversion=plan.aversion, limits=limits, costs=daily)


def _beliefs(returns: _Array, plan: Plan, expected: _Array | None, covariance: _Array | None) -> tuple[_Array, _Array]:
    """Give the expected return and the covariance of a day."""
    matrix = nearest_psd(estimated(returns, plan.covariance) if covariance is None else covariance)
    if expected is not None:
        return np.asarray(expected, np.float64), matrix
    if plan.expected not in ("shrunk", "historical"):
        raise ValidationError(f"Returns can't be expected by {plan.expected!r}.", hint="There are: shrunk, historical.")
    return (shrunk_mean(returns, matrix)[0] if plan.expected == "shrunk" else historical_mean(returns)), matrix


def _limiting(limits: Limits, weights: _Array) -> bool:
    """Say whether weights that sum to what is invested break any other limit."""
    low, high = limits.bounds(len(weights))
    near = 1e-9
    if (weights < low - near).any() or (weights > high + near).any():
        return True
    if any(not one.least - near <= float(one.loads @ weights) <= one.most + near for one in limits.rows()):
        return True
    if limits.most is not None and int((np.abs(weights) > near).sum()) > limits.most:
        return True
    if limits.held is None or limits.turnover is None:
        return False
    return float(np.abs(weights - limits.held).sum()) > limits.turnover + near
