"""Tear sheets of what is rare: cash alone, limits that gave way, margin calls, cash that earns, wins alone."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.performance.wrong import wrong
from ara.portfolio import Plan, allocate
from ara.reports import Track, allocation_report, backtest_report, track_report
from ara.reports.files import target
from ara.reports.tables import Column, Form, Table
from ara.reports.tearsheet_past import beyond_luck
from ara.reports.wrong_words import wrong_words
from ara.risk import aligned
from tests.reports.files.conftest import Always, bars, played, tape


@pytest.fixture(scope="module")
def moves():
    return aligned([bars(120, seed, f"S{seed}", datetime(2020, 1, 1, tzinfo=UTC)) for seed in range(3)])


def words(report):
    return " ".join(report.finding)


def returns(count, seed=1):
    return np.random.default_rng(seed).normal(0.0005, 0.01, count)


def track(values, **more):
    at = np.datetime64("2020-01-01", "us") + np.arange(len(values)) * np.timedelta64(1, "D")
    return Track(name="mine", at=at, returns=np.asarray(values, np.float64), per_year=252.0, **more)


def test_an_allocation_says_whose_returns_it_expects_and_what_gave_way(moves):
    found = allocate(moves, Plan(method="mean_variance"))
    past = allocation_report(found, moves, command="ara portfolio optimize S0 S1 S2")
    assert "Expected returns are those of the past" in words(past)
    assert ("Made again by", "ara portfolio optimize S0 S1 S2") in past.facts
    ahead = allocation_report(found, moves, forecast=True)
    assert ("Method", "Black-Litterman: mean and variance, forecasts as views") in ahead.facts
    assert "moved by forecasts as far as these are sure" in words(ahead)
    bound = replace(
        found, relaxed=("the cap of S0 gave way",), binding=("S1 at 40 %", "all of it"), turnover=0.5, costs=0.001
    )
    told = words(allocation_report(bound, moves))
    assert "The cap of S0 gave way." in told
    assert "Limits that are reached: S1 at 40 %; all of it." in told
    assert "50.0 % changes hands, which costs 0.10 % of all." in told
    unknown = words(allocation_report(replace(found, var=None, cvar=None), moves))
    assert "One day in 20" not in unknown


def test_cash_alone_is_an_allocation(moves):
    found = allocate(moves, Plan(method="equal"))
    report = allocation_report(replace(found, weights={}, shares={}), moves)
    assert report.title == "Hold cash"
    (table,) = (one for one in report.tables if one.name == "weights")
    assert [row["holding"] for row in table.rows()] == ["cash"]
    assert not report.sections[0].charts


def test_margin_calls_cut_orders_and_bars_unknown_are_told():
    found = played(Always, {"ACME": tape(60)}, cuts=0)
    called = replace(found, calls=(datetime(2019, 2, 1, tzinfo=UTC),), cut=3, notes=("a note", ""))
    report = backtest_report(called)
    assert "Margin was called 1 time, first on 2019-02-01." in words(report)
    assert words(report).lower().count("not replayed on shorter bars") == 1
    assert sum("ot replayed on shorter bars" in one for one in backtest_report(found).sections[-1].words) == 1
    checked = " ".join(report.sections[-1].words)
    assert "3 orders could not be afforded whole, and were cut." in checked
    assert "A note." in checked
    bare = replace(found, measures=replace(found.measures, total=None), sources={})
    sheet = backtest_report(bare)
    assert sheet.title.endswith("there is no bar to measure")
    assert dict(sheet.facts)["Data"].startswith("bars as given")
    alone = replace(found, beside=replace(found.beside, decisions={}))
    assert "Where it came from" not in [one.title for one in backtest_report(alone).sections]


def test_cash_that_earns_is_said_and_returns_that_are_none_have_a_sheet():
    report = track_report(track(returns(300), free=0.02))
    assert "Cash earns 2.0 % a year." in report.meaning
    empty = track_report(track([]))
    assert empty.title == "mine: there is no return to measure"
    assert ("Returns", "none") in empty.facts
    (said, _) = beyond_luck(track(returns(2), other_name="SPY", other=returns(2, 5)), {})
    assert "too few, or too even, to tell it from SPY" in said


def test_wins_alone_and_nothing_at_all_are_told():
    def size(value):
        return f"{value:.1f}"

    only = wrong_words(wrong([1.0, 2.0, 3.0]), size, one="trade", many="trades")
    assert only.startswith("All 3 trades won: nothing says how often one may be wrong.")
    assert wrong_words(wrong([]), size, one="trade", many="trades") == ""


def test_columns_of_different_lengths_are_no_table():
    one, two = (Column(key=key, head=key, values=values) for key, values in (("a", [1]), ("b", [1, 2])))
    with pytest.raises(ValidationError, match="different lengths"):
        Table(name="t", title="T", columns=(one, two))


def test_days_before_excel_counts_are_text(tmp_path):
    from openpyxl import load_workbook

    found = played(Always, {"ACME": tape(30)}, cuts=0)
    report = backtest_report(found)
    days = Column(key="day", head="day", values=[date(1899, 12, 31), date(1901, 1, 1)], form=Form.DATE)
    old = replace(report.sections[0], tables=(Table(name="old", title="Old", columns=(days,)),))
    (goal,) = replace(report, sections=(old,), data=()).write(tmp_path / "old.xlsx")
    cells = [cell.value for row in load_workbook(goal)["Old"].iter_rows() for cell in row]
    assert "1899-12-31" in cells
    assert any(str(cell).startswith("1901-01-01") for cell in cells if isinstance(cell, datetime))


def test_a_writer_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("ara.reports.files.find_spec", lambda name: None)
    with pytest.raises(ValidationError, match=r"\.pdf files are written by \w+, which is not installed"):
        target(tmp_path / "a.pdf", "--report")
    assert target(tmp_path / "a.csv", "--report") == tmp_path / "a.csv"
