"""Trailing stops: lines that follow the price on one side and change sides when it breaks them."""

import math
from typing import Any

import numpy as np

from ara.features.arrays import change, highest, lowest, previous, quotient, sums, total, unbroken
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.steps import chandelier_step, kroll_step, safe_step
from ara.features.indicators.trend.terms import Array, chain, gapless, length, over_gaps
from ara.features.library import talib
from ara.features.loops import lines_along

__all__ = [
    "atr_stop",
    "chande_kroll_stop",
    "chandelier_exit",
    "hilo_activator",
    "parabolic_sar",
    "safezone_stop",
    "supertrend",
    "supertrend_direction",
]

_BARS = ("high", "low", "close")
_NEW = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_ABOVE = 1.0 + 1e-12  # a smaller share above a mean is rounding


def _wide(default: float) -> Param:
    return Param(
        default=default, low=0.1, high=50.0, words="Distance in mean true ranges; more gives the price more room."
    )


def _ratchet(high: Any, low: Any, close: Any, given: Any, state: Any, lines: Any) -> None:
    """Move the bands towards the price only, and change sides when a close breaks one.

    `given` is (window, multiplier, where the bands hang: 0 the middle of the bar, 1 its close, 2 its high and low);
    state is (bars known, previous close, mean true range, upper, lower, direction), the mean a sum until it is whole.
    """
    window, multiplier, base = given[0], given[1], given[2]
    for bar in range(len(close)):
        h, l, c = high[bar], low[bar], close[bar]  # noqa: E741
        if not (abs(h) < math.inf and abs(l) < math.inf and abs(c) < math.inf):
            continue
        count, before, usual = state[0], state[1], state[2]
        state[0], state[1] = count + 1.0, c
        if count == 0.0:
            continue
        wide = (h if h > before else before) - (l if l < before else before)
        if count < window:
            state[2] = usual + wide
            continue
        usual = (usual + wide) / window if count == window else usual + (wide - usual) / window
        above = c if base == 1.0 else (h if base == 2.0 else (h + l) / 2.0)
        below = c if base == 1.0 else (l if base == 2.0 else (h + l) / 2.0)
        above, below = above + multiplier * usual, below - multiplier * usual
        if count == window:
            upper, lower, way = above, below, (1.0 if c >= before else -1.0)
        else:
            upper, lower, way = state[3], state[4], state[5]
            upper = above if above < upper or before > upper else upper
            lower = below if below > lower or before < lower else lower
        way = -1.0 if c <= (lower if way > 0.0 else upper) else 1.0
        state[2], state[3], state[4], state[5] = usual, upper, lower, way
        lines[0][bar], lines[1][bar], lines[2][bar] = upper, lower, way


def _banded(bars: tuple[Array, ...], given: tuple[float, float, float]) -> Array:
    """Give upper band, lower band and direction over all bars."""
    return lines_along(_ratchet, 3, *bars, given, np.array(_NEW))


def _banded_step(state: Any, bar: tuple[float, ...], given: tuple[float, float, float]) -> tuple[Any, list[float]]:
    now, lines = list(state or _NEW), [[math.nan], [math.nan], [math.nan]]
    high, low, close = ([value] for value in bar)
    _ratchet(high, low, close, given, now, lines)
    return tuple(now), [line[0] for line in lines]


def _supertrend_step(
    state: Any, high: float, low: float, close: float, *, window: int, multiplier: float
) -> tuple[Any, tuple[float, ...]]:
    """Go on from the bands."""
    now, (upper, lower, way) = _banded_step(state, (high, low, close), (window, multiplier, 0.0))
    return now, (lower if way > 0 else upper, upper, lower)


def _direction_step(
    state: Any, high: float, low: float, close: float, *, window: int, multiplier: float
) -> tuple[Any, tuple[float, ...]]:
    """Go on from the bands."""
    now, (upper, lower, way) = _banded_step(state, (high, low, close), (window, multiplier, 0.0))
    line = lower if way > 0 else upper
    return now, (way, (close - line) / close if close else math.nan)


