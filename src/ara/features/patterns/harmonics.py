"""Harmonic patterns: five turns whose legs stand in given ratios to each other.

X, A, B, C and D are turns one after the other; XA is the first leg. A bullish pattern ends in a bottom, D, after a
first leg that rose; a bearish one is its mirror image. The ratios are those that S. M. Carney gives in Harmonic Trading
(1999, 2010, 2016); the Cypher is D. Oglesbee's, AB=CD goes back to H. M. Gartley, Profits in the Stock Market, 1935.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array
from ara.features.patterns.legs import Legs, bounded, kept, rows, sizes
from ara.features.patterns.pattern import Pattern, once

__all__ = ["NAMES", "RATIOS", "Ratios", "find"]

_Range = tuple[float, float]


class Ratios(NamedTuple):
    """The ratios of one pattern.

    Parameters
    ----------
    b
        AB as a share of XA.
    c
        BC as a share of AB.
    d
        How far D goes back from A, as a share of XA.
    swing
        CD as a share of BC; a guideline that counts for the quality, unless `strict`.
    stop
        The share of XA beyond which it is none any more; 1 is X.
    projected
        C counts from X as a share of XA in place of `c`'s share of AB, and D from C as a share of XC.
    strict
        CD must keep to `swing`.
    """

    b: _Range
    c: _Range
    d: _Range
    swing: _Range
    stop: float = 1.0
    projected: bool = False
    strict: bool = False


RATIOS: Final[dict[str, Ratios]] = {
    "gartley": Ratios(b=(0.618, 0.618), c=(0.382, 0.886), d=(0.786, 0.786), swing=(1.13, 1.618)),
    "bat": Ratios(b=(0.382, 0.5), c=(0.382, 0.886), d=(0.886, 0.886), swing=(1.618, 2.618)),
    "butterfly": Ratios(b=(0.786, 0.786), c=(0.382, 0.886), d=(1.27, 1.27), swing=(1.618, 2.24), stop=1.414),
    "crab": Ratios(b=(0.382, 0.618), c=(0.382, 0.886), d=(1.618, 1.618), swing=(2.24, 3.618), stop=2.0),
    "shark": Ratios(b=(0.382, 0.618), c=(1.13, 1.618), d=(0.886, 1.13), swing=(1.618, 2.24), stop=1.272, strict=True),
    "cypher": Ratios(b=(0.382, 0.618), c=(1.272, 1.414), d=(0.786, 0.786), swing=(1.272, 2.0), projected=True),
}
"""The ratios of every pattern of five turns."""

NAMES: Final = tuple(sorted((*RATIOS, "abcd")))
"""What can be found; `abcd` is AB=CD, four turns."""

_BACK: Final = (0.382, 0.618)
_EVEN: Final = 2.0


def find(high: Array, low: Array, close: Array, *, tolerance: float = 0.03) -> list[Pattern]:
    """Find harmonic patterns; each is known when its last turn is, so what is found for fewer bars stays.

    The turns are those of all sizes (`ara.features.patterns.legs.sizes`), one after the other; within a leg no bar is
    beyond its ends. Of the names that fit the same turns the nearest is given; of the same name on about the same bars
    the first. In AB=CD, BC is 38.2 % to 88.6 % of AB, and CD as long as AB and lasts half to twice as many bars. Bars
    in which one of the three is no finite number are passed over as if they were not there.

    Quality: 1 less the mean of how much of the tolerance B, C, D (twice) and CD use up; of AB=CD, of C, CD, and the
    duration of CD. Target: 38.2 % of the way from D back to A; the words name 61.8 %. Invalidation: X, or where D lies
    beyond it, the share of XA told as `stop` in `RATIOS`; of AB=CD, 1.272 times AB.

    Parameters
    ----------
    high, low, close
        Of each bar.
    tolerance
        How far a ratio may be off: as told for ratios up to 1, as a share of the ratio above.

    Returns
    -------
    list[Pattern]
        Sorted by `known_at`.
    """
    if not tolerance > 0:
        raise FeatureEngineeringError(f"tolerance is {tolerance}; it must be above 0.")
    top, bottom, bars = kept(high, low, close)
    turns = sizes(top, bottom)
    five, four = (bounded(rows(turns, count), top, bottom) for count in (5, 4))
    return once([*_fives(five, tolerance, bars), *_fours(four, tolerance, bars)])


def _off(value: Array, wanted: _Range, tolerance: float) -> Array:
    """Give how much of the tolerance a ratio uses up: 0 within its range, 1 as far out as it may be."""
    low, high = wanted
    out = np.maximum(np.maximum((low - value) / max(low, 1.0), (value - high) / max(high, 1.0)), 0.0)
    return np.asarray(out / tolerance)


def _fives(legs: Legs, tolerance: float, bars: NDArray[np.int64]) -> list[Pattern]:
    x, a, b, c, d = legs.price.T
    first = np.abs(a - x)
    to_b, to_c, to_d, to_x = np.abs(b - a), np.abs(c - b), np.abs(d - c), np.abs(c - x)
    sides = to_b / first, to_c / to_b, np.abs(a - d) / first, to_d / to_c
    projected = to_x / first, np.divide(to_d, to_x, out=np.full(len(x), np.inf), where=to_x > 0)
    best, names = np.full(len(x), np.inf), np.zeros(len(x), np.int64)
    for k, ratios in enumerate(RATIOS.values()):
        third, last = projected if ratios.projected else sides[1:3]
        parts = [_off(sides[0], ratios.b, tolerance), _off(third, ratios.c, tolerance)]
        parts += [_off(last, ratios.d, tolerance)] * 2
        swing = _off(sides[3], ratios.swing, tolerance)
        good = np.logical_and.reduce([one <= 1.0 for one in parts]) & ((swing <= 1.0) | (not ratios.strict))
        mean = np.where(good, (sum(parts) + np.minimum(swing, 1.0)) / 5.0, np.inf)
        names, best = np.where(mean < best, k, names), np.minimum(mean, best)
    found = np.flatnonzero(np.isfinite(best)).tolist()
    return [_told(_Found.of(legs, k, bars), list(RATIOS)[names[k]], 1.0 - float(best[k])) for k in found]


def _fours(legs: Legs, tolerance: float, bars: NDArray[np.int64]) -> list[Pattern]:
    a, b, c, d = legs.price.T
    to_b, to_c, to_d = np.abs(b - a), np.abs(c - b), np.abs(d - c)
    time = (legs.at[:, 3] - legs.at[:, 2]) / (legs.at[:, 1] - legs.at[:, 0])
    slow = (np.maximum(time, 1.0 / time) - 1.0) / (_EVEN - 1.0)
    third, last = _off(to_c / to_b, (0.382, 0.886), tolerance), _off(to_d / to_b, (1.0, 1.0), tolerance)
    good = (third <= 1.0) & (last <= 1.0) & (slow <= 1.0)
    mean = (third + last + slow) / 3.0
    return [_told(_Found.of(legs, k, bars), "abcd", 1.0 - float(mean[k])) for k in np.flatnonzero(good).tolist()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One row of turns under its letters."""

    letters: str
    at: tuple[int, ...]
    prices: tuple[float, ...]
    known: int

    @classmethod
    def of(cls, legs: Legs, row: int, bars: NDArray[np.int64]) -> "_Found":
        """Take one row."""
        prices = tuple(legs.price[row].tolist())
        at = tuple(bars[legs.at[row]].tolist())
        return cls(letters="XABCD"[-len(at) :], at=at, prices=prices, known=int(bars[legs.known[row]]))


def _told(one: _Found, name: str, quality: float) -> Pattern:
    *_, a, _, c, d = one.prices
    up = d < c
    ratios = RATIOS.get(name)
    stop = c + 1.272 * (one.prices[1] - a) if ratios is None else a + ratios.stop * (one.prices[0] - a)
    near, far = (d + share * (a - d) for share in _BACK)
    points = tuple(zip(one.letters, one.at, one.prices, strict=True))
    title = "AB=CD" if ratios is None else name.capitalize()
    return Pattern(
        name=name,
        family="harmonic",
        direction="bullish" if up else "bearish",
        began=one.at[0],
        completed=one.at[-1],
        known_at=one.known,
        points=points,
        lines=tuple((start[0] + end[0], start[1:], end[1:]) for start, end in pairwise(points)),
        quality=quality,
        target=near,
        invalidation=stop,
        words=f"{title}: a {'bottom' if up else 'top'} at {d:.6g}, where the legs stand in its ratios. Aims at "
        f"{near:.6g}, then {far:.6g}; none any more {'below' if up else 'above'} {stop:.6g}.",
    )
