"""Models: a panel in, quantiles out."""

from typing import TYPE_CHECKING, Any

from ara.models.model import Fitted, Model
from ara.models.panel import Panel, Rows, instant
from ara.models.quantiles import LEVELS, Quantiles
from ara.renamed import renamed

if TYPE_CHECKING:
    from ara.models.ensemble.state import State
    from ara.models.regimes import Regime
    from ara.models.registry import ModelCard
    from ara.models.served import Served

__all__ = [
    "LEVELS",
    "Fitted",
    "Model",
    "ModelCard",
    "Panel",
    "Quantiles",
    "Regime",
    "Rows",
    "Served",
    "State",
    "estimators",
    "instant",
]

_LATER = {
    "ModelCard": "ara.models.registry",
    "Regime": "ara.models.regimes",
    "Served": "ara.models.served",
    "State": "ara.models.ensemble.state",
}
_other = renamed(__name__, {"BaseModel": "Model", "IMLModel": "Model"}, later=_LATER)


def __getattr__(name: str) -> Any:
    return _other(name)


def estimators() -> list[Any]:
    """Give the learners in the form of scikit-learn, unfitted: one instance of each (`ara.models.regressors`)."""
    from ara.models.regressors import all_regressors

    return all_regressors()
