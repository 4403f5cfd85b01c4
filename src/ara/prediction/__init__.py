"""Forecasts: made by one function, kept in a ledger."""

from ara.prediction.engine import PredictionEngine
from ara.prediction.forecast import Day, Factor, Forecast
from ara.prediction.ledger import Anchor, Kept, Ledger
from ara.prediction.many import Missed
from ara.prediction.record import Receipt
from ara.renamed import renamed

__all__ = ["Anchor", "Day", "Factor", "Forecast", "Kept", "Ledger", "Missed", "PredictionEngine", "Receipt"]

__getattr__ = renamed(
    __name__,
    {"ConfidenceScore": "Receipt", "DailyPrediction": "Day", "Explanations": "Factor", "PredictionResult": "Forecast"},
)
