"""Pages: one file that needs nothing else, and in which no name can run."""

import base64
import hashlib
import re
import zlib
from html.parser import HTMLParser

import pytest

from ara.reports.files import html
from tests.reports.files.conftest import EVIL

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Read(HTMLParser):
    """Every tag with its attributes, every text; tags that are not closed in order are an error."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.texts.append(data)


@pytest.fixture(scope="module")
def page(report):
    return html.made(report)


@pytest.fixture(scope="module")
def read(page):
    return Read(page)


def test_it_fetches_nothing(read):
    for tag, attributes in read.tags:
        assert tag not in {"link", "img", "iframe", "object", "form", "a"}
        assert not {"src", "href", "action", "onclick", "onload"} & set(attributes)


def test_it_is_small(page):
    assert len(page.encode()) < 3_000_000


def test_no_name_runs(read, page):
    assert EVIL not in page
    assert any(EVIL in text for text in read.texts)
    kinds = [attributes.get("type") for tag, attributes in read.tags if tag == "script"]
    assert kinds.count(None) == 1
    assert set(kinds) == {None, "text/plain", "application/json"}


def test_only_its_own_scripts_may_run(read, page):
    policy = next(one["content"] for tag, one in read.tags if tag == "meta" and "http-equiv" in one)
    assert policy.startswith("default-src 'none'")
    allowed = set(re.findall(r"'sha256-([^']+)'", policy))
    (own,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (packed,) = re.findall(r'id="ara-plotly">([^<]*)<', page)
    codes = (own.encode(), zlib.decompress(base64.b64decode(packed)))
    assert allowed == {base64.b64encode(hashlib.sha256(code).digest()).decode() for code in codes}
    assert "unsafe-inline" not in policy.partition("script-src")[2]


def test_the_finding_comes_first(read, report):
    said = [text.strip() for text in read.texts if text.strip()]
    body = said[said.index(report.title) + 1 :]
    assert body[0] == report.title
    assert body[1 : 1 + len(report.finding)] == list(report.finding)


def test_light_dark_and_print(page):
    assert "prefers-color-scheme: dark" in page
    assert "size: A4" in page
    assert "@media print" in page


def test_months_are_coloured_by_their_size(read, report):
    cells = [one for tag, one in read.tags if tag == "td" and "--much" in one.get("style", "")]
    months = next(one for one in report.tables if one.name == "months")
    coloured = sum(bool(strong) for row in months.strengths() for strong in row)
    assert len(cells) == coloured > 12
    assert {word for one in cells for word in one["class"].split()} == {"n", "up", "down"}


def test_what_is_left_out_is_counted(read, result):
    words = " ".join(read.texts)
    left = re.search(r"(\d+) of them are left out here", words)
    shown = {(trip.instrument, trip.opened, trip.closed, trip.gain) for trip in result.trips[:10]}
    order = sorted(result.trips, key=lambda one: -abs(one.gain))[:10]
    shown |= {(trip.instrument, trip.opened, trip.closed, trip.gain) for trip in order}
    assert int(left[1]) == len(result.trips) - len(shown)