_SUPERTREND = {"window": length(10, "Bars of the mean true range; more is steadier."), "multiplier": _wide(3.0)}
_SEBAN = "O. Seban (2008), Supertrend; bands as in TA-Lib and stock_indicators"


@indicator(
    inputs=_BARS,
    params=_SUPERTREND,
    outputs=["line", "upper", "lower"],
    warmup=lambda window, multiplier: window,
    memory=None,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula=(
        "(H + L) / 2 +- m * atr(n); a band moves towards the price only, until a close breaks it and the side changes"
    ),
    reference=_SEBAN,
    words="A stop under a rising and over a falling price; when a close breaks it, the trend has turned.",
    step=_supertrend_step,
)
def supertrend(high: Array, low: Array, close: Array, *, window: int, multiplier: float) -> tuple[Array, ...]:
    """Give the Supertrend and both of its bands."""
    upper, lower, way = _banded((high, low, close), (float(window), multiplier, 0.0))
    return np.where(way > 0, lower, upper), upper, lower


@indicator(
    inputs=_BARS,
    params=_SUPERTREND,
    outputs=["direction", "distance"],
    warmup=lambda window, multiplier: window,
    memory=None,
    scale=Scale.FREE,
    bounds={"direction": (-1.0, 1.0), "distance": (-math.inf, math.inf)},
    formula="1 above and -1 below the Supertrend's line s; (C - s) / C",
    reference=_SEBAN,
    words=(
        "Side and distance of the Supertrend: 1 is a rising trend, and the distance the share that may be "
        "lost to its stop."
    ),
    step=_direction_step,
)
def supertrend_direction(high: Array, low: Array, close: Array, *, window: int, multiplier: float) -> tuple[Array, ...]:
    """Give the side of the Supertrend and the distance from it."""
    upper, lower, way = _banded((high, low, close), (float(window), multiplier, 0.0))
    return way, (close - np.where(way > 0, lower, upper)) / close


def _stop_step(
    state: Any, high: float, low: float, close: float, *, window: int, multiplier: float, extremes: int
) -> tuple[Any, tuple[float, ...]]:
    """Go on from the bands."""
    now, (upper, lower, way) = _banded_step(state, (high, low, close), (window, multiplier, 1.0 + extremes))
    return now, (math.nan,) * 3 if math.isnan(way) else (lower, 0.0, lower) if way > 0 else (upper, upper, 0.0)


@indicator(
    inputs=_BARS,
    params={
        "window": length(21, "Bars of the mean true range; more is steadier."),
        "multiplier": _wide(3.0),
        "extremes": Param(
            default=0, low=0, high=1, whole=True, words="1 hangs the stop on high and low, 0 on the close."
        ),
    },
    outputs=["stop", "buy", "sell"],
    warmup=lambda window, **_: window,
    memory=None,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="C +- m * atr(n), a band moving towards the price only; buy (sell): the stop while short (long), else 0",
    reference="J. W. Wilder (1978), New Concepts in Technical Trading Systems, section 3, as in stock_indicators",
    words="Where to leave: under the price of a long position, over that of a short one; a close beyond turns it.",
    step=_stop_step,
)
def atr_stop(
    high: Array, low: Array, close: Array, *, window: int, multiplier: float, extremes: int
) -> tuple[Array, ...]:
    """Give the trailing stop by mean true range, and on which side it is."""
    upper, lower, way = _banded((high, low, close), (float(window), multiplier, 1.0 + extremes))
    buy = np.where(way > 0, 0.0, upper)
    sell = np.where(way < 0, 0.0, lower)
    return np.where(way > 0, lower, upper), buy, sell


