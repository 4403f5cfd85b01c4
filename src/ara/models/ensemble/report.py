"""What each member of an ensemble is worth, and what weight it has for it."""

from dataclasses import dataclass
from typing import Final

from ara.models.ensemble.state import State

__all__ = ["Line", "report"]

_SURE: Final = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One member over one horizon of one class.

    Parameters
    ----------
    kind
        The class; empty for all together.
    horizon
        In bars.
    member
        Its name.
    skill, low, high
        1 - CRPS over the baseline's on days that were not fitted to, and its 95 % interval; all 0 where too few such
        days are known.
    weight
        Its share; 0 for a member that is not better than the baseline.
    months
        Months of forecasts that this rests on, older ones counting less.
    """

    kind: str
    horizon: int
    member: str
    skill: float
    low: float
    high: float
    weight: float
    months: float


def report(state: State) -> list[Line]:
    """Give one line for each class, horizon and member, in that order; those without a weight stand there too."""
    lines = []
    for kind, own in sorted(state.classes.items()):
        for place, horizon in enumerate(state.horizons):
            for which, member in enumerate(state.members):
                skill, error = own.skill[place][which], own.error[place][which]
                lines.append(
                    Line(
                        kind=kind,
                        horizon=horizon,
                        member=member,
                        skill=skill,
                        low=skill - _SURE * error,
                        high=skill + _SURE * error,
                        weight=own.weights[place][which],
                        months=own.months[place],
                    )
                )
    return lines
