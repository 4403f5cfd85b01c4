"""A report as an Excel file: figures are figures with their formats, dates are dates, and no text is a formula."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from ara.reports.charts.theme import LIGHT
from ara.reports.tables import Column, Form, Table, plain, written

if TYPE_CHECKING:
    from ara.reports.tearsheet import Report

__all__ = ["made"]

_FORMATS: Final = {
    Form.SHARE: "+0.0%;-0.0%;0.0%", Form.SIZE: "0.0%", Form.FINE: "+0.00%;-0.00%;0.00%", Form.RATIO: "#,##0.00",
    Form.COUNT: "#,##0", Form.YEAR: "0", Form.MONEY: "#,##0.00", Form.PRICE: "#,##0.00######",
    Form.QUANTITY: "#,##0.00######", Form.DATE: "yyyy-mm-dd", Form.MOMENT: "yyyy-mm-dd hh:mm",
}  # fmt: skip
_CODE: Final = re.compile(r"[A-Z]{3,5}")
_WIDEST: Final = 60
_SAMPLE: Final = 200
_WORDS: Final = 100
_LONGEST: Final = 32_000
_EARLIEST: Final = date(1900, 3, 1)
_BAD: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def made(report: "Report") -> bytes:
    """Give the bytes: a sheet that says what was found, then one for each table."""
    import xlsxwriter

    from ara.reports.files import MOST_ROWS

    room = io.BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(room, {**safe, "default_date_format": "yyyy-mm-dd", "nan_inf_to_errors": False})
    book.set_properties(
        {"title": _clean(report.title)[:250], "comments": report.lineage, "created": datetime(2000, 1, 1, tzinfo=UTC)}
    )
    sheets = _Sheets(book=book)
    sheets.summary(report)
    for table in report.tables:
        sheets.table(table.within(MOST_ROWS))
    book.close()
    return room.getvalue()


@dataclass(slots=True)
class _Sheets:
    """A workbook being written, and the formats it has so far."""

    book: Any
    formats: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def format(self, **how: Any) -> Any:
        key = tuple(sorted(how.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format({"font_name": "Calibri", "valign": "top", **how})
        return self.formats[key]

    def summary(self, report: "Report") -> None:
        sheet = self.book.add_worksheet("Summary")
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, _WORDS)
        sheet.hide_gridlines(2)
        _paper(sheet)
        for row, (label, words, how) in enumerate(_said(report)):
            if label:
                self.text(sheet, row, 0, label, font_color=LIGHT("quiet"))
            if words:
                self.text(sheet, row, 1, words, text_wrap=True, **how)

    def table(self, table: Table) -> None:
        sheet = self.book.add_worksheet(_named(table.title))
        _paper(sheet)
        head = 0
        if table.words:
            self.text(sheet, 0, 0, table.words, font_color=LIGHT("quiet"), italic=True)
            head = 2
        for place, column in enumerate(table.columns):
            align = "right" if column.right else "left"
            how = {"bold": True, "bottom": 1, "bottom_color": LIGHT("quiet"), "align": align, "text_wrap": True}
            self.text(sheet, head, place, column.head, **how)
            sheet.set_column(place, place, _wide(column))
            self.column(sheet, head + 1, place, column)
        sheet.freeze_panes(head + 1, 1)
        sheet.repeat_rows(head)
        last = head + len(table)
        if len(table) and not table.heat:
            sheet.autofilter(head, 0, last, len(table.columns) - 1)
        if len(table) and table.heat:
            self.heat(sheet, head + 1, last, len(table.columns))
        if table.series and len(table) > 1:
            self.drawn(sheet, table, head)

    def column(self, sheet: Any, row: int, place: int, column: Column) -> None:
        """Write the values below the head; a cell of nothing stays empty."""
        one = column.form if isinstance(column.form, Form) else None
        given = None if one is None else self.cell(column, one)
        for number, raw in enumerate(column.values):
            value = plain(raw)
            if value is None:
                continue
            form = column.form_of(number)
            how = self.cell(column, form) if given is None else given
            if form is Form.TEXT or isinstance(value, str):
                self.text(sheet, row + number, place, str(value))
            elif form in (Form.DATE, Form.MOMENT):
                self.moment(sheet, row + number, place, value, form, how)
            else:
                sheet.write_number(row + number, place, float(value), how)

    def moment(self, sheet: Any, row: int, place: int, value: Any, form: Form, how: Any) -> None:
        day = value.date() if isinstance(value, datetime) else value
        if day < _EARLIEST:  # Excel counts days from 1900, and takes that for a leap year
            self.text(sheet, row, place, written(value, form))
            return
        bare = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        sheet.write_datetime(row, place, day if form is Form.DATE else bare, how)

    def cell(self, column: Column, form: Form) -> Any:
        if form is Form.TEXT:
            return self.format()
        shown = _FORMATS[form]
        if form is Form.MONEY and _CODE.fullmatch(column.unit):
            shown = f"{shown} [${column.unit}]"
        if form is Form.QUANTITY and all(float(plain(one) or 0).is_integer() for one in column.values):
            shown = "#,##0"
        return self.format(num_format=shown, align="right" if form.numeric else "left")

    def text(self, sheet: Any, row: int, place: int, words: str, **how: Any) -> None:
        """Write a text as a text, also where it looks like a formula or a number."""
        told = _clean(words)[:_LONGEST]
        if told.startswith(("=", "+", "-", "@")):
            how["quote_prefix"] = True
        sheet.write_string(row, place, told, self.format(**how))

    def heat(self, sheet: Any, first: int, last: int, count: int) -> None:
        scale = {
            "type": "3_color_scale", "min_color": LIGHT("actual"), "mid_color": LIGHT("paper"),
            "max_color": LIGHT("forecast"), "mid_type": "num", "mid_value": 0,
        }  # fmt: skip
        sheet.conditional_format(first, 1, last, count - 1, scale)

    def drawn(self, sheet: Any, table: Table, head: int) -> None:
        """Put a line chart of the money beside the columns, drawn by Excel itself."""
        lines = [place for place, one in enumerate(table.columns) if one.form in (Form.MONEY, Form.RATIO)]
        chart = self.book.add_chart({"type": "line"})
        for number, place in enumerate(lines):
            colour = (LIGHT("forecast"), LIGHT("past"), LIGHT("actual"))[number % 3]
            chart.add_series(
                {
                    "name": [sheet.name, head, place], "line": {"color": colour, "width": 1.5},
                    "categories": [sheet.name, head + 1, 0, head + len(table), 0],
                    "values": [sheet.name, head + 1, place, head + len(table), place],
                }
            )  # fmt: skip
        chart.set_title({"name": table.title, "name_font": {"size": 12}})
        chart.set_legend({"position": "bottom"})
        chart.set_x_axis({"date_axis": True, "num_format": "yyyy"})
        chart.set_y_axis(
            {"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": LIGHT("line")}}}
        )
        chart.set_size({"width": 760, "height": 380})
        sheet.insert_chart(head + 1, len(table.columns) + 1, chart)


def _said(report: "Report") -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "", report.title, {"bold": True, "font_size": 14}
    for words in report.finding:
        yield "", words, {}
    yield "", "", {}
    for label, words in report.facts:
        yield label, words, {}
    yield "", "", {}
    for section in report.sections:
        for words in section.words:
            yield section.title, words, {}
    yield "", "", {}
    for words in report.meaning:
        yield "How to read it", words, {"font_color": LIGHT("quiet")}


def _paper(sheet: Any) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&8&F&R&8&P / &N")


def _named(title: str) -> str:
    """Give the name of a sheet: Excel allows 31 letters, and not all of them."""
    return re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip()


def _wide(column: Column) -> float:
    words = max((len(part) for part in column.head.split()), default=0)
    longest = max((len(written(plain(one), column.form_of(row))) for row, one in _some(column)), default=0)
    return min(max(8, words + 2, longest + 2 + len(column.unit)), _WIDEST)


def _some(column: Column) -> Iterator[tuple[int, Any]]:
    count = len(column.values)
    step = max(count // _SAMPLE, 1)
    return ((row, column.values[row]) for row in range(0, count, step))


def _clean(text: str) -> str:
    return _BAD.sub(" ", text)
