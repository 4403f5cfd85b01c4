"""The sets of defaults that a run starts from."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ALIASES", "PROFILES"]

PROFILES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "dev": MappingProxyType({}),
        "test": MappingProxyType({"log.level": "warning", "store.url": "memory:", "cli.colour": "never"}),
        "staging": MappingProxyType({"log.format": "json"}),
        "prod": MappingProxyType({"log.format": "json"}),
    }
)
"""What each profile sets in place of a default; files, environment and flags go over it."""

ALIASES: Mapping[str, str] = MappingProxyType({"development": "dev", "testing": "test", "production": "prod"})
"""Long names of profiles."""
