"""Models: a panel in, quantiles out."""

from ara.models.model import Fitted, IMLModel, Model
from ara.models.panel import Panel, Rows, instant
from ara.models.quantiles import LEVELS, Quantiles

__all__ = ["LEVELS", "Fitted", "IMLModel", "Model", "Panel", "Quantiles", "Rows", "instant"]
