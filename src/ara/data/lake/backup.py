"""Back-ups of the lake: each file once, by its hash; each back-up a list of files that can be checked and put back.

`objects/` holds contents under their sha256, `snapshots/` one list for each back-up. A further back-up copies only what
the others don't have. A list is written last, so a back-up that was interrupted isn't one.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias
from uuid import uuid4

import msgspec

from ara.data.lake.faults import broken, no_backup, writing
from ara.data.lake.table import told_hash
from ara.errors import AraError, CancelledError, IntegrityError, StoreError, ValidationError
from ara.whole import write

__all__ = ["Backup", "Progress", "back_up", "check_backup", "list_backups", "restore"]

Progress: TypeAlias = Callable[[int, int, str], bool]
"""Called with bytes done, bytes in all and what is done now; the work is cancelled where it gives False."""

_FORMAT: Final = 1
_BLOCK: Final = 1 << 20
_NAME: Final = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One back-up.

    Parameters
    ----------
    name
        Its name, which is its time in UTC.
    at
        When it was made.
    files, size
        Number of files and bytes that it stands for.
    copied
        Bytes that had to be copied for it.
    """

    name: str
    at: datetime
    files: int
    size: int
    copied: int = 0


class _Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str
    size: int
    sha256: str
    changed: int


class _List(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    at: datetime
    files: tuple[_Kept, ...]
    digest: str


def back_up(
    folder: Path, files: Mapping[str, Path | bytes], target: Path, *, at: datetime, progress: Progress | None = None
) -> Backup:
    """Copy files of the lake that belong together.

    Parameters
    ----------
    folder
        The lake's; a back-up can't lie inside it.
    files
        The files, or what is in them, by their place in the lake.
    target
        Where back-ups lie; made where it isn't there.
    at
        The time of this one.
    progress
        Told what is copied.

    Raises
    ------
    IntegrityError
        A file of the lake is missing or isn't what its name says was written; no back-up is made.
    """
    if target.resolve().is_relative_to(folder.resolve()):
        raise ValidationError(f"A back-up in {target} would lie inside the lake {folder}; name another folder.")
    try:
        (target / "objects").mkdir(parents=True, exist_ok=True)
        (target / "snapshots").mkdir(exist_ok=True)
    except OSError as error:
        raise no_backup(target, error) from error
    with writing(target):
        known = {kept.path: kept for kept in _last(target)}
        total = sum(_size(folder, place, one) for place, one in files.items())
        done = copied = 0
        copies = []
        for place, one in sorted(files.items()):
            _tell(progress, done, total, what=place)
            kept, more = _copy(place, one, target, known=known.get(place))
            if not kept.sha256.startswith(told_hash(place)):
                raise IntegrityError(
                    f"The lake in {folder} is damaged: {place} was changed since it was written; no back-up was made.",
                    hint=f"Put the lake back from an earlier back-up: ara data restore {target}",
                    files=[place],
                )
            copies.append(kept)
            done, copied = done + kept.size, copied + more
        _tell(progress, total, total, what="list")
        listed = _List(format=_FORMAT, at=at, files=tuple(copies), digest=_digest(copies))
        name = f"{at:{_NAME}}"
        write(target / "snapshots" / f"{name}.json", msgspec.json.format(msgspec.json.encode(listed), indent=1))
    return Backup(name=name, at=at, files=len(copies), size=total, copied=copied)


def list_backups(target: Path) -> list[Backup]:
    """Give the back-ups of a folder, newest first; IntegrityError where a list can't be read."""
    names = sorted((path.stem for path in (target / "snapshots").glob("*.json")), reverse=True)
    return [
        Backup(name=name, at=one.at, files=len(one.files), size=sum(kept.size for kept in one.files))
        for name, one in ((name, _read(target, name)) for name in names)
    ]


def check_backup(target: Path, *, name: str = "", progress: Progress | None = None) -> Backup:
    """Read every file of a back-up, the newest if none is named, and compare it with its hash.

    Raises
    ------
    IntegrityError
        A file is missing or was changed; the message names the first, `context["files"]` all of them.
    """
    name = name or _newest(target)
    listed = _read(target, name)
    total, done, wrong = sum(kept.size for kept in listed.files), 0, []
    for kept in listed.files:
        _tell(progress, done, total, what=kept.path)
        done += kept.size
        if not _intact(_object(target, kept.sha256), kept.sha256):
            wrong.append(kept.path)
    if wrong:
        raise IntegrityError(
            f"The back-up {name} in {target} is damaged: {wrong[0]} is missing or was changed"
            + (f", and {len(wrong) - 1} more." if len(wrong) > 1 else "."),
            hint=f"Use another back-up: ara data restore {target} --list",
            files=wrong,
        )
    return Backup(name=name, at=listed.at, files=len(listed.files), size=total)


def restore(
    target: Path, folder: Path, *, at: datetime, name: str = "", progress: Progress | None = None
) -> tuple[Backup, Path | None]:
    """Put a back-up in the place of a lake; the lake that was there is kept beside it, under the name that is given.

    Everything is copied and compared with its hash first; only then the folders change places.
    """
    name = name or _newest(target)
    listed = _read(target, name)
    if any(PurePosixPath(kept.path).is_absolute() or ".." in PurePosixPath(kept.path).parts for kept in listed.files):
        raise IntegrityError(f"The back-up {name} in {target} names files outside of the lake; nothing was restored.")
    new = folder.with_name(f"{folder.name}.restoring-{uuid4().hex[:8]}")
    total, done = sum(kept.size for kept in listed.files), 0
    try:
        with writing(folder):
            new.mkdir(parents=True, mode=0o700)
            for kept in listed.files:
                _tell(progress, done, total, what=kept.path)
                _put_back(target, name, new / kept.path, kept)
                done += kept.size
            _tell(progress, total, total, what="swap")
            old = _swap(folder, new, at=at)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return Backup(name=name, at=listed.at, files=len(listed.files), size=total, copied=total), old


def _swap(folder: Path, new: Path, *, at: datetime) -> Path | None:
    old = folder.with_name(f"{folder.name}.before-{at:{_NAME}}") if folder.exists() else None
    if old is not None:
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old is not None:
            old.rename(folder)
        raise
    return old


def _size(folder: Path, place: str, one: Path | bytes) -> int:
    try:
        return len(one) if isinstance(one, bytes) else one.stat().st_size
    except FileNotFoundError as error:
        raise broken(folder, error, gone=place) from error


def _copy(place: str, one: Path | bytes, target: Path, *, known: _Kept | None) -> tuple[_Kept, int]:
    """Keep one file; of one with the same age and size as in the last back-up, what is kept there is read instead."""
    changed, content = 0, b""
    if isinstance(one, Path):
        here = one.stat()
        changed = here.st_mtime_ns
        same = known is not None and (known.size, known.changed) == (here.st_size, changed)
        if known is not None and same and _intact(_object(target, known.sha256), known.sha256):
            return known, 0
        content = one.read_bytes()
    else:
        content = one
    sha256 = hashlib.sha256(content).hexdigest()
    kept = _Kept(path=place, size=len(content), sha256=sha256, changed=changed)
    if _intact(_object(target, sha256), sha256):
        return kept, 0
    _object(target, sha256).parent.mkdir(exist_ok=True)
    write(_object(target, sha256), content)
    return kept, len(content)


def _put_back(target: Path, name: str, path: Path, kept: _Kept) -> None:
    try:
        content = _object(target, kept.sha256).read_bytes()
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != kept.sha256:
        raise IntegrityError(
            f"The back-up {name} in {target} is damaged: {kept.path} is missing or was changed; nothing was restored.",
            hint=f"Use another back-up: ara data restore {target} --list",
            files=[kept.path],
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, content)
    if kept.changed:
        os.utime(path, ns=(kept.changed, kept.changed))


def _read(target: Path, name: str) -> _List:
    path = target / "snapshots" / f"{name}.json"
    if path.parent != target / "snapshots" or not path.is_file():
        raise StoreError(
            f"There is no back-up {name[:40]!r} in {target}.", hint=f"See them: ara data restore {target} --list"
        )
    try:
        listed = msgspec.json.decode(path.read_bytes(), type=_List)
    except (OSError, msgspec.DecodeError) as error:
        raise IntegrityError(f"The list of the back-up {path} can't be read ({error}).") from error
    if listed.format != _FORMAT:
        raise StoreError(f"The back-up {path} was made by a newer Ara.", hint="Update Ara; nothing was changed.")
    if listed.digest != _digest(listed.files):
        raise IntegrityError(f"The list of the back-up {path} was changed since it was made.")
    return listed


def _last(target: Path) -> tuple[_Kept, ...]:
    """Give the files of the newest back-up; none where there is none that can be read."""
    try:
        return _read(target, _newest(target)).files
    except AraError:
        return ()


def _newest(target: Path) -> str:
    names = sorted(path.stem for path in (target / "snapshots").glob("*.json"))
    if not names:
        raise StoreError(f"There is no back-up in {target}.", hint=f"Make one: ara data backup {target}")
    return names[-1]


def _object(target: Path, sha256: str) -> Path:
    return target / "objects" / sha256[:2] / sha256


def _intact(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == sha256


def _digest(files: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(files, order="sorted")).hexdigest()


def _tell(progress: Progress | None, done: int, total: int, *, what: str) -> None:
    if progress is not None and not progress(done, total, what):
        raise CancelledError("The copy was cancelled; what was copied is used by the next one.")
