"""Whose turn it is to write to the lake."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ara.data.lake.faults import writing
from ara.errors import StoreError

__all__ = ["LOCK", "turn"]

LOCK: Final = "turn.lock"
"""Name of the file in a lake that its writers hold in turn."""

_STEP: Final = 0.005
_BUSY: Final = (errno.EAGAIN, errno.EACCES)
_SEALED: Final = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def turn(folder: Path, *, patience: float = 300.0, reads: bool = False) -> Iterator[None]:
    """Wait until no other thread or process of this machine writes to the lake, and keep them waiting meanwhile.

    It saves work and is no condition of safety: a commit fails anyway where somebody else's came between. The system
    gives the turn back when its owner dies.

    Parameters
    ----------
    folder
        The lake's; made where it isn't there.
    patience
        Seconds to wait.
    reads
        Whether nothing will be written, so that a folder which can't be is none the worse.
    """
    handle = _sealed(folder) if reads else _opened(folder)
    try:
        if handle is not None:
            _wait(handle, folder, patience=patience)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _opened(folder: Path) -> int:
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _sealed(folder: Path) -> int | None:
    """Open the lock of a folder that may be read-only; None where it has none, since nobody ever wrote from here."""
    try:
        return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in _SEALED:
            return _opened(folder)
    try:
        return os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _wait(handle: int, folder: Path, *, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _BUSY:
                raise
        else:
            return
        if time.monotonic() > until:
            raise StoreError(
                f"The lake in {folder} was being written by another process for {patience:g} s.",
                hint="Wait until the other process is done, or stop it; nothing was written.",
            )
        time.sleep(_STEP)
