"""Volatility indicators one bar further: from the last returns, gaps and ranges."""

import math
from collections.abc import Callable
from operator import mul
from typing import Any, Final

from ara.features.onward import UNKNOWN, Told
from ara.features.windowed import Kept, added, logged, moved, over, quantile_of, scatter, slid, squared

__all__ = [
    "bipower_step",
    "downside_step",
    "gap_share_step",
    "gap_step",
    "garman_klass_step",
    "har_step",
    "historical_step",
    "inner_step",
    "log_range_step",
    "median_step",
    "middle_step",
    "nearest_step",
    "opened_garman_klass_step",
    "parkinson_step",
    "range_share_step",
    "rogers_satchell_step",
    "shock_step",
    "side_step",
    "size_step",
    "term_step",
    "unsteady_step",
    "upside_step",
]

_BANDS: Final = (math.nan,) * 3
_LN2: Final = math.log(2.0)
_LOG_RANGE: Final = 0.43
_NORMAL_MEAN: Final = math.sqrt(math.pi / 2.0)
_NORMAL_MEDIAN: Final = 1.482602218505602


def _known(value: float) -> float | None:
    """Give what a state keeps of a number."""
    return value if math.isfinite(value) else None


def _variance(moves: Kept) -> float:
    mean = added(moves) / len(moves)
    return max(added(map(mul, moves, moves)) / len(moves) - mean * mean, 0.0)


def _of_returns(figure: Callable[..., float]) -> Callable[..., Told]:
    """Make a step of a figure of the last log returns, which takes them and the other parameters."""

    def step(state: Any, close: float, *, window: int, **given: float) -> Told:
        state = moved(state, close, window)
        if state is None or len(state[1]) < window:
            return state, UNKNOWN
        return state, (figure(state[1], **given),)

    return step


def _downside(moves: Kept, year: float) -> float:
    return math.sqrt(squared([one for one in moves if one < 0.0]) / len(moves) * year)


def _upside(moves: Kept, year: float) -> float:
    return math.sqrt(squared([one for one in moves if one > 0.0]) / len(moves) * year)


def _side(moves: Kept) -> float:
    net = over(sum([one * abs(one) for one in moves]), squared(moves), otherwise=0.0)
    return min(max(net, -1.0), 1.0)


def _size(moves: Kept, year: float) -> float:
    return math.sqrt(year) * _NORMAL_MEAN * (sum(map(abs, moves)) / len(moves))


def _median(moves: Kept, year: float) -> float:
    return math.sqrt(year) * _NORMAL_MEDIAN * quantile_of(sorted(map(abs, moves)), 0.5)


def _bipower(moves: Kept, year: float) -> float:
    sizes = [*map(abs, moves)]
    return math.sqrt(0.5 * math.pi * sum(map(mul, sizes, sizes[1:])) / (len(moves) - 1) * year)


def _nearest(moves: Kept, year: float) -> float:
    sizes = [*map(abs, moves)]
    scale = math.pi / (math.pi - 2.0)
    return math.sqrt(scale * squared([*map(min, sizes, sizes[1:])]) / (len(moves) - 1) * year)


def _middle(moves: Kept, year: float) -> float:
    sizes = [*map(abs, moves)]
    scale = math.pi / (6.0 - 4.0 * math.sqrt(3.0) + math.pi)
    middles = [sorted(three)[1] for three in zip(sizes, sizes[1:], sizes[2:], strict=False)]
    return math.sqrt(scale * squared(middles) / (len(moves) - 2) * year)


downside_step = _of_returns(_downside)
"""Go on with the spread of falls."""

upside_step = _of_returns(_upside)
"""Go on with the spread of rises."""

side_step = _of_returns(_side)
"""Go on with the balance of rises and falls."""

size_step = _of_returns(_size)
"""Go on with the mean size of moves."""

median_step = _of_returns(_median)
"""Go on with the median size of moves."""

bipower_step = _of_returns(_bipower)
"""Go on with the products of moves that follow each other."""

nearest_step = _of_returns(_nearest)
"""Go on with the smaller of two moves that follow each other."""

middle_step = _of_returns(_middle)
"""Go on with the middle of three moves that follow each other."""


def historical_step(state: Any, close: float, *, window: int, year: float, sample: int, simple: int) -> Told:
    """Go on from the last price, or its logarithm, and the last returns."""
    if simple:
        before, kept = state or (None, ())
        kept = slid(kept, math.nan if before is None else over(close - before, before), window)
        state = (_known(close), kept)
    else:
        state = moved(state, close, window)
        kept = state[1] if state else ()
    if len(kept) < window:
        return state, UNKNOWN
    return state, (math.sqrt(_variance(kept) * (window / (window - 1.0) if sample else 1.0) * year),)


def har_step(state: Any, close: float, *, week: int, month: int, year: float) -> Told:
    """Go on from the last returns; `bars` counts up to the first one told."""
    most = max(week, month)
    bars, moves = state or (0, None)
    bars, moves = min(bars + 1, most + 1), moved(moves, close, most)
    if bars <= most or moves is None:
        return (bars, moves), _BANDS
    told = [squared(moves[1][-count:]) / count if len(moves[1]) >= count else math.nan for count in (1, week, month)]
    return (bars, moves), tuple([math.sqrt(one * year) for one in told])


