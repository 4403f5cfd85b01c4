import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from ara.features import catalogue
from tools.indicator_bars import MADE, stretches, textbook
from tools.indicator_pages import candle_picture, check, index_page, page, picture

ROOT = Path(__file__).parents[2]
PAGES = "docs/reference/indicators"


@pytest.fixture
def tree(tmp_path):
    shutil.copytree(ROOT / PAGES, tmp_path / PAGES)
    return tmp_path


def words(tree):
    return {(found.path.name, found.words.split(" ")[0]) for found in check(tree)}


def test_what_is_kept_is_what_the_registry_says(tree):
    assert words(tree) == set()


def test_a_stale_page_a_missing_picture_and_one_of_nothing_are_found(tree):
    folder = tree / PAGES
    text = (folder / "trend.md").read_text("utf-8")
    (folder / "trend.md").write_text(text.replace("Formula", "Formel", 1), "utf-8")
    (folder / "pictures/rsi.svg").unlink()
    (folder / "pictures/luck.svg").write_text("<svg/>")
    assert words(tree) == {("trend.md", "the"), ("rsi.svg", "no"), ("luck.svg", "a")}


def test_every_indicator_has_its_place_with_formula_parameters_and_reference():
    assert "[rsi](momentum.md#rsi)" in index_page()
    members = catalogue.families()["momentum"]
    text = page("momentum", members)
    for name, one in members.items():
        assert f"## {name}\n" in text
        assert f"- Formula: `{one.spec.formula}`\n" in text
        assert all(f"- `{param}` = " in text for param in one.spec.params)


@pytest.mark.parametrize(("name", "panels"), [("sma", 1), ("rsi", 2), ("macd", 2), ("bollinger", 1)])
def test_prices_are_drawn_over_the_closes_and_the_rest_below(name, panels):
    close = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 400)))
    bars = {"close": close, "high": close * 1.01, "low": close * 0.99, "open": close}
    drawn = picture(catalogue.get(name).compute(bars), close)
    assert drawn.startswith("<svg ")
    assert f'viewBox="0 0 480 {84 * panels}"' in drawn
    assert drawn.count("<path ") >= 1 + len(catalogue.get(name).spec.outputs)
    assert "nan" not in drawn


def test_what_has_no_value_is_an_empty_panel():
    close = np.full(50, 5.0)
    assert picture(catalogue.compute("volatility_ratio", {"close": close}), close).count('d=""') == 1


@pytest.mark.parametrize(("sign", "count"), [(100.0, 1), (-100.0, 1), (0.0, 0)])
def test_a_candlestick_is_drawn_with_those_around_it_and_marked(sign, count):
    close = 100 + np.arange(60.0) % 7
    bars = {"open": close - 1, "high": close + 2, "low": close - 2, "close": close}
    drawn = candle_picture(bars, 40, sign, "AAPL, 01 Jan 2020")
    assert drawn.count("<rect ") == 32
    assert drawn.count("<path stroke=") == 32
    assert drawn.count("<path fill=") == count
    assert ">AAPL, 01 Jan 2020<" in drawn
    assert candle_picture(bars, 59, sign, "").count("<rect ") == 23


@pytest.mark.parametrize("path", sorted((ROOT / PAGES / "pictures").glob("cdl_*.svg")), ids=lambda path: path.stem)
def test_every_candlestick_is_shown_with_its_bars(path):
    drawn = path.read_text("utf-8")
    assert drawn.count("<rect ") > 15
    assert drawn.count("<path fill=") == 1


def test_a_picture_says_whose_it_is_and_between_what_it_moves():
    close = 100 + np.arange(60.0) % 7
    drawn = picture([close / 100, np.full(60, 3.0)], close, caption="it of AAPL")
    assert ">it of AAPL: 1 to 1.06, 3 throughout<" in drawn
    assert 'viewBox="0 0 480 182"' in drawn
    assert "no value" in picture([np.full(60, np.nan)], close, caption="it")


def test_no_two_pictures_are_alike():
    pictures = sorted((ROOT / PAGES / "pictures").glob("*.svg"))
    shapes = {re.sub("<text.*</text>", "", path.read_text("utf-8")) for path in pictures}
    assert len(shapes) == len(pictures) > 400


def test_a_picture_that_differs_from_another_by_its_caption_alone_is_found(tree):
    folder = tree / PAGES / "pictures"
    drawn = (folder / "sma.svg").read_text("utf-8").replace("sma of", "wma of")
    (folder / "wma.svg").write_text(drawn, "utf-8")
    assert words(tree) == {("wma.svg", "the")}


def test_what_stands_still_is_drawn_where_it_moves():
    for path in (ROOT / PAGES / "pictures").glob("*.svg"):
        text = path.read_text("utf-8")
        assert not [told for told in ("throughout", "no value") if told in text], path.stem


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_candlestick_that_no_series_has_is_made_up_once(name):
    (values,) = catalogue.compute(name, textbook(name))
    assert np.flatnonzero(np.nan_to_num(values)).tolist() == [30 + len(MADE[name]) - 1]


def test_an_indicator_may_be_drawn_from_the_last_bars_of_each_series_and_then_from_earlier_ones():
    close = 100 + np.arange(400.0) % 7
    columns = {"close": close, "high": close + 1, "low": close - 1, "session": np.arange(400.0)}
    traded = columns | {"volume": 1.0 + np.arange(400.0) % 40}
    series = {"A": columns, "B": traded, "C": {"high": close, "low": close, "close": close}}
    told = [(words, len(bars["close"])) for words, bars in stretches(catalogue.get("sma"), series, 160)]
    assert told[:4] == [("A", 400), ("B", 400), ("C", 400), ("A, 40 bars ago", 360)]
    assert told[-1] == ("C, 200 bars ago", 200)
    ((words, bars), *_) = stretches(catalogue.get("session_vwap"), series, 160)
    assert words == "B, each week a session"
    assert np.diff(np.unique(bars["session"], return_counts=True)[1][1:-1]).tolist() == [0] * 55
    ((words, bars), *_) = stretches(catalogue.get("zero_volume_share"), series, 160)
    assert words == "B, a twentieth of its volumes put to 0"
    assert np.count_nonzero(bars["volume"] == 0.0) == 20
