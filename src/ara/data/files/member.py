"""The files that a path means: itself, those of a folder, a pattern or an archive, with limits on what they hold."""

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from ara.data.origin import shown
from ara.errors import ValidationError

__all__ = ["Bounded", "Member", "members", "outer", "packed_as", "unreadable"]

_MOST_FILES: Final = 20_000
_MOST: Final = 64 << 30
_FREE: Final = 64 << 20
_RATIO: Final = 250
_TEXT: Final = frozenset({".csv", ".txt", ".tsv", ".tab", ".psv", ".dat"})
_PARQUET: Final = frozenset({".parquet", ".pq"})
_READ: Final = frozenset({*_TEXT, *_PARQUET})
_SHEETS: Final = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers"})
_SIGNS: Final = {
    b"\x1f\x8b": ("packed by gzip", "Unpack it, or let its name say so: prices.csv.gz"),
    b"PK\x03\x04": (
        "a zip archive or a workbook",
        "Name an archive prices.zip; save a workbook as CSV.",
    ),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save its sheet as CSV."),
    b"BZh": ("packed by bzip2", "Unpack it first."),
    b"\xfd7zXZ": ("packed by xz", "Unpack it first."),
    b"\x28\xb5\x2f\xfd": ("packed by zstd", "Unpack it first."),
    b"ARROW1": ("an Arrow file", "Save it as Parquet."),
    b"%PDF": ("a PDF", "Give the table itself: CSV or Parquet."),
}
_PACKED: Final = frozenset({".gz", ".zip"})
_DELTA: Final = "_delta_log"
_BARS: Final = ("silver", "bars")
_PARQUET_END: Final = "must end with PAR1"
_DAMAGED: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One table to read: a file, or a file inside an archive.

    Parameters
    ----------
    path
        The file on disk.
    name
        As messages call it; for a part of an archive `prices.zip/AAPL.csv`.
    stem
        Its own name without endings, which may be a symbol.
    size
        Bytes on disk, packed or not.
    open
        Opens it for reading, unpacked.
    """

    path: Path
    name: str
    stem: str
    size: int
    open: Callable[[], IO[bytes]] = field(repr=False)


class Bounded(io.RawIOBase):
    """A stream that stops with a ValidationError where an archive unpacks to more than any data do.

    Parameters
    ----------
    stream
        What is read.
    packed
        Bytes that it was packed in.
    name
        For the message.
    """

    def __init__(self, stream: IO[bytes], *, packed: int, name: str) -> None:
        self._stream = stream
        self._most = min(_MOST, max(_FREE, packed * _RATIO))
        self._name = name
        self._read = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Give at most so many bytes; of everything, at most what the limit allows."""
        try:
            data = self._stream.read(self._most - self._read + 1 if size < 0 else size)
        except _DAMAGED as error:
            raise unreadable(self._name, error) from None
        self._read += len(data)
        if self._read > self._most:
            raise ValidationError(
                f"{self._name} unpacks to more than {_RATIO} times its size, which no prices do.",
                hint="Unpack it yourself and look at it first.",
            )
        return data

    def close(self) -> None:
        """Close what is read."""
        self._stream.close()
        super().close()


def members(path: Path) -> tuple[list[Member], list[str]]:
    """Find the tables that a path means.

    Parameters
    ----------
    path
        A file (CSV or Parquet, packed by gzip or in a zip or not), a folder, whose files are taken at any depth but for
        hidden ones and those of Delta tables, or a pattern such as `prices/*.csv`.

    Returns
    -------
    list[Member]
        In the order of their names.
    list[str]
        What was passed over, each with the reason.

    Raises
    ------
    ValidationError
        There is nothing there, it can't be read, or it is more than can be meant.
    """
    found: list[Member] = []
    passed = _closed(path)
    many = path.is_dir() or not path.exists()
    for file in outer(path):
        try:
            inner = list(_inside(file))
        except ValidationError as error:
            if not many:
                raise
            passed.append(error.message)
            continue
        if not inner:
            passed.append(_no_table(file))
        found += inner
    if not found and not many:
        raise ValidationError(passed[0], hint="Give CSV or Parquet files.")
    return found, passed


