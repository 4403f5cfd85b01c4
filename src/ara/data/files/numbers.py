"""Numbers as people write them: with decimal points or commas, thousands separated or not, signs of money, K M B."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

__all__ = ["MISSING", "Style", "as_numbers", "style"]

MISSING: Final = ("", "na", "n/a", "nan", "null", "none", "-", "--", "#n/a", "<na>", "nil")
"""Cells, in small letters, that say that there is no value."""

_WORDS: Final = (pl.Categorical, pl.Enum)
_THOUSANDS: Final = {",": r"^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$", ".": r"^[-+]?\d{1,3}(\.\d{3})+(,\d*)?$"}
_SIZES: Final = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the numbers of a table are written.

    Parameters
    ----------
    decimal
        `.` or `,`.
    """

    decimal: str = "."

    @property
    def thousands(self) -> str:
        """What separates thousands, where anything does: the other of the two."""
        return "," if self.decimal == "." else "."


def style(columns: Sequence[pl.Series], delimiter: str) -> Style:
    """Judge by columns of text how their numbers are written.

    The later of two different separators is the decimal one; one that stands twice in a cell separates thousands; a
    comma alone is the decimal one, unless commas part the cells too or three digits follow it everywhere.
    """
    comma = point = 0
    for column in columns:
        text = column.drop_nulls().str.strip_chars()
        comma += _count(text, r"^[^,]*\.[^,]*,[^,.]*$") + _count(text, r"\..*\.")
        point += _count(text, r"^[^.]*,[^.]*\.[^,.]*$") + _count(text, r",.*,")
    if comma or point:
        return Style(decimal="," if comma > point else ".")
    single = [column.drop_nulls().str.strip_chars() for column in columns]
    commas = sum(_count(text, r"^[-+]?\d+,\d+$") for text in single)
    points = sum(_count(text, r"^[-+]?\d*\.\d+([eE][-+]?\d+)?$") for text in single)
    groups = sum(_count(text, r"^[-+]?[1-9]\d{0,2},\d{3}$") for text in single)
    odd = commas > groups or (delimiter != "," and commas > 0)
    return Style(decimal="," if commas > points and odd else ".")


def _count(text: pl.Series, pattern: str) -> int:
    return int(text.str.contains(pattern).sum() or 0)


def as_numbers(column: pl.Series, written: Style) -> tuple[pl.Series, pl.Series]:
    """Give a column of text as floats, and which of its cells hold something that is no number.

    A missing cell is null, and so is NaN, by which many programs write one; infinities are what they are.
    """
    if column.dtype in _WORDS:
        column = column.cast(pl.String)
    if column.dtype != pl.String:
        if not (column.dtype.is_numeric() or column.dtype == pl.Null):  # lists, times, pictures
            return pl.Series(column.name, [None], pl.Float64).new_from_index(0, len(column)), column.is_not_null()
        numbers = column.cast(pl.Float64, strict=False).fill_nan(None)
        return numbers, column.cast(pl.Float64, strict=False).is_null() & column.is_not_null()
    if written.decimal == ".":
        quick = column.cast(pl.Float64, strict=False)
        if not (quick.is_null() & column.is_not_null()).any():
            return quick.fill_nan(None), pl.repeat(value=False, n=len(column), eager=True, dtype=pl.Boolean)
    name = pl.col("text")
    text = name.str.strip_chars().str.to_lowercase().str.replace_all(r"[$€£¥%\s\u{a0}\u{202f}']", "")
    text = text.str.replace(r"^\((.*)\)$", "-$1")
    grouped = text.str.contains(_THOUSANDS[written.thousands])
    text = pl.when(grouped).then(text.str.replace_all(written.thousands, "", literal=True)).otherwise(text)
    if written.decimal == ",":
        text = pl.when(~text.str.contains(".", literal=True) | grouped).then(text.str.replace(",", ".", literal=True))
    size = text.str.extract(r"^[-+]?[\d.]+([kmbt])$")
    factor = size.replace_strict(_SIZES, default=1.0, return_dtype=pl.Float64)
    digits = pl.when(size.is_not_null()).then(text.str.head(-1)).otherwise(text)
    number = digits.cast(pl.Float64, strict=False) * factor
    missing = name.is_null() | name.str.strip_chars().str.to_lowercase().is_in(MISSING)
    found = pl.DataFrame([column.rename("text")]).select(
        number=pl.when(~missing).then(number), wrong=number.is_null() & ~missing
    )
    return found["number"], found["wrong"]
