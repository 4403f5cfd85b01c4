"""What goes wrong with the lake's files, in words."""

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from ara.errors import IntegrityError, StoreError

__all__ = ["TakenError", "broken", "committed", "logged", "lost", "no_backup", "refused", "vanished", "writing"]

_RESTORE: Final = "Put the lake back from a back-up: ara data restore FOLDER"
_ELSEWHERE: Final = "or choose another folder with `data.lake`"
_ROOM: Final = (
    "Make room on its disk and do it again; what was acknowledged before is safe, and nothing is half-written."
)
_NUMBER: Final = re.compile(r"os error (\d+)")
_REASONS: Final = {
    errno.ENOSPC: ("there is no room left", _ROOM),
    errno.EDQUOT: ("there is no room left", _ROOM),
    errno.EFBIG: ("there is no room left", _ROOM),
    errno.EROFS: ("its disk is read-only", f"Mount it writable, {_ELSEWHERE}."),
    errno.EACCES: ("this user isn't allowed to", f"Make the folder writable for this user, {_ELSEWHERE}."),
    errno.EPERM: ("this user isn't allowed to", f"Make the folder writable for this user, {_ELSEWHERE}."),
    errno.ENOTDIR: ("something that is no folder stands in its place", f"Move it away, {_ELSEWHERE}."),
    errno.EEXIST: ("something that is no folder stands in its place", f"Move it away, {_ELSEWHERE}."),
}


class TakenError(StoreError):
    """Somebody else committed to the table first; nothing was written."""

    default_hint = "Try again: what the other one wrote is then taken into account."

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The table {folder} was changed by another process at the same moment; nothing was written.")


def refused(folder: Path, error: Exception) -> StoreError:
    """Say why the lake can't be written, and what to do about that."""
    other = (getattr(error, "strerror", None) or _first_line(error), f"Check the disk of the folder, {_ELSEWHERE}.")
    words, hint = _REASONS.get(_code(error), other)
    return StoreError(f"The lake in {folder} can't be written: {words}.", hint=hint)


def no_backup(target: Path, error: OSError) -> StoreError:
    """Say why a folder of back-ups can't be written, and what to do about that."""
    words, hint = _REASONS.get(_code(error), (error.strerror or _first_line(error), "Check its disk."))
    instead = hint.replace(_ELSEWHERE, "or name another folder for the back-ups")
    return StoreError(f"The folder of back-ups {target} can't be written: {words}.", hint=instead)


def broken(folder: Path, error: Exception, *, gone: str = "") -> IntegrityError:
    """Say which file of a table can't be read."""
    words = f"its file {gone} is missing" if gone else f"a file can't be read ({_first_line(error)})"
    return IntegrityError(f"The table {folder} is damaged: {words}.", hint=_RESTORE, table=str(folder), file=gone)


def lost(folder: Path, what: str) -> IntegrityError:
    """Say what of a table is gone while other things say that it was there."""
    return IntegrityError(
        f"The table {folder} is damaged: {what}.",
        hint=f"{_RESTORE}, see what else is missing: ara doctor; or move the lake away to begin a new one.",
        table=str(folder),
    )


def committed(folder: Path) -> bool:
    """Tell whether a table's log is there, by a look at one folder.

    Raises
    ------
    IntegrityError
        There are data files and no log that counts them, or the folder can't be looked into.
    """
    try:
        with os.scandir(folder / "_delta_log") as log:
            if next(log, None) is not None:
                return True
    except FileNotFoundError:
        pass
    except OSError as error:
        if isinstance(error, NotADirectoryError) and not _within(folder):
            return False  # the lake's own place is none: whoever writes there says so
        reason = _REASONS.get(_code(error), (error.strerror or str(error), ""))[0]
        reason = "this user may not read it" if isinstance(error, PermissionError) else reason
        raise IntegrityError(
            f"The table {folder} can't be read: {reason}.",
            hint=f"Look at the folder and who owns it. {_RESTORE}",
            table=str(folder),
        ) from error
    if next(folder.rglob("*.parquet"), None) is not None:
        raise lost(folder, "its log _delta_log is missing, without which its files can't be told from discarded ones")
    return False


def _within(folder: Path) -> bool:
    """Tell whether what stands in a folder's way is a part of the lake, which lies at most two folders above."""
    return any(place.is_file() for place in (folder, *folder.parents[:2]))


def vanished(folder: Path, paths: Iterable[str]) -> str:
    """Give the first of a table's files that isn't there; empty where all are."""
    return next((path for path in paths if not (folder / path).exists()), "")


@contextmanager
def logged(folder: Path, *, version: int | None = None) -> Iterator[None]:
    """Turn what delta-rs says of a log that can't be read into Ara's errors."""
    try:
        yield
    except (StoreError, IntegrityError):
        raise
    except Exception as error:
        if not _of_delta(error) and not isinstance(error, OSError | pl.exceptions.PolarsError | ValueError):
            raise
        if version is not None:
            raise StoreError(
                f"The table {folder} can't be read at version {version} ({_first_line(error)}).",
                hint="The versions of the last week are kept; Lake.versions lists them.",
            ) from error
        raise IntegrityError(
            f"The log of the table {folder} can't be read ({_first_line(error)}).", hint=_RESTORE, table=str(folder)
        ) from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the disk and delta-rs say of a failed write into Ara's errors."""
    try:
        yield
    except OSError as error:
        raise refused(folder, error) from error
    except Exception as error:
        if not _of_delta(error):
            raise
        words = _first_line(error)
        if _code(error):
            raise refused(folder, error) from error
        if type(error).__name__ == "CommitFailedError":
            raise TakenError(folder) from error
        raise IntegrityError(
            f"The log of the table {folder} can't be written ({words}).", hint=_RESTORE, table=str(folder)
        ) from error


def _code(error: Exception) -> int:
    """Give the number that the system gave to a fault; delta-rs puts it into words."""
    told = _NUMBER.search(str(error))
    return getattr(error, "errno", None) or (int(told[1]) if told else 0)


def _of_delta(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] in {"deltalake", "_internal"} or "delta" in type(error).__module__


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
