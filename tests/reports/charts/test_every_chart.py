import json
import re
import unicodedata

import numpy as np
import pytest

from ara.cli.words import width
from ara.reports import charts
from ara.reports.charts import web

KINDS = (
    "candles", "forecast", "equity", "months", "rolling", "trades", "regimes", "correlations", "frontier",
    "composition", "risk", "scenarios", "reliability", "models",
)  # fmt: skip


def test_there_is_one_of_each_kind(every):
    assert tuple(every) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_says_what_was_found_where_it_comes_from_and_in_what_unit(every, kind):
    chart = every[kind]
    assert chart.title
    assert not chart.title.endswith(".")
    assert chart.footer.lineage in ("7f3a" * 16, "ab" * 32)
    assert "lineage" in chart.footer.words
    for panel in chart.panels:
        told = [panel.x, panel.y]
        assert any(axis.title or axis.names or axis.kind in ("time", "bars") for axis in told)


@pytest.mark.parametrize("kind", KINDS)
def test_its_data_are_json_and_csv_alike(every, kind):
    chart = every[kind]
    document = json.loads(json.dumps(chart.as_dict(), allow_nan=False))
    longest = max(len(column) for column in document["columns"].values())
    lines = chart.csv().splitlines()
    assert lines[0].split(",") == list(chart.columns)
    assert len(lines) == longest + 1
    assert document["title"] == chart.title


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plain", [False, True])
def test_in_a_terminal_no_line_is_wider_than_it(every, kind, plain):
    for columns in (60, 100):
        text = every[kind].terminal(columns, plain=plain)
        assert max(width(line) for line in text.splitlines()) <= columns
        assert every[kind].title.split(":")[0][:20] in " ".join(text.split("\n"))
        drawn = text.replace("·", "")
        if plain:
            assert drawn.isascii(), {one for one in drawn if ord(one) > 127}
        assert not any(unicodedata.category(one) == "Cc" for one in text if one != "\n")


@pytest.mark.parametrize("kind", KINDS)
def test_the_figure_of_plotly_is_json_with_colours_of_its_theme_alone(every, kind):
    told = {theme: json.dumps(every[kind].figure(theme=theme), allow_nan=False) for theme in ("light", "dark")}
    assert told["light"] != told["dark"]
    for theme, text in told.items():
        assert "@" not in text
        allowed = {colour.lower() for colour in charts.theme_of(theme).colours.values()}
        assert {one.lower() for one in re.findall(r"#[0-9A-Fa-f]{6}", text)} <= allowed
    figure = every[kind].figure()
    assert figure["data"]
    assert figure["layout"]["height"] >= 90


def test_what_is_drawn_is_what_was_given(every):
    figure = {kind: chart.figure() for kind, chart in every.items()}
    candle = next(one for one in figure["candles"]["data"] if one["type"] == "candlestick")
    assert len(candle["open"]) == 90
    assert candle["close"][-1] == pytest.approx(every["candles"].columns["close"][-1], rel=1e-6)
    names = [one.get("name") for one in figure["candles"]["data"]]
    assert {"mean", "rsi"} <= set(names)
    assert any("double top" in str(one.get("text")) for one in figure["candles"]["data"])
    fan = {one.get("name"): one for one in figure["forecast"]["data"]}
    assert fan["80 % band"]["y"] == [100.0, 103.0, 106.0]
    assert fan["80 % band"]["fillcolor"].endswith(",0.4)")
    assert fan["95 % band"]["fillcolor"].endswith(",0.2)")
    assert fan["what came"]["y"] == [100.0, 102.0, None]
    assert fan["what came"]["line"]["color"] == charts.LIGHT("actual")
    assert fan["median"]["line"]["color"] == charts.LIGHT("forecast")
    assert fan["close"]["line"]["color"] == charts.LIGHT("past")
    heat = next(one for one in figure["months"]["data"] if one["type"] == "heatmap")
    assert np.shape(heat["z"]) == (2, 13)
    assert figure["months"]["layout"]["yaxis"]["ticktext"] == ["2019", "2020"]
    bought = next(one for one in figure["trades"]["data"] if one.get("name") == "bought")
    assert bought["y"] == [100.0, 99.0]
    assert len(figure["regimes"]["layout"]["shapes"]) == 3
    ties = next(one for one in figure["correlations"]["data"] if one["type"] == "heatmap")
    assert ties["text"][0][0] == "1.00"
    skills = next(one for one in figure["models"]["data"] if one.get("mode") == "markers+text")
    assert skills["x"] == [2.0, 0.0, -1.0]
    assert skills["error_x"]["array"][0] == pytest.approx(1.96 * 0.5)
    weights = next(one for one in figure["composition"]["data"] if one["type"] == "bar")
    assert weights["x"] == [60.0, 30.0, 10.0]


def test_findings_are_true(every):
    equity = every["equity"]
    first, last = (float(equity.columns["equity"][place]) for place in (0, -1))
    assert f"{abs(100 * (last / first - 1)):.1f} %" in equity.title
    assert "1 of 1 closes that came lie in the 80 % band" in every["forecast"].words
    assert every["trades"].title == "2 of 2 trades gained, +19 USD in all"
    assert every["models"].title == "1 of 3 models is better than the baseline with the whole 95 % interval"
    assert every["scenarios"].title == "In the worst, crash 1987, it would lose 20.0 %"
    assert every["risk"].title == "A brings 80 % of the risk with a weight of 60 %"
    assert every["regimes"].title.startswith("ABC: high volatility for 300 bars")
    returns = every["months"].columns
    assert np.prod(1 + np.array(returns["total"])) == pytest.approx(last / first)
    assert every["correlations"].title == "B and A move together most (0.50), A and C least (-0.20)"


def test_a_page_needs_nothing_else_and_no_name_can_leave_its_place():
    evil = "</script><script>alert(1)</script><b>\u2028"
    page = charts.composition_of({evil: 0.7, "@forecast": 0.3}, words=evil).page()
    assert "<script>alert" not in page
    assert "\u2028" not in page.split('<script type="application/json">')[1].split("</script>")[0]
    assert not re.search(r'(src|href)="', page.split('id="ara-plotly"')[0])
    assert page.count('id="ara-plotly"') == 1
    assert len(page.encode()) <= 3_000_000
    inner = page.split('<script type="application/json">')[1].split("</script>")[0]
    told = json.loads(inner)
    labels = told["layout"]["yaxis"]["ticktext"]
    assert labels[1] == "@forecast"
    assert labels[0].startswith("&lt;/script&gt;")


def test_the_script_inflates_to_plotly_itself():
    import base64
    import zlib

    packed = re.search(r'id="ara-plotly">([^<]+)<', charts.script()).group(1)
    assert zlib.decompress(base64.b64decode(packed))[:40].lstrip().startswith(b"/**\n* plotly.js v")
    assert "DecompressionStream" in charts.script()
    assert charts.CSS.count("--forecast") == 2
    assert web.script() == charts.script()
