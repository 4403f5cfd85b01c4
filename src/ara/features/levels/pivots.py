"""Pivots: prices that floor traders work out from the session, week or month before."""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array, quotient
from ara.features.indicator import ArrayIndicator, Scale, indicator
from ara.features.levels.periods import PERIOD, before, before_step, ready

__all__ = [
    "central_pivot_range",
    "central_pivot_width",
    "pivot_camarilla",
    "pivot_camarilla_distance",
    "pivot_demark",
    "pivot_demark_distance",
    "pivot_fibonacci",
    "pivot_fibonacci_distance",
    "pivot_standard",
    "pivot_standard_distance",
    "pivot_woodie",
    "pivot_woodie_distance",
    "previous_range",
    "previous_range_position",
]

_INPUTS: Final = ("open", "high", "low", "close", "session")
_ALL: Final = (-math.inf, math.inf)
_ROUNDING: Final = 1e-12  # of a price: a band as narrow is what rounding leaves of a session without a range

_Lines = Callable[[NDArray[np.float64]], tuple[Array, ...]]


def _standard(told: NDArray[np.float64]) -> tuple[Array, ...]:
    _, high, low, close, _ = told
    return _around((high + low + close) / 3.0, high, low)


def _woodie(told: NDArray[np.float64]) -> tuple[Array, ...]:
    _, high, low, _, now = told
    return _around((high + low + 2.0 * now) / 4.0, high, low)


def _around(middle: Array, high: Array, low: Array) -> tuple[Array, ...]:
    wide = high - low
    up, down = middle - low, high - middle
    resistances = (middle + up, middle + wide, high + 2.0 * up, high + 3.0 * up)
    supports = (middle - down, middle - wide, low - 2.0 * down, low - 3.0 * down)
    return (middle, *supports, *resistances)


def _fibonacci(told: NDArray[np.float64]) -> tuple[Array, ...]:
    _, high, low, close, _ = told
    middle, wide = (high + low + close) / 3.0, high - low
    return (middle, *(middle + share * wide for share in (-0.382, -0.618, -1.0, 0.382, 0.618, 1.0)))


def _camarilla(told: NDArray[np.float64]) -> tuple[Array, ...]:
    _, high, low, close, _ = told
    steps = [(high - low) * 1.1 / parts for parts in (12.0, 6.0, 4.0, 2.0)]
    return (close, *(close - step for step in steps), *(close + step for step in steps))


def _demark(told: NDArray[np.float64]) -> tuple[Array, ...]:
    opened, high, low, close, _ = told
    twice = np.where(close < opened, low, np.where(close > opened, high, close))
    total = high + low + close + twice
    return total / 4.0, total / 2.0 - high, total / 2.0 - low


def _central(told: NDArray[np.float64]) -> tuple[Array, ...]:
    _, high, low, close, _ = told
    middle, half = (high + low + close) / 3.0, (high + low) / 2.0
    other = 2.0 * middle - half
    return np.maximum(other, half), middle, np.minimum(other, half)


def _extremes(told: NDArray[np.float64]) -> tuple[Array, ...]:
    return told[1], told[2], told[3]


def _distances(lines: _Lines, told: NDArray[np.float64], close: Array) -> tuple[Array, ...]:
    levels = lines(told)
    below = np.sum([level <= close for level in levels], axis=0).astype(np.float64)
    return (*(quotient(close - level, close) for level in levels), np.where(np.isnan(levels[0]), np.nan, below))


def _width(told: NDArray[np.float64], close: Array) -> tuple[Array, ...]:
    top, _, bottom = _central(told)
    wide = np.where(top - bottom <= _ROUNDING * np.abs(top), 0.0, top - bottom)
    return quotient(wide, close), quotient(close - bottom, wide, otherwise=0.5)


def _position(told: NDArray[np.float64], close: Array) -> tuple[Array, ...]:
    _, high, low, last, now = told
    return quotient(close - low, high - low, otherwise=0.5), quotient(now - last, last)


