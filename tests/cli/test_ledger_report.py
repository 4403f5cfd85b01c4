"""`ara ledger report`: a table, a page and a document."""

import json
from html.parser import HTMLParser

import pytest


@pytest.fixture
def scored(ara):
    ara("predict", "AAPL", "EURUSD", "--as-of", "2020-02-20", "--days", "3", "--quiet")
    assert ara("score").code == 0


@pytest.fixture
def scored_twice(ara, scored):
    ara("predict", "AAPL", "--as-of", "2020-03-20", "--days", "3", "--quiet")
    assert ara("score").code == 0


def test_nothing_scored_says_what_to_do(ara):
    assert ara("ledger", "report").out == "No forecast has been scored yet. When some have come due: ara score\n"


def test_what_proves_nothing_is_left_out(ara, scored):
    said = " ".join(ara("ledger", "report").out.split())
    assert "No outcome was forecast before it was public; 6 were forecast after." in said
    found = json.loads(ara("ledger", "report", "--json").out)
    assert (found["live"], found["replayed"], found["counted"], found["groups"]) == (0, 6, False, [])
    assert found["challengers"] == []


@pytest.mark.parametrize("width", [60, 100, 160])
def test_the_tables_fit(ara, scored, width):
    outcome = ara("ledger", "report", "--replayed", "--width", str(width))
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= width
    heads = [line.split()[0] for line in lines if " outcomes " in line and line.startswith("  ")]
    assert heads == ["all", "asset", "class", "horizon", "regime", "model", "month"]
    assert "6 after: those prove nothing" in " ".join(outcome.out.split())


def test_the_page_holds_what_the_document_says(ara, scored, home):
    outcome = ara("ledger", "report", "--replayed", "--out", "report.html", "--json")
    groups = json.loads(outcome.out)["groups"]
    assert {one["group"] for one in groups} == {"all", "asset", "class", "horizon", "regime", "model", "month"}
    text = (home / "report.html").read_text(encoding="utf-8")
    cells = []

    class Reader(HTMLParser):
        def handle_data(self, data):
            cells.append(data)

    Reader().feed(text)
    for one in groups:
        assert {"horizon": f"{one['name']} day{'s' * (one['name'] != '1')}"}.get(one["group"], one["name"]) in cells
        assert f"{100 * one['inside_80']:.1f} %" in cells
    assert "http" not in text.replace("<!doctype html>", "")


def test_an_interval_leaves_a_narrow_screen_before_what_it_is_of(ara, scored_twice):
    shown = set()
    for width in range(40, 131, 5):
        for table in ara("ledger", "report", "--replayed", "--width", str(width)).out.split("\n\n"):
            skill, interval = "better than ewma_t" in table, " to +" in table
            shown.add((skill, interval))
            assert skill or not interval
    assert shown == {(False, False), (True, False), (True, True)}


def test_a_day_and_a_week_are_no_one_horizon(ara, home):
    for timeframe in ("1d", "1w"):
        ara("predict", "AAPL", "--as-of", "2020-02-20", "--days", "1", "--timeframe", timeframe, "--quiet")
    assert ara("score").code == 0
    outcome = ara("ledger", "report", "--replayed", "--out", "report.html")
    rows = [line.split() for line in outcome.out.splitlines()]
    assert [row[:3] for row in rows if row[1:2] in (["day"], ["week"])] == [["1", "day", "1"], ["1", "week", "1"]]
    assert "<td>1 day</td><td>1</td>" in (page := (home / "report.html").read_text(encoding="utf-8"))
    assert "<td>1 week</td><td>1</td>" in page
    groups = json.loads(ara("ledger", "report", "--replayed", "--json").out)["groups"]
    found = [(one["name"], one["timeframe"], one["outcomes"]) for one in groups if one["group"] == "horizon"]
    assert found == [("1", "1d", 1), ("1", "1w", 1)]


def test_the_list_and_receipts_say_weeks_where_bars_are_weeks(ara):
    days = json.loads(ara("predict", "AAPL", "--as-of", "2020-02-20", "--days", "2", "--json").out)["id"]
    assert "  days  " in ara("ledger", "list").out.splitlines()[0]
    assert ara("ledger", "receipt", days).out.splitlines()[1].split()[0] == "days"
    one = ("predict", "AAPL", "--as-of", "2020-02-20", "--days", "1", "--timeframe", "1w", "--json")
    weeks = json.loads(ara(*one).out)["id"]
    head, week, day = ara("ledger", "list").out.splitlines()
    assert "   ahead  " in head
    assert ("  1 week  " in week, "  2 days  " in day) == (True, True)
    assert ara("ledger", "receipt", weeks).out.splitlines()[1].split()[0] == "weeks"


@pytest.mark.parametrize(("out", "said"), [("report.txt", "ends in .html"), ("gone/report.html", "there is no folder")])
def test_a_page_that_can_not_be_written_is_refused_first(ara, out, said):
    outcome = ara("ledger", "report", "--out", out)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
