"""Measures of forecasts and returns, on plain arrays."""

from ara.performance.forecasts import crps, inside, pinball

__all__ = ["crps", "inside", "pinball"]
