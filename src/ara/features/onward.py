"""What steps are made of: figures of one value more, as the functions of arrays give them."""

import math
from typing import Any, Final

__all__ = ["UNKNOWN", "Told", "averaged", "ema", "kept", "meant", "stand"]

Told = tuple[Any, tuple[float, ...]]
"""What a step gives: the next state, and the outputs."""

UNKNOWN: Final = (math.nan,)
"""The one output of what has no value yet."""


def averaged(state: Any, value: float, window: int, weight: float) -> tuple[Any, float]:
    """Give the next state and value of a mean that begins with the mean of the first `window`; NaN is passed over."""
    if math.isnan(value):
        return state, math.nan
    seen, held = state or (0, 0.0)
    if seen == window:
        held = value if weight == 1.0 else held + weight * (value - held)
        return (seen, held), held
    seen, held = seen + 1, held + value
    if seen < window:
        return (seen, held), math.nan
    held /= window
    return (seen, held), held


def ema(state: Any, value: float, window: int, *, seeded: bool = True) -> tuple[Any, float]:
    """Give the next state and value of an exponential mean."""
    return averaged(state, value, window if seeded else 1, 2.0 / (window + 1.0))


def kept(values: tuple[float, ...] | None, value: float, count: int) -> tuple[float, ...]:
    """Give the last `count` values, the newest last; NaN is left out."""
    if math.isnan(value):
        return values or ()
    return (*values, value)[-count:] if values else (value,)


def meant(values: tuple[float, ...] | None, value: float, count: int) -> tuple[tuple[float, ...], float]:
    """Give the last `count` values, and their mean; NaN until there are as many."""
    found = kept(values, value, count)
    return found, (sum(found) / count if len(found) == count and not math.isnan(value) else math.nan)


def stand(value: float, low: float, high: float, *, least: float = 0.0) -> float:
    """Give where a value stands in a range, from 0 to 100; 50 where that is no more than `least`."""
    span = high - low
    return 50.0 + 0.0 * value if span == 0.0 or (least and span <= least) else 100.0 * ((value - low) / span)
