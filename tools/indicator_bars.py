"""The bars that pictures of indicators are drawn from where those of the sample show nothing of them."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features import Indicator

__all__ = ["MADE", "Bars", "Stretch", "stretches", "textbook"]

Bars = Mapping[str, NDArray[np.float64]]
"""Columns by name."""

Stretch = tuple[str, Bars]
"""What bars are called in a caption, and their columns."""

_SHIFT: Final = 40
_STILL: Final = "zero_volume_share"
_BEFORE: Final = 30
_AFTER: Final = 8
_Bar = tuple[float, float, float, float]

MADE: Final[Mapping[str, tuple[_Bar, ...]]] = {
    "cdl_concealing_baby_swallow": (
        (0.0, 0.0, -2.0, -2.0),
        (-2.1, -2.1, -4.1, -4.1),
        (-4.6, -3.5, -5.6, -5.6),
        (-3.2, -3.2, -6.0, -6.0),
    ),
    "cdl_mat_hold": (
        (0.0, 3.2, -0.1, 3.0),
        (3.9, 4.0, 3.2, 3.3),
        (3.2, 3.3, 2.6, 2.7),
        (2.6, 2.7, 1.9, 2.0),
        (2.3, 5.2, 2.2, 5.1),
    ),
    "cdl_three_stars_in_the_south": (
        (0.0, 0.0, -6.0, -2.4),
        (-1.6, -1.6, -4.2, -3.0),
        (-3.1, -3.1, -3.6, -3.6),
    ),
}
"""Candlesticks that no series of the sample has: open, high, low and close from the last close before them."""


def textbook(name: str) -> Bars:
    """Make bars with a candlestick of `MADE` in them, after a fall of ordinary ones."""
    rows, close = [], 110.0
    for number in range(_BEFORE):
        opened, close = close, close + (-0.8 if number % 3 else 0.7)
        rows.append((opened, max(opened, close) + 0.4, min(opened, close) - 0.4, close))
    rows += [(close + o, close + h, close + low, close + c) for o, h, low, c in MADE[name]]
    for _ in range(_AFTER):
        close = rows[-1][3]
        rows.append((close, close + 0.9, close - 0.3, close + 0.6))
    return dict(zip(("open", "high", "low", "close"), np.array(rows).T, strict=True))


def stretches(one: Indicator, series: Mapping[str, Bars], shown: int) -> Iterator[Stretch]:
    """Give the bars that an indicator may be drawn from: the last ones of each series, then earlier ones.

    Where sessions are weighed by volume they are weeks, since daily bars have one bar in each; and what counts bars
    without trade has some.

    Parameters
    ----------
    one
        The indicator.
    series
        Columns by symbol, those to be tried first at the beginning.
    shown
        How many bars are drawn.
    """
    wanted = set(one.spec.inputs)
    least = one.spec.warmup(**one.spec.resolve({})) + shown
    for back in range(0, _SHIFT * _SHIFT, _SHIFT):
        for symbol, columns in series.items():
            count = len(columns["close"]) - back
            if wanted <= set(columns) and (not back or count >= least):
                words, bars = _fitting(one, {name: values[:count] for name, values in columns.items()})
                yield f"{symbol}{f', {back} bars ago' if back else ''}{words}", bars


def _fitting(one: Indicator, bars: Bars) -> tuple[str, Bars]:
    if {"session", "volume"} <= set(one.spec.inputs):
        return ", each week a session", {**bars, "session": np.floor((bars["session"] + 3.0) / 7.0)}
    if one.spec.name == _STILL:
        volume = bars["volume"]
        return ", a twentieth of its volumes put to 0", {
            **bars,
            "volume": np.where(volume < np.quantile(volume, 0.05), 0.0, volume),
        }
    return "", bars
