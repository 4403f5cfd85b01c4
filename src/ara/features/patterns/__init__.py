"""Shapes in the price: candlesticks, chart patterns, harmonics, Elliott waves; each with when it became known."""

__all__: list[str] = []
