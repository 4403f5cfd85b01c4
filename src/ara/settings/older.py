"""Settings by the names and in the places of older releases: still read, each with a warning that says the new name."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ara.settings.places import user_folder

__all__ = ["OLD_KEYS", "OLD_VARIABLES", "older_file"]

OLD_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "ARA_CACHE_TTL": "data.cache.live_seconds",
        "ARA_ENV": "profile",
        "ARA_MODEL_DIR": "models.folder",
        "ARA_REDIS_URL": "data.cache.redis",
    }
)
"""Variables, with the setting that each means; the new name wins."""

OLD_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "data.cache_ttl": "data.cache.live_seconds",
        "data.max_retries": "data.retries",
        "model.model_dir": "models.folder",
        "cache.redis_url": "data.cache.redis",
        "cache.ttl_l1": "data.cache.live_seconds",
        "cache.max_size_mb": "data.cache.memory_mb",
        "logging.level": "log.level",
        "logging.file": "log.file",
    }
)
"""Keys of settings files, with the setting that each means; the new name wins within a file."""


def older_file(environ: Mapping[str, str]) -> Path | None:
    """Give the user's settings file of older releases, `~/.ara/config.yaml`; None where there is none."""
    home = user_folder(environ)
    path = None if home is None else home / ".ara" / "config.yaml"
    return path if path is not None and path.is_file() else None
