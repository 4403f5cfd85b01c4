"""A whole class that moves more than was foretold widens all its bands within days, and takes it back over a year."""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.models.quantiles import LEVELS

__all__ = ["FARTHER", "Surprise", "eased", "sizes"]

_Array = NDArray[np.float64]

_DAYS: Final = 12.0
_USUAL: Final = 500.0
_BACK: Final = 250.0
_WARM: Final = 60.0
_PATIENCE: Final = 1.0
_SLOPE, _CURVE, _MOST = 1.0, 1.5, 0.8
_OUTLIER: Final = 4.0
_LONE: Final = 1.0
_LARGEST: Final = 3.0
_LEAST_SPREAD: Final = 1e-4
_EASE: Final = 0.6
_BAND: Final = 0.9


def _farther() -> _Array:
    told = np.array([NormalDist().inv_cdf(level) for level in LEVELS]) / NormalDist().inv_cdf(_BAND)
    return np.asarray(np.round(told * told, 12))


FARTHER: Final = _farther()
"""`[level]`: how much of the widening a level takes: the square of its distance from the median, that of the 80 % band
being 1. That a storm has begun does not tell how large it is; a mean over what it may be has fatter tails."""


def sizes(moved: _Array, ranged: _Array, half: _Array) -> _Array:
    """Give how large bars were over what was foretold: the mean of what return and range tell, over half a band.

    Both tell the same volatility, the range with little more than half the scatter, the return also of what goes one
    way; their errors differ, so the mean of the two tells a storm from chance sooner than either.

    Parameters
    ----------
    moved
        |return - median|; NaN where it is not known.
    ranged
        Square root of the variance that the bar's range tells; where it is NaN the return stands for it.
    half
        Half the width of the 80 % band that was foretold.
    """
    return np.asarray((moved + np.where(np.isfinite(ranged), ranged, moved)) / 2 / half)


class Surprise(msgspec.Struct, frozen=True, kw_only=True):
    """How large a class's bars were of late over the bands that were foretold for them, and what is usual.

    Days are steps of the class's bars: hours where bars are hourly.

    Parameters
    ----------
    step
        Usual time between two bars, microseconds; what lies closer together counts as part of a step.
    at
        The last instant that was counted, microseconds since 1970 UTC.
    recent, weight
        Sums of sizes and of how many there were; half of their weight is gone in twelve steps.
    usual, square, steps
        Sums of that mean and of its square, and their weight; half is gone in 500 steps.
    lent, count
        Sum of the widening, and its weight; half is gone in 250 steps. Their quotient is taken back from every band, so
        that bands are as wide in the mean of their logs as they would be without any of this.
    now
        Log of the factor for the bands of the next bar.
    """

    step: int
    at: int = 0
    recent: float = 0.0
    weight: float = 0.0
    usual: float = 0.0
    square: float = 0.0
    steps: float = 0.0
    lent: float = 0.0
    count: float = 0.0
    now: float = 0.0

    def after(self, at: int, size: float, count: float) -> "Surprise":
        """Give what is known after one more instant.

        Parameters
        ----------
        at
            When the bars were known.
        size
            Mean of their `sizes`, each cut at 3.
        count
            How many bars there are.
        """
        share = min((at - self.at) / self.step, 1.0) if self.at else 1.0
        keep, hold, back = _left(share)
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
            steps=hold * self.steps + share,
            lent=back * self.lent + share * wide,
            count=back * self.count + share,
            now=wide - self.lent / max(self.count, 1.0),
        )

    def rolled(self, at: NDArray[np.int64], size: _Array) -> "tuple[NDArray[np.int64], _Array, Surprise]":
        """Count bars one by one as they became known, in any order.

        Parameters
        ----------
        at
            When each was known; those of one instant count together.
        size
            Their `sizes`.

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


@lru_cache(maxsize=64)
def _left(share: float) -> tuple[float, float, float]:
    """Give what is left of the three kinds of sums after so much of a step; nearly all steps are whole ones."""
    return 0.5 ** (share / _DAYS), 0.5 ** (share / _USUAL), 0.5 ** (share / _BACK)


def eased(horizons: Sequence[int]) -> _Array:
    """Give the share of the widening that the bands of each horizon take: a storm passes, so less of it for longer."""
    return np.asarray(np.array(horizons, float) ** -_EASE)
