"""Bands of coins and currencies that are wider or narrower than of late are drawn a little to what they were."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["HALF_LIFE", "drawn", "share"]

_Array = NDArray[np.float64]

HALF_LIFE: Final = 3.0
"""Months after which a month counts half as much in what a series' bands were of late."""

_SHARES: Final[Mapping[str, float]] = {"crypto": 0.1, "forex": 0.1}
_NONE_FROM: Final = 5
_FARTHEST: Final = 1.0


def share(kind: str, horizon: int) -> float:
    """Give by how much of its swing a band is drawn back: a tenth for the next bar, none from five bars on.

    Forecasts of the volatility of stocks swing no more than what follows; those of coins and currencies do.
    """
    return _SHARES.get(kind, 0.0) * max(0.0, 1.0 - math.log(horizon) / math.log(_NONE_FROM))


def drawn(half: _Array, usual: _Array, kind: str, horizons: Sequence[int]) -> _Array:
    """Give the log of the factor `[n, H]` for bands.

    Parameters
    ----------
    half
        `[n, H]`: half the width of the 80 % bands.
    usual
        `[n, H]`: the mean of its log of late, for the same series; NaN where there is none, which draws nothing.
    kind
        Their class.
    horizons
        In bars.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        swing = np.where(half > 0, np.log(half), np.nan) - usual
    swing = np.clip(np.where(np.isfinite(swing), swing, 0.0), -_FARTHEST, _FARTHEST)
    return np.asarray(-swing * np.array([share(kind, horizon) for horizon in horizons]))
