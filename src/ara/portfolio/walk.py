"""How plans would have done: weights from the past alone, held until the next choice, costs paid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.performance.returns import Measures, measure
from ara.portfolio.allocation import Plan, weighed
from ara.portfolio.limits import Limits
from ara.risk.moves import Moves

__all__ = ["Walked", "walk"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walked:
    """What a plan came to on days that it did not know.

    Parameters
    ----------
    plan
        The plan.
    dates, returns
        Of each day, costs paid.
    measures
        Of these returns.
    turnover
        Mean sum of the sizes of changes at a choice, the first left out.
    choices
        How often weights were chosen.
    relaxed
        How often limits gave way.
    """

    plan: Plan
    dates: tuple[date, ...]
    returns: _Array
    measures: Measures
    turnover: float
    choices: int
    relaxed: int

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "method": self.plan.method,
            "turnover": self.turnover,
            "choices": self.choices,
            "relaxed": self.relaxed,
            "measures": self.measures.as_dict(),
        }


def walk(
    moves: Moves,
    plans: Sequence[Plan],
    *,
    limits: Limits | None = None,
    window: int = 500,
    every: int = 63,
) -> list[Walked]:
    """Give how plans would have done on the same days, each choice from the days before it alone.

    Weights are chosen after the last of `window` days and held from the next; between choices they drift with the
    market. The cost of a plan is paid on the day after the choice, on the sum of the sizes of all changes.

    Parameters
    ----------
    moves
        Returns of the instruments.
    plans
        What to compare.
    limits
        For all of them; `held` is what each plan holds then.
    window
        Days that a choice looks back at.
    every
        Days between choices.
    """
    if window < 2 or every < 1:
        raise ValidationError(f"The window is {window} days and a choice comes every {every}; 2 and 1 are the least.")
    if len(moves) < window + 2:
        raise ValidationError(
            f"There are {len(moves)} days in common; {window + 2} are needed.", hint="Take a shorter window."
        )
    return [_walked(moves, plan, limits or Limits(), window, every) for plan in plans]


def _walked(moves: Moves, plan: Plan, limits: Limits, window: int, every: int) -> Walked:
    days, count = moves.returns.shape
    held, moved, relaxed, out = np.zeros(count), [], 0, np.zeros(days - window)
    for first in range(window, days, every):
        past = moves.returns[first - window : first]
        wanted = replace(limits, held=held, turnover=limits.turnover if first > window else None)
        found = weighed(past, plan, limits=wanted, per_year=moves.per_year)
        relaxed += bool(found.relaxed)
        changed = float(np.abs(found.weights - held).sum())
        moved.append(changed)
        held, paid = found.weights, changed * plan.cost
        for day in range(first, min(first + every, days)):
            gained = float(held @ moves.returns[day])
            out[day - window] = (1 - paid) * (1 + gained) - 1
            paid = 0.0
            held = held * (1 + moves.returns[day]) / (1 + gained) if gained > -1 else np.zeros(count)
    return Walked(
        plan=plan,
        dates=moves.dates[window:],
        returns=out,
        measures=measure(np.maximum(out, -1.0), per_year=moves.per_year, free=plan.free),
        turnover=float(np.mean(moved[1:])) if len(moved) > 1 else 0.0,
        choices=len(moved),
        relaxed=relaxed,
    )
