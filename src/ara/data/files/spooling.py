"""Folders of rows on their way, and the clearing of those that a killed process left behind."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["spooling"]

_PREFIX: Final = "ara-import-"
_YOUNG: Final = 60.0


@contextmanager
def spooling() -> Iterator[Path]:
    """Lend an empty folder that is deleted afterwards; what imports that were killed left behind is deleted first.

    Whoever uses a folder holds its lock, which the system takes from those that die.
    """
    place = Path(tempfile.gettempdir())
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _clear(folder)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=place) as name:
        handle = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield Path(name)
        finally:
            os.close(handle)


def _clear(folder: Path) -> None:
    """Delete a folder of this user that nobody holds; one that was just made may be held in a moment."""
    told = folder.lstat()
    if told.st_uid != os.geteuid() or time.time() - told.st_mtime < _YOUNG:
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(handle)
