from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.cli.render.data import price
from ara.cli.render.data_table import Column, instant, plain_value, stamp, table
from ara.cli.render.fetched import fetched
from ara.cli.render.health import health
from ara.cli.render.quality import Judged, document, report
from ara.cli.render.rows import rows, rows_document
from ara.cli.screen import Flags, Screen
from ara.cli.words import width
from ara.data.fetched import Fetched
from ara.data.quality import Issue, QualityReport, Severity
from ara.market.symbols import resolve
from ara.market.timeframe import DAY

AT = datetime(2020, 2, 12, 14, 30, tzinfo=UTC)

NOW = datetime(2026, 1, 7, tzinfo=UTC)


def screen(columns=100):
    return Screen(Flags(width=columns, colour=False), runner=None)


@pytest.mark.parametrize(
    ("symbol", "value", "shown"),
    [
        ("AAPL", 122.145, "122.14"),
        ("AAPL", 0.5, "0.500"),
        ("AAPL", 0.0001, "0.000100"),
        ("AAPL", 0.0, "0.00"),
        ("AAPL", None, ""),
        ("EURUSD", 1.17321, "1.17321"),
        ("AAPL", 1234567.0, "1,234,567.00"),
    ],
)
def test_prices(symbol, value, shown):
    assert price(value, resolve(symbol)) == shown


def test_columns_leave_by_their_number():
    columns = [
        Column(head="symbol", cells=["AAPL", "MSFT"]),
        Column(head="empty", cells=["", ""]),
        Column(head="long", cells=["x" * 30, "y"], leave=2),
        Column(head="middle", cells=["x" * 10, "y"], leave=1),
        Column(head="n", cells=["1", "22"], right=True),
    ]
    wide, middle, narrow = (table(columns, screen(n)) for n in (100, 40, 20))
    assert wide[0].split() == ["symbol", "long", "middle", "n"]
    assert middle[0].split() == ["symbol", "middle", "n"]
    assert narrow == ["  symbol   n", "  AAPL     1", "  MSFT    22"]


def test_cells_cant_move_the_cursor():
    assert "\x1b" not in "".join(table([Column(head="a", cells=["\x1b[2J"])], screen()))


def test_json_values():
    given = [
        AT,
        1.5,
        float("nan"),
        float("inf"),
        None,
        True,
        7,
        "x",
        b"\x01",
        (1,),
        {"a": AT},
        Decimal("1.5"),
        AT.date(),
    ]
    assert [plain_value(value) for value in given] == [
        *("2020-02-12T14:30:00Z", 1.5, None, None, None, True, 7, "x", "01", [1]),
        *({"a": "2020-02-12T14:30:00Z"}, "1.5", "2020-02-12"),
    ]
    assert (instant(None), stamp(None, screen())) == (None, "")


FRAME = pl.DataFrame(
    {
        "symbol": ["AAPL", None],
        "at": [AT, AT.replace(second=5)],
        "x": [1.0, 123456789.123],
        "note": ["a " * 60, ""],
        "none": [None, None],
    }
)


def test_rows_side_by_side_or_below_each_other():
    wide = rows(FRAME, screen(160)).splitlines()
    assert wide[0].split() == ["symbol", "at", "x", "note", "none"]
    assert "2020-02-12 14:30:05" in wide[2]
    assert wide[1].split()[-1] == "-"
    assert rows(FRAME.clear(), screen()) == "No rows."
    assert rows_document(FRAME, cut=True)["rows"][1][:2] == [None, "2020-02-12T14:30:05Z"]


@given(
    st.lists(st.tuples(st.text(max_size=80), st.floats(), st.binary(max_size=50)), min_size=1, max_size=3),
    st.integers(20, 160),
)
def test_rows_fit(data, columns):
    frame = pl.DataFrame(data, schema={"text": pl.String, "number": pl.Float64, "data": pl.Binary}, orient="row")
    for line in rows(frame, screen(columns)).splitlines():
        assert width(line) <= max(columns, 2 * 20 + 8)


def judged(*issues, score=0.9, symbol="AAPL", source="yahoo"):
    told = QualityReport(score=score, issues=issues)
    return Judged(instrument=resolve(symbol), timeframe="1d", source=source, bars=100, report=told)


def issue(rule="missing", severity=Severity.ERROR, count=2, **rest):
    times = (AT, AT.replace(day=13))
    words = "2 sessions have no bar, the first one on 12 February 2020 and the other one on the day after"
    return Issue(
        rule=rule,
        severity=severity,
        symbol="AAPL",
        at=AT,
        count=count,
        words=words,
        times=times,
        single="no bar",
        **rest,
    )


@pytest.mark.parametrize("columns", [40, 60, 100, 160])
def test_a_report_fits(columns):
    some = [judged(issue(), issue("outlier", Severity.INFO, 1)), judged(symbol="MSFT", score=1.0)]
    text = report(some, screen(columns), each=False, rule="")
    assert max(map(width, text.splitlines())) <= columns
    assert "Nothing found in 1 of 2 series: MSFT" in text
    assert "quality 0.90, error" in text


