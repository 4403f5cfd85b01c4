"""What was once ugly, cut off or unclear in a chart that somebody looked at."""

import numpy as np
import pytest

from ara.reports import charts
from ara.reports.charts.labels import corners
from ara.reports.charts.marks import Axis, Bars, Line, Notes, Panel, Points

DAYS = np.arange("2020-01-01", "2020-07-01", dtype="datetime64[D]")


def legend(figure):
    (axes,) = figure.axes[:1]
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_name_near_the_left_edge_stands_on_its_right():
    left = Points(x=np.array([0.0, 10.0]), y=np.array([5.0, 0.0]), texts=["a long name of it", "another"])
    (own,) = corners(Panel(marks=(left,), x=Axis(), y=Axis())).values()
    assert own[0].endswith("right")
    assert own[1].endswith("left")


def test_names_of_two_marks_are_placed_together():
    one = Points(x=np.array([5.0]), y=np.array([5.0]), texts=["first"])
    frame = Points(x=np.array([0.0, 10.0]), y=np.array([0.0, 10.0]))
    same = Points(x=np.array([5.0]), y=np.array([5.0]), texts=["second"])
    found = corners(Panel(marks=(frame, one, same), x=Axis(), y=Axis()))
    assert set(found) == {1, 2}
    assert found[1] != found[2]


def test_a_name_stands_beside_a_line_and_not_on_it():
    rising = Line(x=np.array([0.0, 10.0]), y=np.array([0.0, 10.0]))
    on = Points(x=np.array([5.0]), y=np.array([5.0]), texts=["of it"])
    assert corners(Panel(marks=(rising, on), x=Axis(), y=Axis())) == {1: ["bottom right"]}
    falling = Line(x=np.array([0.0, 10.0]), y=np.array([10.0, 0.0]))
    assert corners(Panel(marks=(falling, on), x=Axis(), y=Axis())) == {1: ["top right"]}


def test_points_alike_have_names_too():
    alone = Points(x=np.array([3.0]), y=np.array([3.0]), texts=["alone"])
    assert list(corners(Panel(marks=(alone,), x=Axis(), y=Axis()))) == [0]
    assert corners(Panel(marks=(Points(x=DAYS, y=np.arange(len(DAYS))),), x=Axis(), y=Axis())) == {}


@pytest.mark.parametrize("tiny", [-0.0001, 0.0, 0.0001])
def test_nothing_is_less_than_zero_by_nothing(tiny):
    drawn = [
        charts.contributions_of({"A": 0.99, "B": tiny}, [0.99, tiny]),
        charts.scenarios_of({"calm": tiny}),
        charts.models_of(["a"], [tiny], [0.01]),
        charts.frontier_of([0.1, 0.2], [tiny, 0.1]),
        charts.composition_of({"A": 0.99, "B": tiny}),
        charts.explained_of(["x"], [tiny], alpha=tiny, alpha_error=0.1, explained=0.2, errors=[0.1]),
        charts.candles_of(["2020-01-01", "2020-01-02"], *[[1.0, 1 + tiny]] * 4),
        charts.equity_of(DAYS, np.full(len(DAYS), 100.0)),
    ]
    for chart in drawn:
        said = [chart.title, chart.words, *(text for one in chart.panels for mark in one.marks
                for text in getattr(mark, "texts", ()))]  # fmt: skip
        assert not any("-0.0 %" in text or "+0.0 %" in text or "-0 %" in text for text in said), said


def test_dates_in_footers_are_written_alike():
    assert charts.Footer(data_to="2020-03-31").words == charts.Footer(data_to="31 Mar 2020").words
    assert charts.Footer(data_to="the end").words == "data to the end"


def test_a_walk_says_the_ratios_that_the_back_test_says():
    draws = np.random.default_rng(1)
    moved = draws.normal(0.001, 0.01, len(DAYS))
    equity = 100 * np.cumprod(1 + moved)
    firsts, lasts = DAYS[[0, 60, 120]], DAYS[[59, 119, len(DAYS) - 1]]
    chart = charts.walked_of(
        DAYS, equity, firsts=firsts, lasts=lasts, learned=[1.0, 2.0, None], cash=100.0, per_year=252, name="mine"
    )
    whole = moved.mean() / moved.std(ddof=1) * 252**0.5
    assert chart.title == f"mine: chosen with a Sharpe ratio of 1.50, it earned one of {whole:.2f} after that"
    flat = charts.walked_of(
        DAYS, np.full(len(DAYS), 100.0), firsts=firsts, lasts=lasts, learned=[None] * 3, cash=100.0, per_year=252
    )
    assert flat.title == "strategy: nothing was chosen that moved"


