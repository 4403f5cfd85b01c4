"""Files written whole: the old one or the new one stands in its place at each instant, also after a crash."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter
from pathlib import Path
from typing import Final

if sys.platform != "win32":  # pragma: no branch
    import fcntl

__all__ = ["sync", "write", "writing"]

_LONGEST: Final = 200
_SUFFIX: Final = ".part"
_OURS: Final = re.compile("[0-9a-f]{16}" + re.escape(_SUFFIX))


def write(goal: Path, content: bytes | memoryview | str, *, mode: int = 0o666, new: bool = False) -> None:
    """Write a file whole, as `writing` does; a text is written in UTF-8, its line ends as they are."""
    with writing(goal, mode=mode, new=new) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def writing(goal: Path, *, mode: int = 0o666, new: bool = False) -> Iterator[BufferedWriter]:
    """Lend a file that takes the goal's place, durable, when the block was left without an error.

    It lies beside the goal under a name of its own (its `name`), so that any number of threads and processes may write
    the same goal: the last one stays. Nothing of it is left where the block fails; what a process that was killed left
    goes with the next one that writes the goal.

    Parameters
    ----------
    goal
        The file to write, in a folder that is there. A link is replaced and not followed.
    mode
        Permissions of the file, before the process's mask takes from them.
    new
        Never take another file's place.

    Raises
    ------
    FileExistsError
        With `new`: something of that name is there.
    OSError
        It can't be written; what stood there stays.
    """
    _clear(goal)
    file = _begin(goal, mode)
    part, moved = Path(file.name), False
    try:
        yield file
        file.flush()
        os.fsync(file.fileno())
        if sys.platform == "win32":  # pragma: no cover - what is open can't be renamed there
            file.close()
        if new:
            os.link(part, goal)
        else:
            part.replace(goal)
            moved = True
    finally:
        with suppress(OSError):
            file.close()
        if not moved:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    sync(goal.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are on the disk."""
    if (
        sys.platform == "win32"
    ):  # pragma: no cover - it keeps folders in order by itself, and syncs no file that is read
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin(goal: Path, mode: int) -> BufferedWriter:
    """Make a file beside the goal that this process holds as long as it is open."""

    def opened(path: str, flags: int) -> int:
        return os.open(path, flags | getattr(os, "O_CLOEXEC", 0), mode)

    while True:
        part = goal.with_name(f".{_stem(goal)}.{os.urandom(8).hex()}{_SUFFIX}")
        file = open(part, "xb", opener=opened)  # noqa: SIM115 - it outlives this function, and has a mode
        if _hold(file):
            return file
        file.close()


def _clear(goal: Path) -> None:
    """Remove what nobody writes any more: parts of the goal whose process was killed."""
    begins = f".{_stem(goal)}."
    with suppress(OSError), os.scandir(goal.parent) as entries:
        for entry in entries:
            ours = entry.name.startswith(begins) and _OURS.fullmatch(entry.name, len(begins))
            if ours and entry.is_file(follow_symlinks=False):
                _drop(Path(entry.path))


def _stem(goal: Path) -> str:
    """Give as much of the goal's name as leaves room for more: names have 255 bytes at most."""
    return goal.name.encode(errors="ignore")[:_LONGEST].decode(errors="ignore")


if sys.platform == "win32":  # pragma: no cover

    def _hold(file: BufferedWriter) -> bool:
        """Do nothing: what is open can't be removed there."""
        return True

    def _drop(part: Path) -> None:
        with suppress(OSError):
            part.unlink()

else:

    def _hold(file: BufferedWriter) -> bool:
        """Lock a part; False where another process took it for a dead one's and removed it just before."""
        with suppress(OSError):  # a disk without locks: nobody clears there either
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        return Path(file.name).exists()

    def _drop(part: Path) -> None:
        """Remove a part, unless somebody holds it; a lock goes with its process."""
        with suppress(OSError):
            descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
            finally:
                os.close(descriptor)
