"""Tables of a report: columns with a meaning, so that each kind of file can write them as it should."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.numbers import decimals_of_price, grouped, percent

__all__ = ["NONE", "Column", "Form", "Table", "Values", "harmless", "money", "plain", "written"]

Values = Sequence[Any] | NDArray[Any] | pl.Series
"""Of a column, one a row."""

NONE: Final = "-"
"""What stands where a figure is not defined."""

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")


class Form(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    SHARE = "share"
    """A change: 0.01 is +1 %."""
    SIZE = "size"
    """A part: 0.01 is 1 %."""
    FINE = "fine"
    """A small change, in hundredths of a percent."""
    RATIO = "ratio"
    COUNT = "count"
    YEAR = "year"
    MONEY = "money"
    PRICE = "price"
    QUANTITY = "quantity"
    DATE = "date"
    MOMENT = "moment"
    """A time of day too, UTC."""

    @property
    def numeric(self) -> bool:
        """Whether it stands to the right, as figures do."""
        return self not in (Form.TEXT, Form.YEAR, Form.DATE, Form.MOMENT)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """One column.

    Parameters
    ----------
    key
        Its name in CSV and JSON.
    head
        What stands above it.
    values
        One a row; None or NaN where there is none.
    form
        What they are: one for all, or one a row.
    unit
        Currency of money.
    """

    key: str
    head: str
    values: Values
    form: Form | Sequence[Form] = Form.TEXT
    unit: str = ""

    def form_of(self, row: int) -> Form:
        """Give the form of a row."""
        return self.form if isinstance(self.form, Form) else self.form[row]

    @property
    def right(self) -> bool:
        """Whether it stands to the right."""
        return self.form.numeric if isinstance(self.form, Form) else any(one.numeric for one in self.form)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """One table.

    Parameters
    ----------
    name
        In a word: of the sheet, of the file, in JSON.
    title
        What it shows.
    columns
        All of one length.
    words
        What one has to know to read it, in sentences.
    paper
        Whether it is shown in a page, not only kept in files of data.
    sheet
        Whether it is kept in files of data, not only shown in a page.
    heat
        Whether its shares are coloured, orange below 0 and blue above.
    series
        Whether each row is a moment, of which the last of each day may stand for all of that day.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    words: str = ""
    paper: bool = True
    sheet: bool = True
    heat: bool = False
    series: bool = False

    def __post_init__(self) -> None:
        if len({len(one.values) for one in self.columns}) > 1:
            raise ValidationError(f"The columns of {self.name!r:.40} have different lengths.", hint="One value a row.")

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def within(self, most: int) -> "Table":
        """Give at most so many rows: of a series the last of each day, of others the first; the words say so."""
        if len(self) <= most:
            return self
        rows = np.arange(most)
        left = f"Of {len(self):,} rows the first {most:,} are here; CSV files have all."
        if self.series:
            days = pl.Series(self.columns[0].values).cast(pl.Datetime("us")).dt.date().to_numpy()
            ends = np.append(np.flatnonzero(np.diff(days).astype(np.int64) != 0), len(days) - 1)
            rows = ends[-most:]
            left = f"Of {len(self):,} rows the last of each day is here; CSV files have all."
        columns = tuple(replace(one, values=pl.Series(one.values).gather(rows)) for one in self.columns)
        return replace(self, columns=columns, words=f"{self.words} {left}".strip())

    def texts(self) -> list[list[str]]:
        """Give the rows as a reader sees them."""
        return [[written(one.values[row], one.form_of(row)) for one in self.columns] for row in range(len(self))]

    def strengths(self) -> list[list[float]]:
        """Give each cell's colour from -1 to 1, 0 for none; 1 is the largest share before the last column."""
        if not self.heat:
            return [[0.0] * len(self.columns)] * len(self)
        found = [
            [float(plain(value) or 0.0) if column.form is Form.SHARE else 0.0 for value in column.values]
            for column in self.columns
        ]
        most = max((abs(value) for column in found[:-1] for value in column), default=0.0) or 1.0
        return [[min(max(column[row] / most, -1.0), 1.0) for column in found] for row in range(len(self))]

    def rows(self) -> list[dict[str, Any]]:
        """Give the rows as JSON values."""
        return [{one.key: _json(one.values[row]) for one in self.columns} for row in range(len(self))]

    def frame(self) -> pl.DataFrame:
        """Give it as a frame; texts that a spreadsheet would take for a formula stand behind an apostrophe."""
        return pl.DataFrame({one.key: _series(one) for one in self.columns})


def money(key: str, head: str, values: Values, unit: str) -> Column:
    """Give a column of amounts in a currency."""
    return Column(key=key, head=head, values=values, form=Form.MONEY, unit=unit)


def written(value: Any, form: Form) -> str:
    """Give a value as a reader sees it."""
    value = plain(value)
    if value is None:
        return NONE
    if form is Form.DATE:
        return f"{value:%Y-%m-%d}"
    if form is Form.MOMENT:
        return f"{value:%Y-%m-%d %H:%M}"
    if form in (Form.TEXT, Form.YEAR):
        return str(value)
    number = float(value)
    if form in (Form.SHARE, Form.SIZE):
        return percent(number, signed=form is Form.SHARE)
    if form is Form.FINE:
        return percent(number, 2)
    if form is Form.QUANTITY:
        return grouped(number, 0) if number == int(number) else f"{number:,.8f}".rstrip("0")
    digits = {Form.RATIO: 2, Form.COUNT: 0, Form.MONEY: 2}
    return grouped(number, digits[form] if form in digits else decimals_of_price(number))


def plain(value: Any) -> Any:
    """Give a value as Python has it: None for what is missing or no finite number, dates for dates of numpy."""
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else value.astype("datetime64[us]").item()
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def harmless(text: str) -> str:
    """Give a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def _json(value: Any) -> Any:
    told = plain(value)
    return told.isoformat() if isinstance(told, datetime | date) else told


def _series(column: Column) -> pl.Series:
    given: Any = column.values
    if column.form is not Form.TEXT and isinstance(given, np.ndarray | pl.Series):
        return pl.Series(column.key, given)
    values = [plain(one) for one in given]
    if any(isinstance(one, str) for one in values) or not values:
        return pl.Series(column.key, [None if one is None else harmless(str(one)) for one in values], dtype=pl.String)
    return pl.Series(column.key, values, strict=False)
