"""PDF files: A4, numbered, nothing outside the margins."""

import pypdfium2
import pytest

from ara.reports import Column, Form, Report, Section, Table, backtest_report
from ara.reports.files import pdf
from ara.reports.files.pdf_page import INNER, broken, cut, wide
from tests.reports.files.conftest import FORMULA, played, tape

A4 = (595.4, 841.7)


@pytest.fixture(scope="module")
def small():
    result = played(tapes={FORMULA: tape(120, 2, FORMULA)}, cuts=0)
    return backtest_report(result, command="ara backtest ACME")


@pytest.fixture(scope="module")
def pages(small):
    return list(pypdfium2.PdfDocument(pdf.made(small)))


def texts(pages):
    return [page.get_textpage().get_text_bounded() for page in pages]


def long(rows=70):
    columns = (
        Column(key="name", head="name", values=[f"{'very ' * 30}long {place}" for place in range(rows)]),
        *(
            Column(
                key=f"c{number}", head=f"a column with words {number}", values=[float(number)] * rows, form=Form.MONEY
            )
            for number in range(9)
        ),
    )
    return Table(name="long", title="A long table", columns=columns)


@pytest.fixture(scope="module")
def crowded():
    report = Report(
        kind="backtest", title="wide " * 60 + "W" * 300, finding=("one",), facts=(("Strategy", "x" * 900),),
        sections=(Section(title="Long", words=("word " * 300,), tables=(long(),)),), lineage="0" * 64,
    )  # fmt: skip
    return list(pypdfium2.PdfDocument(pdf.made(report)))


def test_pages_are_a4_and_numbered(pages):
    for number, (page, words) in enumerate(zip(pages, texts(pages), strict=True), 1):
        assert page.get_size() == pytest.approx(A4, abs=1)
        assert f"{number} / {len(pages)}" in words


def test_it_says_what_the_report_says(pages, small):
    words = " ".join(" ".join(texts(pages)).split())
    assert FORMULA in words
    for part in ("Key figures", "Months", "round trips", "What was checked", "How to read it"):
        assert part in words
    assert small.lineage in words


@pytest.mark.parametrize("which", ["pages", "crowded"])
def test_nothing_stands_outside_the_margins(which, request):
    for page in request.getfixturevalue(which):
        text = page.get_textpage()
        for place in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(place)
            assert left >= 25
            assert right <= A4[0] - 25
            assert bottom >= 25
            assert top <= A4[1] - 25


@pytest.mark.parametrize(("words", "alone"), [(20, False), (24, False), (34, True)])
def test_a_chart_is_drawn_lower_rather_than_on_the_next_page(small, words, alone):
    """Above it stand so many lines; where too little is left for it, it begins a page."""
    chart = next(one for section in small.sections for one in section.charts)
    above = Section(title="Above", words=tuple(f"line {place}" for place in range(words)))
    below = Section(title="Below", charts=(chart,))
    report = Report(kind="backtest", title="Two", finding=(), facts=(), sections=(above, below))
    read = texts(pypdfium2.PdfDocument(pdf.made(report)))
    page = next(number for number, one in enumerate(read) if "Below" in one)
    assert (f"line {words - 1}" in read[page]) is not alone
    assert chart.title in read[page]


def test_a_long_table_goes_on_with_its_head(crowded):
    heads = [words.count("name") for words in texts(crowded)]
    assert len(crowded) > 2
    assert sum(heads) >= len(crowded) - 1
    assert "long 69" not in texts(crowded)[0]


def test_the_same_report_gives_the_same_bytes():
    report = Report(kind="backtest", title="A finding", finding=(), facts=(), sections=(), lineage="0" * 64)
    first = pdf.made(report)
    assert first == pdf.made(report)
    assert b"CreationDate" not in first


def test_lines_fit_and_lose_nothing():
    text = "a few words, " * 30 + "W" * 200
    lines = broken(text, 3.0, 9)
    assert all(wide(line, 9) <= 3.0 + 1e-9 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert cut("W" * 50, 1.0, 9).endswith("…")
    assert wide(cut("W" * 50, 1.0, 9), 9) <= 1.0 < INNER
