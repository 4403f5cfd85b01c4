"""The family `pooled_har`."""

from ara.models.families.pooled.model import YOUNG, FittedPooledHar, PooledHar

__all__ = ["YOUNG", "FittedPooledHar", "PooledHar"]