def _reversed(bar: tuple[float, float], last: tuple[float, float], given: tuple[float, float], state: Any) -> Any:
    """Take one bar of the parabolic stop: (its value for the bar, the next state); state is (long, sar, ep, af)."""
    (high, low), (first, most), (long, sar, best, pace) = bar, given, state
    floor, roof = min(low, last[1]), max(high, last[0])
    if (low <= sar) if long else (high >= sar):
        value = max(best, roof) if long else min(best, floor)
        long, best, pace = not long, (low if long else high), first
        sar = value + pace * (best - value)
        return value, (long, max(sar, roof) if not long else min(sar, floor), best, pace)
    value = sar
    if (high > best) if long else (low < best):
        best, pace = (high if long else low), min(pace + first, most)
    sar += pace * (best - sar)
    return value, (long, min(sar, floor) if long else max(sar, roof), best, pace)


def _sar_step(
    state: Any, high: float, low: float, *, acceleration: float, maximum: float
) -> tuple[Any, tuple[float, ...]]:
    """Go on from side, stop, extreme and pace, and the bar before."""
    if not gapless((high, low)):
        return state, (math.nan,)
    if state is None:
        return ((high, low), None), (math.nan,)
    last, now = state
    given = (min(acceleration, maximum), maximum)
    if now is None:
        fall = last[1] - low
        long = not (fall > 0 and fall > high - last[0])
        now, last = (long, last[1] if long else last[0], high if long else low, given[0]), (high, low)
    value, now = _reversed((high, low), last, given, now)
    return ((high, low), now), (value,)


@indicator(
    inputs=["high", "low"],
    params={
        "acceleration": Param(default=0.02, low=0.001, high=1.0, words="First step and its increase; more is tighter."),
        "maximum": Param(default=0.2, low=0.001, high=1.0, words="Largest step; more is tighter in long trends."),
    },
    warmup=1,
    memory=None,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "s[t+1] = s + a * (ep - s), never inside the last two bars; a grows by 0.02 with each new extreme ep up to 0.2"
    ),
    reference="J. W. Wilder (1978), New Concepts in Technical Trading Systems, section 2; start as in TA-Lib",
    words="A stop that closes in on the price the longer a trend runs; when it is touched, the trend has turned.",
    step=_sar_step,
)
def parabolic_sar(high: Array, low: Array, *, acceleration: float, maximum: float) -> Array:
    """Give the parabolic stop and reverse; it begins on the side of the first directional movement."""
    return over_gaps(lambda *known: np.asarray(talib().SAR(*known, acceleration, maximum)), high, low)


@indicator(
    inputs=_BARS,
    params={"window": length(22, "Bars of the extreme and of the mean true range."), "multiplier": _wide(3.0)},
    outputs=["long", "short"],
    warmup=lambda window, multiplier: window,
    memory=lambda window, multiplier: 1 + chain(2 * window - 1),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="max(H, n) - m * atr(n), min(L, n) + m * atr(n)",
    reference="C. Le Beau, in A. Elder (2002), Come Into My Trading Room, chapter 7",
    words="Stops hung from the high and the low of the last bars: a close below `long` ends a long position.",
    step=chandelier_step,
)
@unbroken
def chandelier_exit(high: Array, low: Array, close: Array, *, window: int, multiplier: float) -> tuple[Array, Array]:
    """Give the chandelier exits of long and of short positions."""
    far = multiplier * np.asarray(talib().ATR(high, low, close, window))
    return highest(high, window) - far, lowest(low, window) + far


