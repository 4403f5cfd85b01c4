"""Volume indicators one bar further: from the last values of their windows, or from their means."""

import math
from operator import mul
from typing import Any

from ara.features.indicators.trend.terms import TIE, gapless
from ara.features.onward import UNKNOWN, Told, ema
from ara.features.windowed import Kept, added, over, quantile_of, scatter, slid, squared

__all__ = [
    "abnormal_step",
    "adosc_step",
    "balance_step",
    "cmf_step",
    "concentrated_step",
    "correlation_step",
    "ease_step",
    "easy_step",
    "elements_step",
    "force_step",
    "mean_step",
    "mfi_step",
    "oscillator_step",
    "rank_step",
    "return_step",
    "sides_step",
    "typical_step",
]


def _known(value: float) -> float | None:
    """Give what a state keeps of a number."""
    return value if math.isfinite(value) else None


def _since(before: float | None, value: float) -> float:
    return math.nan if before is None else value - before


def _share(flows: Kept, volumes: Kept, window: int, *, otherwise: float = math.nan) -> float:
    """Give the sum of the flows over that of the volumes."""
    return over(sum(flows), sum(volumes), otherwise=otherwise) if len(flows) == window == len(volumes) else math.nan


def _within(value: float, most: float) -> float:
    return value if math.isnan(value) else min(max(value, -most), most)


def force_step(state: Any, close: float, volume: float, *, window: int, seeded: int) -> Told:
    """Go on from the last close and the mean."""
    before, mean = state or (None, None)
    value = _since(before, close) * volume
    if not math.isfinite(value):
        return (_known(close), None), UNKNOWN
    mean, found = ema(mean, value, window, seeded=bool(seeded))
    return (close, mean), (found,)


def _signalled(state: Any, line: float, signal: int, *, seeded: bool = True) -> Told:
    state, follower = ema(state, line, signal, seeded=seeded)
    return state, (math.nan if math.isnan(follower) else line, follower, line - follower)


def oscillator_step(state: Any, volume: float, *, fast: int, slow: int, signal: int, seeded: int) -> Told:
    """Go on from both means and the signal line."""
    if not math.isfinite(volume):
        return None, (math.nan,) * 3
    first, second, last = state or (None, None, None)
    first, quick = ema(first, volume, fast, seeded=bool(seeded))
    second, late = ema(second, volume, slow, seeded=bool(seeded))
    last, found = _signalled(last, 100.0 * over(quick - late, late), signal, seeded=bool(seeded))
    return (first, second, last), found


def adosc_step(
    state: Any, high: float, low: float, close: float, volume: float, *, fast: int, slow: int, seeded: int
) -> Told:
    """Go on from the line's level and both of its means."""
    if not gapless((high, low, close, volume)):
        return None, UNKNOWN
    bars, line, first, second = state or (0, 0.0, None, None)
    bars, line = min(bars + 1, max(fast, slow)), line + _placed(high, low, close) * volume
    first, quick = ema(first, line, fast, seeded=bool(seeded))
    second, late = ema(second, line, slow, seeded=bool(seeded))
    return (bars, line, first, second), (quick - late if bars == max(fast, slow) else math.nan,)


def _placed(high: float, low: float, close: float) -> float:
    return over((close - low) - (high - close), high - low, otherwise=0.0)


