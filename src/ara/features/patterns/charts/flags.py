"""Flags and pennants: a pause after a straight move."""

from typing import Final

import numpy as np

from ara.features.arrays import Array
from ara.features.patterns.charts.ground import Ground
from ara.features.patterns.pattern import Pattern

__all__ = ["flags"]

_POLE: Final = (3, 40)
_STRAIGHT: Final = 0.5
_BENT: Final = 0.25
_SLOW: Final = 0.3
_FOOT: Final = 0.1
_RANGES: Final = 4.0
_PAUSE: Final = (7, 80)
_BACK: Final = 0.5
_WIDE: Final = 0.4
_NARROWING: Final = 0.7
_DRIFT: Final = (0.1, 0.12)
_NEW: Final = 0.05


def flags(ground: Ground) -> list[Pattern]:
    """Find bull flags and bull pennants; bear ones on bars upside down.

    The pole ends at a high that no bar of the pause exceeds by more than 5 % of the pole, and begins at the last bar
    whose low is within a tenth of the lowest low of the 3 to 40 bars before it. It is straight: from bar to bar its
    closes went half of their way, or more, in its direction, and none is off the line between its ends by more than a
    quarter of it; and long: four mean ranges of a bar of the pause, and of as many bars before the pole as it has, or
    more.

    The pause lasts 7 to 80 bars, and no more than three times as long as the pole where that has 5 bars or more. It
    gives back half of the pole or less, at 30 % of its speed or less; measured from the straight line through its
    middles, it is as wide as 40 % of the pole or less. A pennant is 70 % as wide in its second half as in its first, or
    less, and drifts by 12 % of the pole or less; a flag is about as wide in both (70 % to 143 %) and drifts against the
    pole, or along it by 10 % of the pole at most. Known at the first bar at which all that holds.

    Quality: the mean of how straight the pole is, how narrow the pause is and how little it gives back.
    Target: the end of the pole plus its length (measured from the low of the pause). Invalidation: half of the pole.

    References
    ----------
    Edwards and Magee, 1948; T. N. Bulkowski, Encyclopedia of Chart Patterns, 2000.
    """
    ends = _ends(ground)
    found = []
    for end in ends:
        pole = _pole(ground, end)
        if pole is None:
            continue
        start, straight = pole
        found += _pauses(ground, start, end, straight)
    return found


def _ends(ground: Ground) -> list[int]:
    """Give bars whose high is above those of the bars before it, and which the first bars of a pause do not exceed."""
    count, least = len(ground), _POLE[0]
    at = np.arange(least, count - _PAUSE[0])
    if not len(at):
        return []
    before, after = ground.highest(at - least, at - 1), ground.highest(at + 1, at + _PAUSE[0])
    low = ground.lowest(np.maximum(at - _POLE[1], 0), at - 1)
    pole = ground.high[at] - low
    short = ground.mean_range(at + 1, at + _PAUSE[0])
    lows = ground.lowest(at + 1, at + _PAUSE[0])
    good = (ground.high[at] > before) & (after <= ground.high[at] + _NEW * pole) & (pole >= _RANGES * short)
    return [int(one) for one in at[good & (ground.high[at] - lows <= _BACK * pole)]]


def _pole(ground: Ground, end: int) -> tuple[int, float] | None:
    """Give where the pole that ends at a bar began, and how straight it is; none where it is no pole."""
    begin = max(end - _POLE[1], 0)
    lows = ground.low[begin : end - _POLE[0] + 1]
    foot = float(lows.min())
    start = begin + int(np.flatnonzero(lows <= foot + _FOOT * (float(ground.high[end]) - foot))[-1])
    closes = ground.close[start : end + 1]
    way = float(np.abs(np.diff(closes)).sum())
    length = float(ground.high[end] - ground.low[start])
    straight = float(closes[-1] - closes[0]) / way if way > 0 else 0.0
    calm = ground.high[max(2 * start - end, 0) : start] - ground.low[max(2 * start - end, 0) : start]
    chord = closes[0] + (closes[-1] - closes[0]) * np.linspace(0.0, 1.0, len(closes))
    bent = float(np.abs(closes - chord).max())
    if straight < _STRAIGHT or bent > _BENT * length or (len(calm) and length < _RANGES * float(calm.mean())):
        return None
    return start, straight