@indicator(
    inputs=_BARS,
    params={
        "window": length(10, "Bars of the extreme and of the mean true range."),
        "multiplier": _wide(1.0),
        "second": length(9, "Bars of the extreme of the first stops; more is steadier.", low=1),
    },
    outputs=["long", "short"],
    warmup=lambda window, multiplier, second: window + second - 1,
    memory=lambda window, multiplier, second: second + chain(2 * window - 1),
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula="min(min(L, n) + m * atr(n), q), max(max(H, n) - m * atr(n), q): extremes over q bars of the first stops",
    reference="T. S. Chande and S. Kroll (1994), The New Technical Trader, chapter 9",
    words="Stops that hold still: a close under `short` ends a long position, one over `long` a short position.",
    step=kroll_step,
)
@unbroken
def chande_kroll_stop(
    high: Array, low: Array, close: Array, *, window: int, multiplier: float, second: int
) -> tuple[Array, Array]:
    """Give the Chande Kroll stops."""
    far = multiplier * np.asarray(talib().ATR(high, low, close, window))
    return lowest(lowest(low, window) + far, second), highest(highest(high, window) - far, second)


def _hilo_step(state: Any, high: float, low: float, close: float, *, window: int) -> tuple[Any, tuple[float, ...]]:
    """Go on from the last highs and lows and the side."""
    highs, lows, way = state or ((), (), 0)
    if not gapless((high, low, close)):
        return state, (math.nan,)
    ready = len(highs) == window
    roof, floor = (math.fsum(highs) / window, math.fsum(lows) / window) if ready else (math.inf, -math.inf)
    way = 1 if close > roof * _ABOVE else -1 if close * _ABOVE < floor else way
    found = ((floor if way > 0 else roof if way < 0 else (roof + floor) / 2.0) if ready else math.nan,)
    return ((*highs, high)[-window:], (*lows, low)[-window:], way), found


@indicator(
    inputs=_BARS,
    params={"window": length(3, "Length of the means of highs and lows; more is slower.", low=1)},
    warmup=lambda window: window,
    memory=None,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "sma(L, n)[t-1] since a C over sma(H, n)[t-1], sma(H, n)[t-1] since one under sma(L, n)[t-1]; "
        "before, their mean"
    ),
    reference="R. Krausz (1998), The New Gann Swing Chartist, Stocks & Commodities 16:2",
    words=(
        "A line under the price in a rise and over it in a fall; it changes sides when a close breaks the other mean."
    ),
    step=_hilo_step,
)
def hilo_activator(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the Gann HiLo activator."""
    return over_gaps(lambda *known: _sided(*known, window=window), high, low, close)


def _sided(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give the mean of the lows since a close over that of the highs, and the reverse."""
    roof, floor = previous(sums(high, window) / window), previous(sums(low, window) / window)
    broken = np.where(close > roof * _ABOVE, 1, np.where(close * _ABOVE < floor, -1, 0))
    place = np.maximum.accumulate(np.where(broken != 0, np.arange(len(close)), 0)) if len(close) else broken
    way = broken[place]
    return np.where(way > 0, floor, np.where(way < 0, roof, (roof + floor) / 2.0))


@indicator(
    inputs=["high", "low"],
    params={
        "window": length(10, "Bars in which moves against the trend are counted."),
        "multiplier": Param(default=2.5, low=0.1, high=20.0, words="Distance in usual moves against; more is wider."),
    },
    outputs=["long", "short"],
    warmup=lambda window, multiplier: window,
    memory=lambda window, multiplier: window + 1,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula=(
        "L - m * mean of falls of L below L[t-1], H + m * mean of rises of H over H[t-1]: of those that occurred in n"
    ),
    reference="A. Elder (2002), Come Into My Trading Room, chapter 7",
    words="Stops beyond the usual noise against the trend: long ones below the low, short ones above the high.",
    step=safe_step,
)
@unbroken
def safezone_stop(high: Array, low: Array, *, window: int, multiplier: float) -> tuple[Array, Array]:
    """Give Elder's SafeZone stops, each from its own bar."""
    fall, rise = np.maximum(-change(low), 0.0), np.maximum(change(high), 0.0)
    falls, rises = (
        quotient(total(one, window), total((one > 0).astype(np.float64), window), otherwise=0.0) for one in (fall, rise)
    )
    return low - multiplier * falls, high + multiplier * rises