def _made(
    name: str,
    found: Callable[[NDArray[np.float64], Array], tuple[Array, ...]],
    *,
    outputs: tuple[str, ...],
    scale: Scale,
    bounds: Any,
    texts: tuple[str, str, str],
) -> ArrayIndicator:
    """Make the indicator of what is found in the period before and the close."""

    def step(state: Any, *bar: float, period: int, whole: int) -> tuple[Any, tuple[float, ...]]:
        state, told = before_step(state, *bar, period=period, whole=whole)
        close = np.array([bar[3] if math.isfinite(told[4]) else math.nan])
        return state, tuple(float(one[0]) for one in found(np.array(told)[:, None], close))

    def batch(
        open: Array, high: Array, low: Array, close: Array, session: Array, *, period: int, whole: int
    ) -> tuple[Array, ...]:
        return found(before(open, high, low, close, session, period=period, whole=whole), close)

    formula, reference, words = texts
    return indicator(
        inputs=_INPUTS,
        params=PERIOD,
        outputs=outputs,
        warmup=ready,
        memory=None,
        scale=scale,
        bounds=bounds,
        formula=formula,
        reference=reference,
        words=words,
        step=step,
        name=name,
    )(batch)


def _levels(name: str, lines: _Lines, outputs: tuple[str, ...], texts: tuple[str, str, str]) -> ArrayIndicator:
    """Make the levels in the price's own unit."""
    return _made(name, lambda told, _: lines(told), outputs=outputs, scale=Scale.PRICE, bounds=_ALL, texts=texts)


def _away(name: str, lines: _Lines, outputs: tuple[str, ...], reference: str) -> ArrayIndicator:
    """Make the distances of the close from the levels."""
    return _made(
        f"{name}_distance",
        lambda told, close: _distances(lines, told, close),
        outputs=(*outputs, "zone"),
        scale=Scale.FREE,
        bounds={**dict.fromkeys(outputs, _ALL), "zone": (0.0, float(len(outputs)))},
        texts=(
            f"(C - level) / C of {name}; zone: how many of the levels the close is not below",
            reference,
            "How far the close is above each pivot, below it where negative, as a share of the close.",
        ),
    )


_NINE: Final = ("pp", "s1", "s2", "s3", "s4", "r1", "r2", "r3", "r4")
_PERSON: Final = "J. L. Person (2004), A Complete Guide to Technical Trading Tactics"

pivot_standard = _levels(
    "pivot_standard",
    _standard,
    _NINE,
    (
        "p = (H + L + C) / 3; r1 = 2p - L, r2 = p + (H - L), r3 = H + 2(p - L), r4 = H + 3(p - L); s alike below",
        _PERSON,
        "Prices many watch, worked out from the period before: above p it is stronger than then; r slow it, s hold it.",
    ),
)
"""Standard (floor traders') pivots of the period before."""

pivot_standard_distance = _away("pivot_standard", _standard, _NINE, _PERSON)
"""Distance of the close from each of pivot_standard's levels."""

pivot_fibonacci = _levels(
    "pivot_fibonacci",
    _fibonacci,
    ("pp", "s1", "s2", "s3", "r1", "r2", "r3"),
    (
        "p = (H + L + C) / 3; r, s = p +- 0.382, 0.618 and 1 times (H - L)",
        "As in charting programs; ratios after L. Fibonacci (1202), Liber Abaci",
        "The pivot with the range of the period before laid off in Fibonacci's ratios.",
    ),
)
"""Pivots with Fibonacci's ratios of the range before."""

pivot_fibonacci_distance = _away(
    "pivot_fibonacci",
    _fibonacci,
    ("pp", "s1", "s2", "s3", "r1", "r2", "r3"),
    "As in charting programs; ratios after L. Fibonacci (1202), Liber Abaci",
)
"""Distance of the close from each of pivot_fibonacci's levels."""

