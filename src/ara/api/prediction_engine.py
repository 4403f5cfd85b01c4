"""The engine under the older path: `from ara.api.prediction_engine import PredictionEngine` works, and warns."""

from ara.renamed import renamed

__all__: list[str] = []

__getattr__ = renamed(__name__, {"PredictionEngine": "ara.prediction.PredictionEngine"})
