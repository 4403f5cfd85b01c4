"""Files and folders that only their owner reads, and what to say when they can't be written."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from ara.errors import StoreError

__all__ = ["make_file", "make_folder", "open_private", "unwritable"]

_ELSEWHERE = "choose another place with ARA_HOME or `store.url`"
_REASONS: dict[int, tuple[str, str]] = {
    **dict.fromkeys(
        (errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ENAMETOOLONG),
        ("its folder isn't there and can't be made", f"Make the folder {{folder}}, or {_ELSEWHERE}."),
    ),
    **dict.fromkeys(
        (errno.EEXIST, errno.EISDIR),
        ("something else stands in its place", f"Move what is in the way in {{folder}}, or {_ELSEWHERE}."),
    ),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM),
        ("this user isn't allowed to", f"Make the folder {{folder}} writable for this user, or {_ELSEWHERE}."),
    ),
    errno.EROFS: (
        "its disk is read-only",
        f"Mount the disk so that {{folder}} is writable, or {_ELSEWHERE}.",
    ),
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        ("there is no room left", "Make room on the disk, then try again; what was acknowledged before is safe."),
    ),
}
_OTHERS = f"Check the disk under {{folder}}, or {_ELSEWHERE}; what was acknowledged before is safe."


def make_folder(folder: Path) -> None:
    """Make a folder for its owner alone; one that is there stays as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file for its owner alone; one that is there stays as it is."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def open_private(path: str, flags: int) -> int:
    """Open a file, made for its owner alone where it is new: an `opener` for `open`."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def unwritable(path: Path, error: OSError) -> StoreError:
    """Say why a store's files can't be written, and what to do about that very reason."""
    words, hint = _REASONS.get(error.errno or 0, (_lower(error), _OTHERS))
    return StoreError(f"The store {path} can't be written: {words}.", hint=hint.format(folder=path.parent))


def _lower(error: OSError) -> str:
    reason = error.strerror or "the disk failed"
    return reason[:1].lower() + reason[1:]
