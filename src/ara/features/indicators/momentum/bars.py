"""What single bars tell: from open to close, and from one bar's ends to the next one's."""

import math
from typing import Any, Final

import numpy as np

from ara.features.arrays import filled, previous, quotient, sums, within
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.momentum.steps import demarker_step, setup_step
from ara.features.indicators.momentum.sums import moods_step, swing_step, swings_step, vigour_step
from ara.features.indicators.momentum.terms import unbroken
from ara.features.indicators.momentum.waves import rei_step
from ara.features.indicators.trend.terms import Array, gapless, length, weighted

__all__ = ["asi", "bop", "brar", "demarker", "rvgi", "swing_index", "td_rei", "td_setup", "wad"]

_SWMA: Final = np.array([1.0, 2.0, 2.0, 1.0]) / 6.0
_WILDER: Final = "J. W. Wilder (1978), New Concepts in Technical Trading Systems, section VIII"
_DEMARK: Final = "T. R. DeMark (1994), The New Science of Technical Analysis"
_LIMIT: Final = Param(
    default=0.1,
    low=1e-4,
    high=10.0,
    words="The move in one bar that counts as the limit, as a share of the close before.",
)
_NINE: Final = 9
_APART: Final = 4
_REI_START: Final = 8


@indicator(
    inputs=["open", "high", "low", "close"],
    params={"smooth": length(1, "Bars that it is averaged over; 1 leaves each bar by itself.", low=1)},
    warmup=lambda smooth: smooth - 1,
    memory=lambda smooth: smooth,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="mean((C - O) / (H - L), n); 0 for a bar without range",
    reference="I. Livshin (2001), Balance of Power, Stocks & Commodities 19:8",
    words="Who won the bar: 1 is from the low to the high, -1 the way back. Averaged over some 14 bars, above 0 "
    "buyers are stronger.",
)
@unbroken
def bop(open: Array, high: Array, low: Array, close: Array, *, smooth: int) -> Array:
    """Give the balance of power."""
    share = quotient(close - open, high - low, otherwise=0.0)
    return share if smooth == 1 else sums(share, smooth) / smooth


@indicator(
    inputs=["open", "high", "low", "close"],
    params={"window": length(10, "Bars that are summed; more make it smoother.", low=1)},
    outputs=["line", "signal"],
    warmup=lambda window: window + 5,
    memory=lambda window: window + 6,
    scale=Scale.FREE,
    bounds=(-1.0, 1.0),
    formula="v = sum(s(C - O)) / sum(s(H - L)), last n bars, s the mean with weights 1 2 2 1; s(v); 0 where no range",
    reference="J. F. Ehlers (2002), Relative Vigor Index, Stocks & Commodities 20:1",
    words="How much of the bars' ranges went from open to close: in a rise bars close above their open. Crossing its "
    "signal line is read as a turn.",
    step=vigour_step,
)
@unbroken
def rvgi(open: Array, high: Array, low: Array, close: Array, *, window: int) -> tuple[Array, Array]:
    """Give the relative vigour index and its signal line."""
    body, span = sums(weighted(close - open, _SWMA), window), sums(weighted(high - low, _SWMA), window)
    line = within(quotient(body, span, otherwise=0.0), -1.0, 1.0)
    return filled(line, window + 5), within(weighted(line, _SWMA), -1.0, 1.0)


@indicator(
    inputs=["open", "high", "low", "close"],
    params={"window": length(26, "Bars that are summed; more make it calmer.", low=10)},
    outputs=["ar", "br"],
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, math.inf),
    formula="100 * sum(H - O) / sum(O - L) and 100 * sum(max(H - C', 0)) / sum(max(C' - L, 0)), C' the close before",
    reference="AR and BR, from Japanese chart practice; their first author is not known",
    words="How far bars reach up against how far they reach down, from their open and from the close before: 100 is a "
    "balance, above 150 is read as heated, below 50 as given up. No value where nothing reached down.",
    step=moods_step,
)
@unbroken
def brar(open: Array, high: Array, low: Array, close: Array, *, window: int) -> tuple[Array, Array]:
    """Give the ratio of popularity, from the open, and the one of willingness, from the close before."""
    before = previous(close)
    mood = quotient(sums(high - open, window), sums(open - low, window))
    will = quotient(sums(np.maximum(high - before, 0.0), window), sums(np.maximum(before - low, 0.0), window))
    return filled(100.0 * np.maximum(mood, 0.0), window), 100.0 * will


def _swings(open: Array, high: Array, low: Array, close: Array, limit: float) -> Array:
    before, body = previous(close), np.abs(previous(close - open))
    up, down, span = np.abs(high - before), np.abs(low - before), high - low
    reach = np.where(up >= np.maximum(down, span), up - 0.5 * down, np.where(down >= span, down - 0.5 * up, span))
    net = close - before + 0.5 * (close - open) + 0.25 * previous(close - open)
    share = quotient(net, reach + 0.25 * body, otherwise=0.0)
    return 50.0 * share * quotient(np.maximum(up, down), limit * np.abs(before), otherwise=0.0)


_SWING = (
    "50 * (C - C' + (C - O) / 2 + (C' - O') / 4) / R * K / T, K = max(|H - C'|, |L - C'|), T = limit * C', R by the "
    "largest of |H - C'|, |L - C'|, H - L; 0 where there is no range"
)


@indicator(
    inputs=["open", "high", "low", "close"],
    params={"limit": _LIMIT},
    warmup=1,
    memory=2,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula=_SWING,
    reference=_WILDER,
    words="How strong a bar's move was, judged from both bars' opens, closes and ranges: above 0 it went up, 100 is a "
    "limit move.",
    step=swing_step,
)
@unbroken
def swing_index(open: Array, high: Array, low: Array, close: Array, *, limit: float) -> Array:
    """Give Wilder's swing index."""
    return _swings(open, high, low, close, limit)


