"""How much the price moves."""

from ara.features.indicators.volatility.ewma import ewma_volatility, volatility_ratio

__all__ = ["ewma_volatility", "volatility_ratio"]
