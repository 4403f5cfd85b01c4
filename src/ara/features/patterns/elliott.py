"""Elliott waves: counts that keep the rules, ranked by how well they follow the guidelines.

An impulse has five waves in the direction of the trend, a correction three (zigzag, flat) or five that narrow
(triangle). The rules decide whether a count is possible; the guidelines, among them the Fibonacci ratios, only how
typical it is. More than one count is possible at almost any time: a count is a reading, not a measurement.

References: R. N. Elliott, The Wave Principle, 1938; A. J. Frost, R. R. Prechter, Elliott Wave Principle, 1978.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, log
from typing import Final

import numpy as np

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array
from ara.features.patterns.legs import Legs, bounded, kept, rows, sizes
from ara.features.patterns.pattern import Pattern, once

__all__ = ["KINDS", "counts", "find", "valid"]

_NEAR: Final = log(1.5)
_RETURN: Final = 0.9
_FAR: Final = 2.0

_LETTERS: Final = {"impulse": "12345", "zigzag": "ABC", "flat": "ABC", "triangle": "ABCDE"}

KINDS: Final = tuple(sorted(_LETTERS))
"""The kinds of count."""


def valid(kind: str, points: Sequence[float]) -> bool:
    """Tell whether turning points keep the hard rules of a count.

    All kinds: each wave goes against the one before. Rules for rising counts; falling ones are mirror images.

    - `impulse` (6 points, start to end of wave 5): wave 2 does not go beyond the start of wave 1; wave 3 goes beyond
      the end of wave 1 and is not shorter than both wave 1 and wave 5; wave 4 does not enter the territory of wave 1
    - `zigzag` (4 points, start to end of wave C): wave B does not go beyond the start of wave A; wave C goes beyond the
      end of wave A
    - `flat` (4 points): wave B takes back 90 % of wave A or more, but not twice as much; wave C is 90 % of wave A or
      more
    - `triangle` (6 points, start to end of wave E): none of the waves B to E goes beyond the start of the one before

    Fewer points are a count that is not finished: the rules that they can break are judged.

    Parameters
    ----------
    kind
        One of `KINDS`.
    points
        Prices of the turning points, oldest first.
    """
    if kind not in _LETTERS:
        raise FeatureEngineeringError(f"There is no count {kind!r}; there are {', '.join(KINDS)}.")
    if not 2 <= len(points) <= len(_LETTERS[kind]) + 1 or not all(isfinite(one) for one in points):
        return False
    sign = 1.0 if points[1] > points[0] else -1.0
    p = [sign * (float(one) - float(points[0])) for one in points]
    moves = [(end - start) * (-1.0) ** k for k, (start, end) in enumerate(pairwise(p))]
    return min(moves) > 0 and _RULES[kind](p, moves)


def _impulse(p: list[float], moves: list[float]) -> bool:
    return (
        (len(p) < 3 or p[2] >= 0)
        and (len(p) < 4 or p[3] > p[1])
        and (len(p) < 5 or p[4] >= p[1])
        and (len(p) < 6 or moves[2] >= min(moves[0], moves[4]))
    )


def _zigzag(p: list[float], moves: list[float]) -> bool:
    return (len(p) < 3 or p[2] >= 0) and (len(p) < 4 or p[3] > p[1])


def _flat(p: list[float], moves: list[float]) -> bool:
    back = len(p) < 3 or _RETURN * moves[0] <= moves[1] < _FAR * moves[0]
    return back and (len(p) < 4 or moves[2] >= _RETURN * moves[0])


def _triangle(p: list[float], moves: list[float]) -> bool:
    return all(later <= earlier for earlier, later in pairwise(moves))


_RULES: Final[dict[str, Callable[[list[float], list[float]], bool]]] = {
    "impulse": _impulse,
    "zigzag": _zigzag,
    "flat": _flat,
    "triangle": _triangle,
}


def _near(value: float, *ideal: float) -> float:
    """Give 1 where a ratio is one of the ideal ones, 0 where it is half as much again, or less by as much."""
    return max(max(0.0, 1.0 - abs(log(value / one)) / _NEAR) for one in ideal) if value > 0 else 0.0


def _score(kind: str, at: Sequence[int], moves: list[float]) -> float:
    """Give how typical a count is, from 0 to 1: the mean of its guidelines."""
    bars = [end - start for start, end in pairwise(at)]
    shares = [later / earlier for earlier, later in pairwise(moves)]
    parts: list[float] = []
    if kind == "impulse":
        ideal = ((0.5, 0.618), (1.618, 2.618), (0.382, 0.236))
        firsts = [shares[0], moves[2] / moves[0] if len(moves) > 2 else 0.0, *shares[2:3]][: len(moves) - 1]
        parts = [_near(value, *wanted) for value, wanted in zip(firsts, ideal, strict=False)]
        if len(moves) > 3:
            parts.append(min(abs(shares[0] - shares[2]) / 0.25, 1.0))
        if len(moves) > 4:
            parts += [_near(moves[4] / moves[0], 1.0, 0.618, 1.618), _channel(at, moves)]
    elif kind == "triangle":
        parts = [_near(one, 0.618, 0.786) for one in shares]
    else:
        parts = [_near(shares[0], 0.5, 0.618) if kind == "zigzag" else _near(shares[0], 1.0, 1.236)]
        if len(moves) > 2:
            parts.append(_near(moves[2] / moves[0], 1.0, 1.618, *((0.618,) if kind == "zigzag" else ())))
    parts.append(min(bars) / max(bars) * 3.0 if 3 * min(bars) < max(bars) else 1.0)
    return sum(parts) / len(parts)


def _channel(at: Sequence[int], moves: list[float]) -> float:
    """Give how near wave 5 ends to the line through the end of wave 3 beside that through the ends of waves 2 and 4."""
    slope = (moves[2] - moves[3]) / (at[4] - at[2])
    reached, line = moves[4] - moves[3], slope * (at[5] - at[3])
    return max(0.0, 1.0 - abs(reached - line) / moves[2])


def find(high: Array, low: Array, close: Array, *, least: float = 0.7) -> list[Pattern]:
    """Find finished counts; each is known when the turn that ends it is, so what is found for fewer bars stays.

    The turns are those of all sizes (`ara.features.patterns.legs.sizes`), one after the other; within a wave no bar is
    beyond its ends. A correction counts where the leg before it, which it corrects, is longer than it is high. Of the
    same kind and direction on about the same bars the first is given. Bars in which one of the three is no finite
    number are passed over as if they were not there.

    Quality: the mean of the guidelines. Impulse: wave 2 takes back 50 % or 61.8 % of wave 1, wave 3 is 1.618 or 2.618
    times wave 1, wave 4 takes back 38.2 % or 23.6 % of wave 3, waves 2 and 4 differ in depth (alternation), wave 5 is
    as long as wave 1 or 0.618 or 1.618 times that, and ends on the channel. Zigzag: wave B takes back 50 % or 61.8 %,
    wave C is as long as wave A or 0.618 or 1.618 times that. Flat: 100 % or 123.6 %, 1 or 1.618. Triangle: each wave is
    0.618 or 0.786 times the one before. All: no wave lasts more than three times as long as another.

    Direction: what is expected next. After an impulse a correction, so a rising one is bearish, aiming at the end of
    wave 4; after a falling correction a rise, aiming at its start. Invalidation: the end of the last wave.

    Parameters
    ----------
    high, low, close
        Of each bar.
    least
        Counts of a lower quality are left out.

    Returns
    -------
    list[Pattern]
        Sorted by `known_at`.
    """
    top, bottom, bars = kept(high, low, close)
    turns, places = sizes(top, bottom, smallest=3), bars.tolist()
    found: list[Pattern] = []
    for kind, letters in _LETTERS.items():
        chosen = rows(turns, len(letters) + 1) if kind == "impulse" else _corrections(rows(turns, len(letters) + 2))
        legs = bounded(_lawful(kind, chosen), top, bottom)
        for row in range(len(legs.at)):
            one = _Count.of(kind, legs, row)
            if one.quality >= least:
                found.append(one.told(places))
    return once(found)


def counts(high: Array, low: Array, close: Array, *, most: int = 5, least: float = 0.4) -> list[Pattern]:
    """Give the counts that the turns up to the last bar allow, the most typical first.

    Finished ones and those under way, of all sizes, that end with the last turn of their size and that no bar since has
    broken. What is left of a count under way is told in its words: its next wave goes from the last point to the
    target, and a price beyond `invalidation` breaks it. A count of few waves has met few guidelines; its quality is
    multiplied by the share of its waves that are there, squared.

    Parameters
    ----------
    high, low, close
        Of each bar.
    most
        How many to give.
    least
        Counts of a lower quality are left out.
    """
    top, bottom, bars = kept(high, low, close)
    found: dict[tuple[str, tuple[int, ...]], _Count] = {}
    for turns in sizes(top, bottom):
        for kind, letters in _LETTERS.items():
            for waves in range(len(letters) // 2 + 1, len(letters) + 1):
                if len(turns) <= waves:
                    continue
                legs = rows([turns], waves + 1)
                for row in np.flatnonzero(legs.at[:, -1] == turns.at[-1]).tolist():
                    if not valid(kind, legs.price[row].tolist()):
                        continue
                    one = _Count.of(kind, legs, row)
                    if one.quality >= least and one.stands(top, bottom):
                        found.setdefault((kind, one.at), one)
    ranked = sorted(found.values(), key=lambda one: (-one.quality, one.at, one.kind))
    return [one.told(bars.tolist()) for one in ranked[: max(most, 0)]]


def _corrections(legs: Legs) -> Legs:
    """Give the rows that follow a leg longer than they are high, without it."""
    before = np.abs(legs.price[:, 1] - legs.price[:, 0])
    rest = legs.price[:, 1:]
    good = (rest.max(axis=1) - rest.min(axis=1) < before) if len(rest) else np.empty(0, np.bool_)
    after = Legs(at=legs.at[:, 1:], price=rest, up=~legs.up, known=legs.known)
    return after.only(good)


def _lawful(kind: str, legs: Legs) -> Legs:
    """Give the rows that keep the rules of a finished count."""
    sign = np.where(legs.up, 1.0, -1.0)[:, None]
    p = (sign * (legs.price - legs.price[:, :1])).T
    moves = [(end - start) * (-1.0) ** k for k, (start, end) in enumerate(pairwise(p))]
    if kind == "triangle":
        return legs.only(np.logical_and.reduce([later <= earlier for earlier, later in pairwise(moves)]))
    if kind == "flat":
        back = (_RETURN * moves[0] <= moves[1]) & (moves[1] < _FAR * moves[0])
        return legs.only(back & (moves[2] >= _RETURN * moves[0]))
    good = (p[2] >= 0) & (p[3] > p[1])
    if kind == "impulse":
        good &= (p[4] >= p[1]) & (moves[2] >= np.minimum(moves[0], moves[4]))
    return legs.only(good)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """One count: its turns and how typical it is."""

    kind: str
    at: tuple[int, ...]
    prices: tuple[float, ...]
    known: int
    quality: float

    @classmethod
    def of(cls, kind: str, legs: Legs, row: int) -> "_Count":
        """Take one row."""
        at, prices = tuple(legs.at[row].tolist()), tuple(legs.price[row].tolist())
        moves = [abs(end - start) for start, end in pairwise(prices)]
        share = len(moves) / len(_LETTERS[kind])
        quality = share * share * _score(kind, at, moves)
        return cls(kind=kind, at=at, prices=prices, known=int(legs.known[row]), quality=quality)

    @property
    def done(self) -> bool:
        return len(self.at) > len(_LETTERS[self.kind])

    @property
    def up(self) -> bool:
        """Whether the next wave rises."""
        return self.prices[-1] < self.prices[-2]

    def stands(self, high: Array, low: Array) -> bool:
        """Tell whether no bar since the last turn has gone beyond it, nor beyond what the next wave may reach."""
        after = slice(self.at[-1] + 1, None)
        highest, lowest = float(high[after].max()), float(low[after].min())
        ends = (self.prices[-1], self.invalidation)
        if self.done or self.invalidation == self.prices[-1]:
            return lowest >= ends[0] if self.up else highest <= ends[0]
        return min(ends) <= lowest and highest <= max(ends)

    @property
    def invalidation(self) -> float:
        """The price that breaks it."""
        if self.done or self.kind in {"zigzag", "flat"}:
            return self.prices[-1]
        if self.kind == "triangle":
            return self.prices[-2]
        return self.prices[1] if len(self.at) == 4 else self.prices[-1]

    @property
    def target(self) -> float:
        """The price that the next wave, or what follows the last one, is said to aim at."""
        p = self.prices
        if self.kind == "triangle":
            size = abs(p[1] - p[0]) if self.done else 0.618 * abs(p[-1] - p[-2])
            return p[-1] + size if self.up else p[-1] - size
        if self.done:
            return p[-2] if self.kind == "impulse" else p[0]
        return p[-1] - 0.382 * (p[-1] - p[-2]) if len(p) == 4 else p[-1] + p[1] - p[0]

    def told(self, bars: list[int]) -> Pattern:
        """Give it as a pattern."""
        letters = _LETTERS[self.kind]
        at = tuple(bars[one] for one in self.at)
        points = tuple(zip("0" + letters, at, self.prices, strict=False))
        way = "rising" if self.prices[1] > self.prices[0] else "falling"
        side = "below" if (self.invalidation < self.target) else "above"
        now = "complete" if self.done else f"wave {letters[len(self.at) - 1]} is under way"
        return Pattern(
            name=self.kind,
            family="elliott",
            direction="bullish" if self.up else "bearish",
            began=at[0],
            completed=at[-1],
            known_at=bars[self.known],
            points=points,
            lines=tuple((end[0], start[1:], end[1:]) for start, end in pairwise(points)),
            quality=self.quality,
            target=self.target,
            invalidation=self.invalidation,
            words=f"A {way} {self.kind}, {now}. Aims at {self.target:.6g}; broken {side} {self.invalidation:.6g}.",
        )
