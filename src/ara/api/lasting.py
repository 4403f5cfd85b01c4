"""Work that lasts as long as the service does."""

import logging
from collections.abc import Coroutine

__all__ = ["lasting"]

_log = logging.getLogger(__name__)


async def lasting(work: Coroutine[None, None, None], words: str) -> None:
    """Do work of which nobody hears before the service ends: where it fails, the log says `words` at once."""
    try:
        await work
    except Exception:
        _log.exception(words)
        raise
