"""Forecasts held to account: how good, how honest, and what may be claimed of them."""

from ara.evidence.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
