"""`stacked`: what `fast` weighs by, under the name of the method."""

from dataclasses import dataclass
from typing import ClassVar

from ara.models.ensemble.learning import Weigh
from ara.models.ensemble.members import CORE
from ara.models.ensemble.model import Ensemble
from ara.models.ensemble.ridge import Ridge
from ara.models.model import later

__all__ = ["Stacked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked(Ensemble):
    """The same as `fast`, which took over its weights: those by skill, moved by a ridge regression, by regime.

    Parameters
    ----------
    members
        Names of registered models; `ewma_t` has to be one of them.
    half_life
        Months after which a month's evidence counts half as much.
    """

    members: tuple[str, ...] = CORE
    half_life: float = later(12.0)
    family: ClassVar[str] = "stacked"
    weigh: ClassVar[Weigh | None] = Ridge()
