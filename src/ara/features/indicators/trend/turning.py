"""Steps of what measures the dominant cycle: one bar more as the batch gives it, from a few numbers."""

import math
from collections.abc import Callable
from functools import cache
from operator import mul
from typing import Any, Final

from ara.features.onward import Told, kept

__all__ = [
    "line_step",
    "mama_step",
    "mode_step",
    "period_step",
    "phase_step",
    "phasor_step",
    "sine_step",
]

_Inner = Callable[..., Told]
_EARLY: Final = 6
_BEGUN: Final = 12
_LATE: Final = 37
_USUAL: Final = 32
_KNOWN: Final = 63
_LONGEST: Final = 50
_FAR: Final = 0.015
_NEW: Final[Any] = (0, (), None, 0.0, 0.0)
_DEGREES: Final = 180.0 / math.pi
_CALM: Final[Any] = ((0.0,) * 7, (0.0,) * 10, (0.0,) * 7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def _bent(line: tuple[float, ...], gain: float, ours: bool) -> float:
    """Give the Hilbert transform of the last values, the newest first, summed in the order of the batch."""
    if ours:
        return gain * (0.0962 * (line[0] - line[6]) + 0.5769 * (line[2] - line[4]))
    return (0.0962 * line[0] - 0.0962 * line[6] - 0.5769 * line[4] + 0.5769 * line[2]) * gain


def _turned(state: Any, smooth: float, ours: bool) -> Any:
    """Go on with the cycle of the smooth price: its last values, the newest first, its detrended and turned ones."""
    x, d, q, period, steady, i2, q2, real, imaginary = state or _CALM
    gain = 0.075 * period + 0.54
    x = (smooth, *x[:6])
    d = (_bent(x, gain, ours), *d[:9])
    q = (_bent(d, gain, ours), *q[:6])
    i_now = 0.2 * (d[3] - _bent(q, gain, ours)) + 0.8 * i2
    q_now = 0.2 * (q[0] + _bent(d[3:], gain, ours)) + 0.8 * q2
    real = 0.2 * (i_now * i2 + q_now * q2) + 0.8 * real
    imaginary = 0.2 * (i_now * q2 - q_now * i2) + 0.8 * imaginary
    before = period
    if real != 0.0 and imaginary != 0.0:
        angle = math.atan(imaginary / real)
        period = math.inf if angle == 0.0 else 2.0 * math.pi / angle if ours else 360.0 / (angle * _DEGREES)
    period = min(max(min(max(period, 0.67 * before), 1.5 * before), 6.0), 50.0)
    period = 0.2 * period + 0.8 * before
    return (x, d, q, period, 0.33 * period + 0.67 * steady, i_now, q_now, real, imaginary)


def _onward(state: Any, price: float, start: int, *, ours: bool = False) -> tuple[Any, float]:
    """Go on with the last prices and, from a bar on, the cycle; give the smooth price too.

    TA-Lib smooths by sums that go on from bar to bar; what they round is all that there is while the price rests.
    """
    seen, prices, cycle, plain, growing = state or _NEW
    plain += price
    if len(prices) > 3:
        plain -= prices[-4]
    growing += price * min(seen + 1.0, 4.0)
    prices, smooth = kept(prices, price, 4), math.nan
    if seen >= 3:
        smooth = growing * 0.1
        growing -= plain
    if ours and seen >= 3:
        smooth = 0.1 * prices[0] + 0.2 * prices[1] + 0.3 * prices[2] + 0.4 * prices[3]
    if seen >= start:
        cycle = _turned(cycle, smooth, ours)
    return (seen + 1, prices, cycle, plain, growing), smooth


def _rested(state: Any, high: float, low: float, step: _Inner, ends: tuple[float, ...]) -> Told:
    """Begin anew after a gap, and with the last 63 bars of a long rest, as the batch does."""
    if not (math.isfinite(high) and math.isfinite(low)):
        return None, (math.nan,) * len(ends)
    price = (high + low) / 2.0
    before, waited, inner = state or (None, 0, None)
    waited = waited + 1 if price == before else 0
    over, found = waited - _LONGEST - _KNOWN, ends
    if over < _KNOWN:
        inner, found = step(inner, price, waited)
    elif over == _KNOWN:
        inner = None
        for bar in range(_KNOWN):
            inner, _ = step(inner, price, bar)
    if over >= 0:
        found = tuple(price if math.isinf(end) else end for end in ends)
    return (price, waited, inner), found


def period_step(state: Any, high: float, low: float, *, early: int) -> Told:
    """Go on with the period of the dominant cycle."""

    def step(inner: Any, price: float, waited: int) -> Told:
        inner, _ = _onward(inner, price, _EARLY if early else _BEGUN, ours=bool(early))
        cycle = inner[2]
        known = inner[0] > (2 * _EARLY if early else _USUAL)
        return inner, (math.floor(cycle[4] + 0.5) * 1.0 if known else math.nan,)

    return _rested(state, high, low, step, (0.0,))


def phasor_step(state: Any, high: float, low: float) -> Told:
    """Go on with the parts of the dominant cycle's phasor."""

    def step(inner: Any, price: float, waited: int) -> Told:
        inner, _ = _onward(inner, price, _BEGUN)
        cycle = inner[2]
        return inner, (cycle[1][3], cycle[2][0]) if inner[0] > _USUAL else (math.nan, math.nan)

    return _rested(state, high, low, step, (0.0, 0.0))


def mama_step(state: Any, high: float, low: float, *, fast: float, slow: float, early: int) -> Told:
    """Go on with the MESA adaptive moving average and its follower."""

    def step(inner: Any, price: float, waited: int) -> Told:
        turn, line, follower, phase, total = inner or (None, 0.0, 0.0, 0.0, 0.0)
        turn, _ = _onward(turn, price, _EARLY if early else _BEGUN, ours=bool(early))
        cycle = turn[2]
        if cycle is None:
            total += price
            start = total / _EARLY if early and turn[0] == _EARLY else 0.0
            return (turn, start, start, 0.0, total), (math.nan, math.nan)
        before, inphase = phase, cycle[1][3]
        phase = math.degrees(math.atan(cycle[2][0] / inphase)) if inphase != 0.0 else 0.0
        fall = before - phase
        weight = max(fast / fall, slow) if fall > 1.0 else fast
        if early:
            weight = min(max(weight, slow), fast)
        line = weight * price + (1.0 - weight) * line
        follower = 0.5 * weight * line + (1.0 - 0.5 * weight) * follower
        known = turn[0] > (_EARLY if early else _USUAL)
        return (turn, line, follower, phase, 0.0), (line, follower) if known else (math.nan, math.nan)

    return _rested(state, high, low, step, (math.inf, math.inf))


def line_step(state: Any, high: float, low: float, *, early: int) -> Told:
    """Go on with the trend line and the smooth price."""

    def step(inner: Any, price: float, waited: int) -> Told:
        turn, prices, means = inner or (None, (), ())
        turn, smooth = _onward(turn, price, _EARLY if early else _LATE, ours=bool(early))
        cycle = turn[2]
        prices = kept(prices, price, _LONGEST)
        bars = int(cycle[4] + 0.5) if cycle else 0
        bars = min(bars, turn[0])
        means = kept(means, sum(prices[-bars:]) / bars if bars else price, 4)
        if turn[0] <= (2 * _EARLY if early else _KNOWN):
            return (turn, prices, means), (math.nan, math.nan)
        line = (means[0] + 2.0 * means[1] + 3.0 * means[2] + 4.0 * means[3]) / 10.0
        return (turn, prices, means), (line, smooth)

    return _rested(state, high, low, step, (math.inf, math.inf))


@cache
def _circle(bars: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Give the sines and cosines of a cycle of so many bars."""
    angles = [2.0 * math.pi * bar / bars for bar in range(bars)]
    return tuple(map(math.sin, angles)), tuple(map(math.cos, angles))


def _phase(before: float, period: float, smooths: tuple[float, ...]) -> float:
    """Give the phase in degrees, from the last smooth prices, the newest first."""
    sines, cosines = _circle(int(period + 0.5))
    real, imaginary, phase = sum(map(mul, sines, smooths)), sum(map(mul, cosines, smooths)), before
    if imaginary != 0.0:
        phase = math.degrees(math.atan(real / imaginary))
    elif real != 0.0:
        phase += 90.0 if real > 0.0 else -90.0
    phase += 90.0 + (360.0 / period if period != 0.0 else 0.0) + (180.0 if imaginary < 0.0 else 0.0)
    return phase - (360.0 if phase > 315.0 else 0.0)


def _phased(inner: Any, price: float, waited: int) -> tuple[Any, float]:
    """Go on with the phase; NaN while it is not known, or where there is only rounding."""
    turn, smooths, phase = inner or (None, (), 0.0)
    turn, smooth = _onward(turn, price, _LATE, ours=True)
    cycle = turn[2]
    if cycle is not None:
        smooths = (smooth, *smooths[: _LONGEST - 1])
        phase = _phase(phase, cycle[4], smooths)
    unknown = turn[0] <= _KNOWN or waited >= _LONGEST - 1
    return (turn, smooths, phase), math.nan if unknown else phase


def phase_step(state: Any, high: float, low: float) -> Told:
    """Go on with the phase of the dominant cycle."""

    def step(inner: Any, price: float, waited: int) -> Told:
        inner, phase = _phased(inner, price, waited)
        return inner, (phase,)

    return _rested(state, high, low, step, (math.nan,))


def sine_step(state: Any, high: float, low: float) -> Told:
    """Go on with the sine of the dominant cycle's phase and the one that leads it."""

    def step(inner: Any, price: float, waited: int) -> Told:
        inner, phase = _phased(inner, price, waited)
        angle = math.radians(phase)
        return inner, (math.sin(angle), math.sin(angle + math.pi / 4.0))

    return _rested(state, high, low, step, (math.nan, math.nan))


def _moded(inner: Any, price: float, waited: int) -> Told:
    turned, prices, since, sine, lead, means = inner or (None, (), 0, 0.0, 0.0, (0.0, 0.0, 0.0))
    before = turned[2] if turned else 0.0
    turned, _ = _phased(turned, price, 0)
    turn, smooths, phase = turned
    prices = kept(prices, price, _LONGEST)
    if turn[2] is None:
        return (turned, prices, since, sine, lead, means), (math.nan,)
    period = turn[2][4]
    bars = int(period + 0.5)
    mean = sum(prices[-bars:]) / bars if bars else 0.0
    line = (4.0 * mean + 3.0 * means[0] + 2.0 * means[1] + means[2]) / 10.0
    now, ahead = math.sin(math.radians(phase)), math.sin(math.radians(phase + 45.0))
    crossed = (now > ahead and sine <= lead) or (now < ahead and sine >= lead)
    since = 1 if crossed else since + 1
    cycling = 0.67 * 360.0 < (phase - before) * period < 1.5 * 360.0
    away = line != 0.0 and abs((smooths[0] - line) / line) >= _FAR
    trend = away or not (crossed or since < 0.5 * period or cycling)
    found = (1.0 if trend else 0.0) if turn[0] > _KNOWN else math.nan
    return (turned, prices, since, now, ahead, (mean, *means[:2])), (found,)


def mode_step(state: Any, high: float, low: float) -> Told:
    """Go on with whether the market is in a trend."""
    return _rested(state, high, low, _moded, (0.0,))
