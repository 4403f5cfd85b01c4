"""Ensembles: several members that answer as one, weighted by what each was worth."""

from ara.models.ensemble.model import BASE, Default, Ensemble, Fast, FittedEnsemble, Full
from ara.models.ensemble.report import Line, report
from ara.models.ensemble.state import ALL, ClassState, State

__all__ = [
    "ALL",
    "BASE",
    "ClassState",
    "Default",
    "Ensemble",
    "Fast",
    "FittedEnsemble",
    "Full",
    "Line",
    "State",
    "report",
]
