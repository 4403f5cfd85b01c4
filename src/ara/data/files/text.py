"""Text tables: their encoding, their dialect, and their rows as blocks of columns of text, whatever their size."""

import codecs
import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import polars as pl

from ara.errors import ValidationError

__all__ = ["BLOCK", "MORE", "Dialect", "blocks", "chunks", "dialect", "rows"]

BLOCK: Final = 8 << 20
"""Bytes that are read at once."""

MORE: Final = "\x01more"
"""The column of what a row has beyond its heading; null in a whole row."""

_LONGEST: Final = 8 * BLOCK
_SAMPLE: Final = 1 << 18
_SNIFFED: Final = 200
_WIDEST: Final = 20_000
_DELIMITERS: Final = ("\t", "|", ";", ",")
"""The rarer within cells come first: where two part all rows as evenly, the comma is the decimal one."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NUMBER: Final = re.compile(r"\s*[-+$€£]?[\d.,' ]*\d[\d.,]*(?:[eE][-+]?\d+)?%?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a text table is written.

    Parameters
    ----------
    delimiter
        What stands between two cells.
    skipped
        Lines before the heading, or before the first row where there is no heading.
    names
        The heading; empty where there is none.
    width
        Cells of a row.
    """

    delimiter: str
    skipped: int
    names: tuple[str, ...]
    width: int


def rows(path: Path) -> list[dict[str, str]]:
    """Give the rows of a text table as they stand: text by heading, quotes and line breaks in cells resolved.

    Any of UTF-8, UTF-16, UTF-32 and Windows-1252 and any of the delimiters `, ; tab |` is recognised. The first line is
    the heading. A row with fewer cells lacks the last columns; one with more is refused.

    Parameters
    ----------
    path
        The file, of 64 MB at most.

    Raises
    ------
    ValidationError
        It can't be read or is no table.
    """
    try:
        with path.open("rb") as file:
            text = b"".join(chunks(file))[: _LONGEST + 1]
    except OSError as error:
        raise ValidationError(f"{path.name} can't be read: {error.strerror or error}.") from None
    if len(text) > _LONGEST:
        raise ValidationError(f"{path.name} is longer than {_LONGEST >> 20} MB.", hint="Import it: ara data import")
    lines = _parsed(text, dialect(text[:_SAMPLE], heading=True).delimiter, path.name)
    heading = next(lines, [])
    found: list[dict[str, str]] = []
    for number, cells in enumerate(lines, start=1):
        if len(cells) > len(heading):
            raise ValidationError(f"{path.name}, row {number} has {len(cells)} cells under {len(heading)} headings.")
        if cells:
            found.append(dict(zip(heading, cells, strict=False)))
    return found


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Give a stream as UTF-8, in pieces of some megabytes, whatever it is encoded in; its mark is dropped."""
    start = stream.read(BLOCK)
    encoding, mark = _encoding(start)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    data = start[len(mark) :]
    old = b"\r" in start and b"\n" not in start  # lines as a Macintosh once ended them
    while data:
        text = decoder.decode(data)
        yield (text.replace("\r", "\n") if old else text).encode("utf-8", "replace")
        data = stream.read(BLOCK)
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _encoding(start: bytes) -> tuple[str, bytes]:
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name, mark
    head = start[:4096]
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le", b""
    if head[::2].count(0) > len(head) // 4:
        return "utf-16-be", b""
    try:
        start[: len(start) - 4 if len(start) == BLOCK else None].decode()
    except UnicodeDecodeError:
        return "cp1252", b""
    return "utf-8", b""


def dialect(start: bytes, *, heading: bool | None = None) -> Dialect:
    """Judge by its beginning how a text table is written.

    Parameters
    ----------
    start
        In UTF-8.
    heading
        Whether the first line is the heading; judged too where nothing is said.
    """
    tried = [(delimiter, _first(start, delimiter)) for delimiter in _DELIMITERS]
    delimiter, lines = max(tried, key=lambda one: _fits(one[1]))  # the first of those that fit as well
    if heading:
        return Dialect(delimiter=delimiter, skipped=0, names=(), width=len(lines[0]) if lines else 0)
    width = _width(lines)[0]
    place = _begins(lines, width)
    names = tuple(cell.strip() for cell in lines[place]) if lines and not _data(lines[place]) else ()
    if place and not names and _remark(lines[place - 1]) and len(lines[place - 1]) == width:
        names, place = tuple(cell.strip().lstrip("#").strip() for cell in lines[place - 1]), place - 1
    names = (*names, *[""] * width)[:width] if names else ()
    return Dialect(delimiter=delimiter, skipped=place, names=names, width=width)


def _fits(lines: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Say how well a delimiter parts a table: by the share of rows of one width, then by the rows before the heading.

    Where `;` parts the cells, decimal commas part the rows as evenly, but not the heading.
    """
    width, count = _width(lines)
    return (round(count / max(len(lines), 1), 1), -_begins(lines, width)) if width > 1 else (0.0, 0)