@pytest.mark.parametrize("columns", [60, 100])
def test_a_headline_never_rounds_a_bad_bar_away(columns):
    one = judged(issue(count=1), score=0.9999)
    assert "quality 0.99, error" in report([one], screen(columns), each=False, rule="")
    assert "quality 1.00" in report([judged(score=1.0)], screen(columns), each=False, rule="")


def test_a_report_by_rule_and_bar_by_bar():
    some = [judged(issue(), issue("outlier", Severity.INFO, 1))]
    assert "outlier" not in report(some, screen(), each=False, rule="missing")
    assert report(some, screen(), each=True, rule="missing").count("no bar") == 2
    assert report([judged(score=1.0)], screen(), each=False, rule="").endswith("Nothing found.")
    data = document(some, each=True, rule="missing")
    assert [one["at"] for one in data["issues"]] == ["2020-02-12T14:30:00Z", "2020-02-13T14:30:00Z"]
    several = document([judged(score=0.5), judged(issue(), score=0.99999)], each=False, rule="")
    assert (several["score"], several["worst"]) == (0.5, "error")
    assert [(one["score"], one["worst"]) for one in several["series"]] == [(0.5, None), (0.9999, "error")]
    empty = document([], each=False, rule="")
    assert (empty["score"], empty["worst"]) == (0.0, None)
    assert date(2020, 2, 12).isoformat() in report(some, screen(), each=False, rule="")


def test_health_says_what_went_wrong_last():
    row = {"source": "yahoo", "state": "open", "success": 0.456, "latency_ms": 1234.5, "quality": 0.9, "asked": 7}
    text = health([{**row, "key": "", "url": "", "last_error": "503 \x1b[2J", "freshness_s": None}], screen(), now=NOW)
    assert "left alone" in text
    assert "46 %" in text
    assert "yahoo, when it last failed: 503 \\x1b[2J" in text
    row |= {"key": "", "url": "", "last_error": "503", "freshness_s": None, "failed_at": NOW - timedelta(days=3)}
    assert "yahoo, when it last failed, 3 d ago: 503" in health([row], screen(), now=NOW)


@pytest.mark.parametrize("columns", [20, 24, 40, 80])
def test_health_fits_and_says_who_was_never_asked(columns):
    row = {"source": "alpha_vantage", "state": "closed", "success": 1.0, "latency_ms": None, "quality": None}
    more = {"asked": 0, "key": "missing", "url": "https://www.alphavantage.co", "last_error": "", "freshness_s": None}
    text = health([row | more], screen(columns), now=NOW)
    assert max(map(width, text.splitlines())) <= columns
    assert "notaskedyet" in "".join(health([row | more], screen(80), now=NOW).split())


def test_texts_are_folded_and_numbers_are_not():
    columns = [
        Column(head="symbol", cells=["LONGNAME-USD"]),
        Column(head="bars", cells=["12,345,678"], right=True),
    ]
    lines = table(columns, screen(20))
    assert max(map(width, lines)) <= 20
    assert "12,345,678" in lines[2] or "12,345,678" in "".join(lines)
    assert "".join(line.split()[0] for line in lines if line.split()[0] in "LONGNAME-USD") == "LONGNAME-USD"


def answer(*issues):
    return Fetched(
        instrument=resolve("AAPL"),
        timeframe=DAY,
        source="yahoo",
        tried=(),
        bars=9,
        new=9,
        corrected=0,
        same=0,
        first=AT,
        last=AT,
        report=QualityReport(score=0.5, issues=issues),
    )


@pytest.mark.parametrize("columns", [60, 100, 160])
def test_the_worst_three_issues_of_an_answer_are_named(columns):
    some = [
        *(issue("split", Severity.INFO), issue("missing", Severity.WARNING), issue("unit"), issue("partial")),
        issue("shift", Severity.WARNING),
    ]
    lines = fetched([answer(*some)], screen(columns)).splitlines()
    assert max(map(width, lines)) <= columns
    heads = [line.split(":")[1].strip() for line in lines if line.startswith("  AAPL: ")]
    assert heads == ["error, unit", "error, partial", "warning, missing", "2 more issues; see ara data check AAPL"]


def test_an_answer_of_three_issues_names_them_all_and_one_without_any_says_nothing():
    three = fetched([answer(issue("unit"), issue("split"), issue("missing"))], screen())
    assert three.count("  AAPL: error") == 3
    assert "more issue" not in three
    assert "AAPL: " not in fetched([answer()], screen())


def test_numbers_beyond_all_prices_keep_a_line_short():
    apple = resolve("AAPL")
    assert price(1e308, apple) == "1e+308"
    assert price(-1.5e300, apple) == "-1.5e+300"
    assert price(999_999_999_999_999.0, apple) == "999,999,999,999,999.00"
