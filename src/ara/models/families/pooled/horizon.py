"""How the constants go with the horizon: chosen at 1, 5 and 21 bars, smooth in its logarithm between and beyond."""

import math

__all__ = ["lean", "patience", "ramp", "reversion"]

_LEAN = {"crypto": (0.3, 0.3), "equity": (0.7, 0.85), "forex": (0.0, 0.0), "other": (0.5, 0.5)}


_SEVERAL, _HALF = 5, 0.5


def ramp(horizon: int, first: float, last: float) -> float:
    """Go from `first` at one bar to `last` at five, and stay there."""
    return first + (last - first) * min(1.0, math.log(horizon) / math.log(5))


def reversion(horizon: int) -> float:
    """Give how far the log variance goes back to its usual level: 0 at one bar, 0.1 at 21."""
    return 0.1 * math.log(horizon) / math.log(21)


def lean(kind: str, horizon: int, *, series: int) -> float:
    """Give how much of the past drift and skew is believed.

    Companies', which lived, more than currencies'; at most half where a class has fewer than five series, because their
    drift is mostly chance.
    """
    believed = ramp(horizon, *_LEAN[kind])
    return believed if series >= _SEVERAL else min(believed, _HALF)


def patience(horizon: int) -> float:
    """Give how many standard errors a band may miss its promise by before it is changed."""
    return ramp(horizon, 0.8, 1.0)
