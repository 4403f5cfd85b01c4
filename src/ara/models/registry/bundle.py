"""A model as one file that another machine can read: an archive without compression, the same bytes each time."""

import os
import struct
import zipfile
from pathlib import Path
from typing import Final

from ara.errors import IntegrityError, ValidationError
from ara.models.registry.files import COUNT, LARGEST, WHOLE, check_name, entries, inspect_file, read_file
from ara.store.files import unwritable
from ara.whole import writing

__all__ = ["pack", "unpack"]

_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16
_HINT: Final = "Export it again where it was trained: ara models export ID FILE"


def pack(folder: Path, goal: Path) -> int:
    """Write a model's folder to a file, whole or not at all, and give its size in bytes."""
    if goal.is_dir():
        raise ValidationError(f"{str(goal)!r} is a folder.", hint="Name a file in it, such as model.ara.")
    if not goal.parent.is_dir():
        raise ValidationError(f"There is no folder {str(goal.parent)!r}.", hint="Make the folder first.")
    try:
        with writing(goal) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for name in entries(folder):
                    info = zipfile.ZipInfo(name, _LONG_AGO)
                    info.external_attr = _MODE
                    archive.writestr(info, read_file(folder, name))
            return file.tell()
    except OSError as error:
        raise unwritable(goal, error) from error


def unpack(source: Path, folder: Path, *, durable: bool = True) -> None:
    """Write what a file holds into an empty folder; every name and every content is looked at before it is written.

    Parameters
    ----------
    source, folder
        The file, and where it goes.
    durable
        Whether it is on the disk when this ends; not for what is read at once and goes again.

    Raises
    ------
    ValidationError
        There is no such file.
    IntegrityError
        It is no export of a model, is cut short, or holds more than a model may, or anything that could run.
    """
    if not source.is_file():
        raise ValidationError(f"There is no file {str(source)!r}.", hint="Check the path.")
    if source.stat().st_size > WHOLE + 2**20:
        raise IntegrityError(f"{source.name} is larger than any model may be ({WHOLE:,} bytes).")
    try:
        with zipfile.ZipFile(source) as archive:
            _refuse_list(archive.infolist(), source)
            for one in archive.infolist():
                with archive.open(one) as file:
                    data = file.read(one.file_size + 1)
                if len(data) != one.file_size:
                    raise IntegrityError(f"{one.filename} in {source.name} is not as long as it says.", hint=_HINT)
                inspect_file(one.filename, data)
                _write(folder / one.filename, data, durable=durable)
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, struct.error) as error:
        words = f"{source.name} is no model that was exported, or was damaged: {error}."
        raise IntegrityError(words, hint=_HINT) from None


def _refuse_list(members: list[zipfile.ZipInfo], source: Path) -> None:
    """Refuse by the table of contents what is no plain list of plain files."""
    if not members or len(members) > COUNT:
        raise IntegrityError(f"{source.name} holds {len(members)} files; a model has 1 to {COUNT}.", hint=_HINT)
    names = [one.filename.casefold() for one in members]
    if len(set(names)) < len(names):
        raise IntegrityError(f"{source.name} holds two files of one name.", hint=_HINT)
    if sum(one.file_size for one in members) > WHOLE:
        raise IntegrityError(f"{source.name} holds more than {WHOLE:,} bytes.", hint=_HINT)
    for one in members:
        check_name(one.filename)
        if one.compress_type != zipfile.ZIP_STORED or one.compress_size != one.file_size or one.file_size > LARGEST:
            raise IntegrityError(f"{one.filename} in {source.name} is compressed or too large.", hint=_HINT)
        if one.flag_bits & 0x1 or (one.external_attr >> 16) & 0o170000 not in (0, 0o100000):
            raise IntegrityError(f"{one.filename} in {source.name} is encrypted or no regular file.", hint=_HINT)


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
