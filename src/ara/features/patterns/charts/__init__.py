"""Chart patterns: shapes that prices draw over days to years."""

from ara.features.patterns.charts.finding import NAMES, find

__all__ = ["NAMES", "find"]
