"""What each member of an ensemble is worth, and what weight it has for it."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ara.models.ensemble.reach import taught
from ara.models.ensemble.state import ALL, State
from ara.models.ensemble.weights import judges

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
    judged
        Over how many bars it had to beat the baseline to have a weight: fewer than `horizon` where too few forecasts
        that don't overlap tell of that.
    beaten
        Whether it did not beat it there, where enough days are known.
    absent
        Whether it was left out, because what it is fitted by is not installed.
    """

    kind: str
    horizon: int
    member: str
    skill: float
    low: float
    high: float
    weight: float
    months: float
    judged: int
    beaten: bool
    absent: bool = False


def report(state: State) -> list[Line]:
    """Give one line for each class, horizon and member, in that order; those without a weight stand there too.

    Members that were left out come last, once each.
    """
    lines = []
    for kind, own in sorted(state.classes.items()):
        judged = _judged(own.months, state.horizons)
        for place, (horizon, judge) in enumerate(zip(state.horizons, judged, strict=True)):
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
                        judged=state.horizons[judge],
                        beaten=own.error[judge][which] > 0 and own.skill[judge][which] <= 0,
                    )
                )
    nothing = {"skill": 0.0, "low": 0.0, "high": 0.0, "weight": 0.0, "months": 0.0}
    return lines + [
        Line(kind=ALL, horizon=0, member=member, judged=0, beaten=False, absent=True, **nothing)
        for member in state.absent
    ]


def _judged(months: Sequence[float], horizons: Sequence[int]) -> list[int]:
    """Give for each horizon the place of the one whose forecasts told who beats the baseline.

    Between two horizons that weights are learned at, that is the one of the shorter.
    """
    places = taught(horizons)
    told = judges([months[place] for place in places], [horizons[place] for place in places])
    return [places[told[bisect_right(places, place) - 1]] for place in range(len(horizons))]
