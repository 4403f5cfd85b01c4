"""Whether one forecaster is better than another, or only looks so."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ara.statistics.distributions import student_t_cdf

__all__ = ["Comparison", "compared"]

_FEWEST = 30
_SAME = 1e-12
_WIDE = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One forecaster's losses beside another's, on the same forecasts.

    Parameters
    ----------
    forecasts, days
        How many were compared, and on how many days they were made.
    loss, rival
        Mean loss of each, in the unit of the loss.
    skill
        The share of the rival's loss that was saved: 0.02 is 2 % better, below 0 is worse.
    low, high
        Bounds of the skill that hold it with 95 %; None with fewer than 30 days.
    p
        Chance of seeing so large a skill where there is none (one-sided); 1 with fewer than 30 days.
    """

    forecasts: int
    days: int
    loss: float
    rival: float
    skill: float
    low: float | None
    high: float | None
    p: float


def compared(
    losses: NDArray[np.float64], rival: NDArray[np.float64], when: NDArray[np.int64], *, horizon: int = 1
) -> Comparison:
    """Compare two series of losses by the test of Diebold and Mariano.

    Differences of the same day are summed first, since instruments fall together; the error of the mean allows for
    `horizon - 1` days that overlap, and more (Newey-West, Bartlett weights), with the small-sample factor of Harvey,
    Leybourne and Newbold.

    Parameters
    ----------
    losses, rival
        Of each forecast; smaller is better.
    when
        The day, or any number that orders the days, of each.
    horizon
        Bars that each forecast looks ahead.

    References
    ----------
    Diebold and Mariano (1995), Journal of Business & Economic Statistics 13; Harvey, Leybourne and Newbold (1997),
    International Journal of Forecasting 13; Newey and West (1987), Econometrica 55.
    """
    count = len(losses)
    if not count:
        return Comparison(forecasts=0, days=0, loss=0.0, rival=0.0, skill=0.0, low=None, high=None, p=1.0)
    saved = rival - losses
    mean, base = float(saved.mean()), float(rival.mean())
    days, place = np.unique(when, return_inverse=True)
    each = mean + np.bincount(place, saved - mean, len(days)) * len(days) / count
    error = _error(each, horizon)
    skill = mean / base if base > 0 else 0.0
    low, high, p = _verdict(mean, error, base, len(days))
    return Comparison(
        forecasts=count,
        days=len(days),
        loss=float(losses.mean()),
        rival=base,
        skill=skill,
        low=low,
        high=high,
        p=p,
    )


def _verdict(mean: float, error: float, base: float, days: int) -> tuple[float | None, float | None, float]:
    """Give the bounds of the skill and the chance of it, from the mean saving, its error and the rival's loss."""
    if days < _FEWEST or base <= 0:
        return None, None, 1.0
    skill, wide = mean / base, _WIDE * error / base
    if error <= _SAME * base:
        return skill, skill, 0.0 if mean > _SAME * base else 1.0
    return skill - wide, skill + wide, 1.0 - student_t_cdf(mean / error, days - 1)


def _error(values: NDArray[np.float64], horizon: int) -> float:
    """Give the standard error of the mean of values that follow each other."""
    n = len(values)
    lag = min(max(int(4 * (n / 100) ** (2 / 9)), horizon - 1), n - 1)
    e = values - values.mean()
    variance = float(np.einsum("i,i->", e, e)) / n
    for k in range(1, lag + 1):
        variance += 2 * (1 - k / (lag + 1)) * float(np.einsum("i,i->", e[k:], e[:-k])) / n
    small = max((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n, 0.1)
    return float(np.sqrt(max(variance, 0.0) / n / small))
