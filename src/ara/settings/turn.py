"""Whose turn it is to change a settings file: one process at a time."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ara.errors import StoreError

__all__ = ["turn"]

_PATIENCE: Final = 10.0
_PAUSE: Final = 0.01
_WITHOUT: Final = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


@contextmanager
def turn(path: Path, *, patience: float = _PATIENCE) -> Iterator[None]:
    """Hold the turn to change a settings file; waits for the process or thread that has it.

    The lock is that of the folder, so that nothing is left lying beside the file, and the system takes it from a
    process that dies. Where a file system has no locks, and on Windows, there is none.

    Parameters
    ----------
    path
        The file; where it is a link, the file it points to. Its folder is made where there is none.
    patience
        Seconds to wait.

    Raises
    ------
    StoreError
        The folder can't be opened, or another process keeps the turn.
    """
    folder = Path(os.path.realpath(path)).parent
    handle = -1
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if os.name == "posix":
                handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                _lock(handle, path, patience)
        except OSError as error:
            raise StoreError(
                f"{path} can't be written: {error.strerror or error}.",
                hint="Check that its folder may be written and its disk has room. The old file is as it was.",
            ) from None
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def _lock(handle: int, path: Path, patience: float) -> None:
    import fcntl

    last = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= last:
                raise StoreError(
                    f"{path} is being changed by another process, for more than {patience:g} seconds.",
                    hint="Wait for it to end, then try again. The file is as it was.",
                ) from None
            time.sleep(_PAUSE)
        except OSError as error:
            if error.errno not in _WITHOUT:
                raise
            return
        else:
            return
