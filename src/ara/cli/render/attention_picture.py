"""Where a network looked, as a heat map: by matplotlib as PNG, and as a figure of the page of reasons."""

from collections.abc import Sequence
from html import escape
from typing import Final

from ara.cli.render.numbers import long_day
from ara.cli.render.reasons_picture import drawn_on, png
from ara.prediction.attention import Attention
from ara.prediction.forecast import Forecast
from ara.reports.charts.theme import LIGHT

__all__ = ["attention_finding", "attention_map", "attention_svg"]

_LEFT, _ROW, _WIDE, _HEAD = 120, 26, 960, 24
_TICKS: Final = 8
_AXES: Final = "share of each one's attention, by bar; the newest bar on the right. Attention says where, not why."


def attention_finding(forecast: Forecast, one: Attention) -> str:
    """Say in one sentence where a network looked most."""
    mean = one.mean
    best = max(range(len(mean)), key=mean.__getitem__)
    back = len(mean) - 1 - best
    when = "the last bar" if not back else f"the bar before it, {long_day(one.dates[best])}" if back == 1 else (
        f"{long_day(one.dates[best])}, {back} bars back"
    )  # fmt: skip
    even = f"{100 / len(mean):.1f} % if it looked at all alike"
    return f"{forecast.instrument.symbol}: {one.network} looked most at {when}: {100 * mean[best]:.1f} % ({even})"


def attention_map(forecast: Forecast, one: Attention) -> bytes:
    """Give a PNG of how much each head or horizon looked at each bar of the window."""
    from matplotlib.colors import LinearSegmentedColormap

    table = [[100 * share for share in row] for row in one.weights]
    figure, axes = drawn_on(forecast, len(table) + 1, attention_finding(forecast, one))
    palette = LinearSegmentedColormap.from_list("ara", ["#ffffff", LIGHT("forecast")])
    image = axes.imshow(table, cmap=palette, vmin=0, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(table)), one.names)
    places = _ticks(len(one.dates))
    axes.set_xticks(places, [f"{one.dates[place]:%d %b\n%Y}" for place in places])
    axes.set_xlabel(_AXES)
    figure.colorbar(image, ax=axes, label="percent", fraction=0.05)
    return png(figure)


def attention_svg(one: Attention) -> str:
    """Give the same as a figure for a page."""
    cell, most = (_WIDE - _LEFT) / len(one.dates), max(share for row in one.weights for share in row)
    marks = []
    for line, (name, row) in enumerate(zip(one.names, one.weights, strict=True)):
        y = _ROW * line
        marks.append(f'<text x="{_LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(name)}</text>')
        marks += [
            f'<rect x="{_LEFT + cell * place:.1f}" y="{y}" width="{max(cell - 1, 0.5):.1f}" height="{_ROW - 1}" '
            f'fill="var(--forecast)" fill-opacity="{share / most:.3f}">'
            f"<title>{one.dates[place]}: {100 * share:.1f} %</title></rect>"
            for place, share in enumerate(row)
        ]
    high = _ROW * len(one.names)
    marks += [
        f'<text x="{_LEFT + cell * (place + 0.5):.1f}" y="{high + 17}" text-anchor="middle">'
        f"{one.dates[place]:%d %b}</text>"
        for place in _ticks(len(one.dates))
    ]
    return (
        f'<svg viewBox="0 0 {_WIDE} {high + _HEAD}" role="img" aria-label="{escape(_AXES)}">{"".join(marks)}</svg>'
        f'<div class="quiet">{escape(_AXES)}</div>'
    )


def _ticks(count: int) -> Sequence[int]:
    """Give places of a few bars, the newest among them."""
    step = max(1, -(-count // _TICKS))
    return range(count - 1, -1, -step)[::-1]
