"""Excel files: figures are figures, dates are dates, and no text is a formula."""

import io
from datetime import datetime

import openpyxl
import pytest

from ara.reports.files import excel
from tests.reports.files.conftest import EVIL, FORMULA


@pytest.fixture(scope="module")
def book(report):
    return openpyxl.load_workbook(io.BytesIO(excel.made(report)))


def cells(sheet):
    return [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]


def table(sheet):
    """The rows below the head, by the words above each column."""
    first = sheet.freeze_panes
    head = int("".join(one for one in first if one.isdigit())) - 1
    names = [cell.value for cell in sheet[head]]
    return [dict(zip(names, row, strict=True)) for row in sheet.iter_rows(min_row=head + 1)]


def test_the_summary_says_the_finding_first(book, report):
    sheet = book.worksheets[0]
    assert sheet.title == "Summary"
    assert sheet["B1"].value == report.title
    said = [cell.value for cell in cells(sheet)]
    assert set(report.finding) <= set(said)
    assert report.lineage in said


def test_every_table_has_a_sheet(book, report):
    assert len(book.worksheets) == 1 + len(report.tables)
    assert [len(table(sheet)) for sheet in book.worksheets[1:]] == [len(one) for one in report.tables]


def test_no_text_is_a_formula_or_a_number(book):
    for sheet in book.worksheets:
        for cell in cells(sheet):
            assert cell.data_type in ("s", "n", "d")
            if cell.data_type == "s":
                assert not cell.value.replace(",", "").replace(".", "").isdigit()
                assert cell.quotePrefix or not cell.value.startswith(("=", "+", "-", "@"))
    names = {cell.value for cell in cells(book["Instruments"])}
    assert {EVIL, FORMULA} <= names


def test_figures_have_the_formats_of_what_they_are(book):
    fill = table(book["Fills"])[0]
    assert isinstance(fill["at"].value, datetime)
    assert fill["at"].number_format == "yyyy-mm-dd hh:mm"
    assert fill["price"].number_format == "#,##0.00######"
    assert fill["commission"].number_format == "#,##0.00 [$USD]"
    assert fill["quantity"].number_format == "#,##0"
    rows = {row["figure"].value: row["buy and hold"] for row in table(book["Key figures"])}
    assert rows["all together"].number_format == "+0.0%;-0.0%;0.0%"
    assert rows["Sharpe"].number_format == "#,##0.00"
    assert rows["volatility a year"].number_format == "0.0%"
    months = table(book["Months"])
    assert months[0]["year"].value == 2019
    assert months[0]["year"].number_format == "0"
    assert book["Months"].conditional_formatting
    assert isinstance(table(book["Round trips"])[0]["opened"].value, datetime)


def test_heads_stay_in_sight_and_columns_are_wide_enough(book):
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes.startswith("B")
        widths = [one.width for one in sheet.column_dimensions.values()]
        assert min(widths) >= 8
        assert sheet.page_setup.paperSize == 9


def test_the_account_is_the_sum_of_its_instruments(book, result):
    rows = table(book["Instruments"])
    assert sum(row["brought"].value for row in rows) == pytest.approx(result.equity - float(result.cash), abs=1e-6)
    equity = table(book["Equity at each close"])
    assert [row[result.strategy].value for row in equity] == pytest.approx(result.frame["equity"].to_list())
    assert book["Equity at each close"]._charts
