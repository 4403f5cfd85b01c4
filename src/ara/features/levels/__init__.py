"""Prices that matter: pivots, retracements, clusters of turns, where the volume was traded."""

__all__: list[str] = []
