"""Tuning: which parameters of a family forecast best on bars that its hold-out does not hold."""

from ara.models.tuning.objective import Blocks, Objective
from ara.models.tuning.plan import Plan
from ara.models.tuning.results import Tried, Tuned
from ara.models.tuning.storage import history, studies
from ara.models.tuning.study import tune

__all__ = ["Blocks", "Objective", "Plan", "Tried", "Tuned", "history", "studies", "tune"]
