"""Proof that forecasts and sources of bars know nothing of the future, or where they do."""

from ara.evidence.leaks.forecaster import Forecaster
from ara.evidence.leaks.outcome import RULES, Audit, Finding
from ara.evidence.leaks.trial import audit

__all__ = ["RULES", "Audit", "Finding", "Forecaster", "audit"]
