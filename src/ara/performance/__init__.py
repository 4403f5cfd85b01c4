"""Measures of forecasts and returns, on plain arrays; and how often hold-outs were looked at."""

from ara.performance.forecasts import crps, inside, pinball
from ara.performance.significance import Comparison, compared

__all__ = ["Comparison", "compared", "crps", "inside", "pinball"]
