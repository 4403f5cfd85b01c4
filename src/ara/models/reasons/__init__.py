"""Why a model answers as it does: width and centre of one row as exact sums of what it saw."""

from ara.models.reasons.told import USUAL, Told
from ara.models.reasons.whole import of_ensemble, of_model

__all__ = ["USUAL", "Told", "of_ensemble", "of_model"]
