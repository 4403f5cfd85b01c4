"""The candlesticks: shapes of one to five bars."""

from ara.features.patterns.candles.found import find

__all__ = ["find"]
