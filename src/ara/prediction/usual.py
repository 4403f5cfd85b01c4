"""How far an instrument usually moves over some bars: what orders it among its like, steadier than its last days."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import HistoryError
from ara.market.bars import Bars
from ara.market.instrument import AssetClass

__all__ = ["FEWEST", "usual"]

FEWEST: Final = 21
"""Bars that it takes."""

_LONG, _SHORT = 250, 60
_PARTS: Final = (0.5, 0.25, 0.25)
_MEAN_TO_DEVIATION: Final = float(np.sqrt(np.pi / 2))  # of a normal distribution
_GARMAN: Final = 2 * np.log(2.0) - 1
_QUARTER: Final = 63
_QUARTERS: Final = 12
_DOUBT: Final = 3
_BESIDE: Final = 1

_Array = NDArray[np.float64]


def usual(bars: Bars, horizon: int, *, until: int | None = None) -> float:
    """Give the deviation of the log return over some bars.

    Mean sizes instead of mean squares, so that one large move does not stand for many: half of it from closes of 250
    bars, a quarter each from the ranges and gaps of 250 and of 60. A company reports every 63 bars and moves more then:
    by how much the same bars of the last 12 quarters moved more than all, its deviation is larger, drawn towards none
    where there are few quarters. What is no company's stock has no reports.

    Parameters
    ----------
    bars
        A daily series.
    horizon
        Bars ahead.
    until
        Only closes that were public at this moment, microseconds since 1970 UTC; all of them if None.

    References
    ----------
    M. B. Garman and M. J. Klass (1980), On the estimation of security price volatilities from historical data, Journal
    of Business 53: a bar's variance by its high, low, open and close.
    """
    frame = bars.frame if until is None else bars.frame.filter(pl.col("known_at").dt.epoch("us") <= until)
    if len(frame) < FEWEST:
        raise HistoryError(
            f"{bars.instrument.symbol} has {len(frame)} bars at that moment, which is too few to order it by",
            hint=f"{FEWEST} are needed.",
            symbol=bars.instrument.symbol,
            bars=len(frame),
        )
    last = frame.tail(_QUARTER * _QUARTERS + _BESIDE + 1)
    opens, high, low, close = (np.log(last[name].to_numpy()) for name in ("open", "high", "low", "close"))
    moves = np.diff(close)
    within = 0.5 * (high - low) ** 2 - _GARMAN * (close - opens) ** 2
    sizes = np.sqrt(np.maximum(within[1:], 0.0) + (opens[1:] - close[:-1]) ** 2)
    parts = (
        _MEAN_TO_DEVIATION * np.abs(moves[-_LONG:]).mean(),
        sizes[-_SHORT:].mean(),
        sizes[-_LONG:].mean(),
    )
    if not min(parts) > 0:
        return float(max(parts) * np.sqrt(horizon))
    season = _season(moves, horizon) if bars.instrument.asset_class is AssetClass.STOCK else 0.0
    return float(np.exp(np.dot(_PARTS, np.log(parts)) + season / 2) * np.sqrt(horizon))


def _season(moves: _Array, horizon: int) -> float:
    """Give the log of how much more the coming bars' variance was, a quarter and more ago, than that of all bars."""
    squares = moves * moves
    found = []
    for quarter in range(1, _QUARTERS + 1):
        first = len(moves) - quarter * _QUARTER - _BESIDE
        if first < 0:
            break
        found.append(squares[first : first + horizon + 2 * _BESIDE].mean())
    if not found or not squares.any() or not np.mean(found) > 0:
        return 0.0
    return float(np.log(np.mean(found) / squares.mean()) * len(found) / (len(found) + _DOUBT))
