"""Pictures of few pixels: what is written on them stays apart, on them, and legible."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ara.reports import charts
from ara.reports.charts.paper import dots_of, figure_of, settings

DRAWN = [("candles", (500, 350)), ("equity", (700, 450))]
SLOW = [(kind, (700, 450)) for kind in ("candles", "rolling")]
SLOW += [(kind, (500, 350)) for kind in ("equity", "scenarios", "forecast")]
DRAWN += [pytest.param(*one, marks=pytest.mark.slow) for one in SLOW]


def laid(chart, size):
    """Give the figure as it lies, its renderer and the dots of an inch."""
    dots = dots_of(chart, size)
    with settings(charts.LIGHT):
        figure = figure_of(chart, charts.LIGHT, size=(size[0] / dots, size[1] / dots))
        figure.set_dpi(dots)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    return figure, canvas.get_renderer(), dots


@pytest.mark.parametrize(("kind", "size"), DRAWN, ids=str)
def test_words_on_a_small_picture_stay_apart_and_on_it(every, kind, size):
    figure, renderer, dots = laid(every[kind], size)
    for axes in figure.axes:
        assert axes.get_window_extent(renderer).height > 0.3 * dots
        for axis, side in ((axes.yaxis, "y"), (axes.xaxis, "x")):
            low, high = sorted(axis.get_view_interval())
            shown = [one for one in axis.get_major_ticks() if low <= one.get_loc() <= high and one.label1.get_visible()]
            boxes = [one.label1.get_window_extent(renderer) for one in shown if one.label1.get_text()]
            spans = sorted((getattr(box, f"{side}0"), getattr(box, f"{side}1")) for box in boxes)
            assert all(before[1] <= after[0] + 0.5 for before, after in pairwise(spans)), side
        for title in (axes.yaxis.label, axes.xaxis.label):
            if title.get_text():
                box = title.get_window_extent(renderer)
                assert min(box.x0, box.y0, size[0] - box.x1, size[1] - box.y1) > -1
    for text in figure.texts:
        assert text.get_window_extent(renderer).x1 <= size[0]
    fields = [axes.get_tightbbox(renderer) for axes in figure.axes]
    assert not any(one.overlaps(other) for one, other in combinations([_within(box) for box in fields], 2))


def _within(box):
    return box.expanded(1, max((box.height - 4) / box.height, 0.1))


def test_the_words_beside_bars_of_risk_and_names_of_points_stay_inside(every):
    for kind, size in (("risk", (500, 350)), ("frontier", (700, 450))):
        figure, renderer, _ = laid(every[kind], size)
        boxes = [one.get_window_extent(renderer) for one in figure.axes[0].texts]
        assert boxes
        assert all(box.x0 >= 0 and box.x1 <= size[0] for box in boxes), kind
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2)), kind


def test_letters_shrink_only_where_there_is_no_room(every):
    assert dots_of(every["equity"], None) == dots_of(every["equity"], (1600, 900)) == 150
    assert dots_of(every["candles"], (10_000, 10_000)) == 150
    assert 64 <= dots_of(every["candles"], (500, 350)) < dots_of(every["candles"], (700, 450)) < 150


def test_a_small_picture_has_the_size_that_was_asked_for(every):
    svg = every["risk"].svg(size=(500, 350)).decode()
    assert 'width="240pt" height="168pt"' in svg


@pytest.mark.parametrize("plain", [False, True])
def test_points_among_rows_look_in_a_terminal_as_their_legend_says(every, plain):
    lines = every["risk"].terminal(80, plain=plain).splitlines()
    sign = "+" if plain else "◆"
    (named,) = [line for line in lines if "weight" in line and "share of the risk" in line]
    assert f"{sign} weight" in named
    rows = [line for line in lines if "held" in line]
    assert len(rows) == len(every["risk"].panels[0].y.names)
    assert all(sign in line for line in rows)
    marks = charts.frontier_of([0.1, 0.2], [0.05, 0.1], chosen={"this": (0.15, 0.07)}).terminal(60, plain=plain)
    assert np.char.count(marks, sign) >= 2
