"""Files that only their owner reads, replaced whole, by one process at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ara.errors import VaultError

__all__ = ["locked", "replace_file", "sync_folder", "write_new"]


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
        part = _write_part(path, content)
        try:
            part.replace(path)
        except OSError:
            part.unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


def write_new(path: Path, content: bytes) -> None:
    """Make a file with mode 0600 that appears with its whole content; FileExistsError where it is there already."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = _write_part(path, content)
        try:
            os.link(part, path)
        finally:
            part.unlink()
        sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from None


def sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_part(path: Path, content: bytes) -> Path:
    """Write to a new file beside `path`; its name is this process's and thread's alone."""
    part = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    return part


def _unwritable(path: Path, error: OSError) -> VaultError:
    return VaultError(
        f"{path} can't be written: {error.strerror}.",
        hint=f"Make the folder {path.parent} writable, or choose another with ARA_HOME.",
    )
