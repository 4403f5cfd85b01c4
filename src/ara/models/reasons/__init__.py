"""Why a model answers as it does: width and centre of one row as exact sums of what it saw."""

from ara.models.reasons.told import SPANS, USUAL, Told
from ara.models.reasons.whole import of_ensemble, of_model

__all__ = ["SPANS", "USUAL", "Told", "of_ensemble", "of_model"]
