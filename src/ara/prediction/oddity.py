"""Whether the like of a forecast's origin was seen before, and whether the forecast itself is an odd one."""

from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.learning.oddity import ODD, Oddity
from ara.models.panel import Panel
from ara.models.quantiles import LEVELS
from ara.prediction.compute import Answer

__all__ = ["odd_forecast", "odd_origin"]

_PAST: Final = 1000
_ENOUGH: Final = 250
_FAR: Final = 4.0

_Array = NDArray[np.float64]


def odd_origin(panel: Panel, row: int) -> tuple[str, ...]:
    """Say in a line each how a row's bar is unlike those of its series before it; nothing while these are under 250.

    Two looks: is its move, its range, its gap or its volume beyond all of the last 1,000 bars; and do these together
    stand alone among them, by an isolation forest. What models learned of the past may not hold for such a bar.
    """
    first, _ = panel.span(int(panel.series[row]))
    names, values = _features(panel, max(first + 1, row - _PAST), row + 1)
    known = np.asarray(np.isfinite(values).all(axis=1))
    if not known[-1] or known.sum() <= _ENOUGH:
        return ()
    before, now = Oddity(names=names, known=values[:-1][known[:-1]]), np.asarray(values[-1])
    most, count = before.known.max(axis=0), len(before.known)
    found = [
        f"{name} of the last bar, {_told(value, name)}, is larger than in any of the {count:,} bars before"
        for name, value, largest in zip(names, now, most, strict=True)
        if value > largest > 0
    ]
    if not found and before.rare(now) and (score := before.score(now)) > ODD:
        found.append(f"the last bar is unlike the {count:,} before it ({score:.2f} by an isolation forest)")
    return tuple(found)


def _features(panel: Panel, first: int, end: int) -> tuple[tuple[str, ...], _Array]:
    """Give the sizes of moves, ranges and gaps, and volume over its own median where there is any."""
    bars, volume = panel.bars[first:end], panel.volume[first:end]
    sizes = [np.abs(bars[:, 3]), bars[:, 1] - bars[:, 2], np.abs(bars[:, 0])]
    names = ["the move", "the range", "the gap"]
    if np.isfinite(volume).all() and (usual := _median(volume)) > 0:
        sizes.append(volume / usual)
        names.append("the volume")
    return tuple(names), np.stack(sizes, axis=1)


def _median(values: _Array) -> float:
    """Give the median of finite numbers as NumPy gives it, which takes several times as long."""
    half = len(values) // 2
    middle = np.partition(values, (half - 1, half) if len(values) % 2 == 0 else half)
    return float(middle[half] if len(values) % 2 else (middle[half - 1] + middle[half]) / 2)


def _told(value: float, name: str) -> str:
    return f"{value:.1f}x its median" if name == "the volume" else f"{100 * np.expm1(value):.1f} %"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.2g}x"


def odd_forecast(answer: Answer) -> tuple[str, ...]:
    """Say in a line each where a forecast is far from the instrument's own moves: its band, or its price.

    A band that is four times as wide as usual, or a fourth, and a price that lies further away than the usual move, are
    either a market beyond itself or a model that is.
    """
    values, usual = answer.quantiles.values[0], answer.usual_move[0]
    if not usual.min() > 0:
        return ()
    wide = (values[:, LEVELS.index(0.9)] - values[:, LEVELS.index(0.1)]) / (2 * usual)
    shift = np.abs(values[:, LEVELS.index(0.5)]) / usual
    found = []
    place = int(np.argmax(np.abs(np.log(np.maximum(wide, 1e-12)))))
    if abs(log(max(float(wide[place]), 1e-12))) > log(_FAR):
        found.append(f"this forecast is odd: the 80 % band of day {place + 1} is {_times(wide[place])} the usual one")
    place = int(np.argmax(shift))
    if shift[place] > 1:
        found.append(f"this forecast is odd: the price of day {place + 1} lies {shift[place]:.1f} usual moves away")
    return tuple(found)
