"""Where a candlestick stands, and how large it is: what tells one that matters from a hundred that don't."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array, highest, lowest, previous, quotient, sums, true_range
from ara.features.library import talib

__all__ = ["TREND", "Context", "contexts"]

TREND: Final = 10
"""Bars before a shape in which its trend, and what is usual, are measured."""


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds shapes of so many bars, told of each bar as if one were complete there.

    Every figure knows that bar and earlier ones. What is usual is the mean of the ten bars before the shape.

    Parameters
    ----------
    trend
        How far the line through the ten closes before the shape rose, in usual ranges; negative where it fell.
    line
        That line's first and last price.
    reach
        The lowest and the highest price of the shape.
    size
        The shape's whole range against the usual one, 0.5 as usual for so many bars.
    body
        Its largest body against the usual one, 0.5 as large.
    place
        Where in its range it closed, 0 at the low, 1 at the high; what is left are its shadows.
    gap
        The widest gap beside or inside it; 0 for none, 0.5 for a quarter of the usual range.
    volume
        What was traded against the usual, 0.5 as much; NaN where nothing is known of it.
    """

    trend: Array
    line: tuple[Array, Array]
    reach: tuple[Array, Array]
    size: Array
    body: Array
    place: Array
    gap: Array
    volume: Array

    def strength(self, at: NDArray[np.int64], points: Array, asks: Array | float, small: Array | float) -> Array:
        """Give how much of a textbook's example each is, 0 to 1.

        It is the mean of its parts, so far as they are known, brought halfway to 1 by a gap. The parts are size; body
        (a small one where that makes the shape); volume; a trend before it as it is asked for; and a close at the end
        where it points, with a small body at either end, in the middle where it points nowhere.

        Parameters
        ----------
        at
            The bars that complete one.
        points
            Where each points: 1, -1 or 0.
        asks
            As in Candle, for each or for all.
        small
            1 where a small body makes the shape, else 0.
        """
        place, body = self.place[at], self.body[at]
        outer = np.abs(2.0 * place - 1.0)
        ends = np.where(points == 0, 1.0 - outer, np.where(small == 1.0, outer, 0.5 + points * (place - 0.5)))
        bodies = body + small * (1.0 - 2.0 * body)
        fits = 1.0 / (1.0 + np.exp(-np.clip(asks * points * self.trend[at], -50.0, 50.0)))
        parts = np.array([self.size[at], bodies, ends, self.volume[at], fits])
        known = np.isfinite(parts)
        mean = np.where(known, parts, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        return np.asarray(mean + 0.5 * np.nan_to_num(self.gap[at]) * (1.0 - mean))


def contexts(prices: tuple[Array, ...], volume: Array | None = None) -> Callable[[int], Context]:
    """Give what tells the context of shapes by the number of their bars; each is computed once.

    Parameters
    ----------
    prices
        Open, high, low and close.
    volume
        What was traded, where that is known.
    """
    opened, high, low, close = prices
    ranges, bodies = true_range(high, low, close), np.abs(close - opened)
    usual, usual_body = sums(ranges, TREND) / TREND, sums(bodies, TREND) / TREND
    slope, end = _line(close)
    apart = np.maximum(np.fmax(low - previous(high), previous(low) - high), 0.0)

    @cache
    def of(bars: int) -> Context:
        before, before_body = previous(usual, bars), previous(usual_body, bars)
        top, floor = highest(high, bars), lowest(low, bars)
        span = top - floor
        last, rise = previous(end, bars), previous(slope, bars) * (TREND - 1)
        return Context(
            trend=quotient(rise, before, otherwise=0.0),
            line=(last - rise, last),
            reach=(floor, top),
            size=_against(span, before * np.sqrt(bars)),
            body=_against(highest(bodies, bars), before_body),
            place=quotient(close - floor, span, otherwise=0.5),
            gap=quotient(highest(apart, bars), highest(apart, bars) + 0.25 * before, otherwise=0.0),
            volume=_traded(volume, bars) if volume is not None else np.full(len(close), np.nan),
        )

    return of


def _line(close: Array) -> tuple[Array, Array]:
    """Give the slope of the line through the last closes, and where it ends."""
    if len(close) < TREND:
        return np.full(len(close), np.nan), np.full(len(close), np.nan)
    library = talib()
    return library.LINEARREG_SLOPE(close, TREND), library.LINEARREG(close, TREND)


def _against(value: Array, usual: Array) -> Array:
    """Give 0.5 where a value is as usual, nearer to 1 the larger it is; 0.5 too where both are 0."""
    return quotient(value, value + usual, otherwise=0.5)


def _traded(volume: Array, bars: int) -> Array:
    """Compare the mean volume of a shape with the usual; no volume at all tells nothing."""
    inside, before = sums(volume, bars) / bars, previous(sums(volume, TREND) / TREND, bars)
    return quotient(inside, inside + before)
