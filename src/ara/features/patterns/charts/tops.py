"""Double and triple tops and bottoms."""

from typing import Final

import numpy as np

from ara.features.patterns.charts.ground import Ground
from ara.features.patterns.pattern import Pattern

__all__ = ["doubles", "triples"]

_RISE: Final = 0.5
_BACK: Final = 0.3
_RANGES: Final = 2.0
_SIDE: Final = 0.1
_VALLEYS: Final = 0.5
_CLEAN: Final = 0.2


def doubles(ground: Ground) -> list[Pattern]:
    """Find double tops; double bottoms on bars upside down.

    Two tops at about the same price (`Limits.apart`) with no higher bar between them, and a valley between them that is
    two mean ranges of a bar deep or more and 10 % of the way or more from either top; on the way down and up the closes
    go back by 20 % of that depth at most. The price rose into the first top
    by half of that depth or more, over no more bars than the shape has, and in half as many before it no high was above
    the tops by more than they may differ. Known when a low after the second top is under
    it by 30 % of the depth, with no higher high before.

    Quality: the mean of how even the tops are, how central the valley is and how deep it is in ranges (10: full), and
    of that with how little the closes go back.
    Target: the valley less the depth. Invalidation: the higher top.

    References
    ----------
    R. D. Edwards, J. Magee, Technical Analysis of Stock Trends, 1948; T. N. Bulkowski, Encyclopedia of Chart Patterns,
    2000 (tops within about 3 %, the measure rule).
    """
    first, last, known = ground.pairs
    long = last - first >= ground.limits.shortest
    first, last, known = first[long], last[long], known[long]
    valley = ground.bottoms(first, last)
    left, right = ground.high[first], ground.high[last]
    depth = np.minimum(left, right) - ground.low[valley]
    allowed = ground.limits.apart(right, depth)
    place = (valley - first) / (last - first)
    sure = ground.turned(last, known, right, right - _BACK * depth)
    noise = ground.mean_range(first, last)
    good = (
        (np.abs(left - right) <= allowed)
        & (ground.highest(first + 1, last - 1) <= np.maximum(left, right))
        & (np.abs(place - 0.5) <= 0.5 - _SIDE)
        & (depth >= _RANGES * noise)
        & (depth > 0)
        & (ground.rise(first, last - first) >= _RISE * depth)
        & ground.fresh(first, last - first, np.maximum(left, right) + allowed)
        & (sure < len(ground))
        & (sure - last <= last - first)
    )
    found = []
    for k in np.flatnonzero(good).tolist():
        bars = int(first[k]), int(valley[k]), int(last[k])
        back = ground.clean(bars) / depth[k]
        if back > _CLEAN:
            continue
        parts = (
            1.0 - abs(left[k] - right[k]) / allowed[k],
            1.0 - abs(place[k] - 0.5) / (0.5 - _SIDE),
            min(depth[k] / noise[k] / 10.0, 1.0) if noise[k] > 0 else 1.0,
        )
        found.append(_told(ground, bars, int(sure[k]), 0.5 * (sum(parts) / 3.0 + 1.0 - back / _CLEAN)))
    return found


def triples(ground: Ground) -> list[Pattern]:
    """Find triple tops; triple bottoms on bars upside down.

    Three tops, each as near to the next as those of a double top, the middle one not above both others by more than
    they may differ (that would be a head), with valleys whose depths differ by half the deeper one or less. The rest as
    for double tops.

    Quality: the mean of how even the tops are, the valleys are and the distances between the tops, and of that with how
    little the closes go back.
    Target: the lower valley less the depth. Invalidation: the highest top.

    References
    ----------
    Edwards and Magee, 1948; Bulkowski, 2000.
    """
    legs = ground.rows(5)
    first, middle, last, known = legs.at[:, 0], legs.at[:, 2], legs.at[:, 4], legs.known
    span = last - first
    one, two, three = ground.high[first], ground.high[middle], ground.high[last]
    low, high = np.minimum(np.minimum(one, two), three), np.maximum(np.maximum(one, two), three)
    left, right = ground.bottoms(first, middle), ground.bottoms(middle, last)
    depths = low - ground.low[left], low - ground.low[right]
    depth = np.maximum(*depths)
    allowed = ground.limits.apart(three, depth)
    sure = ground.turned(last, known, three, three - _BACK * depth)
    shift = np.abs(middle - 0.5 * (first + last)) / span
    good = (
        (high - low <= allowed)
        & (np.abs(depths[0] - depths[1]) <= _VALLEYS * depth)
        & (depth >= _RANGES * ground.mean_range(first, last))
        & (depth > 0)
        & (shift <= 0.5 - _SIDE)
        & (ground.rise(first, span) >= _RISE * depth)
        & ground.fresh(first, span, high + allowed)
        & (sure < len(ground))
        & (sure - last <= span)
    )
    found = []
    for k in np.flatnonzero(good).tolist():
        bars = tuple(int(one[k]) for one in (first, left, middle, right, last))
        back = ground.clean(bars) / depth[k]
        if back > _CLEAN:
            continue
        parts = (
            1.0 - (high[k] - low[k]) / allowed[k],
            1.0 - abs(depths[0][k] - depths[1][k]) / (_VALLEYS * depth[k]),
            1.0 - shift[k] / (0.5 - _SIDE),
        )
        found.append(_told(ground, bars, int(sure[k]), 0.5 * (sum(parts) / 3.0 + 1.0 - back / _CLEAN)))
    return found


def _told(ground: Ground, bars: tuple[int, ...], known: int, quality: float) -> Pattern:
    tops, valleys = bars[::2], bars[1::2]
    peak, valley = max(ground.high[k] for k in tops), min(ground.low[k] for k in valleys)
    depth = min(ground.high[k] for k in tops) - valley
    up = ground.sign < 0
    name = f"{'double' if len(tops) == 2 else 'triple'}_{'bottom' if up else 'top'}"
    side, back, way = ("bottoms", "peak", "above") if up else ("tops", "valley", "below")
    trigger, target = ground.price(valley), ground.price(valley - depth)
    return Pattern(
        name=name,
        family="chart",
        direction="bullish" if up else "bearish",
        began=int(ground.kept[bars[0]]),
        completed=int(ground.kept[bars[-1]]),
        known_at=int(ground.kept[known]),
        points=tuple(
            ground.point(
                f"{side[:-1]} {k // 2 + 1}" if k % 2 == 0 else (back if len(bars) == 3 else f"{back} {k // 2 + 1}"),
                bar,
                ground.low[bar] if k % 2 else ground.high[bar],
            )
            for k, bar in enumerate(bars)
        ),
        lines=(ground.line("trigger", (bars[0], valley), (bars[-1], valley)),),
        quality=float(quality),
        target=target,
        invalidation=ground.price(peak),
        words=f"{['Two', 'Three'][len(tops) - 2]} {side} at about the same price. Confirmed by a close {way} "
        f"{trigger:.6g}; then {target:.6g} is the measure.",
    )
