"""Tables as people bring them: from spreadsheets of other countries, cut, packed, quoted by hand."""

import gzip
from datetime import UTC, date, datetime

import polars as pl
import pytest

from ara.data.files import text
from ara.errors import ValidationError


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize("closed", ["", '"'])
@pytest.mark.parametrize("piece", [text.BLOCK, 300])
def test_a_quote_that_swallows_rows_is_refused_with_its_row(read, monkeypatch, closed, piece):
    """Closed far below or never: the rows in between would be lost, and nobody told."""
    lines = [f"2020-01-{number:02},{number},note {number}" for number in range(1, 29)]
    lines[6], lines[20] = lines[6].replace("note", '"note'), lines[20] + closed
    monkeypatch.setattr(text, "BLOCK", piece)
    with pytest.raises(ValidationError, match=r"KO\.csv, row 7 opens a quote that isn't closed in its line"):
        read("KO.csv", "\n".join(["Date,Close,note", *lines]) + "\n")


def european(sep, head):
    high = "1.010,5" if head else "1010,5"
    days = [f"{day:02}.{month:02}.2022" for month in (3, 4) for day in range(1, 29)]
    rows = [sep.join([day, f"{place},25", high, "0,5", f"{place},75", "100"]) for place, day in enumerate(days, 10)]
    return "\n".join([sep.join(head), *rows] if head else rows) + "\n"


@pytest.mark.parametrize(
    "head",
    [
        "Date Open High Low Close Volume",
        "Datum Eröffnung Höchstkurs Tiefstkurs Schlusskurs Volumen",
        "Date,Ouverture,Plus haut,Plus bas,Clôture,Volume",
        "Fecha Apertura Máximo Mínimo Último Vol.",
        "Data Apertura Massimo Minimo Chiusura Volume",
        "Data Abertura Máxima Mínima Fechamento Volume",
        "Datum Opening Hoog Laag Slotkoers Volume",
        "日期 开盘 最高 最低 收盘 成交量",
        "日付 始値 高値 安値 終値 出来高",
        "",
    ],
)
@pytest.mark.parametrize("sep", [";", "\t", "|"])
def test_decimal_commas_part_no_cells_whatever_the_heading_is(read, sep, head):
    """Of many rows: the one line of the heading must not be outvoted by the commas in the numbers."""
    words = head.split(",") if "," in head else head.split()
    frame, refused = read("KO.csv", european(sep, words))
    assert refused == []
    assert frame.height == 56
    assert frame.select("open", "high", "low", "close", "volume").row(0) == (10.25, 1010.5, 0.5, 10.75, 100)
    assert frame["ts"][0] == at(2022, 3, 1)


def test_the_comma_parts_cells_where_notes_hold_the_other_signs(read):
    rows = "".join(f"2020-01-{day:02},{day},a; b\n" for day in range(1, 29))
    frame, _ = read("KO.csv", "Date,Close,Note\n" + rows)
    assert frame["close"].to_list() == list(range(1, 29))


def test_lines_that_end_in_a_return_alone_are_lines(read):
    frame, _ = read("KO.csv", "Date,Close\r2020-01-02,1\r2020-01-03,2\r")
    assert frame["close"].to_list() == [1, 2]


SERIALS = [43832.0, 43833.645833333336]


@pytest.mark.parametrize(
    "content",
    [
        "Date,Close\n43832,1\n43833.6458333333,2\nTotal,3\n",
        'Date;Close\n"43832";1\n43833,6458333333;2\nTotal;3\n',
        pl.DataFrame({"Date": SERIALS, "Close": [1, 2]}),
    ],
)
def test_the_dates_of_spreadsheets_are_days_since_1899(read, content):
    name = "KO.parquet" if isinstance(content, pl.DataFrame) else "KO.csv"
    frame, refused = read(name, content, timezone="America/New_York")
    assert frame["ts"].to_list() == [at(2020, 1, 2, 5), at(2020, 1, 3, 20, 30)]
    assert [one.words for one in refused] == (
        [] if name == "KO.parquet" else ["KO.csv, row 3: its time can't be read (Total)"]
    )
    days, _ = read("KO.parquet", pl.DataFrame({"Date": [43832, 43833], "Close": [1, 2]}))
    assert days["ts"].to_list() == [at(2020, 1, 2), at(2020, 1, 3)]


@pytest.mark.parametrize(
    ("name", "content", "why", "hint"),
    [
        ("KO.csv", gzip.compress(b"Date,Close\n2020-01-02,1\n"), "it is packed by gzip", "prices.csv.gz"),
        ("KO.csv", b"PK\x03\x04" + b"\x00" * 40, "it is a zip archive or a workbook", "save a workbook as CSV"),
        ("KO.xlsx", b"PK\x03\x04" + b"\x00" * 40, r"KO\.xlsx is a workbook; save its sheet as CSV", "CSV or Parquet"),
    ],
)
def test_what_is_no_table_yet_says_what_it_is(read, name, content, why, hint):
    with pytest.raises(ValidationError, match=why) as caught:
        read(name, content)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "close",
    [
        pl.Series([[1.0], [2.0]]),
        pl.Series([{"a": 1}, {"a": 2}]),
        pl.Series([b"1", b"2"]),
        pl.Series([date(2020, 1, 1)] * 2),
        pl.Series([True, False]),
    ],
)
def test_what_is_no_number_in_a_parquet_file_is_refused(read, close):
    frame, refused = read("KO.parquet", pl.DataFrame({"date": [date(2020, 1, 2), date(2020, 1, 3)], "close": close}))
    assert frame.is_empty()
    assert [(one.reason, one.count) for one in refused] == [("its close is no number", 2)]


def test_prices_may_be_categories(read):
    frame, _ = read(
        "KO.parquet", pl.DataFrame({"date": ["2020-01-02"], "close": pl.Series(["1.5"], dtype=pl.Categorical)})
    )
    assert frame["close"].to_list() == [1.5]


def test_a_refused_row_shows_what_stands_in_it(read):
    _, refused = read("KO.csv", "Date,Close\n2020-01-02,1\nsoon,2\nlater,3\n2020-01-06,dear\n")
    assert [one.words for one in refused] == [
        "KO.csv, rows 2, 3: its time can't be read (soon)",
        "KO.csv, row 4: its close is no number (dear)",
    ]
    _, (odd,) = read("a.csv", "Date,Symbol,Close\n2020-01-02,\x1b[31m日本,1\n")
    assert odd.words.startswith("a.csv, row 1: its symbol is none (")
    assert "\x1b" not in odd.words
