"""Marks that few charts have, and charts of what is rare: nothing moved, nothing is known, too much to be drawn."""

from dataclasses import replace

import numpy as np
import pytest

from ara import reports
from ara.errors import ValidationError
from ara.reports import charts
from ara.reports.charts.attributed import attributed_of, explained_of
from ara.reports.charts.canvas import Canvas
from ara.reports.charts.marks import Axis, Bars, Candles, Heat, Line, Notes, Panel, Points, Ring, Rule, Spans
from ara.reports.charts.ticks import told_time
from ara.reports.charts.traces import drawn, plain
from ara.reports.charts.trip import Trip, trade_of
from ara.reports.numbers import decimals_of_price

DAYS = np.arange("2020-01-01", "2021-07-19", dtype="datetime64[D]")
NUMBERS = Axis(low=0.0, high=3.0)


def traces(*marks, x=NUMBERS, y=NUMBERS):
    return drawn(Panel(marks=marks, x=x, y=y), 1, set())


def cells(*marks):
    canvas = Canvas(columns=12, rows=4, x=(0.0, 3.0), y=(0.0, 3.0))
    for mark in marks:
        canvas.add(mark)
    return [canvas.line(row, lambda words, _: words) for row in range(4)]


def test_the_largest_segments_come_first_and_what_is_left_out_is_counted():
    count = 35
    allocation = np.linspace(-0.01, 0.01, count)
    chart = attributed_of(
        [f"S{place}" for place in range(count)], allocation=allocation, selection=2 * np.abs(allocation),
        interaction=np.zeros(count), earned=0.05, benchmark=0.02,
    )  # fmt: skip
    assert chart.title == f"Allocation brought +0.00 % and selection {200 * np.abs(allocation).sum():+.2f} %"
    assert chart.words == "+5.00 % was earned, +2.00 % by the benchmark; the 30 largest of 35"
    marks = chart.panels[0].marks
    assert [one.name for one in marks if isinstance(one, Bars)] == ["allocation", "selection"]
    assert chart.panels[0].y.names[0] == "S34"
    with pytest.raises(ValidationError):
        attributed_of(["A"], allocation=[1], selection=[1, 2], interaction=[1], earned=0, benchmark=0)


def test_candles_without_a_price_and_ties_of_what_never_moved_say_so():
    hole = np.full(3, np.nan)
    assert charts.candles_of(DAYS[:3], hole, hole, hole, hole, symbol="ABC").title == "ABC has no prices in these bars"
    ties = np.array([[1.0, np.nan], [np.nan, 1.0]])
    assert charts.correlations_of(ties, ["A", "B"]).title == "No correlation is known: nothing moved"


def test_a_model_that_was_not_judged_is_refused_by_name(evaluation):
    with pytest.raises(ValidationError, match="no P\\(up\\) of 'best' over 5 bars") as caught:
        charts.reliability(evaluation, model="best", horizon=5)
    assert caught.value.hint == "There are: har_t, default, even."
    bare = {**evaluation, "rows": [{**row, "ece_corrected": None} for row in evaluation["rows"]]}
    assert charts.reliability(bare).title == "default, 1 bar ahead"


def test_what_was_not_tested_against_chance_is_not_said_to_be_beyond_it(evaluation):
    off = "default, 1 bar ahead: P(up) is off by {} chance makes on average"
    assert charts.reliability(evaluation).title == off.format("1.2 percentage points more than")
    told = {**evaluation, "rows": [{**row, "ece_corrected": 0.0004, "calib_p": 0.213} for row in evaluation["rows"]]}
    assert charts.reliability(told).title == f"{off.format('no more than')} (as far by chance alone: p 0.21)"
    untested = charts.models_of(["a", "b", "c"], [0.01, 0.002, -0.01], [None, None, None])
    assert untested.title == "2 of 3 models are better than the baseline; how much of it is chance is not known"
    assert "intervals" not in untested.words
    half = charts.models_of(["a", "b"], [0.01, 0.02], [None, 0.05])
    assert half.title == "0 of 2 models are better than the baseline with the whole 95 % interval"


def test_a_long_trade_is_a_line_and_one_before_the_bars_is_refused():
    close = np.linspace(90, 110, len(DAYS))
    trip = Trip(opened=DAYS[3], closed=DAYS[-3], entry=90.3, exit=109.8, quantity=1, gain=19.5)
    long = trade_of(DAYS, close, close + 1, close - 1, close, trip)
    assert any(isinstance(one, Line) and one.name == "close" for one in long.panels[0].marks)
    short = trade_of(DAYS, close, close + 1, close - 1, close, replace(trip, closed=DAYS[9]), around=3)
    assert any(isinstance(one, Candles) for one in short.panels[0].marks)
    with pytest.raises(ValidationError, match="begin after the trade"):
        trade_of(DAYS[5:], close[5:], close[5:], close[5:], close[5:], trip)


