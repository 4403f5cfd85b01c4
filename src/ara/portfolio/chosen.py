"""Weights that were chosen, with what to buy and the frontier beside them, as every door tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.market.bars import Bars
from ara.market.symbols import normalise
from ara.portfolio.allocation import Allocation, Plan
from ara.portfolio.expected import historical_mean, shrunk_mean
from ara.portfolio.factors import FactorModel
from ara.portfolio.limits import Limits
from ara.portfolio.optimise import frontier
from ara.portfolio.past import short_past
from ara.portfolio.trades import Trades, currency_of, trades
from ara.risk import Moves
from ara.statistics import covariance, nearest_psd

__all__ = ["OLD_METHODS", "Chosen", "frontier_of", "named_again", "to_buy", "unused"]

_Array = NDArray[np.float64]

OLD_METHODS: Final[Mapping[str, str]] = {
    "mpt": "mean_variance", "markowitz": "mean_variance", "black_litterman": "mean_variance",
}  # fmt: skip
"""What older clients call a method; Black and Litterman's is mean and variance with forecasts as views."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Weights that were chosen, and what goes with them.

    Parameters
    ----------
    moves
        Returns they were chosen by.
    found
        The weights.
    trades
        What to buy for an amount; None where none was named.
    frontier
        Volatility and expected return of a year, at each point.
    forecast
        Whether forecasts moved the expected returns.
    factors
        What factors say of the instruments; None without any.
    free
        What cash earns in a year.
    notes
        What else is to be said, such as which instruments were named more than once.
    """

    moves: Moves
    found: Allocation
    trades: Trades | None = None
    frontier: Sequence[tuple[float, float]] = ()
    forecast: bool = False
    factors: FactorModel | None = None
    free: float = 0.0
    notes: Sequence[str] = ()

    @property
    def way(self) -> str:
        """How they were chosen, in words: mean and variance with forecasts as views is Black and Litterman's way."""
        return "Black-Litterman" if self.forecast and self.found.method == "mean_variance" else self.found.method

    def exposures(self) -> dict[str, Any] | None:
        """Give how the whole moves with factors, and what of its variance they do not explain; None without any."""
        return self.factors.as_dict(np.array(list(self.found.weights.values()))) if self.factors else None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "schema": 1,
            "days": len(self.moves),
            "first": self.moves.dates[0].isoformat(),
            "date": self.moves.dates[-1].isoformat(),
            "per_year": self.moves.per_year,
            **self.found.as_dict(),
            "warnings": short_past(len(self.moves), len(self.moves.symbols)),
            "forecasts": self.forecast,
            "factors": self.exposures(),
            "frontier": [{"volatility": risk, "expected_return": mean} for risk, mean in self.frontier],
            "trades": [one.as_dict() for one in self.trades.orders] if self.trades else [],
            "left": str(self.trades.cash) if self.trades else None,
            "free": self.free,
            "notes": list(self.notes),
        }


def named_again(typed: Sequence[str], symbols: Sequence[str]) -> list[str]:
    """Give what is to be said of those of the symbols that were named more than once, in any usual spelling."""
    spelled = [normalise(one) for one in typed]
    again = [one for one in symbols if spelled.count(one) > 1]
    if not again:
        return []
    told = f"{again[0]} is" if len(again) == 1 else f"{', '.join(again[:-1])} and {again[-1]} are"
    return [f"{told} named more than once: {'it is' if len(again) == 1 else 'each is'} weighed once."]


def unused(plan: Plan) -> list[str]:
    """Give what is to be said of what a plan holds and its method does not look at."""
    if not plan.free or plan.method == "maximum_sharpe":
        return []
    return [f"What cash earns changes nothing in the weights by {plan.method}; maximum_sharpe alone looks at it."]


def to_buy(bars: Sequence[Bars], found: Allocation, money: float, cost: float) -> Trades:
    """Give what to buy for an amount, in whole lots, at the last closes; `cost` is a share of what is traded.

    Raises
    ------
    ValidationError
        They are priced in several currencies.
    """
    currency_of([one.instrument for one in bars])
    instruments = {one.instrument.symbol: one for one in bars}
    prices = {name: Decimal(repr(float(one.frame["close"][-1]))) for name, one in instruments.items()}
    lots = {name: one.instrument.lot for name, one in instruments.items()}
    return trades(found.weights, prices=prices, lots=lots, cash=Decimal(repr(money)), cost=Decimal(repr(cost)))


def frontier_of(
    moves: Moves,
    plan: Plan,
    limits: Limits,
    points: int,
    *,
    expected: _Array | None = None,
    believed: _Array | None = None,
) -> list[tuple[float, float]]:
    """Give volatility and expected return of a year at each point of the frontier.

    Parameters
    ----------
    moves, plan, limits
        As for `allocate`.
    points
        How many.
    expected, believed
        Mean and covariance of a bar's returns that are given; estimated as the plan says where they are None.
    """
    matrix = nearest_psd(covariance(moves.returns, plan.covariance) if believed is None else believed)
    past = shrunk_mean(moves.returns, matrix)[0] if plan.expected == "shrunk" else historical_mean(moves.returns)
    mean = past if expected is None else expected
    found = []
    for one in frontier(mean, matrix, points=points, limits=limits):
        deviation = max(float(one.weights @ matrix @ one.weights), 0.0) ** 0.5
        found.append((deviation * moves.per_year**0.5, float(one.weights @ mean) * moves.per_year))
    return found
