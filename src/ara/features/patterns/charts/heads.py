"""Head and shoulders, both ways."""

from typing import Final

import numpy as np

from ara.features.patterns.charts.ground import Ground
from ara.features.patterns.pattern import Pattern

__all__ = ["heads"]

_RISE: Final = 0.5
_BACK: Final = 0.4
_RANGES: Final = 2.0
_SHOULDER: Final = (0.2, 0.88)
_SLOPE: Final = 0.4
_UNEVEN: Final = 3.0
_CLEAN: Final = 0.2


def heads(ground: Ground) -> list[Pattern]:
    """Find head and shoulders; inverse ones on bars upside down.

    Three tops, the middle one the highest, the outer two at about the same price (`Limits.apart`). The neckline runs
    through the lowest lows on both sides of the head. Measured from it, the shoulders have 20 % to 88 % of the head's
    height; over the shape it climbs or falls by 40 % of that height or less, and one side of the head lasts up to three
    times as long as the other. The price rose into the left shoulder by half of that shoulder's height or more, and in
    half as many bars before it as the shape has no high was above the head; between the five points the closes go back
    by 20 % of the head's height at most. Known when a low after the right shoulder is under it by 40 % of the
    shoulder's height, with no higher high before.

    Quality: the mean of how even the shoulders are, in height and in time, and how level the neckline is, and of that
    with how little the closes go back.
    Target: the neckline, where it is when the shape is known, less the height of the head. Invalidation: the head.

    References
    ----------
    Edwards and Magee, 1948; T. N. Bulkowski, Encyclopedia of Chart Patterns, 2000; A. W. Lo, H. Mamaysky, J. Wang,
    Foundations of Technical Analysis, Journal of Finance, 2000 (shoulders and troughs within 1.5 % of their mean).
    """
    legs = ground.rows(5)
    first, head, last, known = legs.at[:, 0], legs.at[:, 2], legs.at[:, 4], legs.known
    one, top, three = ground.high[first], ground.high[head], ground.high[last]
    span = last - first
    left, right = ground.bottoms(first, head), ground.bottoms(head, last)
    start, end = ground.low[left], ground.low[right]
    slope = (end - start) / (right - left)
    height = top - (start + slope * (head - left))
    shoulders = one - (start + slope * (first - left)), three - (start + slope * (last - left))
    allowed = ground.limits.apart(three, height)
    sure = ground.turned(last, known, three, three - _BACK * shoulders[1])
    longer, shorter = np.maximum(head - first, last - head), np.minimum(head - first, last - head)
    good = (
        (height > 0)
        & (top > np.maximum(one, three))
        & (np.abs(one - three) <= allowed)
        & (np.minimum(*shoulders) >= _SHOULDER[0] * height)
        & (np.maximum(*shoulders) <= _SHOULDER[1] * height)
        & (np.abs(end - start) <= _SLOPE * height)
        & (longer <= _UNEVEN * shorter)
        & (height >= _RANGES * ground.mean_range(first, last))
        & (ground.rise(first, span) >= _RISE * shoulders[0])
        & ground.fresh(first, span, top)
        & (sure < len(ground))
        & (sure - last <= span)
    )
    found = []
    for k in np.flatnonzero(good).tolist():
        bars = tuple(int(bar[k]) for bar in (first, left, head, right, last))
        back = ground.clean(bars) / height[k]
        if back > _CLEAN:
            continue
        parts = (
            1.0 - abs(one[k] - three[k]) / allowed[k],
            1.0 - (longer[k] / shorter[k] - 1.0) / (_UNEVEN - 1.0),
            1.0 - abs(end[k] - start[k]) / (_SLOPE * height[k]),
        )
        whole = 0.5 * (sum(parts) / 3.0 + 1.0 - back / _CLEAN)
        found.append(_told(ground, bars, int(sure[k]), float(slope[k]), float(height[k]), whole))
    return found


def _told(ground: Ground, bars: tuple[int, ...], known: int, slope: float, height: float, quality: float) -> Pattern:
    up = ground.sign < 0
    neck = float(ground.low[bars[1]])
    now = neck + slope * (known - bars[1])
    target = ground.price(now - height)
    names = ("left shoulder", "left neck", "head", "right neck", "right shoulder")
    prices = [float(ground.low[bar] if k % 2 else ground.high[bar]) for k, bar in enumerate(bars)]
    return Pattern(
        name="inverse_head_and_shoulders" if up else "head_and_shoulders",
        family="chart",
        direction="bullish" if up else "bearish",
        began=int(ground.kept[bars[0]]),
        completed=int(ground.kept[bars[-1]]),
        known_at=int(ground.kept[known]),
        points=tuple(ground.point(*one) for one in zip(names, bars, prices, strict=True)),
        lines=(ground.line("neckline", (bars[1], neck), (known, now)),),
        quality=float(quality),
        target=target,
        invalidation=ground.price(prices[2]),
        words=f"A {'low' if up else 'top'} between two {'higher lows' if up else 'lower tops'} of about the same "
        f"price. Confirmed by a close {'above' if up else 'below'} the neckline, now {ground.price(now):.6g}; then "
        f"{target:.6g} is the measure.",
    )
