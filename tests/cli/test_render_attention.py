"""Where a network looked, drawn: a title that says it, a picture, and a figure for the page."""

import re
from datetime import date, timedelta

import pytest

from ara.cli.render.attention_picture import attention_finding, attention_map, attention_svg
from ara.prediction.attention import Attention


def told(*, count: int = 20, best: int = 3) -> Attention:
    weights = [[0.5 / (count - 1)] * count for _ in range(2)]
    for row in weights:
        row[count - 1 - best] = 0.5
    dates = tuple(date(2020, 1, 1) + timedelta(days=place) for place in range(count))
    return Attention(network="seq2seq", names=("1 ahead", "5 <ahead>"), dates=dates, weights=tuple(map(tuple, weights)))


@pytest.mark.parametrize(
    ("best", "words"),
    [
        (0, "most at the last bar: 50.0 %"),
        (1, "the bar before it, Sun 19 Jan 2020"),
        (3, "Fri 17 Jan 2020, 3 bars back"),
    ],
)
def test_the_title_says_where_it_looked_most(make_forecast, best, words):
    said = attention_finding(make_forecast(), told(best=best))
    assert words in said
    assert said.endswith("(5.0 % if it looked at all alike)")


@pytest.mark.parametrize("count", [2, 20, 250])
def test_the_map_is_drawn_whole(make_forecast, count):
    one = told(count=count, best=1)
    assert attention_map(make_forecast(), one).startswith(b"\x89PNG\r\n\x1a\n")
    text = attention_svg(one)
    assert text.count("<rect") == 2 * count
    assert "5 &lt;ahead&gt;" in text
    shades = [float(found) for found in re.findall(r'fill-opacity="([^"]*)"', text)]
    assert max(shades) == 1.0
    assert shades.index(1.0) == count - 2