def unsteady_step(state: Any, close: float, *, window: int, bars: int) -> Told:
    """Go on from the last returns and the last volatilities."""
    moves, kept = state or (None, ())
    moves = moved(moves, close, window)
    now = math.nan if moves is None or len(moves[1]) < window else math.sqrt(_variance(moves[1]))
    kept = slid(kept, now, bars)
    if len(kept) < bars:
        return (moves, kept), UNKNOWN
    average, variance = scatter(kept)
    return (moves, kept), (over(math.sqrt(variance), average),)


def term_step(state: Any, close: float, *, fast: int, slow: int) -> Told:
    """Go on from the last returns."""
    most = max(fast, slow)
    state = moved(state, close, most)
    if state is None or len(state[1]) < most:
        return state, UNKNOWN
    return state, (over(math.sqrt(_variance(state[1][-fast:])), math.sqrt(_variance(state[1][-slow:]))),)


def shock_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns."""
    state = moved(state, close, window + 1)
    if state is None or len(state[1]) <= window:
        return state, UNKNOWN
    return state, (over(state[1][-1], math.sqrt(squared(state[1][:-1]) / window)),)


def gap_step(state: Any, opened: float, close: float, *, window: int, year: float) -> Told:
    """Go on from the last close's logarithm and the last gaps."""
    before, gaps = state or (None, ())
    gaps = slid(gaps, math.nan if before is None else logged(opened) - before, window)
    kept = (_known(logged(close)), gaps)
    if len(gaps) < window:
        return kept, UNKNOWN
    return kept, (math.sqrt(_variance(gaps) * (window / (window - 1.0)) * year),)


def inner_step(state: Any, opened: float, close: float, *, window: int, year: float) -> Told:
    """Go on from the last moves within a bar."""
    kept = slid(state or (), logged(close) - logged(opened), window)
    if len(kept) < window:
        return kept, UNKNOWN
    return kept, (math.sqrt(_variance(kept) * (window / (window - 1.0)) * year),)


def gap_share_step(state: Any, opened: float, close: float, *, window: int) -> Told:
    """Go on from the last close's logarithm, gaps and moves within a bar."""
    before, gaps, inner = state or (None, (), ())
    begin, end = logged(opened), logged(close)
    gaps = slid(gaps, math.nan if before is None else begin - before, window)
    inner = slid(inner, end - begin, window)
    kept = (_known(end), gaps, inner)
    if min(len(gaps), len(inner)) < window:
        return kept, UNKNOWN
    mine = squared(gaps)
    return kept, (over(mine, mine + squared(inner)),)


def _garman_klass(opened: float, high: float, low: float, close: float) -> float:
    wide, end = logged(high) - logged(low), logged(close) - logged(opened)
    return 0.5 * wide * wide - (2.0 * _LN2 - 1.0) * end * end


def _rogers_satchell(opened: float, high: float, low: float, close: float) -> float:
    begin, end, top, bottom = logged(opened), logged(close), logged(high), logged(low)
    return (top - begin) * (top - end) + (bottom - begin) * (bottom - end)


def _parkinson(high: float, low: float) -> float:
    wide = logged(high) - logged(low)
    return wide * wide / (4.0 * _LN2)


def _of_bars(figure: Callable[..., float]) -> Callable[..., Told]:
    """Make a step of the root of the mean of a figure of single bars."""

    def step(state: Any, *bar: float, window: int, year: float) -> Told:
        kept = slid(state or (), figure(*bar), window)
        return kept, (math.sqrt(max(sum(kept) / window, 0.0) * year) if len(kept) == window else math.nan,)

    return step


garman_klass_step = _of_bars(_garman_klass)
"""Go on with Garman and Klass's figure of single bars."""

rogers_satchell_step = _of_bars(_rogers_satchell)
"""Go on with Rogers and Satchell's figure of single bars."""

parkinson_step = _of_bars(_parkinson)
"""Go on with Parkinson's figure of single bars."""


def opened_garman_klass_step(state: Any, *bar: float, window: int, year: float) -> Told:
    """Go on from the last close's logarithm and the last variances with their gaps."""
    before, kept = state or (None, ())
    gap = math.nan if before is None else logged(bar[0]) - before
    kept = slid(kept, gap * gap + _garman_klass(*bar), window)
    found = math.sqrt(max(sum(kept) / window, 0.0) * year) if len(kept) == window else math.nan
    return (_known(logged(bar[3])), kept), (found,)


def log_range_step(state: Any, high: float, low: float, *, window: int, year: float) -> Told:
    """Go on from the logarithms of the last ranges."""
    wide = logged(high) - logged(low)
    kept = slid(state or (), math.log(wide) if wide > 0.0 else math.nan, window)
    if len(kept) < window:
        return kept, UNKNOWN
    return kept, (math.sqrt(year) * math.exp(sum(kept) / window - _LOG_RANGE),)


def range_share_step(state: Any, high: float, low: float, close: float, *, window: int) -> Told:
    """Go on from the last returns and ranges."""
    moves, ranges = state or (None, ())
    moves, ranges = moved(moves, close, window), slid(ranges, logged(high) - logged(low), window)
    if moves is None or min(len(moves[1]), len(ranges)) < window:
        return (moves, ranges), UNKNOWN
    return (moves, ranges), (over(4.0 * _LN2 * squared(moves[1]), squared(ranges)),)
