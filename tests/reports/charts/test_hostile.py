import os
import stat
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ara.errors import ValidationError
from ara.reports import charts
from ara.reports.charts.canvas import Canvas
from ara.reports.charts.marks import Axis, Band, Line, Panel, Points
from ara.reports.charts.thin import grouped, kept, thinned
from ara.reports.charts.ticks import dated, number, round_places

DAY = np.datetime64("2020-01-01", "us")


def days(count, step=86_400_000_000):
    return DAY + np.arange(count) * np.timedelta64(step, "us")


def forms(chart):
    """Every form but the slow ones; none may fail."""
    return chart.terminal(80), chart.figure(), chart.csv(), chart.as_dict()


@pytest.mark.parametrize(
    "make",
    [
        lambda: charts.equity_of([], []),
        lambda: charts.candles_of([], [], [], [], []),
        lambda: charts.months_of([], []),
        lambda: charts.composition_of({}),
        lambda: charts.scenarios_of({}),
        lambda: charts.frontier_of([], []),
        lambda: charts.correlations_of(np.zeros((0, 0)), []),
        lambda: charts.reliability_of([], [], []),
        lambda: charts.reliability({}),
        lambda: charts.models({"rows": []}),
        lambda: charts.regimes_of([], [], [], []),
        lambda: charts.trades_of([], [], opened=[], closed=[], entries=[], exits=[], quantities=[], gains=[]),
        lambda: charts.equity_of(days(2), ["a", "b"]),
        lambda: charts.equity_of(["yesterday"], [1]),
        lambda: charts.equity_of(days(3), [1, 2]),
        lambda: charts.candles_of(days(2), [1, 1], [1, 1], [1], [1, 1]),
        lambda: charts.rolling_of(days(3), [0.1, 0.2, 0.1], per_year=252, window=5),
        lambda: charts.months_of(days(2)[::-1], [0.1, 0.1]),
        lambda: charts.composition_of({"A": 1.2, "B": -0.2}, form="ring"),
        lambda: charts.composition_of({"A": float("nan")}),
        lambda: charts.theme_of("pink"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_that_says_what_to_do(make):
    with pytest.raises(ValidationError) as caught:
        make()
    assert caught.value.hint
    assert "Traceback" not in caught.value.message


def test_one_bar_is_a_chart():
    one = days(1)
    for chart in (
        charts.candles_of(one, [1], [2], [0.5], [1.5], volume=[0]),
        charts.equity_of(one, [100.0], hold=[100.0]),
        charts.months_of(one, [0.0]),
        charts.trades_of(one, [5.0], opened=[], closed=[], entries=[], exits=[], quantities=[], gains=[]),
        charts.regimes_of(one, [5.0], [""], [None]),
    ):
        forms(chart)
    assert charts.trades_of(one, [5.0], opened=[], closed=[], entries=[], exits=[], quantities=[], gains=[]).title == (
        "Nothing was traded"
    )


def test_holes_negative_prices_and_what_never_moves():
    count = 40
    holes = np.where(np.arange(count) % 7 == 0, np.nan, np.linspace(-5, -37, count))
    chart = charts.candles_of(days(count), holes, holes + 1, holes - 1, holes, volume=np.full(count, np.nan))
    assert not any(panel.y.log for panel in chart.panels)
    forms(chart)
    below = charts.equity_of(days(count), np.linspace(100, -50, count))
    assert "lost 150.0 %" in below.title
    forms(below)
    forms(charts.equity_of(days(count), np.full(count, np.nan)))
    forms(charts.equity_of(days(count), np.zeros(count)))
    still = charts.rolling_of(days(count), np.zeros(count), per_year=252, window=10)
    assert "0 % of the time" in still.title
    forms(still)
    assert "nothing moved" in charts.correlations_of(np.full((2, 2), np.nan), ["A", "B"]).title
    huge = charts.equity_of(days(3), [1e300, 2e300, np.inf])
    forms(huge)


def test_a_wide_range_of_prices_has_equal_ratios_alike():
    prices = np.geomspace(1, 100, 50)
    chart = charts.candles_of(days(50), prices, prices * 1.1, prices * 0.9, prices)
    assert chart.panels[0].y.log
    axis = chart.figure()["layout"]["yaxis"]
    assert axis["type"] == "log"
    assert axis["ticktext"][:3] == ["1", "2", "5"]


def test_a_hundred_thousand_bars_are_joined_truly():
    count = 100_000
    close = 100 + np.cumsum(np.random.default_rng(1).normal(0, 0.1, count))
    high, low = close + 0.5, close - 0.5
    high[51_234] = 999.0
    low[777] = -3.0
    volume = np.ones(count)
    chart = charts.candles_of(days(count, 60_000_000), close, high, low, close, volume=volume)
    candle = chart.figure()["data"][0]
    assert len(candle["open"]) <= 400
    assert max(candle["high"]) == 999.0
    assert min(candle["low"]) == -3.0
    assert candle["open"][0] == pytest.approx(close[0], rel=1e-6)
    assert candle["close"][-1] == pytest.approx(close[-1], rel=1e-6)
    traded = next(one for one in chart.figure()["data"] if one["type"] == "bar")
    assert sum(traded["y"]) == count
    assert "each candle stands for 250 of 100,000 bars" in chart.words
    assert len(chart.columns["close"]) == count
    equity = charts.equity_of(days(count, 60_000_000), high)
    assert 999.0 in equity.figure()["data"][0]["y"] or 999.0 in equity.figure()["data"][1]["y"]
    assert len(equity.page()) <= 3_000_000


def test_long_and_strange_names_stay_inside():
    name = "A" * 300 + "\x1b[31m" + "漢字" * 40
    chart = charts.composition_of({name: 0.5, "": 0.5}, words=name)
    assert max(map(len, chart.terminal(60).splitlines())) <= 120
    assert "\x1b" not in chart.terminal(60)
    ElementTree.fromstring(chart.svg())
    assert chart.figure()["layout"]["yaxis"]["ticktext"][1].startswith("AAA")


def test_a_file_is_whole_or_is_not_there(tmp_path, every):
    chart = every["composition"]
    for name in ("a.csv", "a.json", "a.html", "A.SVG"):
        chart.write(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 20
    before = (tmp_path / "a.csv").read_bytes()
    with pytest.raises(ValidationError, match="no file that a chart can be written to"):
        chart.write(tmp_path / "a.gif")
    with pytest.raises(ValidationError, match="no folder"):
        chart.write(tmp_path / "nowhere" / "a.png")
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(ValidationError, match="is a folder"):
        chart.write(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["A.SVG", "a.csv", "a.html", "a.json", "b.csv"]


def test_a_place_that_takes_nothing_is_said(monkeypatch, tmp_path, every):
    def full(*_args, **_rest):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ValidationError, match="No space left on device"):
        every["composition"].write(tmp_path / "a.csv")
    assert not [one for one in tmp_path.iterdir() if stat.S_ISREG(one.stat().st_mode)]


floats = st.floats(-1e9, 1e9) | st.just(float("nan"))


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.float64, st.integers(1, 3000), elements=floats), st.integers(8, 400))
def test_thinning_keeps_ends_extremes_and_holes(values, most):
    places = kept(values, most)
    assert (np.diff(places) > 0).all()
    assert len(places) <= len(values)
    assert places[0] == 0
    assert places[-1] == len(values) - 1
    left = values[places]
    assert np.isnan(left).any() == np.isnan(values).any()
    if np.isfinite(values).any():
        assert np.nanmax(left) == np.nanmax(values)
        assert np.nanmin(left) == np.nanmin(values)
    begins = grouped(len(values), most)
    assert len(begins) <= most


def test_bands_and_points_keep_their_widest():
    x = np.arange(10_000.0)
    low, high = np.sin(x), np.sin(x) + 2
    low[4321], high[1234] = -9, 9
    marks = (Band(x=x, low=low, high=high), Points(x=x, y=high, low=low, high=high), Line(x=x[:5], y=x[:5]))
    (panel,), longest = thinned((Panel(marks=marks, x=Axis(), y=Axis()),))
    band, points, line = panel.marks
    assert longest == 10_000
    assert band.low.min() == -9
    assert band.high.max() == 9
    assert band.x[0] == 0
    assert band.x[-1] == 9999
    assert len(band.x) == len(band.low) == len(band.high) <= 1300
    assert points.y.max() == 9
    assert len(points.low) == len(points.x) < 5000
    assert line is marks[2]


@settings(max_examples=80, deadline=None)
@given(st.floats(-1e12, 1e12), st.floats(0, 1e12), st.integers(1, 12))
def test_round_places_lie_inside_and_are_few(low, wide, most):
    places, step = round_places(low, low + wide, most)
    assert len(places) <= most + 1
    for place in places:
        assert low - abs(step) * 1e-6 - 1e-6 <= place <= low + wide + abs(step) * 1e-6 + 1e-6
        assert number(place, step)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4000), st.integers(1, 40 * 365 * 24 * 60), st.integers(1, 12))