def _begins(lines: Sequence[Sequence[str]], width: int) -> int:
    """Give the place of the first row that is about as wide as the others, a heading or not."""
    fit = (abs(len(cells) - width) < 2 and (len(cells) > 1 or width < 2) and not _remark(cells) for cells in lines)
    return next((place for place, fits in enumerate(fit) if fits), 0)


def _width(lines: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Give how many cells most rows have, rows of one cell aside, and how many do."""
    widths = Counter(len(cells) for cells in lines if cells)
    return max(widths.items(), key=lambda one: (one[1] if one[0] > 1 else 0, one[0]), default=(0, 0))


def _remark(cells: Sequence[str]) -> bool:
    return bool(cells) and cells[0].lstrip().startswith(("#", "//", "sep="))


def _data(cells: Sequence[str]) -> bool:
    """Tell a row of data from a heading: it has cells that are numbers."""
    return sum(bool(_NUMBER.fullmatch(cell)) for cell in cells) >= max(1, len(cells) // 3)


def _first(start: bytes, delimiter: str) -> list[list[str]]:
    text = start[:_SAMPLE].decode("utf-8", "ignore")
    found: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # a cell too long to be one: what stands before it must do
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            found.append(cells)
            if len(found) == _SNIFFED:
                return found
    return found[:-1] if len(start) >= _SAMPLE and len(found) > 1 else found


def blocks(stream: IO[bytes], written: Dialect, name: str) -> Iterator[pl.DataFrame]:
    """Give the rows of a text table as columns of text, some megabytes at a time, in bounded memory.

    Parameters
    ----------
    stream
        The file from its beginning.
    written
        How it is written.
    name
        For messages.

    Returns
    -------
    Iterator[pl.DataFrame]
        Columns `c0`, `c1`, … of text, and `MORE`.
    """
    if written.width > _WIDEST:
        raise ValidationError(f"{name} has {written.width:,} columns, more than {_WIDEST:,}.")
    waiting, done = b"", 0
    drop = written.skipped + bool(written.names)
    for piece in chunks(stream):
        waiting += piece
        while drop and (end := waiting.find(b"\n")) >= 0:
            waiting = waiting[end + 1 :]
            drop -= 1
        if drop or len(waiting) < BLOCK:
            continue
        cut = _row_end(waiting)
        if cut:
            frame = _frame(waiting[:cut], written, name)
            _unswallowed(frame, written, f"{name}, row", done)
            yield frame
            waiting, done = waiting[cut:], done + frame.height
    if waiting.strip() and not drop:
        frame = _frame(waiting, written, name)
        _unswallowed(frame, written, f"{name}, row", done)
        yield frame


def _unswallowed(frame: pl.DataFrame, written: Dialect, where: str, done: int) -> None:
    """Refuse a cell that holds whole rows: a quote before them was never closed, and they would be lost in silence."""
    row = re.escape(written.delimiter).join([f"[^{re.escape(written.delimiter)}\\n]*"] * written.width)
    for column in frame.columns if written.width > 1 else ():
        broken = frame[column].str.contains("\n", literal=True).fill_null(value=False)
        for place in broken.arg_true():
            if re.search(rf"\n{row}\n", f"{frame[column][place]}\n"):
                raise ValidationError(
                    f"{where} {done + place + 1:,} opens a quote that isn't closed in its line: the rows after it can't"
                    " be told from what it quotes.",
                    hint="Close that quote, or take it away.",
                )


def _row_end(text: bytes) -> int:
    """Give where the last whole row ends; a line break between quotes ends none. 0 where there is no end."""
    cut = text.rfind(b"\n") + 1
    quotes = text.count(b'"', 0, cut)
    while cut and quotes % 2:
        quote = text.rfind(b'"', 0, cut)
        before = text.rfind(b"\n", 0, quote) + 1
        quotes -= text.count(b'"', before, cut)
        cut = before
    if cut or len(text) < _LONGEST:
        return cut
    return text.rfind(b"\n") + 1 or len(text)


def _frame(text: bytes, written: Dialect, name: str) -> pl.DataFrame:
    columns = [*(f"c{number}" for number in range(written.width)), MORE]
    head = (written.delimiter.join(columns) + "\n").encode()
    quote = '"' if b'"' in text else None
    try:
        return pl.read_csv(
            io.BytesIO(head + text),
            separator=written.delimiter,
            infer_schema=False,
            truncate_ragged_lines=True,
            quote_char=quote,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError:  # a quote where none belongs: the slower reader takes it as it stands
        lines = ([*cells, *[None] * len(columns)][: len(columns)] for cells in _parsed(text, written.delimiter, name))
        return pl.DataFrame(list(lines), schema=dict.fromkeys(columns, pl.String()), orient="row")


def _parsed(text: bytes, delimiter: str, name: str) -> Iterator[list[str]]:
    lines = csv.reader(io.StringIO(text.decode("utf-8", "replace"), newline=""), delimiter=delimiter)
    try:
        yield from lines
    except csv.Error as error:
        raise ValidationError(f"{name} can't be read in line {lines.line_num}: {error}.") from None
