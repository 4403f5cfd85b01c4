"""The signed heads of a database's logs, as files beside it: so a log that was cut short is found out."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ara.errors import StoreError
from ara.store.files import make_folder, open_private
from ara.whole import sync

if sys.platform == "win32":  # pragma: no cover
    import msvcrt
else:
    import fcntl

__all__ = ["HeadFiles"]


class HeadFiles:
    """The folder of heads, `heads/<stream>.json`.

    Parameters
    ----------
    folder
        The folder; made on first writing.
    patience
        Seconds to wait for another process that writes a head.
    """

    def __init__(self, folder: Path, *, patience: float) -> None:
        self._folder = folder
        self._patience = patience

    def read(self, stream: str) -> bytes | None:
        """Give a head as it is kept, or None."""
        try:
            return self._path(stream).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, stream: str, document: bytes) -> None:
        """Replace a head so that a crash leaves the old one or the new one; call it inside `locked`.

        Nobody else writes one meanwhile, so the part has one name, and what a process that was killed left of it is
        written over.
        """
        goal = self._path(stream)
        part = goal.with_name(f".{goal.name}.part")
        try:
            with open(part, "wb", opener=_open_part) as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, goal)  # noqa: PTH105 - asked at every append: a path takes longer
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        sync(self._folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing heads; a lock of a process that died is gone with it."""
        make_folder(self._folder)
        with open(self._folder / ".lock", "ab", opener=open_private) as file:
            self._wait(file.fileno())
            try:
                yield
            finally:
                _unlock(file.fileno())

    def _wait(self, descriptor: int) -> None:
        deadline = time.monotonic() + self._patience
        while not _lock(descriptor):
            if time.monotonic() > deadline:
                raise StoreError(
                    f"The heads in {self._folder} were locked by another process for {self._patience:g} s.",
                    hint="Wait until the other process is done, or stop it; then append again with the same keys.",
                )
            time.sleep(0.0005)

    def _path(self, stream: str) -> Path:
        return self._folder / f"{stream}.json"


def _open_part(path: str, flags: int) -> int:
    """Open a file for its owner alone; never through a link that lies in its place."""
    return open_private(path, flags | getattr(os, "O_NOFOLLOW", 0))


if sys.platform == "win32":  # pragma: no cover

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