def outer(path: Path) -> list[Path]:
    """Give the files on disk that a path means, by name; hidden ones and links out of a folder are left out."""
    try:
        if path.is_file():
            return [path]
        if path.is_dir():
            root = path.resolve()
            every = [file for file in path.rglob("*") if not _hidden(file.relative_to(path))]
            # What lies in a Delta table or in Ara's own lake is rows of any state, deleted ones too.
            tables = {file.parent for file in every if file.name == _DELTA}
            lakes = {table.parents[1] for table in tables if table.parts[-2:] == _BARS}
            kept = (tables | lakes) - {path}
            plain = (file for file in every if kept.isdisjoint(file.parents))
            found = [file for file in plain if file.is_file() and file.resolve().is_relative_to(root)]
        elif any(sign in path.name for sign in "*?["):
            found = [file for file in path.parent.glob(path.name) if file.is_file()]
        else:
            found = []
    except (OSError, ValueError, RuntimeError) as error:
        raise unreadable(str(path), error) from None
    if not found and path.is_dir():
        raise ValidationError(
            f"The folder {_shown(path)} has no files.", hint="Give one that holds CSV or Parquet files."
        )
    if not found and path.exists():
        raise ValidationError(f"{_shown(path)} is no file that holds bars.", hint="Give a CSV or Parquet file.")
    if not found:
        raise ValidationError(
            f"There is no file {_shown(path)}.", hint="Give a file, a folder, or a pattern in quotes: 'prices/*.csv'."
        )
    if len(found) > _MOST_FILES:
        raise ValidationError(
            f"{_shown(path)} means {len(found):,} files, more than {_MOST_FILES:,}.", hint="Import them in parts."
        )
    return sorted(found)


def packed_as(start: bytes) -> tuple[str, str] | None:
    """Say what a file is by its first bytes, and what to do, where its name hides that it is no table yet."""
    return next((told for sign, told in _SIGNS.items() if start.startswith(sign)), None)


def _no_table(file: Path) -> str:
    sheet = file.suffix.lower() in _SHEETS
    words = "a workbook; save its sheet as CSV" if sheet else "no table"
    return f"{shown(file.name)} is {words}: a table is a CSV or Parquet file, packed by gzip or zip or not."


def _closed(path: Path) -> list[str]:
    """Say which folders within a folder this user may not look into; the system passes them over in silence."""
    inner = (one for one in path.rglob("*") if one.is_dir() and not _hidden(one.relative_to(path)))
    shut = [one for one in inner if not os.access(one, os.R_OK | os.X_OK)] if path.is_dir() else []
    return [unreadable(str(one.relative_to(path)), PermissionError(13, "Permission denied")).message for one in shut]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _inside(file: Path) -> Iterator[Member]:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise unreadable(file.name, error) from None
    ending, name = file.suffix.lower(), shown(file.name)
    if ending == ".zip":
        yield from _zipped(file)
    elif ending == ".gz":
        inner = PurePosixPath(file.stem)
        if not inner.suffix or inner.suffix.lower() in _READ:
            yield Member(
                path=file, name=shown(file.name), stem=inner.stem, size=size, open=lambda: _gzipped(file, size)
            )
    elif ending in _READ or not ending:
        yield Member(path=file, name=name, stem=file.stem, size=size, open=lambda: _plain(file))


def _plain(file: Path) -> IO[bytes]:
    try:
        return file.open("rb")
    except OSError as error:
        raise unreadable(file.name, error) from None


def _gzipped(file: Path, size: int) -> IO[bytes]:
    try:
        return cast("IO[bytes]", Bounded(cast("IO[bytes]", gzip.open(file)), packed=size, name=file.name))
    except _DAMAGED as error:
        raise unreadable(file.name, error) from None


def _zipped(file: Path) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except _DAMAGED as error:
        raise unreadable(file.name, error) from None
    if len(entries) > _MOST_FILES:
        raise ValidationError(f"{shown(file.name)} holds {len(entries):,} files, more than {_MOST_FILES:,}.")
    for entry in sorted(entries, key=lambda one: one.filename):
        inner = PurePosixPath(entry.filename.replace("\\", "/"))
        if inner.suffix.lower() in _READ and not _hidden(Path(*inner.parts)):
            yield Member(
                path=file,
                name=shown(f"{file.name}/{inner.name}"),
                stem=inner.stem,
                size=entry.compress_size,
                open=lambda entry=entry: _unzipped(file, entry),  # type: ignore[misc]
            )


def _unzipped(file: Path, entry: zipfile.ZipInfo) -> IO[bytes]:
    name = f"{file.name}/{PurePosixPath(entry.filename).name}"
    try:
        with zipfile.ZipFile(file) as archive:  # the stream keeps the file open for itself
            stream = archive.open(entry)
    except _DAMAGED as error:
        raise unreadable(name, error) from None
    return cast("IO[bytes]", Bounded(stream, packed=entry.compress_size, name=name))


def unreadable(name: str, error: Exception) -> ValidationError:
    """Make the error for a file that can't be read, with what is wrong with it."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
    words = (reason or type(error).__name__).removeprefix("parquet: ").rstrip(".")[:200]
    if _PARQUET_END in words:
        words = "it is cut off or damaged, for a Parquet file ends otherwise"
    return ValidationError(
        f"{_shown(name)} can't be read: {words}.",
        hint="Copy or download it again, whole, and see that you may read it.",
    )


def _shown(path: object) -> str:
    text = str(path)
    return text if text.isprintable() and len(text) < 200 else ascii(text)[:200]
