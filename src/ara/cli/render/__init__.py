"""Forecasts and scores as lines for a terminal."""

__all__: list[str] = []