def test_bins_that_lie_close_stay_apart_and_fill_the_picture():
    said = [0.49, 0.5, 0.502, 0.52]
    chart = charts.reliability_of(said, [0.4, 0.5, 0.6, 0.6], [50, 50, 50, 50])
    above, below = chart.panels
    (bars,) = [mark for mark in below.marks if isinstance(mark, Bars)]
    assert bars.wide < 0.002
    assert (above.x.low, above.x.high) == (below.x.low, below.x.high) == pytest.approx((0.47, 0.54))
    assert above.y.low < 0.3
    assert charts.reliability_of([0.5, 0.5], [0.4, 0.6], [10, 10]).panels[1].marks[0].wide > 0


def test_outputs_of_one_indicator_share_a_panel_below():
    prices = [np.full(len(DAYS), 100.0)] * 4
    both = {"line": np.arange(len(DAYS)) / 100, "signal": np.zeros(len(DAYS))}
    chart = charts.candles_of(DAYS, *prices, below={"macd": both, "rsi": np.full(len(DAYS), 50.0)})
    assert [[mark.name for mark in panel.marks] for panel in chart.panels[1:]] == [["line", "signal"], ["rsi"]]
    assert {"line", "signal", "rsi"} <= set(chart.columns)


def test_levels_of_an_indicator_lie_across_its_panel():
    prices = np.ones((4, len(DAYS)))
    middle = np.full(len(DAYS), 50.0)
    chart = charts.candles_of(DAYS, *prices, below={"rsi": middle, "cci": middle}, levels={"rsi": (30.0, 70.0)})
    rsi, cci = chart.panels[1:]
    assert [(mark.at, mark.name) for mark in rsi.marks[1:]] == [(30.0, "30, 70"), (70.0, "")]
    assert len(cci.marks) == 1
    told = chart.terminal(60)
    assert "╌╌ 30, 70" in told
    assert sum(line.count("╌") > 20 for line in told.splitlines()) == 2
    assert chart.html().count("30, 70") == 1


def test_words_about_patterns_hide_no_candle_and_no_other_words():
    high = 100 + np.abs(np.arange(len(DAYS)) - 90.0)
    notes = [(60, "falling wedge", "bullish"), (62, "descending triangle", "bearish"), (64, "channel up", "bullish")]
    chart = charts.candles_of(DAYS, high, high, high - 1, high, notes=notes)
    texts = {mark.side: mark for mark in chart.panels[0].marks if isinstance(mark, Notes)}
    assert list(texts["below"].texts) == ["channel up"]  # the latest; the other has no room
    assert texts["below"].y[0] < high[64] - 1
    assert texts["above"].y[0] > high[62]
    signs = {mark.shape: mark for mark in chart.panels[0].marks if isinstance(mark, Points)}
    assert signs["up"].x.tolist() == [64.0]
    assert signs["up"].y.tolist() == [high[64] - 1]
    assert "2 of 3 patterns named" in chart.words


def test_a_legend_is_read_row_by_row():
    from ara.reports.charts.paper import figure_of, settings

    names = [f"a line with a longer name {number}" for number in range(7)]
    lines = tuple(Line(x=np.arange(3.0), y=np.arange(3.0), name=name) for name in names)
    chart = charts.Chart(kind="lines", title="lines", panels=(Panel(marks=lines, x=Axis(), y=Axis()),))
    with settings(charts.LIGHT):
        figure = figure_of(chart, charts.LIGHT, size=None)
    told = legend(figure)
    columns = figure.axes[0].get_legend()._ncols
    assert sorted(told) == names
    assert 1 < columns < 7
    rows = -(-len(names) // columns)
    assert told[:rows] == names[::columns]


def test_an_axis_of_many_powers_of_ten_is_marked_at_these_alone():
    long = charts.equity_of(DAYS, np.geomspace(1, 1e6, len(DAYS)))
    short = charts.equity_of(DAYS, np.geomspace(1, 50, len(DAYS)))
    marks = [one.figure()["layout"]["yaxis"]["ticktext"] for one in (long, short)]
    assert {"1", "10", "100", "1,000"} <= set(marks[0])
    assert not {"2", "5", "20"} & set(marks[0])
    assert {"1", "2", "5", "10", "20", "50"} <= set(marks[1])
    assert long.title == "strategy earned 99,999,900.0 %"
    assert ">1,000<" in long.svg().decode()
    assert ">2,000<" not in long.svg().decode()
    assert ">20<" in short.svg().decode()
