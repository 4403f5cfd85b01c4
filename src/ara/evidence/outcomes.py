"""What became of each origin: returns, realised variance, and how wild the market was by what was known then."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["HORIZONS", "VOLATILITY", "outcomes"]

HORIZONS: Final = (1, 5, 21)
"""Bars ahead that are judged."""

VOLATILITY: Final = ("calm", "mid", "wild")
"""Thirds of the volatility among the last 504 bars known at the origin."""

_Array = NDArray[np.float64]

_DECAY: Final = 0.94
_WINDOW, _ENOUGH = 504, 100


def outcomes(bars: pl.DataFrame) -> pl.DataFrame:
    """Give a row for each symbol, bar and horizon whose outcome is there.

    Parameters
    ----------
    bars
        As `read_bars` gives them.

    Returns
    -------
    pl.DataFrame
        `symbol`, `instant` (the bar's `ts`), `horizon`, `asset_class` (`all` where the file names none), `close`, `y`
        (log return), `squares` (sum of squared returns until then), `wild` (index in `VOLATILITY`; -1 where 100 bars
        are not known yet).
    """
    parts = [_of(str(symbol), own) for (symbol,), own in bars.group_by(["symbol"], maintain_order=True)]
    return pl.concat([part for own in parts for part in own])


def _of(symbol: str, own: pl.DataFrame) -> list[pl.DataFrame]:
    close = own["close"].to_numpy()
    logs = np.log(close)
    squares = np.diff(logs, prepend=logs[0]) ** 2
    total, wild = np.cumsum(squares), _wild(squares)
    found = []
    for horizon in HORIZONS:
        count = len(close) - horizon
        if count > 0:
            facts = {
                "instant": own["ts"][:count],
                "close": close[:count],
                "y": logs[horizon:] - logs[:count],
                "squares": total[horizon:] - total[:count],
                "wild": wild[:count],
            }
            frame = pl.DataFrame(facts).with_columns(
                symbol=pl.lit(symbol), horizon=pl.lit(horizon), asset_class=pl.lit(own["asset_class"][0] or "all")
            )
            found.append(frame)
    return found


def _wild(squares: _Array) -> NDArray[np.int64]:
    """Give the third of each bar's smoothed variance among its last 504, itself included."""
    variance = np.empty(len(squares))
    level = float(np.mean(squares[1:21])) if len(squares) > 1 else 0.0
    for place, square in enumerate(squares.tolist()):
        level = variance[place] = (1 - _DECAY) * square + _DECAY * level
    padded = np.concatenate((np.full(_WINDOW - 1, np.nan), variance))
    out = np.full(len(variance), -1, np.int64)
    for begin in range(0, len(variance), 4096):
        windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[begin : begin + 4096]
        own, known = windows[:, -1:], np.isfinite(windows).sum(axis=1)
        rank = ((windows < own).sum(axis=1) + ((windows == own).sum(axis=1) + 1) / 2) / known
        third = np.where(rank > 2 / 3, 2, np.where(rank > 1 / 3, 1, 0))
        out[begin : begin + 4096] = np.where(known >= _ENOUGH, third, -1)
    return out
