"""Models: a panel in, quantiles out."""

from typing import Any

from ara.models.model import Fitted, Model
from ara.models.panel import Panel, Rows, instant
from ara.models.quantiles import LEVELS, Quantiles
from ara.renamed import renamed

__all__ = ["LEVELS", "Fitted", "Model", "Panel", "Quantiles", "Rows", "estimators", "instant"]

__getattr__ = renamed(__name__, {"IMLModel": "Model"})


def estimators() -> list[Any]:
    """Give the learners in the form of scikit-learn, unfitted: one instance of each (`ara.models.regressors`)."""
    from ara.models.regressors import all_regressors

    return all_regressors()
