"""A whole desk that leaves nothing behind."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ara.desk import Desk
from ara.settings import Settings, StoreSettings

__all__ = ["desk"]


@asynccontextmanager
async def desk(**parts: Any) -> AsyncIterator[Desk]:
    """Open a desk whose store is in memory, whose data is the bundled sample, and whose home goes away with it.

    Parameters
    ----------
    **parts
        Parts to use instead, as `Desk.open` takes them: `settings`, `clock`, `store`, `vault`, `workers`, `telemetry`.
        Given settings are used as they are, their home and store too.
    """
    with tempfile.TemporaryDirectory(prefix="ara-desk-", ignore_cleanup_errors=True) as home:
        settings = parts.pop("settings", None)
        if settings is None:
            settings = Settings(profile="test", home=home, store=StoreSettings(url="memory:"))
        async with Desk.open(settings, **parts) as opened:
            yield opened
