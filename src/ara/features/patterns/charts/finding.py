"""All finders of chart patterns at once."""

from typing import Final

from ara.features.arrays import Array, numbers
from ara.features.patterns.charts.cups import cups
from ara.features.patterns.charts.flags import flags
from ara.features.patterns.charts.ground import Limits, grounds
from ara.features.patterns.charts.heads import heads
from ara.features.patterns.charts.lines import DIRECTIONS, between_lines
from ara.features.patterns.charts.rounds import rounds
from ara.features.patterns.charts.tops import doubles, triples
from ara.features.patterns.pattern import Pattern, once

__all__ = ["NAMES", "find"]

NAMES: Final = (
    "ascending_triangle",
    "bear_flag",
    "bear_pennant",
    "bull_flag",
    "bull_pennant",
    "channel_down",
    "channel_up",
    "cup_and_handle",
    "descending_triangle",
    "double_bottom",
    "double_top",
    "falling_wedge",
    "head_and_shoulders",
    "inverse_cup_and_handle",
    "inverse_head_and_shoulders",
    "rectangle",
    "rising_wedge",
    "rounding_bottom",
    "rounding_top",
    "symmetrical_triangle",
    "triple_bottom",
    "triple_top",
)
"""What can be found."""


def find(
    high: Array,
    low: Array,
    close: Array,
    *,
    strength: int = 3,
    level: float = 0.03,
    shortest: int = 10,
    longest: int = 500,
) -> list[Pattern]:
    """Find chart patterns; each as it could be told at its `known_at`, so what is found for fewer bars stays.

    Bars in which one of the three is no finite number are passed over as if they were not there. Of the same shape on
    about the same bars, the one that was known first is given.

    Parameters
    ----------
    high, low, close
        Of each bar.
    strength
        Bars on each side from which a turn must stand out.
    level
        Two prices count as equal where they differ by no more than this share of the price.
    shortest, longest
        Bars from the first point of a shape to its last (flags and pennants have limits of their own).

    Returns
    -------
    list[Pattern]
        Sorted by `known_at`.
    """
    limits = Limits(strength=strength, level=level, shortest=shortest, longest=longest)
    prices = numbers("high", high), numbers("low", low), numbers("close", close)
    upright, upside_down = grounds(*prices, limits)
    if len(upright) < 2 * strength + 1:
        return []
    found = between_lines(upright)
    for ground in (upright, upside_down):
        for finder in (doubles, triples, heads, cups, flags, rounds):
            found += finder(ground)
    return once(found, alike=DIRECTIONS)
