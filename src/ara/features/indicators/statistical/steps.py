"""Statistical indicators one bar further: from the last values of their windows."""

import math
from functools import cache
from operator import mul, ne
from typing import Any, Final

from ara.features.indicators.statistical.terms import settle
from ara.features.onward import UNKNOWN, Told
from ara.features.windowed import Kept, moved, over, quantile_of, scatter, slid, squared

__all__ = [
    "angle_step",
    "below_step",
    "bipower_step",
    "both_step",
    "ends_step",
    "entropy_step",
    "error_step",
    "fit_step",
    "forecast_step",
    "pain_step",
    "robust_step",
    "row_step",
    "rows_step",
    "share_step",
    "shock_step",
    "signed_step",
    "spread_step",
    "start_step",
    "student_step",
    "turns_step",
]

_HALF_PI: Final = math.pi / 2.0
_FAINT: Final = 1e-13
_EXACT: Final = 1e-8
_NORMAL: Final = 1.4826


def _known(value: float) -> float | None:
    """Give what a state keeps of a number."""
    return value if math.isfinite(value) else None


def _rose(before: float | None, close: float) -> float:
    """Give 1 for a rise and 0 for other bars; NaN where that is unknown."""
    return math.nan if before is None or not math.isfinite(close) else float(close > before)


def share_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last close and which of the last bars rose."""
    before, kept = state or (None, ())
    kept = slid(kept, _rose(before, close), window)
    return (_known(close), kept), (sum(kept) / window if len(kept) == window else math.nan,)


def rows_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last close and which of the last bars rose."""
    before, kept = state or (None, ())
    kept = slid(kept, _rose(before, close), window)
    if len(kept) < window:
        return (_known(close), kept), UNKNOWN
    rises = sum(kept)
    both = 2.0 * rises * (window - rises)
    spread = both * (both - window) / (window * window * (window - 1.0))
    rows = sum(map(ne, kept, kept[1:])) + 1.0
    return (_known(close), kept), (over(rows - both / window - 1.0, math.sqrt(max(spread, 0.0))),)


def turns_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last close, the last move, and which of the last bars turned."""
    before, last, kept = state or (None, None, ())
    move = math.nan if before is None else close - before
    product = math.nan if last is None else move * last
    kept = slid(kept, float(product < 0.0) if math.isfinite(product) else math.nan, window - 2)
    found = math.nan
    if len(kept) == window - 2:
        found = (sum(kept) - 2.0 * (window - 2) / 3.0) / math.sqrt((16.0 * window - 29.0) / 90.0)
    return (_known(close), _known(move), kept), (found,)


def both_step(state: Any, close: float, other: float, *, window: int) -> Told:
    """Go on from both last closes, and in which of the last bars both moved alike."""
    before, lead, kept = state or (None, None, ())
    alike = math.nan
    if before is not None and lead is not None and math.isfinite(close) and math.isfinite(other):
        alike = float((close > before and other > lead) or (close < before and other < lead))
    kept = slid(kept, alike, window)
    return (_known(close), _known(other), kept), (sum(kept) / window if len(kept) == window else math.nan,)


def row_step(state: Any, close: float, *, longest: int) -> Told:
    """Go on from the last close, and the direction and length of the row."""
    before, way, count = state or (None, None, 0)
    if before is None or not math.isfinite(close):
        return (_known(close), None, 0), UNKNOWN
    now = (close > before) - (close < before)
    count = min(count + 1, longest) if now == way else 1
    return (close, now, count), (float(count * now),)


def entropy_step(state: Any, volume: float, *, window: int) -> Told:
    """Go on from the last volumes, and these times their logarithms."""
    volumes, kept = state or ((), ())
    volume = volume if volume >= 0.0 else math.nan
    volumes = slid(volumes, volume, window)
    kept = slid(kept, volume * math.log(volume) if 0.0 < volume < math.inf else 0.0 * volume, window)
    whole = sum(volumes)
    if len(volumes) < window or whole <= 0.0:
        return (volumes, kept), UNKNOWN
    bits = (math.log(whole) - sum(kept) / whole) / math.log(window)
    return (volumes, kept), (min(max(bits, 0.0), 1.0),)


def _below(closes: Kept) -> float:
    """Give the distance of the newest from the highest, as a share of it; NaN where that is not above 0."""
    top = max(closes)
    return 1.0 - closes[-1] / top if top > 0.0 else math.nan


def pain_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes and the last distances from their high."""
    closes, kept = state or ((), ())
    closes = slid(closes, close, window)
    kept = slid(kept, _below(closes) if len(closes) == window else math.nan, window)
    return (closes, kept), (sum(kept) / window if len(kept) == window else math.nan,)


