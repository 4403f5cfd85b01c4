"""Cycles, roughness and the clustering of volatility, from the past alone."""

__all__: list[str] = []
