"""Files that only their owner reads, replaced whole, by one process at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ara.errors import VaultError
from ara.whole import write

__all__ = ["locked", "replace_file", "write_new"]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock of a vault; waits for the process or thread that has it."""
    import fcntl

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def replace_file(path: Path, content: bytes) -> None:
    """Put a file with mode 0600 in the place of another: a reader sees the old or the new one, also after a crash."""
    try:
        write(path, content, mode=0o600)
    except OSError as error:
        raise _unwritable(path, error) from None


def write_new(path: Path, content: bytes) -> None:
    """Make a file with mode 0600 that appears with its whole content; FileExistsError where it is there already."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path, content, mode=0o600, new=True)
    except FileExistsError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> VaultError:
    return VaultError(
        f"{path} can't be written: {error.strerror}.",
        hint=f"Make the folder {path.parent} writable, or choose another with ARA_HOME.",
    )
