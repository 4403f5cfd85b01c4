"""Cups with handles, and saucers: turns that take their time."""

from typing import Final

import numpy as np

from ara.features.arrays import Array
from ara.features.patterns.charts.ground import Ground
from ara.features.patterns.pattern import Pattern

__all__ = ["cups", "roundness"]

_RISE: Final = 0.5
_RANGES: Final = 3.0
_ROUND: Final = 0.59
_HANDLE: Final = (0.08, 0.45)
_SIDE: Final = 0.2
_BARS: Final = 3
_RIMS: Final = 0.2


def roundness(closes: Array) -> float:
    """Give how long a cup stays near its bottom: its mean depth, over the mean of the deepest quarter of its closes.

    0.57 for a V, 0.68 for a parabola, 1 for a box; measured from the straight line between its two ends.
    """
    count = len(closes)
    rim = closes[0] + (closes[-1] - closes[0]) * np.arange(count) / max(count - 1, 1)
    depths = rim - closes
    deepest = float(np.sort(depths)[-max(count // 4, 1) :].mean())
    return float(depths[1:-1].sum() / (count - 1) / deepest) if count > 2 and deepest > 0 else 0.0


def cups(ground: Ground) -> list[Pattern]:
    """Find cups with handles; inverse ones on bars upside down.

    Two tops, the rims, at about the same price (`Limits.apart`, and 20 % of the depth at most) with no higher bar
    between them; a rise into the left one of half the cup's depth or more, and in half as many bars before it no high
    above the rims by more than they may differ; a bottom 20 % of the way or more from either rim; a round one
    (`roundness` of 0.59 or more: no V). After the right rim the price goes back by 8 % to 45 % of the depth, the
    handle, without a high above the rims, over no more than half as many bars as the cup has. Known at the first bar
    whose close has made up half of that, two bars after the handle's lowest low or later, and when the right rim is
    known.

    Quality: the mean of how even the rims are, how central the bottom is, and how round (0.68: full).
    Target: the rim plus the depth. Invalidation: the middle of the cup.

    References
    ----------
    W. J. O'Neil, How to Make Money in Stocks, 1988; T. N. Bulkowski, Encyclopedia of Chart Patterns, 2000.
    """
    first, last, known = ground.pairs
    long = last - first >= ground.limits.shortest
    first, last, known = first[long], last[long], known[long]
    bottom = ground.bottoms(first, last)
    left, right = ground.high[first], ground.high[last]
    depth = 0.5 * (left + right) - ground.low[bottom]
    allowed = np.minimum(ground.limits.apart(right, depth), _RIMS * depth)
    place = np.abs((bottom - first) / (last - first) - 0.5)
    good = (
        (np.abs(left - right) <= allowed)
        & (ground.highest(first + 1, last - 1) <= np.maximum(left, right))
        & (place <= 0.5 - _SIDE)
        & (depth >= _RANGES * ground.mean_range(first, last))
        & (ground.rise(first, last - first) >= _RISE * depth)
        & ground.fresh(first, last - first, np.maximum(left, right) + allowed)
    )
    found = []
    for k in np.flatnonzero(good).tolist():
        bars = int(first[k]), int(bottom[k]), int(last[k])
        rounded = roundness(ground.close[bars[0] : bars[2] + 1])
        handle = _handle(ground, bars, float(depth[k]), int(known[k])) if rounded >= _ROUND else None
        if handle is None:
            continue
        parts = (
            1.0 - abs(left[k] - right[k]) / allowed[k],
            1.0 - place[k] / (0.5 - _SIDE),
            min((rounded - _ROUND) / (0.68 - _ROUND), 1.0),
        )
        found.append(_told(ground, (*bars, handle[0]), handle[1], float(depth[k]), sum(parts) / 3.0))
    return found


def _handle(ground: Ground, bars: tuple[int, int, int], depth: float, known: int) -> tuple[int, int] | None:
    """Give the bar of the handle's low, and the one at which that was sure."""
    start, rim = bars[2], float(max(ground.high[bars[0]], ground.high[bars[2]]))
    right = float(ground.high[start])
    low = start + 1
    for bar in range(start + 1, min(start + 1 + max((start - bars[0]) // 2, 2 * _BARS), len(ground))):
        low = bar if ground.low[bar] < ground.low[low] else low
        back = right - float(ground.low[low])
        if ground.high[bar] > rim + _HANDLE[0] * depth or back > _HANDLE[1] * depth:
            return None
        half = float(ground.close[bar]) >= right - 0.5 * back
        if half and back >= _HANDLE[0] * depth and bar >= max(low + 2, start + _BARS, known):
            return low, bar
    return None


def _told(ground: Ground, bars: tuple[int, int, int, int], known: int, depth: float, quality: float) -> Pattern:
    up = ground.sign > 0
    prices = [float(ground.low[bar] if k % 2 else ground.high[bar]) for k, bar in enumerate(bars)]
    rim = max(prices[0], prices[2])
    target = ground.price(rim + depth)
    names = ("left rim", "bottom" if up else "top", "right rim", "handle")
    return Pattern(
        name="cup_and_handle" if up else "inverse_cup_and_handle",
        family="chart",
        direction="bullish" if up else "bearish",
        began=int(ground.kept[bars[0]]),
        completed=int(ground.kept[bars[-1]]),
        known_at=int(ground.kept[known]),
        points=tuple(ground.point(*one) for one in zip(names, bars, prices, strict=True)),
        lines=(ground.line("rim", (bars[0], rim), (known, rim)),),
        quality=float(quality),
        target=target,
        invalidation=ground.price(rim - 0.5 * depth),
        words=f"A round {'bottom' if up else 'top'} and a small step back. Confirmed by a close "
        f"{'above' if up else 'below'} the rim, {ground.price(rim):.6g}; then {target:.6g} is the measure.",
    )
