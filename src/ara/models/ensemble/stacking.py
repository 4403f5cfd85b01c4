"""`stacked`: what `fast` weighs by, under the name of the method."""

from dataclasses import dataclass
from typing import ClassVar

from ara.models.ensemble.learning import Weigh
from ara.models.ensemble.members import CORE
from ara.models.ensemble.model import Ensemble
from ara.models.ensemble.ridge import Ridge

__all__ = ["Stacked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked(Ensemble):
    """The same as `fast`, which took over its weights: those by skill, moved by a ridge regression, by regime.

    Parameters
    ----------
    members
        Names of registered models; `ewma_t` has to be one of them.
    """

    members: tuple[str, ...] = CORE
    family: ClassVar[str] = "stacked"
    weigh: ClassVar[Weigh | None] = Ridge()
