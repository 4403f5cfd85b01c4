"""Which features to use: chosen from the past alone, and judged by what came after."""

from ara.features.selection.choice import Limits
from ara.features.selection.folds import Fold, folds
from ara.features.selection.importance import Estimator, Predictor
from ara.features.selection.select import FoldChoice, Report, Selected, select

__all__ = ["Estimator", "Fold", "FoldChoice", "Limits", "Predictor", "Report", "Selected", "folds", "select"]
