"""The reasons for a forecast as pictures, by matplotlib: bars for the first day, bars by horizon, and a heat map."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from textwrap import fill
from typing import TYPE_CHECKING, Final

from ara.cli.render.numbers import percent
from ara.cli.render.reasons_page import finding, footer, shares
from ara.prediction.forecast import Factor, Forecast
from ara.reports.charts.theme import LIGHT, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["bars", "drawable", "drawn_on", "heat", "horizons", "png"]

_BLUE, _ORANGE, _QUIET, _INK = LIGHT("forecast"), LIGHT("actual"), LIGHT("quiet"), LIGHT("ink")
_DOTS: Final = 144
_FULL: Final = 12
_LETTERS: Final = 40


def drawable() -> bool:
    """Say whether there is something to draw with."""
    return find_spec("matplotlib") is not None


def bars(forecast: Forecast) -> bytes:
    """Give a PNG of the shares that the first day's reasons have in its width."""
    factors = forecast.days[0].factors
    figure, axes = drawn_on(forecast, len(factors))
    values = [100 * one.contribution for one in factors]
    places = range(len(values))
    axes.barh(places, values, color=[_ORANGE if value >= 0 else _BLUE for value in values], height=0.62)
    axes.set_yticks(places, _wrapped(factors))
    axes.invert_yaxis()
    axes.axvline(0, color=_QUIET, linewidth=0.8)
    most = max([abs(value) for value in values] + [1e-9])
    axes.set_xlim(-1.35 * most, 1.35 * most)
    for place, value in zip(places, values, strict=True):
        side = 0.03 * most if value >= 0 else -0.03 * most
        words = percent(value / 100, 1)
        axes.text(value + side, place, words, va="center", ha="left" if value >= 0 else "right", color=_INK)
    axes.set_xlabel("percent of the width of the 80 % band; right: wider, left: narrower")
    return png(figure)


def heat(forecast: Forecast) -> bytes:
    """Give a PNG of the same reasons over all days."""
    from matplotlib.colors import LinearSegmentedColormap

    table = [[100 * share for share in row] for row in shares(forecast.days)]
    figure, axes = drawn_on(forecast, len(table))
    most = max([1e-9, *(abs(share) for row in table for share in row)])
    palette = LinearSegmentedColormap.from_list("ara", [_BLUE, "#ffffff", _ORANGE])
    image = axes.imshow(table, cmap=palette, vmin=-most / 0.75, vmax=most / 0.75, aspect="auto")
    axes.set_yticks(range(len(table)), _wrapped(forecast.days[0].factors))
    step = max(1, len(forecast.days) // _FULL)
    axes.set_xticks(range(0, len(forecast.days), step), [str(one.number) for one in forecast.days[::step]])
    axes.set_xlabel("bars ahead")
    if len(forecast.days) <= _FULL:
        for line, row in enumerate(table):
            for place, share in enumerate(row):
                axes.text(place, line, f"{share:+.1f}", ha="center", va="center", color=_INK)
    figure.colorbar(image, ax=axes, label="percent of the width", fraction=0.05)
    return png(figure)


def horizons(forecast: Forecast) -> bytes:
    """Give a PNG of the reasons by horizon: what widens stands above the line, what narrows below; dots are the sum."""
    days, table = forecast.days, [[100 * share for share in row] for row in shares(forecast.days)]
    figure, axes = drawn_on(forecast, 8)
    up, down = [0.0] * len(days), [0.0] * len(days)
    for factor, row, role in zip(days[0].factors, table, SERIES, strict=False):
        floor = [high if share >= 0 else low for share, high, low in zip(row, up, down, strict=True)]
        axes.bar(range(len(days)), row, bottom=floor, color=LIGHT(role), width=0.7, label=_wrapped([factor])[0])
        up = [high + max(share, 0.0) for share, high in zip(row, up, strict=True)]
        down = [low + min(share, 0.0) for share, low in zip(row, down, strict=True)]
    axes.axhline(0, color=_QUIET, linewidth=0.8)
    sums = [100 * (one.wider or 0.0) for one in days]
    axes.plot(range(len(days)), sums, "o", color=_INK, markersize=5, label="in all")
    step = max(1, len(days) // _FULL)
    axes.set_xticks(range(0, len(days), step), [str(one.number) for one in days[::step]])
    axes.set_xlabel("bars ahead")
    axes.set_ylabel("percent of the width")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), labelcolor=_INK)
    return png(figure)


def _wrapped(factors: Sequence[Factor]) -> list[str]:
    return [fill(one.description, _LETTERS) for one in factors]


def drawn_on(forecast: Forecast, rows: float, title: str = "") -> "tuple[Figure, Axes]":
    """Give a figure with room for so many rows, a title that states the finding, and where its figures come from."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 2.4 + 0.42 * rows), dpi=_DOTS, layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle(fill(title or finding(forecast), 80), x=0.01, ha="left", color=_INK, fontsize=12)
    figure.supxlabel(fill(footer(forecast), 120), fontsize=7, color=_QUIET, x=0.01, ha="left")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    return figure, axes


def png(figure: "Figure") -> bytes:
    """Give a figure's bytes, the same for the same figure."""
    room = io.BytesIO()
    figure.savefig(room, format="png", metadata={"Software": None})
    return room.getvalue()