@indicator(
    inputs=["open", "high", "low", "close"],
    params={"limit": _LIMIT},
    warmup=1,
    memory=None,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="the sum of all swing indices so far: " + _SWING,
    reference=_WILDER,
    words="The price line that Wilder held to be the real one: all swings added up. Its own breakouts are used to "
    "confirm those of the price; its level depends on where the history begins.",
    step=swings_step,
)
@unbroken
def asi(open: Array, high: Array, low: Array, close: Array, *, limit: float) -> Array:
    """Give Wilder's accumulative swing index."""
    swings = _swings(open, high, low, close, limit)
    return np.concatenate((swings[:1], np.cumsum(swings[1:])))


@indicator(
    inputs=["high", "low"],
    params={"window": length(14, "Bars that are summed; more make extremes rarer.")},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="U / (U + D), U = sum(max(H - H', 0)), D = sum(max(L' - L, 0)), last n bars; 1/2 where neither moved",
    reference=_DEMARK,
    words="How much new ground was won above against below: above 0.7 is read as exhausted demand, below 0.3 as "
    "exhausted supply.",
    step=demarker_step,
)
@unbroken
def demarker(high: Array, low: Array, *, window: int) -> Array:
    """Give DeMark's DeMarker."""
    up = sums(np.maximum(high - previous(high), 0.0), window)
    down = sums(np.maximum(previous(low) - low, 0.0), window)
    return quotient(up, up + down, otherwise=0.5)


@indicator(
    inputs=["high", "low", "close"],
    params={"window": length(5, "Bars that are summed; more make extremes rarer.", low=1)},
    warmup=lambda window: window + _REI_START - 1,
    memory=lambda window: window + _REI_START,
    scale=Scale.FREE,
    bounds=(-100.0, 100.0),
    formula="100 * sum(q * (H - H2 + L - L2)) / sum(|H - H2| + |L - L2|); q is 0 where H2 < C7, C8 and H < H5, H6, or "
    "where L2 > C7, C8 and L > L5, L6, else 1; Hk is H[t-k]; 0 where nothing moved",
    reference=_DEMARK + ", range expansion index",
    words="How far highs and lows moved over two bars, steep moves that touch no older prices left out: above 60 for "
    "only a few bars is read as a top near, below -60 as a bottom.",
    step=rei_step,
)
@unbroken
def td_rei(high: Array, low: Array, close: Array, *, window: int) -> Array:
    """Give DeMark's range expansion index."""
    high2, low2, close7, close8 = previous(high, 2), previous(low, 2), previous(close, 7), previous(close, 8)
    falling = (high2 < np.minimum(close7, close8)) & (high < np.minimum(previous(high, 5), previous(high, 6)))
    rising = (low2 > np.maximum(close7, close8)) & (low > np.maximum(previous(low, 5), previous(low, 6)))
    moves = filled(np.where(falling | rising, 0.0, high - high2 + low - low2), _REI_START)
    ways = filled(np.abs(high - high2) + np.abs(low - low2), _REI_START)
    share = quotient(sums(moves, window), sums(ways, window), otherwise=0.0)
    return 100.0 * within(share, -1.0, 1.0)


def _row(true: Any) -> Array:
    """Count how many bars in a row it has been true, up to nine."""
    bars = np.arange(len(true))
    last = np.maximum.accumulate(np.where(true, -1, bars))
    return np.minimum(bars - last, _NINE).astype(np.float64)


@indicator(
    inputs=["close"],
    outputs=["up", "down"],
    warmup=_APART,
    memory=_APART + _NINE,
    scale=Scale.FREE,
    bounds=(0.0, float(_NINE)),
    formula="bars in a row with C[t] > C[t-4], and with C[t] < C[t-4], counted up to 9",
    reference=_DEMARK + ", sequential",
    words="How long each close has been above, or below, the one four bars before: a count of nine completes a set-up "
    "and is read as a move that is due to pause.",
    step=setup_step,
)
@unbroken
def td_setup(close: Array) -> tuple[Array, Array]:
    """Give the counts of DeMark's set-ups."""
    before = previous(close, _APART)
    return filled(_row(close > before), _APART), filled(_row(close < before), _APART)


def _won(
    state: tuple[float, float] | None, high: float, low: float, close: float
) -> tuple[tuple[float, float] | None, tuple[float, ...]]:
    if not gapless((high, low, close)):
        return None, (math.nan,)
    before, total = state or (close, 0.0)
    if close > before:
        total += close - min(low, before)
    elif close < before:
        total += close - max(high, before)
    return (close, total), (total,)


@indicator(
    inputs=["high", "low", "close"],
    warmup=0,
    memory=None,
    scale=Scale.PRICE,
    bounds=(-math.inf, math.inf),
    formula=(
        "the sum of C - min(L, C') where C > C' and of C - max(H, C') where C < C', C' the close before; 0 at first"
    ),
    reference="L. R. Williams (1972), The Secret of Selecting Stocks for Immediate and Substantial Gains",
    words="What buyers and sellers won in all bars so far, in the price's unit. It counts no volume; a new high of the "
    "price without one of it is read as distribution. Its level depends on where the history begins.",
    step=_won,
)
@unbroken
def wad(high: Array, low: Array, close: Array) -> Array:
    """Give Williams' accumulation and distribution."""
    before = np.concatenate((close[:1], close[:-1]))
    won = np.where(close > before, close - np.minimum(low, before), close - np.maximum(high, before))
    return np.cumsum(np.where(close == before, 0.0, won))
