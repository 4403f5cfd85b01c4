"""Volume by price over the last bars: where most was traded, and the prices that hold most of it."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import Array, quotient, windows
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.terms import length
from ara.features.pieces import in_pieces

__all__ = ["area", "spread_volume", "volume_profile", "volume_profile_position"]

_BARS: Final = ("high", "low", "close", "volume")
_REFERENCE: Final = "J. P. Steidlmayer, K. Koy (1986), Markets and Market Logic (market profile); volume for time"
_FORMULA: Final = (
    "volume of n bars, each spread evenly over the bins from its low to its high; point of control: middle of the "
    "fullest bin; value area: the bins around it, the fuller neighbour first, until they hold the share"
)
_PARAMS: Final = {
    "window": length(60, "Bars whose volume counts."),
    "bins": Param(default=24, low=4, high=200, whole=True, words="Parts of the range; more tell finer prices apart."),
    "share": Param(default=0.7, low=0.1, high=0.99, words="Share of the volume that the value area holds."),
}


def spread_volume(
    high: NDArray[np.float64], low: NDArray[np.float64], volume: NDArray[np.float64], bins: int
) -> tuple[NDArray[np.float64], Array, Array]:
    """Give the volume in each bin of each row of bars, the low of the row and the width of its bins.

    Parameters
    ----------
    high, low, volume
        `[row, bar]`; each bar's volume is spread evenly over the bins that it touches.
    bins
        How many parts the range of a row has.
    """
    rows = len(high)
    bottom = low.min(axis=1)
    step = (high.max(axis=1) - bottom) / bins
    scale = quotient(1.0, step, otherwise=0.0)[:, None]
    scale[~np.isfinite(scale)] = 0.0  # a range too small to be parted is one bin
    base = np.arange(rows)[:, None] * (bins + 1)
    first = np.minimum((low - bottom[:, None]) * scale, bins - 1).astype(np.int64)
    last = np.minimum((high - bottom[:, None]) * scale, bins - 1).astype(np.int64)
    part = (volume / (last - first + 1)).ravel()
    size = rows * (bins + 1)
    more = np.bincount((base + first).ravel(), part, size) - np.bincount((base + last + 1).ravel(), part, size)
    found = np.cumsum(more.reshape(rows, bins + 1)[:, :bins], axis=1)
    return np.maximum(found, 0.0), bottom, step


def area(held: NDArray[np.float64], share: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give, for each row of bins, the fullest and the first and last of those around it that hold the share."""
    rows, bins = held.shape
    row = np.arange(rows)
    fullest = held.argmax(axis=1)
    first, last = fullest.copy(), fullest.copy()
    padded = np.pad(held, ((0, 0), (1, 1)), constant_values=-1.0)
    inside, wanted = held[row, fullest], share * held.sum(axis=1)
    for _ in range(bins - 1):
        short = inside < wanted
        if not short.any():
            break
        under, over = padded[row, first], padded[row, last + 2]
        up = short & (over >= under) & (last < bins - 1)
        down = short & ~up & (first > 0)
        inside += np.where(up, over, 0.0) + np.where(down, under, 0.0)
        last += up
        first -= down
    return fullest, first, last


def _profile(
    high: Array, low: Array, close: Array, volume: Array, window: int, bins: int, share: float
) -> tuple[Array, ...]:
    """Give the point of control, the ends of the value area, and the fullness of the close's bin, at each bar."""

    def piece(*columns: Array) -> tuple[Array, ...]:
        return _rows(*columns, window=window, bins=bins, share=share)

    return in_pieces(piece, high, low, close, volume, memory=window, width=window + bins)


def _rows(
    high: Array, low: Array, close: Array, volume: Array, *, window: int, bins: int, share: float
) -> tuple[Array, ...]:
    out = tuple(np.full(len(close), np.nan) for _ in range(4))
    top, bottom, traded = (windows(column, window) for column in (high, low, volume))
    known = np.isfinite((top - bottom).sum(axis=1)) & np.isfinite(traded.sum(axis=1)) & (traded.sum(axis=1) > 0)
    if not known.any():
        return out
    place = window - 1 + np.flatnonzero(known)
    if not known.all():
        top, bottom, traded = top[known], bottom[known], traded[known]
    held, least, step = spread_volume(top, bottom, traded, bins)
    fullest, first, last = area(held, share)
    here = quotient(close[place] - least, step, otherwise=0.0)
    inside = np.clip(np.nan_to_num(here), 0, bins - 1).astype(np.int64)
    row = np.arange(len(place))
    out[0][place] = least + (fullest + 0.5) * step
    out[1][place] = least + (last + 1.0) * step
    out[2][place] = least + first * step
    out[3][place] = quotient(held[row, inside], held[row, fullest])
    return out


@indicator(
    inputs=_BARS,
    params=_PARAMS,
    outputs=["poc", "high", "low"],
    warmup=lambda window, bins, share: window - 1,
    memory=lambda window, bins, share: window,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=_FORMULA,
    reference=_REFERENCE,
    words="The price at which most was traded lately, and the prices that hold 70 % of the trade: fair to most.",
)
def volume_profile(
    high: Array, low: Array, close: Array, volume: Array, *, window: int, bins: int, share: float
) -> tuple[Array, ...]:
    """Give the point of control and the value area; NaN where nothing was traded."""
    return _profile(high, low, close, volume, window, bins, share)[:3]


@indicator(
    inputs=_BARS,
    params=_PARAMS,
    outputs=["position", "poc_distance", "width", "fullness"],
    warmup=lambda window, bins, share: window - 1,
    memory=lambda window, bins, share: window,
    scale=Scale.FREE,
    bounds={
        "position": (-math.inf, math.inf),
        "poc_distance": (-math.inf, math.inf),
        "width": (0.0, math.inf),
        "fullness": (0.0, 1.0),
    },
    formula=(
        "(C - low) / (high - low), (C - poc) / C, (high - low) / C of the value area; volume of C's bin over that of "
        f"the fullest. {_FORMULA}"
    ),
    reference=_REFERENCE,
    words="Below 0 the price is under what most paid, above 1 over it; a fullness near 0 is a gap in the trade.",
)
def volume_profile_position(
    high: Array, low: Array, close: Array, volume: Array, *, window: int, bins: int, share: float
) -> tuple[Array, ...]:
    """Give where the close stands in the volume by price; the middle, 0.5, where all was traded at one price."""
    poc, top, bottom, fullness = _profile(high, low, close, volume, window, bins, share)
    wide = top - bottom
    return (
        quotient(close - bottom, wide, otherwise=0.5),
        quotient(close - poc, close),
        quotient(wide, close),
        fullness,
    )
