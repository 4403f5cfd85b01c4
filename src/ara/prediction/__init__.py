"""Forecasts: made by one function, kept in a ledger."""

from ara.prediction.engine import PredictionEngine
from ara.prediction.forecast import Day, Factor, Forecast
from ara.prediction.ledger import Anchor, Kept, Ledger

__all__ = ["Anchor", "Day", "Factor", "Forecast", "Kept", "Ledger", "PredictionEngine"]