pivot_camarilla = _levels(
    "pivot_camarilla",
    _camarilla,
    _NINE,
    (
        "p = C; r, s = C +- 1.1 (H - L) times 1/12, 1/6, 1/4, 1/2",
        "N. Scott (1989), Camarilla Equation",
        "Levels close around the last close: day traders fade the third and follow a break of the fourth.",
    ),
)
"""Camarilla pivots."""

pivot_camarilla_distance = _away("pivot_camarilla", _camarilla, _NINE, "N. Scott (1989), Camarilla Equation")
"""Distance of the close from each of pivot_camarilla's levels."""

pivot_woodie = _levels(
    "pivot_woodie",
    _woodie,
    _NINE,
    (
        "p = (H + L + 2 O of this period) / 4; r1 = 2p - L, r2 = p + (H - L), r3 = H + 2(p - L), r4 = H + 3(p - L)",
        "K. Wood (Woodies CCI Club), Woodie's pivots",
        "Like standard pivots, weighted by where this period opened, which is known from its first bar on.",
    ),
)
"""Woodie's pivots."""

pivot_woodie_distance = _away("pivot_woodie", _woodie, _NINE, "K. Wood (Woodies CCI Club), Woodie's pivots")
"""Distance of the close from each of pivot_woodie's levels."""

pivot_demark = _levels(
    "pivot_demark",
    _demark,
    ("pp", "s1", "r1"),
    (
        "X = H + L + C + (L where C < O, H where C > O, else C); p = X / 4, s1 = X / 2 - H, r1 = X / 2 - L",
        "T. R. DeMark (1994), The New Science of Technical Analysis",
        "The range expected next, leaning the way the period before closed: low s1 and high r1.",
    ),
)
"""DeMark's pivots."""

pivot_demark_distance = _away(
    "pivot_demark", _demark, ("pp", "s1", "r1"), "T. R. DeMark (1994), The New Science of Technical Analysis"
)
"""Distance of the close from each of pivot_demark's levels."""

central_pivot_range = _made(
    "central_pivot_range",
    lambda told, _: _central(told),
    outputs=("top", "pivot", "bottom"),
    scale=Scale.PRICE,
    bounds=_ALL,
    texts=(
        "p = (H + L + C) / 3, b = (H + L) / 2; top and bottom are the larger and the smaller of b and 2p - b",
        "F. Ochoa (2010), Secrets of a Pivot Boss",
        "A band around the pivot: above it buyers are in charge; a narrow band goes before a day that runs.",
    ),
)
"""The central pivot range of the period before."""

central_pivot_width = _made(
    "central_pivot_width",
    _width,
    outputs=("width", "position"),
    scale=Scale.FREE,
    bounds={"width": _ALL, "position": _ALL},
    texts=(
        "(top - bottom) / C and (C - bottom) / (top - bottom) of central_pivot_range; 0.5 where it has no width",
        "F. Ochoa (2010), Secrets of a Pivot Boss",
        "How wide the central band is as a share of the price, and where the close is in it: 0 bottom, 1 top.",
    ),
)
"""Width of the central pivot range, and the place of the close in it."""

previous_range = _made(
    "previous_range",
    lambda told, _: _extremes(told),
    outputs=("high", "low", "close"),
    scale=Scale.PRICE,
    bounds=_ALL,
    texts=(
        "H, L, C of the period before",
        "R. W. Schabacker (1932), Technical Analysis and Stock Market Profits",
        "High, low and close of the period before: a break of its high or low is the plainest breakout there is.",
    ),
)
"""High, low and close of the period before."""

previous_range_position = _made(
    "previous_range_position",
    _position,
    outputs=("position", "gap"),
    scale=Scale.FREE,
    bounds={"position": _ALL, "gap": _ALL},
    texts=(
        "(C - L) / (H - L) and O of this period / C - 1, with H, L, C of the period before; 0.5 where it had no range",
        "R. W. Schabacker (1932), Technical Analysis and Stock Market Profits",
        "Above 1 the price is beyond the high of the period before, below 0 its low; gap: where this one opened.",
    ),
)
"""Place of the close in the range of the period before, and the gap at which this one opened."""
