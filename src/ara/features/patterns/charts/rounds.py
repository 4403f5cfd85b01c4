"""Rounding tops and bottoms."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ara.features.arrays import Array
from ara.features.patterns.charts.cups import roundness
from ara.features.patterns.charts.ground import Bars, Ground
from ara.features.patterns.pattern import Pattern

__all__ = ["rounds"]

_SHORTEST: Final = 20
_STEPS: Final = 12
_GROWTH: Final = 1.25
_FIT: Final = 0.85
_CENTRE: Final = 0.12
_RANGES: Final = 3.0
_ENDS: Final = 0.35
_ROUND: Final = 0.62


def rounds(ground: Ground) -> list[Pattern]:
    """Find rounding bottoms; rounding tops on bars upside down.

    The closes of 20, 25, 31, ... bars, looked at twelve times in their length, lie on a parabola that opens upwards:
    it explains 85 % or more of their variance, and leaves less unexplained than a V with the same centre; they are
    round (`roundness` of 0.62 or more); its lowest point is no further from the middle than 12 % of the length; it is
    three mean ranges of a bar deep or more; the ends differ by 35 % of that depth or less. Known at the last of these
    bars.

    Quality: the mean of how much is explained and how central it is.
    Target: the higher end plus the depth. Invalidation: the lowest low.

    References
    ----------
    Edwards and Magee, 1948 (saucers); T. N. Bulkowski, Encyclopedia of Chart Patterns, 2000.
    """
    found: list[Pattern] = []
    bars = max(_SHORTEST, ground.limits.shortest)
    while bars <= min(ground.limits.longest, len(ground)):
        last = np.arange(bars - 1, len(ground), max(bars // _STEPS, 1))
        last = last[ground.low[last] > ground.lowest(last + 1 - bars, last)]
        found += _of_length(ground, bars, last)
        bars = int(bars * _GROWTH)
    return found


def _of_length(ground: Ground, bars: int, last: Bars) -> list[Pattern]:
    time = np.linspace(-1.0, 1.0, bars)
    bowl, wedge = time * time - (time * time).mean(), np.abs(time) - np.abs(time).mean()
    closes = sliding_window_view(ground.close, bars)[last + 1 - bars]
    apart = closes - closes[:, bars // 2][:, None]
    bend, tilt = _share(apart, bowl), _share(apart, time)
    centre = np.abs(tilt) / np.where(bend > 0, 2.0 * bend, np.inf)
    good = (bend >= _RANGES * ground.mean_range(last + 1 - bars, last)) & (bend > 0)
    good &= (centre <= 2.0 * _CENTRE) & (np.abs(2.0 * tilt) <= _ENDS * bend)
    last = last[good]
    closes, apart, bend, tilt, centre = (one[good] for one in (closes, apart, bend, tilt, centre))
    apart = apart - apart.mean(axis=1)[:, None] - tilt[:, None] * time
    rest, sharp = apart - bend[:, None] * bowl, apart - _share(apart, wedge)[:, None] * wedge
    left, other = (rest * rest).sum(axis=1), (sharp * sharp).sum(axis=1)
    whole = (apart * apart).sum(axis=1) + tilt * tilt * (time * time).sum()
    good = (left <= (1.0 - _FIT) * whole) & (left < other)
    found = []
    for k in np.flatnonzero(good).tolist():
        if roundness(closes[k]) < _ROUND:
            continue
        fit = (1.0 - float(left[k] / whole[k]) - _FIT) / (1.0 - _FIT)
        quality = 0.5 * fit + 0.5 * (1.0 - float(centre[k]) / (2.0 * _CENTRE))
        found.append(_told(ground, int(last[k]) + 1 - bars, int(last[k]), quality))
    return found


def _share(values: Array, shape: Array) -> Array:
    return np.asarray((values * shape).sum(axis=1) / (shape * shape).sum())


def _told(ground: Ground, first: int, last: int, quality: float) -> Pattern:
    up = ground.sign > 0
    low = first + int(ground.low[first : last + 1].argmin())
    left, right = float(ground.high[first]), float(ground.high[last])
    rim, floor = max(left, right), float(ground.low[low])
    target = ground.price(rim + rim - floor)
    return Pattern(
        name="rounding_bottom" if up else "rounding_top",
        family="chart",
        direction="bullish" if up else "bearish",
        began=int(ground.kept[first]),
        completed=int(ground.kept[last]),
        known_at=int(ground.kept[last]),
        points=(
            ground.point("left end", first, left),
            ground.point("bottom" if up else "top", low, floor),
            ground.point("right end", last, right),
        ),
        lines=(ground.line("rim", (first, rim), (last, rim)),),
        quality=float(quality),
        target=target,
        invalidation=ground.price(floor),
        words=f"A slow turn {'up' if up else 'down'}, like a saucer. Confirmed by a close "
        f"{'above' if up else 'below'} {ground.price(rim):.6g}; then {target:.6g} is the measure.",
    )