def test_what_is_no_time_and_what_is_whole_stays_so_in_a_page():
    assert plain(np.array(["2020-01-02", "NaT", "2020-01-02T12:30"], "datetime64[s]")) == [
        "2020-01-02", None, "2020-01-02T12:30:00",
    ]  # fmt: skip
    assert plain(np.array([2**53 + 1])) == [2**53 + 1]
    assert told_time(np.datetime64("NaT")) == ""


def test_marks_without_a_name_have_no_place_in_the_legend():
    begins, ends = np.array([0.0]), np.array([1.0])
    bare = traces(Spans(begins=begins, ends=ends), Rule(at=2.0))
    assert (len(bare.shapes), bare.traces) == (2, [])
    named = traces(Spans(begins=begins, ends=ends, name="calm"), Rule(at=2.0, name="limit"))
    assert [one["name"] for one in named.traces] == ["calm", "limit"]


def test_tables_without_texts_and_bars_with_bounds_are_drawn_in_a_page():
    names = Axis(kind="names", names=("a", "b"))
    (heat,) = traces(Heat(values=np.eye(2), most=0.0, name="ties"), x=names, y=names).traces
    assert ("text" in heat, heat["zmax"], heat["showscale"]) == (False, 1.0, True)
    places, values = np.arange(2.0), np.array([1.0, 2.0])
    (bars,) = traces(Bars(places=places, values=values, low=values - 0.5, high=values + 0.5)).traces
    assert bars["error_y"]["array"] == [0.5, 0.5]
    (flat,) = traces(Bars(places=places, values=values, flat=True), y=names).traces
    assert flat["customdata"] == ["a", "b"]


def test_what_has_no_room_is_not_written_and_stretches_fill_a_terminal():
    one = np.array([1.5])
    assert cells(Notes(x=one, y=one, texts=["a text too long for it"])) == [" " * 12] * 4
    assert cells(Notes(x=np.array([np.nan]), y=one, texts=["lost"])) == [" " * 12] * 4
    assert cells(Heat(values=np.eye(2), most=1.0), Ring(names=("a",), shares=np.ones(1))) == [" " * 12] * 4
    assert "here" in "".join(cells(Notes(x=one, y=one, texts=["here"], side="right")))
    assert cells(Spans(begins=np.array([0.0]), ends=np.array([3.0]))) != [" " * 12] * 4
    assert cells(Line(x=np.array([0.0, np.nan]), y=np.array([0.0, 1.0]))) != [" " * 12] * 4


@pytest.mark.parametrize("width", [40, 100])
def test_a_chart_of_any_mark_is_text(width):
    x = np.arange(4.0)
    marks = (
        Spans(begins=x[:1], ends=x[1:2]), Rule(at=1.0, upright=True), Rule(at=2.0),
        Bars(places=x, values=x, low=x - 0.5, high=x + 0.5), Bars(places=x, values=x, start=x - 1, flat=True),
        Points(x=x, y=x, low=x - 1, high=x + 1), Points(x=x, y=x, low=x - 1, high=x + 1, flat=True),
    )  # fmt: skip
    chart = charts.Chart(kind="any", title="any", panels=(Panel(marks=marks, x=Axis(), y=Axis()),))
    assert max(map(len, chart.terminal(width).splitlines())) <= width


def test_prices_that_are_none_have_two_decimals_and_the_room_names_what_it_has():
    assert [decimals_of_price(one) for one in (0.0, float("nan"), 250.0, 1.0, 0.001)] == [2, 2, 2, 4, 7]
    assert {"Report", "backtest_report"} <= set(dir(reports))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = reports.nothing


@pytest.mark.parametrize(("error", "told"), [(0.01, "which is told from nothing"), (0.1, "can't be told from nothing")])
def test_what_factors_leave_is_told_from_nothing_or_not(error, told):
    chart = explained_of(["market"], [0.04], alpha=0.03, alpha_error=error, explained=0.8, errors=[0.01])
    assert chart.title.startswith("Beyond its factors it earned +3.0 % a year, ")
    assert chart.title.endswith(told)
    assert chart.columns["name"] == ["market", "alpha"]


def test_a_skill_is_drawn_with_its_own_interval_where_it_has_one(evaluation):
    rows = [
        row | {"skill_low": row["crps_skill"] - 0.01, "skill_high": row["crps_skill"] + 0.03}
        for row in evaluation["rows"]
    ]
    drawn = charts.models(evaluation | {"rows": rows})
    assert drawn.columns["standard_error"] == pytest.approx([0.04 / (2 * 1.96)] * 3)
    known = charts.models(evaluation).columns["standard_error"]
    assert known[:1] == pytest.approx([0.02 / 4.0])
