"""How weights did in the past, beside each holding and a benchmark, as every door tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ara.errors import ValidationError
from ara.performance import Measures, measure
from ara.risk import Moves, Spread, spread
from ara.statistics import covariance, nearest_psd

__all__ = ["Past", "borrowed", "cash_of", "past", "short_past"]

_FEW: Final = 60
_ROUNDED: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How a portfolio did: the whole, each holding, a benchmark, and how widely it is spread.

    Parameters
    ----------
    weights
        Of each symbol, put right each day.
    moves
        Returns of what is held, on the days that all have.
    whole
        Measures of the whole.
    each
        Of each holding.
    benchmark
        Symbol and measures of what it is set beside; None for nothing.
    spread
        How widely it is spread.
    notes
        What else is to be minded, such as prices in coins.
    """

    weights: Mapping[str, float]
    moves: Moves
    whole: Measures
    each: Mapping[str, Measures]
    benchmark: tuple[str, Measures] | None
    spread: Spread
    notes: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "schema": 1,
            "weights": dict(self.weights),
            "cash": cash_of(self.weights),
            "days": len(self.moves),
            "first": self.moves.dates[0].isoformat(),
            "date": self.moves.dates[-1].isoformat(),
            "warnings": [*short_past(len(self.moves), len(self.weights)), *borrowed(self.weights), *self.notes],
            "per_year": self.moves.per_year,
            "measures": self.whole.as_dict(),
            "holdings": {name: one.as_dict() for name, one in self.each.items()},
            "benchmark": {"symbol": self.benchmark[0], "measures": self.benchmark[1].as_dict()}
            if self.benchmark
            else None,
            "spread": self.spread.as_dict(),
        }


def past(weights: Mapping[str, float], moves: Moves, *, benchmark: str = "", free: float = 0.0) -> Past:
    """Look back at weights.

    Parameters
    ----------
    weights
        Share of each symbol.
    moves
        Returns of these symbols, and of the benchmark.
    benchmark
        Symbol of what it is set beside; empty for nothing.
    free
        What cash earns in a year.
    """
    mine = moves.only(list(weights))
    shares = np.array(list(weights.values()))
    returns = mine.returns @ shares
    if (returns < -1).any():
        raise ValidationError("Such weights have lost more than all on a day.", hint="Borrow less.")
    beside = moves.returns[:, moves.symbols.index(benchmark)] if benchmark else None
    each = {one: mine.returns[:, place] for place, one in enumerate(mine.symbols)}
    year = moves.per_year
    return Past(
        weights=weights,
        moves=mine,
        whole=measure(returns, per_year=year, free=free, benchmark=beside),
        each={name: measure(one, per_year=year, free=free) for name, one in each.items()},
        benchmark=(benchmark, measure(beside, per_year=year, free=free)) if beside is not None else None,
        spread=spread(shares, nearest_psd(covariance(mine.returns))),
    )


def cash_of(weights: Mapping[str, float]) -> float:
    """Give what is missing to 1, nothing where that is a rounding error; below 0 it is borrowed."""
    import math

    left = 1 - math.fsum(weights.values())
    return left if abs(left) > _ROUNDED else 0.0


def borrowed(weights: Mapping[str, float]) -> list[str]:
    """Give a warning where weights sum to more than the whole, so that nobody takes them for a slip; else nothing."""
    left = cash_of(weights)
    if left >= 0:
        return []
    return [f"The weights sum to {100 * (1 - left):.4g} %: {-100 * left:.4g} % is borrowed, which costs nothing here."]


def short_past(days: int, count: int = 1) -> list[str]:
    """Give a warning where so few days are known that figures of so many holdings say little; else nothing."""
    due = max(_FEW, count)
    if days >= due:
        return []
    told = f"Only {days} days are known that all have: such figures say little; {due} are the least to go by"
    return [f"{told}, as there are {count} holdings." if count > _FEW else f"{told}."]
