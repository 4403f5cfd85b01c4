"""A shape found in the price, and when it could first be told."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any, Final, Literal

__all__ = ["Direction", "Line", "Pattern", "Point", "once"]

Direction = Literal["bullish", "bearish", "neutral"]
"""Which way the shape is said to point."""

Point = tuple[str, int, float]
"""What a turn is called, its bar, its price."""

Line = tuple[str, tuple[int, float], tuple[int, float]]
"""What a line is called, and two of its points: bar and price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One shape. Nothing in it depends on a bar after `known_at`.

    Parameters
    ----------
    name
        Lower case with underscores: `double_top`.
    family
        `chart`, `harmonic`, `elliott` or `candle`.
    direction
        Which way it is said to point; `neutral` where that is open until the price leaves the shape.
    began
        The bar of its first point.
    completed
        The bar of its last point.
    known_at
        The first bar at whose close it could be told; not before `completed`, as a rule a few bars after it.
    points
        Its turns, oldest first.
    lines
        What one would draw, each by two of its points.
    quality
        From 0, hardly, to 1, as in the book: how well it fits; each finder says how it is measured. Not a chance of
        success.
    target
        The price it is said to aim at, by the rule that the finder states; None where there is no rule.
    invalidation
        The price beyond which it is none any more; None where there is no rule.
    words
        What it is, and what would confirm it, in a sentence or two.
    """

    name: str
    family: str
    direction: Direction
    began: int
    completed: int
    known_at: int
    points: tuple[Point, ...]
    lines: tuple[Line, ...] = ()
    quality: float
    target: float | None = None
    invalidation: float | None = None
    words: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, points and lines as tuples."""
        return asdict(self)


_SAME: Final = 0.5


def once(found: Iterable[Pattern], *, alike: Iterable[str] = ()) -> list[Pattern]:
    """Give the patterns sorted by when they were known, of the same name on about the same bars only the first.

    Two are on about the same bars where they share half or more of the bars that they have together. Of those known at
    once the best stands for all. What is given depends on nothing that was known later.

    Parameters
    ----------
    found
        The patterns, in any order.
    alike
        Names of which a later one replaces nothing and counts only where it fits better than all earlier ones on about
        the same bars, whichever of these names they have.
    """
    group = dict.fromkeys(alike, "")
    ordered = sorted(found, key=lambda one: (one.known_at, -one.quality, one.name, one.began, one.completed))
    kept: list[Pattern] = []
    earlier: dict[tuple[str, str, int], list[Pattern]] = {}
    for one in ordered:
        name, size = group.get(one.name, one.name), (one.completed + 1 - one.began).bit_length()
        side = one.direction if name else ""
        before = [earlier.get((name, side, near), []) for near in (size - 1, size, size + 1)]
        if not any(_covers(other, one) for part in before for other in _near(part, one.began)):
            kept.append(one)
            earlier.setdefault((name, side, size), []).append(one)
    return kept


def _near(before: list[Pattern], began: int) -> Iterator[Pattern]:
    return takewhile(lambda other: other.known_at >= began, reversed(before))


def _covers(other: Pattern, one: Pattern) -> bool:
    return _overlap(one, other) >= _SAME and (other.name == one.name or other.quality >= one.quality)


def _overlap(one: Pattern, other: Pattern) -> float:
    both = min(one.completed, other.completed) - max(one.began, other.began) + 1
    return both / (max(one.completed, other.completed) - min(one.began, other.began) + 1)
