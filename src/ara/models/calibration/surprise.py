"""A whole class that moves more than was foretold widens all its bands within days."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["Surprise", "eased"]

_Array = NDArray[np.float64]

_DAYS: Final = 5.0
_USUAL: Final = 250.0
_WARM: Final = 60.0
_PATIENCE: Final = 1.0
_SLOPE, _CURVE, _MOST = 0.7, 1.0, 0.8
_OUTLIER: Final = 4.0
_LONE: Final = 1.0
_LARGEST: Final = 3.0
_COUNTED: Final = 0.2
_LEAST_SPREAD: Final = 1e-4
_EASE: Final = 0.6


class Surprise(msgspec.Struct, frozen=True, kw_only=True):
    """How large a class's returns were of late over the bands that were foretold for them, and what is usual.

    Days are steps of the class's bars: hours where bars are hourly.

    Parameters
    ----------
    step
        Usual time between two bars, microseconds; what lies closer together counts as part of a step.
    at
        The last instant that was counted, microseconds since 1970 UTC.
    recent, weight
        Sums of sizes and of how many there were; half of their weight is gone in five steps.
    usual, square, widened, steps
        Sums of that mean, of its square and of the widening, and their weight; half is gone in 250 steps.
    now
        Log of the factor for the bands of the next bar.
    """

    step: int
    at: int = 0
    recent: float = 0.0
    weight: float = 0.0
    usual: float = 0.0
    square: float = 0.0
    widened: float = 0.0
    steps: float = 0.0
    now: float = 0.0

    def after(self, at: int, size: float, count: float) -> "Surprise":
        """Give what is known after one more instant.

        Parameters
        ----------
        at
            When the returns were known.
        size
            Mean of |return - median| over half the width of the 80 % band, each cut at 3.
        count
            How many returns there are.
        """
        share = min((at - self.at) / self.step, 1.0) if self.at else 1.0
        keep, hold = 0.5 ** (share / _DAYS), 0.5 ** (share / _USUAL)
        recent, weight = keep * self.recent + size * count, keep * self.weight + count
        level = recent / weight
        wide, counted = 0.0, level
        if self.steps >= _WARM:
            mean = self.usual / self.steps
            spread = math.sqrt(max(self.square / self.steps - mean * mean, _LEAST_SPREAD**2))
            beyond = math.log1p(max(level - mean - _PATIENCE * spread, 0.0) / max(mean, _LEAST_SPREAD))
            crowd = weight * (1 - 0.5 ** (1 / _DAYS))
            wide = min(_SLOPE * beyond + _CURVE * beyond * beyond, _MOST) * crowd / (crowd + _LONE)
            counted = min(level, mean + _OUTLIER * spread)
        return Surprise(
            step=self.step,
            at=at,
            recent=recent,
            weight=weight,
            usual=hold * self.usual + share * counted,
            square=hold * self.square + share * counted * counted,
            widened=hold * self.widened + share * min(wide, _COUNTED),
            steps=hold * self.steps + share,
            now=wide - self.widened / max(self.steps, 1.0),
        )

    def rolled(self, at: NDArray[np.int64], size: _Array) -> "tuple[NDArray[np.int64], _Array, Surprise]":
        """Count returns one by one as they became known, in any order.

        Parameters
        ----------
        at
            When each was known; those of one instant count together.
        size
            |return - median| over half the width of the 80 % band.

        Returns
        -------
        tuple
            The instants, the log of the factor after each, and what is known at the end.
        """
        instants, which = np.unique(at, return_inverse=True)
        count = np.bincount(which, minlength=len(instants)).astype(float)
        total = np.bincount(which, np.minimum(size, _LARGEST), minlength=len(instants))
        now, factors = self, []
        for moment, whole, number in zip(instants.tolist(), total.tolist(), count.tolist(), strict=True):
            now = now.after(moment, whole / number, number)
            factors.append(now.now)
        return instants, np.array(factors), now


def eased(horizons: Sequence[int]) -> _Array:
    """Give the share of the widening that the bands of each horizon take: a storm passes, so less of it for longer."""
    return np.asarray(np.array(horizons, float) ** -_EASE)
