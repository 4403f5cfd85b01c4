"""Shapes between two lines: triangles, wedges, channels, rectangles."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array
from ara.features.patterns.charts.ground import Bars, Ground
from ara.features.patterns.legs import rows
from ara.features.patterns.pattern import Direction, Pattern

__all__ = ["DIRECTIONS", "between_lines"]

_TOUCHES: Final = (5, 6, 7, 8)
_OFF: Final = {5: 0.07, 6: 0.1, 7: 0.12, 8: 0.12}
_FLAT: Final = 0.2
_TILTED: Final = 0.2
_CLOSING: Final = 0.7
_PARALLEL: Final = 0.8
_LEG: Final = 0.5
_RANGES: Final = 3.0
_OUTSIDE: Final = 0.1
_GONE: Final = 0.3

DIRECTIONS: Final[dict[str, Direction]] = {
    "ascending_triangle": "bullish",
    "descending_triangle": "bearish",
    "symmetrical_triangle": "neutral",
    "rising_wedge": "bearish",
    "falling_wedge": "bullish",
    "channel_up": "bullish",
    "channel_down": "bearish",
    "rectangle": "neutral",
}
"""What each is said to point to."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lines:
    """Two lines for each row of turns: their prices at its first and its last turn, and how far the turns are off."""

    upper: tuple[Array, Array]
    lower: tuple[Array, Array]
    off: Array


def between_lines(ground: Ground) -> list[Pattern]:
    """Find triangles, wedges, channels and rectangles.

    5 to 8 turns one after the other; a line through the tops and one through the bottoms, each by least squares. `H`
    is the larger of the distances between the lines at the first and at the last turn. No turn is off its line by more
    than 7 % of H (5 turns), 10 % (6), 12 % (7 and 8); no leg lasts more than half of the whole; H is three mean ranges
    of a bar or more; 9 closes of 10 lie between the lines. When it is known, the close is not beyond a line by more
    than 30 % of H.

    A line is flat where it moves by 20 % of H or less over the whole. Lines close where the distance shrinks to 70 % or
    less, and are parallel where it changes by no more than a fifth.

    - ascending triangle: closing, the upper line flat, the lower one rising; descending: the mirror image
    - symmetrical triangle: closing, the upper line falling, the lower one rising
    - rising wedge: closing, both rising; falling wedge: both falling
    - channel: parallel, on the whole moving by more than 20 % of H; rectangle: parallel, by less

    Quality: the mean of how near the turns are to the lines and how many there are (8: full).
    Target: of a triangle the flat line plus or less H; of a wedge the price at which it began; of a channel its far
    line now; of those whose direction is open, none (the words name H). Invalidation: the last turn on the side from
    which it points away.

    References
    ----------
    Edwards and Magee, 1948; T. N. Bulkowski, Encyclopedia of Chart Patterns, 2000 (five touches or more).
    """
    found: list[Pattern] = []
    for count in _TOUCHES:
        legs = rows(ground.sizes, count)
        span = legs.at[:, -1] - legs.at[:, 0]
        kept = (span >= ground.limits.shortest) & (span <= ground.limits.longest)
        kept &= np.diff(legs.at, axis=1).max(axis=1, initial=0) <= _LEG * span
        at, price, up, known = legs.at[kept], legs.price[kept], legs.up[kept], legs.known[kept]
        if not len(at):
            continue
        lines = _fitted(at, price, up)
        size = np.maximum(lines.upper[0] - lines.lower[0], lines.upper[1] - lines.lower[1])
        good = (
            (lines.off <= _OFF[count] * size) & (size >= _RANGES * ground.mean_range(at[:, 0], at[:, -1])) & (size > 0)
        )
        for k in np.flatnonzero(good).tolist():
            one = _Shape(
                bars=tuple(at[k].tolist()),
                prices=tuple(price[k].tolist()),
                up=bool(up[k]),
                known=int(known[k]),
                upper=(float(lines.upper[0][k]), float(lines.upper[1][k])),
                lower=(float(lines.lower[0][k]), float(lines.lower[1][k])),
            )
            name = one.name()
            if name and one.holds(ground):
                fit = 1.0 - float(lines.off[k]) / (_OFF[count] * one.size)
                found.append(one.told(ground, name, 0.5 * fit + 0.5 * (count - 4) / 4.0))
    return found


