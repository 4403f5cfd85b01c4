"""Where the close stands within its recent range."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ara.features import Param, Scale, indicator

__all__ = ["range_position"]


@indicator(
    inputs=["high", "low", "close"],
    params={
        "window": Param(default=20, low=2, high=1000, whole=True, words="Bars of the range; more of them move slower.")
    },
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="(C[t] - min L) / (max H - min L) over the last `window` bars",
    reference="G. Lane (1984), Lane's Stochastics, Technical Analysis of Stocks and Commodities 2(3)",
    words="0 is the lowest price of the last bars, 1 the highest; 0.5 where no price moved.",
)
def range_position(
    high: NDArray[np.float64], low: NDArray[np.float64], close: NDArray[np.float64], *, window: int
) -> NDArray[np.float64]:
    """Give the share of the range that lies below each close."""
    out = np.full(len(close), np.nan)
    if len(close) >= window:
        top = sliding_window_view(high, window).max(axis=1)
        bottom = sliding_window_view(low, window).min(axis=1)
        flat = top == bottom
        out[window - 1 :] = np.where(flat, 0.5, (close[window - 1 :] - bottom) / np.where(flat, 1.0, top - bottom))
    return out