def _pauses(ground: Ground, start: int, end: int, straight: float) -> list[Pattern]:
    """Give the first flag and the first pennant, if any, that follow a pole."""
    pole = float(ground.high[end] - ground.low[start])
    longest = min(_PAUSE[1], 3 * max(end - start, 5), len(ground) - 1 - end)
    found: dict[str, Pattern] = {}
    for bars in range(_PAUSE[0], longest + 1):
        high, low = ground.high[end + 1 : end + bars + 1], ground.low[end + 1 : end + bars + 1]
        back = float(ground.high[end] - low.min())
        if high.max() > ground.high[end] + _NEW * pole or back > _BACK * pole:
            break
        drift, wide, ratio = _measured(high, low)
        fast = abs(drift) / (bars - 1) > _SLOW * pole / (end - start)
        if fast or wide > _WIDE * pole or pole < _RANGES * float((high - low).mean()):
            continue
        kind = _kind(drift / pole, ratio)
        if kind and kind not in found:
            parts = (straight - _STRAIGHT) / (1.0 - _STRAIGHT), 1.0 - wide / (_WIDE * pole), 1.0 - back / (_BACK * pole)
            found[kind] = _told(ground, kind, (start, end, end + bars), max(sum(parts) / 3.0, 0.0))
    return list(found.values())


def _measured(high: Array, low: Array) -> tuple[float, float, float]:
    """Give how far a pause drifts, how wide it is about its drift, and its second half's width over its first's."""
    middle = 0.5 * (high + low)
    time = np.arange(len(middle)) - 0.5 * (len(middle) - 1)
    slope = float((time * (middle - middle.mean())).sum() / (time * time).sum())
    above, below = high - slope * time, low - slope * time
    half = len(middle) // 2
    first = float(above[:half].max() - below[:half].min())
    second = float(above[-half:].max() - below[-half:].min())
    ratio = second / first if first > 0 else 1.0
    return slope * (len(middle) - 1), float(above.max() - below.min()), ratio


def _kind(drift: float, ratio: float) -> str:
    if ratio <= _NARROWING:
        return "pennant" if abs(drift) <= _DRIFT[1] else ""
    return "flag" if ratio <= 1.0 / _NARROWING and drift <= _DRIFT[0] else ""


def _told(ground: Ground, kind: str, bars: tuple[int, int, int], quality: float) -> Pattern:
    start, end, last = bars
    up = ground.sign > 0
    pause = slice(end + 1, last + 1)
    low = end + 1 + int(ground.low[pause].argmin())
    foot, peak, floor = float(ground.low[start]), float(ground.high[end]), float(ground.low[low])
    target = ground.price(floor + peak - foot)
    trigger = ground.price(max(peak, float(ground.high[pause].max())))
    drift, wide, _ = _measured(ground.high[pause], ground.low[pause])
    slope = drift / (last - end - 1)
    edge = float((ground.low[pause] - slope * np.arange(last - end)).min())
    names = ("pole begins", "pole ends", "pause ends")
    prices = (foot, peak, float(ground.close[last]))
    return Pattern(
        name=f"{'bull' if up else 'bear'}_{kind}",
        family="chart",
        direction="bullish" if up else "bearish",
        began=int(ground.kept[start]),
        completed=int(ground.kept[last]),
        known_at=int(ground.kept[last]),
        points=tuple(ground.point(*one) for one in zip(names, bars, prices, strict=True)),
        lines=(
            ground.line("pole", (start, foot), (end, peak)),
            ground.line("lower" if up else "upper", (end + 1, edge), (last, edge + drift)),
            ground.line("upper" if up else "lower", (end + 1, edge + wide), (last, edge + wide + drift)),
        ),
        quality=float(quality),
        target=target,
        invalidation=ground.price(0.5 * (foot + peak)),
        words=f"A straight {'rise' if up else 'fall'}, then a {'narrowing' if kind == 'pennant' else 'narrow'} pause. "
        f"Confirmed by a close {'above' if up else 'below'} {trigger:.6g}; then {target:.6g} is the measure.",
    )