def _fitted(at: Bars, price: Array, up: NDArray[np.bool_]) -> _Lines:
    """Fit both lines to every row; a row that begins with a rise has its bottoms first."""
    ends = at[:, [0, -1]].astype(np.float64)
    sides, off = [], np.zeros(len(at))
    for start in (0, 1):
        x, y = at[:, start::2].astype(np.float64), price[:, start::2]
        middle, level = x.sum(axis=1) / x.shape[1], y.sum(axis=1) / x.shape[1]
        apart = x - middle[:, None]
        slope = (apart * (y - level[:, None])).sum(axis=1) / (apart * apart).sum(axis=1)
        off = np.maximum(off, np.abs(y - level[:, None] - slope[:, None] * apart).max(axis=1))
        sides.append([level + slope * (ends[:, k] - middle) for k in (0, 1)])
    upper = tuple(np.where(up, sides[1][k], sides[0][k]) for k in (0, 1))
    lower = tuple(np.where(up, sides[0][k], sides[1][k]) for k in (0, 1))
    return _Lines(upper=(upper[0], upper[1]), lower=(lower[0], lower[1]), off=off)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """One row of turns between its two lines."""

    bars: tuple[int, ...]
    prices: tuple[float, ...]
    up: bool
    known: int
    upper: tuple[float, float]
    lower: tuple[float, float]

    @property
    def size(self) -> float:
        return max(self.upper[0] - self.lower[0], self.upper[1] - self.lower[1])

    def name(self) -> str:
        """Give the name for how the two lines run, or none."""
        start, end = self.upper[0] - self.lower[0], self.upper[1] - self.lower[1]
        if min(start, end) <= 0:
            return ""
        above, below = (self.upper[1] - self.upper[0]) / self.size, (self.lower[1] - self.lower[0]) / self.size
        if end <= _CLOSING * start:
            return _closing(above, below)
        if min(start, end) < _PARALLEL * max(start, end):
            return ""
        tilt = 0.5 * (above + below)
        if abs(tilt) <= _TILTED:
            return "rectangle"
        return "channel_up" if tilt > 0 else "channel_down"

    def at(self, line: tuple[float, float], bar: float) -> float:
        """Give the price of a line at a bar."""
        return line[0] + (line[1] - line[0]) * (bar - self.bars[0]) / (self.bars[-1] - self.bars[0])

    def holds(self, ground: Ground) -> bool:
        """Tell whether the closes lie between the lines, but for a few, and the last one has not left them behind."""
        first, last = self.bars[0], self.bars[-1]
        share = np.linspace(0.0, 1.0, last + 1 - first)
        closes = ground.close[first : last + 1]
        above = closes > self.upper[0] + (self.upper[1] - self.upper[0]) * share
        below = closes < self.lower[0] + (self.lower[1] - self.lower[0]) * share
        now = float(ground.close[self.known])
        spare = _GONE * self.size
        inside = self.at(self.lower, self.known) - spare <= now <= self.at(self.upper, self.known) + spare
        return inside and int((above | below).sum()) <= _OUTSIDE * len(closes)

    def told(self, ground: Ground, name: str, quality: float) -> Pattern:
        """Give it in words."""
        direction = DIRECTIONS[name]
        tops, bottoms = (self.prices[1::2], self.prices[::2]) if self.up else (self.prices[::2], self.prices[1::2])
        high, low = self.at(self.upper, self.known), self.at(self.lower, self.known)
        away = {"bullish": bottoms[-1], "bearish": tops[-1]}.get(direction)
        return Pattern(
            name=name,
            family="chart",
            direction=direction,
            began=int(ground.kept[self.bars[0]]),
            completed=int(ground.kept[self.bars[-1]]),
            known_at=int(ground.kept[self.known]),
            points=tuple(
                ground.point("bottom" if (k % 2 == 0) == self.up else "top", bar, price)
                for k, (bar, price) in enumerate(zip(self.bars, self.prices, strict=True))
            ),
            lines=(
                ground.line("upper", (self.bars[0], self.upper[0]), (self.known, high)),
                ground.line("lower", (self.bars[0], self.lower[0]), (self.known, low)),
            ),
            quality=float(quality),
            target=self._target(name, high, low),
            invalidation=away,
            words=self._words(name, high, low),
        )

    def _target(self, name: str, high: float, low: float) -> float | None:
        return {
            "ascending_triangle": high + self.size,
            "descending_triangle": low - self.size,
            "rising_wedge": self.lower[0],
            "falling_wedge": self.upper[0],
            "channel_up": high,
            "channel_down": low,
        }.get(name)

    def _words(self, name: str, high: float, low: float) -> str:
        title = name.replace("_", " ").capitalize()
        lines = f"{title}: {len(self.bars)} turns between two lines, now at {low:.6g} and {high:.6g}."
        if name.startswith("channel"):
            return f"{lines} It lasts until a close leaves them."
        if DIRECTIONS[name] == "neutral":
            return f"{lines} Which way is open until a close leaves them; {self.size:.6g} from there is the measure."
        up = DIRECTIONS[name] == "bullish"
        return f"{lines} Confirmed by a close {'above the upper' if up else 'below the lower'} one."


def _closing(above: float, below: float) -> str:
    if abs(above) <= _FLAT:
        return "ascending_triangle" if below > _FLAT else ""
    if abs(below) <= _FLAT:
        return "descending_triangle" if above < -_FLAT else ""
    if above < 0:
        return "symmetrical_triangle" if below > 0 else "falling_wedge"
    return "rising_wedge" if below > 0 else ""
