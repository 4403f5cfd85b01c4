"""Ara's own indicators, one family per package."""

__all__: list[str] = []
