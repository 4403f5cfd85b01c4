"""Locks on files that the system takes from a process that dies, and from no other."""

import fcntl
import os
from pathlib import Path

__all__ = ["Hold"]


class Hold:
    """A locked file; the lock ends with the process, however it ends.

    Parameters
    ----------
    descriptor
        Of the open, locked file.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> "Hold | None":
        """Lock a file, which is made where there is none; None where another process has it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def note(self, text: str) -> None:
        """Write a text into the file, in place of what stood there."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def free(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