def below_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, UNKNOWN
    fall = 0.0 - _below(kept)
    return kept, (fall if math.isnan(fall) else max(fall, -1.0),)


def _varied(state: Any, close: float, window: int) -> tuple[Any, float, float, float]:
    """Go on from the last returns and the largest squares so far; give the return, both variations and the state."""
    moves, most, widest = state or (None, 0.0, 0.0)
    moves = moved(moves, close, window)
    if moves is None or len(moves[1]) < window:
        return (moves, most, widest), math.nan, math.nan, math.nan
    sizes = [*map(abs, moves[1])]
    squares = squared(sizes) / window
    without = sum(map(mul, sizes, sizes[1:])) * (_HALF_PI / (window - 1))
    most, squares = settle(most, squares, squares)
    widest, without = settle(widest, without, without)
    return (moves, most, widest), moves[1][-1], squares, without


def bipower_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns."""
    state, _, _, without = _varied(state, close, window)
    return state, (without,)


def ends_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns."""
    state, _, squares, without = _varied(state, close, window)
    lacks = 1.0 - over(without, squares)
    return state, (lacks if math.isnan(lacks) else max(lacks, 0.0),)


def shock_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns, and the variation before the newest."""
    inner, before = state or (None, None)
    inner, _, _, without = _varied(inner, close, window)
    known = None if math.isnan(without) else without
    if before is None or inner[0] is None or not inner[0][1]:
        return (inner, known), UNKNOWN
    return (inner, known), (over(inner[0][1][-1], math.sqrt(before / _HALF_PI)),)


@cache
def _weights(window: int) -> Kept:
    """Give what the slope of the line weighs each value with."""
    squares = window * (window * window - 1) / 12.0
    return tuple([(place - (window - 1) / 2.0) / squares for place in range(window)])


def _slope(kept: Kept) -> float:
    found: float = sum(map(mul, kept, _weights(len(kept))))
    return found


def angle_step(state: Any, close: float, *, window: int, relative: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, UNKNOWN
    slope = _slope(kept)
    return kept, (math.degrees(math.atan(over(100.0 * slope, sum(kept) / window) if relative else slope)),)


def forecast_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, UNKNOWN
    return kept, (sum(kept) / window + _slope(kept) * (window + 1) / 2.0,)


def start_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, UNKNOWN
    return kept, (sum(kept) / window - _slope(kept) * (window - 1) / 2.0,)


def _explained(kept: Kept) -> tuple[float, float]:
    """Give the slope, and the share of the variance that the line explains."""
    average, spread = scatter(kept)
    slope, count = _slope(kept), len(kept)
    share = over(slope * slope * (count * count - 1) / 12.0, 0.0 if spread <= (_FAINT * average) ** 2 else spread)
    return slope, share if math.isnan(share) else min(share, 1.0)


def fit_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    return kept, (_explained(kept)[1] if len(kept) == window else math.nan,)


def student_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, UNKNOWN
    slope, share = _explained(kept)
    square = over(share * (window - 2), 1.0 - share if 1.0 - share > _EXACT else 0.0)
    return kept, (((slope > 0.0) - (slope < 0.0)) * math.sqrt(square),)


def error_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, UNKNOWN
    slope, (_, spread) = _slope(kept), scatter(kept)
    rest = spread - slope * slope * (window * window - 1) / 12.0
    return kept, (math.sqrt(rest * (window / (window - 2))) if rest > _EXACT * spread else 0.0,)


def _around(kept: Kept) -> tuple[float, float]:
    """Give the median and the median distance from it."""
    middle = quantile_of(sorted(kept), 0.5)
    return middle, quantile_of(sorted([abs(one - middle) for one in kept]), 0.5)


def spread_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    return kept, (_around(kept)[1] if len(kept) == window else math.nan,)


def robust_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last closes."""
    kept = slid(state or (), close, window)
    if len(kept) < window:
        return kept, UNKNOWN
    middle, spread = _around(kept)
    return kept, (over(close - middle, _NORMAL * spread),)


def signed_step(state: Any, close: float, *, window: int) -> Told:
    """Go on from the last returns."""
    moves = moved(state, close, window)
    known = moves is not None and len(moves[1]) == window
    return moves, (sum([one * abs(one) for one in moves[1]]),) if moves and known else UNKNOWN
