"""Candlesticks in a history: each with its strength, the trend before it and the price that refutes it."""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib import import_module
from math import isfinite
from operator import attrgetter
from typing import Final

import numpy as np

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array, numbers
from ara.features.patterns.candles.context import TREND, Context, contexts
from ara.features.patterns.candles.shape import Candle
from ara.features.patterns.pattern import Direction, Pattern

__all__ = ["find", "shapes"]

_MODULES: Final = ("single", "double", "triple", "longer")
_WORDS: Final[tuple[Direction, ...]] = ("neutral", "bullish", "bearish")
_FLAT: Final = 1.0
_TRENDS: Final = {1: "rise", -1: "fall"}


@cache
def shapes() -> tuple[Candle, ...]:
    """Give every candlestick, by name."""
    modules = [import_module(f"ara.features.patterns.candles.{name}") for name in _MODULES]
    return tuple(sorted((getattr(one, name) for one in modules for name in one.__all__), key=lambda one: one.spec.name))


def find(
    open: Array,
    high: Array,
    low: Array,
    close: Array,
    *,
    volume: Array | None = None,
    names: Sequence[str] = (),
) -> list[Pattern]:
    """Find the candlesticks of a history, sorted by the bar at whose close each was known.

    A candlestick is known when its last bar closes. Its quality is `Context.strength`. It is refuted beyond its low if
    it points up, beyond its high if it points down; textbooks name no target.

    Parameters
    ----------
    open, high, low, close
        Of bars in ascending order; a bar with a gap is in no shape.
    volume
        Makes those stronger that came with much of it.
    names
        Only these; all by default.
    """
    known = {one.spec.name: one for one in shapes()}
    strange = [name for name in names if name not in known]
    if strange:
        raise FeatureEngineeringError(
            f"There is no candlestick {strange[0]!r:.60}.", hint="See all of them: ara indicators list candles"
        )
    named = {"open": open, "high": high, "low": low, "close": close}
    columns = tuple(numbers(name, one) for name, one in named.items())
    traded = np.full(columns[3].shape, np.nan) if volume is None else numbers("volume", volume)
    if len({one.shape for one in (*columns, traded)}) > 1 or traded.ndim != 1:
        raise FeatureEngineeringError("Open, high, low, close and volume differ in length; they are of the same bars.")
    ends = columns[0].tolist(), columns[3].tolist()
    with np.errstate(all="ignore"):
        surroundings = contexts(columns, traded)
        found = [
            pattern
            for one in known.values()
            if not names or one.spec.name in names
            for pattern in _of(one, columns, ends, surroundings(one.bars))
        ]
    return sorted(found, key=attrgetter("known_at", "name"))


def _of(
    shape: Candle, columns: tuple[Array, ...], ends: tuple[list[float], list[float]], around: Context
) -> Iterator[Pattern]:
    values = shape.function(*columns, **shape.spec.resolve({}))
    at = np.flatnonzero(np.nan_to_num(values))
    points = shape.points(values[at])
    strengths = around.strength(at, points, shape.asks, float(shape.small))
    figures = (*around.reach, *around.line, around.trend.round(1))
    told = zip(at.tolist(), points.tolist(), strengths.tolist(), *(one[at].tolist() for one in figures), strict=True)
    opened, closed = ends
    for bar, way, strength, floor, top, first, last, trend in told:
        began = bar - shape.bars + 1
        yield Pattern(
            name=shape.spec.name,
            family="candle",
            direction=_WORDS[int(way)],
            began=began,
            completed=bar,
            known_at=bar,
            points=(("open", began, opened[began]), ("close", bar, closed[bar])),
            lines=(("trend before", (began - TREND, first), (began - 1, last)),) if isfinite(trend) else (),
            quality=strength,
            invalidation=floor if way > 0 else top if way < 0 else None,
            words=_said(shape.asks * int(way), trend),
        )


@lru_cache(maxsize=4096)
def _said(asked: int, trend: float) -> str:
    """Say what the bars before it did, and whether the textbooks want that."""
    if not isfinite(trend):
        return "Too few bars before it to tell a trend."
    did = 1 if trend >= _FLAT else -1 if trend <= -_FLAT else 0
    moved = f"{'rose' if did > 0 else 'fell'} by {abs(trend):.1f} usual ranges"
    before = f"The {TREND} bars before it {moved}" if did else "No clear trend before it"
    if not asked:
        return f"{before}."
    return (
        f"{before}, as the textbooks ask." if did == asked else f"{before}; the textbooks ask for a {_TRENDS[asked]}."
    )