def test_dates_are_marked_in_order_and_not_too_many(count, minutes, most):
    found = dated(days(count, minutes * 1_000_000), most)
    places = [place for place, _ in found]
    assert places == sorted(set(places))
    assert len(found) <= most + 1
    assert all(0 <= place < count for place in places)


def test_words_on_axes():
    assert number(0.0, 0.5) == "0.0"
    assert number(1500, 500) == "1,500"
    assert number(2.5e6, 5e5) == "2.5M"
    assert number(1e-9) == "1e-09"
    assert [label for _, label in dated(days(1500), 4)] == ["2020", "2021", "2022", "2023", "2024"]
    assert dated(days(0), 4) == []
    assert [label for _, label in dated(days(3), 5)] == ["1 Jan 2020", "2 Jan", "3 Jan"]


def test_a_canvas_draws_at_its_edges():
    canvas = Canvas(columns=10, rows=4, x=(0.0, 9.0), y=(0.0, 3.0))
    canvas.add(Line(x=np.array([0.0, 9.0]), y=np.array([0.0, 3.0])))
    canvas.add(Points(x=np.array([0.0, 20.0]), y=np.array([3.0, 1.0]), shape="up"))
    lines = [canvas.line(row, lambda text, _: text) for row in range(4)]
    assert lines[0][0] == "▲"
    assert lines[0][9] != " "
    assert lines[3][0] != " "
    assert {len(line) for line in lines} == {10}
