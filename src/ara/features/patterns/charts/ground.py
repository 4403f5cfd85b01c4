"""The bars that shapes are looked for in, upright or upside down, and quick answers about stretches of them."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array
from ara.features.patterns.extremes import Extremes
from ara.features.patterns.legs import Legs, flipped, kept, rows, sizes
from ara.features.patterns.pattern import Line, Point
from ara.features.swings import Swings

__all__ = ["Bars", "Ground", "Limits", "grounds"]

Bars = NDArray[np.int64]
"""Numbers of bars."""

_SHARE: Final = 0.3
_LEAST: Final = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What every finder of chart patterns goes by.

    Parameters
    ----------
    strength
        Bars on each side from which a turn must stand out.
    level
        Two prices count as equal where they differ by no more than this share of the price.
    shortest, longest
        Bars from the first point of a shape to its last.
    """

    strength: int = 3
    level: float = 0.03
    shortest: int = 10
    longest: int = 500

    def __post_init__(self) -> None:
        if self.strength < 1 or self.level < 0 or not 2 <= self.shortest <= self.longest:
            raise FeatureEngineeringError(
                f"strength is {self.strength}, level {self.level}, shortest {self.shortest}, longest {self.longest}; "
                "strength must be 1 or more, level 0 or more, and 2 <= shortest <= longest."
            )

    def apart(self, price: Array, height: Array) -> Array:
        """Give how far two prices may lie apart and count as equal, in a shape of a height.

        The share `level` of the price, but no more than 30 % of the height, so that small shapes must be as even as
        large ones; and 12 % of the height at least, so that large ones may be as uneven as small ones.
        """
        near = np.minimum(self.level * np.abs(price), _SHARE * height)
        return np.asarray(np.maximum(near, _LEAST * height))


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """Bars without gaps; `sign` -1 where they stand upside down, so that one finder serves tops and bottoms.

    Parameters
    ----------
    high, low, close
        Of each bar, turned upside down where `sign` is -1.
    sign
        1 or -1.
    kept
        The number that each bar has among all bars.
    sizes
        Its turns of all sizes, the smallest first.
    limits
        What every finder goes by.
    """

    high: Array
    low: Array
    close: Array
    sign: int
    kept: Bars
    sizes: tuple[Swings, ...]
    limits: Limits

    def __len__(self) -> int:
        """Count the bars."""
        return len(self.close)

    def rows(self, count: int) -> Legs:
        """Give the rows of turns that begin with a top and have as many bars as a shape may have."""
        found = rows(self.sizes, count)
        span = found.at[:, -1] - found.at[:, 0]
        return found.only(~found.up & (span >= self.limits.shortest) & (span <= self.limits.longest))

    def clean(self, bars: tuple[int, ...]) -> float:
        """Give the largest move back of the closes within the legs between some bars, a top first; in price."""
        worst = 0.0
        for k, (start, end) in enumerate(pairwise(bars)):
            closes = self.close[start : end + 1] if k % 2 else -self.close[start : end + 1]
            worst = max(worst, float((np.maximum.accumulate(closes) - closes).max()))
        return worst

    @cached_property
    def pairs(self) -> tuple[Bars, Bars, Bars]:
        """Give the tops that see each other over all tops between them: the two bars, and when the second was known."""
        turns, longest = self.sizes[0], self.limits.longest
        found: list[tuple[int, int, int]] = []
        seen: list[tuple[int, float]] = []
        tops = zip(turns.at[turns.high].tolist(), turns.price[turns.high].tolist(), turns.known[turns.high].tolist())  # noqa: B905
        for at, price, known in tops:
            while seen and seen[-1][1] <= price:
                found.append((seen.pop()[0], at, known))
            if seen and (not found or found[-1][:2] != (seen[-1][0], at)):
                found.append((seen[-1][0], at, known))
            seen.append((at, price))
        rows = np.array(found, np.int64).reshape(-1, 3)
        rows = rows[rows[:, 1] - rows[:, 0] <= longest]
        return rows[:, 0], rows[:, 1], rows[:, 2]

    @cached_property
    def ranges(self) -> Array:
        """Give the sums of high - low up to each bar, that of none first."""
        return np.concatenate(([0.0], np.cumsum(self.high - self.low)))

    def mean_range(self, first: Bars, last: Bars) -> Array:
        """Give the mean of high - low of stretches of bars, both ends included."""
        return np.asarray((self.ranges[last + 1] - self.ranges[first]) / (last + 1 - first))

    @cached_property
    def _highs(self) -> Extremes:
        return Extremes(self.high, self.limits.longest)

    @cached_property
    def _lows(self) -> Extremes:
        return Extremes(-self.low, self.limits.longest)

    def highest(self, first: Bars, last: Bars) -> Array:
        """Give the highest high of stretches of bars, both ends included."""
        return self._highs.over(first, last)

    def lowest(self, first: Bars, last: Bars) -> Array:
        """Give the lowest low of stretches of bars, both ends included."""
        return -self._lows.over(first, last)

    def bottoms(self, first: Bars, last: Bars) -> Bars:
        """Give the first bar of the lowest low between two bars, both left out."""
        price = self._lows.over(first + 1, last - 1)
        return self._lows.above(first + 1, np.nextafter(price, -np.inf))

    def below(self, start: Bars, price: Array) -> Bars:
        """Give the first bar from `start` on whose low is under a price; the number of bars where there is none."""
        return self._lows.above(start, -price)

    def above(self, start: Bars, price: Array) -> Bars:
        """Give the first bar from `start` on whose high is above a price; the number of bars where there is none."""
        return self._highs.above(start, price)

    def turned(self, last: Bars, known: Bars, price: Array, back: Array) -> Bars:
        """Give the bar at which tops are sure in the eyes of a whole shape.

        That is when the turn itself was known and a low was under `back`; the number of bars where a high above the top
        came first, or at once.
        """
        fell, rose = self.below(last + 1, back), self.above(last + 1, price)
        return np.where(fell < rose, np.maximum(fell, known), len(self))

    def rise(self, first: Bars, bars: Bars) -> Array:
        """Give how far the highs of some bars stand above the lowest low of as many bars before them as are told."""
        before = np.maximum(first - bars, 0)
        low = self.lowest(before, np.maximum(first - 1, 0))
        return np.where(first > 0, self.high[first] - low, 0.0)

    def fresh(self, first: Bars, bars: Bars, price: Array) -> NDArray[np.bool_]:
        """Tell whether no high of half as many bars as are told, before some bars, was above a price."""
        before = self.highest(np.maximum(first - bars // 2, 0), np.maximum(first - 1, 0))
        return np.asarray((first == 0) | (before <= price))

    def point(self, name: str, bar: int, price: float) -> Point:
        """Give a point as the user sees it."""
        return (name, int(self.kept[bar]), self.price(price))

    def line(self, name: str, first: tuple[int, float], last: tuple[int, float]) -> Line:
        """Give a line as the user sees it."""
        return (name, self.point(name, *first)[1:], self.point(name, *last)[1:])

    def price(self, price: float) -> float:
        """Give a price as the user sees it."""
        return float(self.sign * price)


def grounds(high: Array, low: Array, close: Array, limits: Limits) -> tuple[Ground, Ground]:
    """Give the bars upright and upside down, less those with a gap."""
    top, bottom, left = kept(high, low, close)
    last = np.asarray(close, np.float64)[left]
    turns = tuple(sizes(top, bottom, smallest=limits.strength))
    turned = tuple(flipped(one) for one in turns)
    upright = Ground(high=top, low=bottom, close=last, sign=1, kept=left, sizes=turns, limits=limits)
    return upright, Ground(high=-bottom, low=-top, close=-last, sign=-1, kept=left, sizes=turned, limits=limits)
