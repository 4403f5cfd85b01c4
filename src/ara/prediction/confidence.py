"""Confidence: the chance to end within the usual move of the forecast price."""

import numpy as np
from numpy.typing import NDArray

from ara.models.panel import Panel, Rows
from ara.models.quantiles import Quantiles

__all__ = ["confidence", "usual_move", "usual_moves"]

_BARS = 500
_SHARE = 0.8
_CHUNK = 8192


def usual_move(panel: Panel, rows: Rows) -> NDArray[np.float64]:
    """Give `[row, horizon]`: the 80 % quantile of the absolute log returns over the horizon in the last 500 bars.

    The returns are those that end in the last 500 bars of the row's series, the row's own bar included. So on an
    ordinary day about 0.8 of all outcomes lie within it. NaN where the series has no return over the horizon yet.
    """
    out = np.full((len(rows), len(panel.horizons)), np.nan)
    owner = panel.series[rows]
    for code in np.unique(owner):
        mine = np.flatnonzero(owner == code)
        first, end = np.searchsorted(panel.series, (code, code + 1))
        path = np.nancumsum(panel.bars[first:end, 3])
        places, step = rows[mine] - first, max(_CHUNK // len(panel.horizons), 1)
        for begin in range(0, len(places), step):
            some = places[begin : begin + step]
            moves = np.stack([_moves(path, horizon, some) for horizon in panel.horizons], axis=1)
            out[mine[begin : begin + step]] = _quantile(moves.reshape(-1, _BARS)).reshape(len(some), -1)
    return out


def usual_moves(path: NDArray[np.float64], horizon: int, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the same of one series at some places, from the logs of its closes or their changes added up."""
    found = [
        _quantile(_moves(path, horizon, places[begin : begin + _CHUNK])) for begin in range(0, len(places), _CHUNK)
    ]
    return np.concatenate(found) if found else np.empty(0)


def _moves(path: NDArray[np.float64], horizon: int, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give for each place the 500 absolute moves over the horizon that end last; NaN for those that began too early."""
    since = max(int(places.min(initial=len(path))) + 1 - _BARS - horizon, 0)
    path, places = path[since : int(places.max(initial=-1)) + 1], places - since
    moves = np.full(_BARS - 1 + len(path), np.nan)
    moves[_BARS - 1 + horizon :] = np.abs(path[horizon:] - path[:-horizon])
    windows = np.ndarray((len(path), _BARS), moves.dtype, moves, strides=2 * moves.strides)  # each with those before
    return windows[places]


def _quantile(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the 80 % quantile of each row, interpolated between neighbours; NaN stand outside and sort last."""
    ordered = np.sort(windows, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1)
    place = np.maximum(count - 1, 0) * _SHARE
    low = place.astype(np.int64)
    row = np.arange(len(ordered))
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    share = place - low
    return np.asarray(ordered[row, low] * (1 - share) + ordered[row, high] * share)


def confidence(quantiles: Quantiles, usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give `[row, horizon]`: the probability that the close ends within the usual move of the forecast price."""
    return quantiles.within(usual)
