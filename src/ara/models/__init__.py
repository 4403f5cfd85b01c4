"""Models: a panel in, quantiles out."""

from ara.models.model import Fitted, Model
from ara.models.panel import Panel, Rows, instant
from ara.models.quantiles import LEVELS, Quantiles
from ara.renamed import renamed

__all__ = ["LEVELS", "Fitted", "Model", "Panel", "Quantiles", "Rows", "instant"]

__getattr__ = renamed(__name__, {"IMLModel": "Model"})
