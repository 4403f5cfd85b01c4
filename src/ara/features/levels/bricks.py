"""Renko: the price as bricks of one size, which leave out time and small moves."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array
from ara.features.indicator import Param, Scale, indicator
from ara.features.loops import lines_along

__all__ = ["Bricks", "renko", "renko_line", "renko_trend"]

_REFERENCE: Final = "S. Nison (1994), Beyond Candlesticks"
_MOST: Final = 1_000_000
_PARAMS: Final = {
    "percent": Param(default=2.0, low=0.01, high=50.0, words="Size of a brick; more leaves out larger moves.")
}
_NEW: Final = (math.nan, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bricks:
    """Bricks in the order in which they were completed, as columns.

    Parameters
    ----------
    at
        The bar at whose close each was complete.
    up
        Whether it rose.
    open, close
        Its two ends, a brick's size apart.
    high, low
        The extremes of the bars since the bricks before it.
    volume
        What these bars traded; where one bar completes several bricks, an equal part for each.
    """

    at: NDArray[np.int64]
    up: NDArray[np.bool_]
    open: Array
    high: Array
    low: Array
    close: Array
    volume: Array

    def __len__(self) -> int:
        """Count the bricks."""
        return len(self.at)


def renko(high: Array, low: Array, close: Array, volume: Array, *, brick: float, start: float | None = None) -> Bricks:
    """Give the bricks of a series of closes; a turn takes two bricks' size, of which one is drawn.

    Bars with a gap are passed over.

    Parameters
    ----------
    high, low, close, volume
        Of each bar.
    brick
        The size of a brick in the price's unit, above 0.
    start
        The price from which the first brick is laid; the multiple of `brick` nearest to the first close by default.

    Raises
    ------
    FeatureEngineeringError
        The brick has no size, or is so small that there would be more than a million.

    References
    ----------
    S. Nison, Beyond Candlesticks, 1994.
    """
    if not (math.isfinite(brick) and brick > 0):
        raise FeatureEngineeringError(f"brick is {brick}; it must be above 0.")
    columns = np.stack([np.asarray(one, np.float64) for one in (high, low, close, volume)])
    kept = np.flatnonzero(np.isfinite(columns.sum(axis=0)))
    top, bottom, last, traded = columns[:, kept]
    base = (round(float(last[0]) / brick) * brick if len(kept) else 0.0) if start is None else start
    if not np.abs(np.diff(last, prepend=base)).sum() / brick <= _MOST:
        raise FeatureEngineeringError(f"brick is {brick:g}; these prices would take more than {_MOST:,} bricks.")
    where, ends = _laid(last.tolist(), base, brick)
    at = np.array(where, np.int64)
    close_of = base + brick * np.array([end for end, _ in ends], np.float64)
    up = np.array([way > 0 for _, way in ends], np.bool_)
    bars, back = np.unique(at, return_inverse=True)
    begun = np.append(1, bars[:-1] + 1)[: len(bars)]
    shares = np.bincount(back) if len(at) else np.empty(0)
    spans = [slice(a, b + 1) for a, b in zip(begun.tolist(), bars.tolist(), strict=True)]
    figures = np.array([(top[one].max(), bottom[one].min(), traded[one].sum()) for one in spans], np.float64).reshape(
        -1, 3
    )
    return Bricks(
        at=kept[at],
        up=up,
        open=close_of - np.where(up, brick, -brick),
        high=figures[back, 0],
        low=figures[back, 1],
        close=close_of,
        volume=(figures[:, 2] / shares)[back] if len(at) else np.empty(0),
    )


def _laid(close: list[float], base: float, brick: float) -> tuple[list[int], list[tuple[int, int]]]:
    """Give the bar of each brick, and its end, counted in bricks from the base, with its way."""
    where: list[int] = []
    ends: list[tuple[int, int]] = []
    end, way = 0, 0
    for bar, price in enumerate(close):
        reached = (price - base) / brick
        for sign in (1, -1):
            while sign * (reached - end) >= (2 if way == -sign else 1):
                end += sign * (2 if way == -sign else 1)
                way = sign
                where.append(bar)
                ends.append((end, way))
    return where, ends


def _stack(close: Any, size: float, state: Any, lines: Any) -> None:
    """Lay bricks of a share of the price; state: logarithm of the first close, end in bricks, way, bricks in a row."""
    for bar in range(len(close)):
        x = close[bar]
        if not (x > 0.0 and x < math.inf):
            continue
        if state[0] != state[0]:
            state[0] = math.log(x)
        reached = (math.log(x) - state[0]) / size
        for sign in (1.0, -1.0):
            need = 2.0 if state[2] == -sign else 1.0
            over = sign * (reached - state[1]) + 1e-9
            if over >= need:
                whole = math.floor(over)
                laid = whole - (need - 1.0)
                state[1] += sign * whole
                state[3] = laid if need > 1.0 else state[3] + laid
                state[2] = sign
        lines[0][bar], lines[1][bar], lines[2][bar] = state[2], state[3], reached - state[1]
        lines[3][bar] = math.exp(state[0] + size * state[1])


def _stacked(close: Array, percent: float) -> Array:
    return lines_along(_stack, 4, close, math.log1p(percent / 100.0), np.array(_NEW))


def _one(state: Any, close: float, percent: float) -> tuple[Any, list[float]]:
    now, lines = list(state or _NEW), [[math.nan] for _ in range(4)]
    _stack([close], math.log1p(percent / 100.0), now, lines)
    return tuple(now), [line[0] for line in lines]


def _trend_step(state: Any, close: float, *, percent: float) -> tuple[Any, tuple[float, ...]]:
    now, lines = _one(state, close, percent)
    return now, tuple(lines[:3])


def _line_step(state: Any, close: float, *, percent: float) -> tuple[Any, tuple[float, ...]]:
    now, lines = _one(state, close, percent)
    return now, (lines[3],)


@indicator(
    inputs=["close"],
    params=_PARAMS,
    outputs=["way", "run", "reached"],
    warmup=0,
    memory=None,
    scale=Scale.FREE,
    bounds={"way": (-1.0, 1.0), "run": (0.0, math.inf), "reached": (-math.inf, math.inf)},
    formula="bricks of p percent from the first close on, two for a turn; way of the last, bricks in a row, rest of C",
    reference=_REFERENCE + "; sized in percent, so that bricks compare",
    words="1 while bricks rise, -1 while they fall; a long run is a trend; reached: the part of the next brick.",
    step=_trend_step,
)
def renko_trend(close: Array, *, percent: float) -> tuple[Array, ...]:
    """Give the state of the bricks at each bar."""
    way, run, reached, _ = _stacked(close, percent)
    return way, run, reached


@indicator(
    inputs=["close"],
    params=_PARAMS,
    warmup=0,
    memory=None,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="end of the last brick of p percent, bricks laid from the first close on, a turn takes two",
    reference=_REFERENCE + "; sized in percent, so that bricks compare",
    words="The price without its small moves: it steps by whole bricks only, and turns after two of them.",
    step=_line_step,
)
def renko_line(close: Array, *, percent: float) -> Array:
    """Give the end of the last brick at each bar."""
    return np.asarray(_stacked(close, percent)[3])
