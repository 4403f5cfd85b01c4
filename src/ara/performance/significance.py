"""Whether one forecaster is better than another, or only looks so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.performance.inference import FEWEST_WAVES, slow_error, slow_waves
from ara.statistics.distributions import student_t_cdf, student_t_quantiles

__all__ = ["Comparison", "compared"]

_FEWEST = 30
_SAME = 1e-12


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
        Bounds of the skill that hold it with 95 %; None with fewer than 30 days, or days for six horizons.
    p
        Chance of seeing so large a skill where there is none (one-sided); 1 with so few days.
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

    Differences of the same day are summed first, since instruments fall together. The error of the mean comes from the
    slowest waves of the differences, of which each is longer than what overlaps: 0.4 · days^(2/3) of them, at most
    days / (2 · horizon). It is judged by a Student-t of as many degrees, which holds its level with few days too.

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
    Diebold and Mariano (1995), Journal of Business & Economic Statistics 13; Lazarus, Lewis, Stock and Watson (2018),
    HAR Inference: Recommendations for Practice, Journal of Business & Economic Statistics 36 (equal-weighted cosines).
    """
    count = len(losses)
    if not count:
        return Comparison(forecasts=0, days=0, loss=0.0, rival=0.0, skill=0.0, low=None, high=None, p=1.0)
    saved = rival - losses
    mean, base = float(saved.mean()), float(rival.mean())
    days, place = np.unique(when, return_inverse=True)
    each = mean + np.bincount(place, saved - mean, len(days)) * len(days) / count
    skill = mean / base if base > 0 else 0.0
    low, high, p = _verdict(mean, base, each, horizon)
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


def _verdict(
    mean: float, base: float, each: NDArray[np.float64], horizon: int
) -> tuple[float | None, float | None, float]:
    """Give the bounds of the skill and the chance of it, from the mean saving, the rival's loss and the days."""
    waves = slow_waves(len(each), horizon)
    if len(each) < _FEWEST or waves < FEWEST_WAVES or base <= 0:
        return None, None, 1.0
    error, skill = slow_error(each, waves), mean / base
    if error <= _SAME * base:
        return skill, skill, 0.0 if mean > _SAME * base else 1.0
    spread = np.sqrt(waves / (waves - 2))  # the quantiles are scaled to variance 1
    wide = float(student_t_quantiles((0.975,), waves)[0] * spread) * error / base
    return skill - wide, skill + wide, 1.0 - student_t_cdf(mean / error, waves)