def cmf_step(state: Any, high: float, low: float, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last flows and volumes."""
    flows, volumes = state or ((), ())
    flows, volumes = slid(flows, _placed(high, low, close) * volume, window), slid(volumes, volume, window)
    found = _share(flows, volumes, window, otherwise=0.0)
    return (flows, volumes), (_within(found, 1.0),)


def mfi_step(state: Any, high: float, low: float, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last price and the last gains and losses."""
    before, gains, losses = state or (None, (), ())
    price = (high + low + close) / 3.0
    moved, money = _since(before, price), price * volume
    gains = slid(gains, money if moved > 0.0 else 0.0 * (money + moved), window)
    losses = slid(losses, money if moved < 0.0 else 0.0 * (money + moved), window)
    kept = (_known(price), gains, losses)
    if len(gains) < window:
        return kept, UNKNOWN
    gain = sum(gains)
    return kept, (100.0 * over(gain, gain + sum(losses), otherwise=0.5),)


def balance_step(state: Any, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last close, flows and volumes."""
    before, flows, volumes = state or (None, (), ())
    moved = _since(before, close)
    flow = volume if moved > 0.0 else -volume if moved < 0.0 else 0.0 * (moved + volume)
    flows, volumes = slid(flows, flow, window), slid(volumes, volume, window)
    found = _share(flows, volumes, window, otherwise=0.0)
    return (_known(close), flows, volumes), (_within(found, 1.0),)


def sides_step(state: Any, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last close and the volumes of rises and of falls."""
    before, rises, falls = state or (None, (), ())
    moved = _since(before, close)
    rises = slid(rises, volume if moved > 0.0 else 0.0 * moved, window)
    falls = slid(falls, volume if moved < 0.0 else 0.0 * moved, window)
    return (_known(close), rises, falls), (_share(rises, falls, window),)


def elements_step(
    state: Any, high: float, low: float, close: float, volume: float, *, window: int, cutoff: float
) -> Told:
    """Go on from the last typical price, signed volumes and volumes."""
    before, flows, volumes = state or (None, (), ())
    price = (high + low + close) / 3.0
    money = close - 0.5 * (high + low) + _since(before, price)
    flow = 0.0 * (money + volume)
    if abs(money) > cutoff * close:
        flow = volume if money > 0.0 else -volume
    flows, volumes = slid(flows, flow, window), slid(volumes, volume, window)
    found = 100.0 * _share(flows, volumes, window, otherwise=0.0)
    return (_known(price), flows, volumes), (_within(found, 100.0),)


def return_step(state: Any, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last close, weighted returns and volumes."""
    before, flows, volumes = state or (None, (), ())
    moved = math.nan if before is None else over(close - before, before)
    flows, volumes = slid(flows, volume * moved, window), slid(volumes, volume, window)
    return (_known(close), flows, volumes), (_share(flows, volumes, window, otherwise=0.0),)


def typical_step(state: Any, high: float, low: float, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last prices weighted by volume, and the last volumes."""
    flows, volumes = state or ((), ())
    flows, volumes = slid(flows, (high + low + close) / 3.0 * volume, window), slid(volumes, volume, window)
    return (flows, volumes), (_share(flows, volumes, window),)


def rank_step(state: Any, close: float, volume: float) -> Told:
    """Go on from the last close and volume."""
    now = (close, volume) if gapless((close, volume)) else None
    if state is None or now is None:
        return now, UNKNOWN
    rises, more = close >= state[0], volume >= state[1]
    return now, ((1.0 if more else 2.0) if rises else (4.0 if more else 3.0),)


def abnormal_step(state: Any, volume: float, *, window: int) -> Told:
    """Go on from the last volumes."""
    kept = slid(state or (), volume, window)
    if len(kept) < window:
        return kept, UNKNOWN
    usual = quantile_of(sorted(kept), 0.5)
    ratio = over(volume + usual, 2.0 * usual)
    return kept, (math.log(ratio) if ratio > 0.0 else math.nan,)


def ease_step(state: Any, high: float, low: float, volume: float, *, window: int, unit: float) -> Told:
    """Go on from the last middle, the last volumes and the last values; `bars` counts up to the first one told."""
    bars, before, volumes, kept = state or (0, None, (), ())
    start = window if unit else window - 1 + max(window - 1, 1)
    bars, middle, wide = min(bars + 1, start + 1), 0.5 * (high + low), high - low
    move = _since(before, middle)
    if unit:
        traded = volume / unit
    else:
        volumes = slid(volumes, volume, window)
        traded = over(volume, sum(volumes) / window) if len(volumes) == window else math.nan
        move, wide = math.nan if before is None else over(move, before), over(wide, middle)
    ease = over(move * wide, traded)
    kept = slid(kept, ease, window)
    average = sum(kept) / window if len(kept) == window else math.nan
    return (bars, _known(middle), volumes, kept), (ease if bars > start else math.nan, average)


def correlation_step(state: Any, close: float, volume: float, *, window: int) -> Told:
    """Go on from the last close, returns and volumes."""
    before, moves, volumes = state or (None, (), ())
    moves = slid(moves, math.nan if before is None else over(close - before, before), window)
    volumes = slid(volumes, volume, window)
    kept = (_known(close), moves, volumes)
    if min(len(moves), len(volumes)) < window:
        return kept, UNKNOWN
    average, variance = scatter(volumes)
    mean = added(moves) / window
    both = added(map(mul, moves, volumes)) / window - mean * average
    square = squared(moves) / window
    swing = square - mean * mean
    spread = math.sqrt(swing if swing > TIE * square else 0.0) * math.sqrt(variance)
    return kept, (min(max(over(both, spread, otherwise=0.0), -1.0), 1.0),)


def mean_step(state: Any, volume: float, *, fast: int, slow: int) -> Told:
    """Go on from the last volumes."""
    most = max(fast, slow)
    kept = slid(state or (), volume, most)
    if len(kept) < most:
        return kept, UNKNOWN
    return kept, (100.0 * (over(sum(kept[-fast:]) / fast, sum(kept[-slow:]) / slow) - 1.0),)


def concentrated_step(state: Any, volume: float, *, window: int) -> Told:
    """Go on from the last volumes."""
    kept = slid(state or (), volume, window)
    if len(kept) < window:
        return kept, UNKNOWN
    share = over(max(kept), sum(kept))
    return kept, (share if math.isnan(share) else min(share, 1.0),)


def easy_step(state: Any, high: float, low: float, volume: float, *, window: int, unit: float) -> Told:
    """Go on from the last volumes, where these say what is usual."""
    if unit:
        return None, (over(high - low, volume / unit),)
    kept = slid(state or (), volume, window)
    if len(kept) < window:
        return kept, UNKNOWN
    return kept, (over(over(high - low, high), over(volume, sum(kept) / window)),)
