"""Scores of whole distributions against what happened, in closed form; losses, so smaller is better.

References
----------
Gneiting and Raftery (2007), Strictly Proper Scoring Rules, Prediction, and Estimation, Journal of the American
Statistical Association 102; Jordan, Krüger and Lerch (2019), Evaluating Probabilistic Forecasts with scoringRules,
Journal of Statistical Software 90.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.statistics import student_t_cdf

__all__ = [
    "brier",
    "crps_ensemble",
    "crps_laplace",
    "crps_mixture",
    "crps_normal",
    "crps_poisson",
    "crps_student_t",
    "energy_score",
    "interval_score",
    "log_score_ensemble",
    "variogram_score",
]

_Array = NDArray[np.float64]

_ROOT = math.sqrt(2 * math.pi)
_LARGEST = 1e6


def brier(chance: ArrayLike, happened: ArrayLike) -> float:
    """Give the mean squared distance of stated chances from what happened (0 or 1).

    References
    ----------
    Brier (1950), Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review 78.
    """
    stated = np.atleast_1d(np.asarray(chance, np.float64))
    if not stated.size or not ((stated >= 0) & (stated <= 1)).all():
        raise ValidationError("Chances are none, or not all between 0 and 1.", hint="Give shares: 0.6 is 60 %.")
    return float(np.mean((stated - np.asarray(happened, np.float64)) ** 2))


def interval_score(outcome: float, low: float, high: float, *, alpha: float) -> float:
    """Give width + 2 / alpha · the distance by which the outcome is outside a band that holds 1 - `alpha`.

    References
    ----------
    Winkler (1972), A Decision-Theoretic Approach to Interval Estimation, Journal of the American Statistical
    Association 67.
    """
    if not 0 < alpha < 1 or not low <= high:
        raise ValidationError(
            f"The band is {low:g} to {high:g} with alpha {alpha:g}.", hint="low <= high, 0 < alpha < 1."
        )
    return high - low + 2 / alpha * (max(low - outcome, 0.0) + max(outcome - high, 0.0))


def crps_ensemble(outcome: float, members: ArrayLike, *, fair: bool = False) -> float:
    """Give E|X - y| - E|X - X'| / 2 over the members of an ensemble.

    Parameters
    ----------
    outcome
        What happened.
    members
        Draws of the forecast.
    fair
        False: the second mean is over all m² pairs, ours: the score of the ensemble as a distribution. True: over the
        m (m - 1) pairs of different members: the score of what they were drawn from.
    """
    x = np.sort(np.atleast_1d(np.asarray(members, np.float64)))
    m = len(x)
    if m < 1 + fair or not np.isfinite(x).all():
        raise ValidationError(f"An ensemble of {m} can't be scored.", hint="Give finite members, two for a fair score.")
    apart = 2.0 * float(np.dot(2.0 * np.arange(1, m + 1) - m - 1, x))
    return float(np.abs(x - outcome).mean()) - apart / (2 * m * (m - 1 if fair else m))


def crps_normal(outcome: float, *, mean: float = 0.0, sd: float = 1.0) -> float:
    """Give the score of a normal distribution: sd · (z (2Φ(z) - 1) + 2φ(z) - 1/√π)."""
    z = (outcome - mean) / _above(sd)
    return sd * (z * math.erf(z / math.sqrt(2)) + 2 * _density(z) - 1 / math.sqrt(math.pi))


def crps_laplace(outcome: float, *, mean: float = 0.0, scale: float = 1.0) -> float:
    """Give the score of a Laplace distribution: scale · (|z| + e^-|z| - 3/4)."""
    z = abs(outcome - mean) / _above(scale)
    return scale * (z + math.exp(-z) - 0.75)


def crps_student_t(outcome: float, *, degrees: float, mean: float = 0.0, scale: float = 1.0) -> float:
    """Give the score of a Student-t of more than one degree; `scale` is not its deviation."""
    if not degrees > 1:
        raise ValidationError(f"A Student-t of {degrees:g} degrees has no mean.", hint="Give more than one degree.")
    z = (outcome - mean) / _above(scale)
    log_beta = _log_beta(0.5, degrees / 2)
    density = math.exp(-0.5 * math.log(degrees) - log_beta - (degrees + 1) / 2 * math.log1p(z * z / degrees))
    spread = 2 * math.sqrt(degrees) * math.exp(_log_beta(0.5, degrees - 0.5) - 2 * log_beta)
    middle = z * (2 * student_t_cdf(z, degrees) - 1)
    return scale * (middle + (2 * density * (degrees + z * z) - spread) / (degrees - 1))


def crps_poisson(outcome: float, *, mean: float) -> float:
    """Give the score of a Poisson distribution: ∫ (F(x) - 1[x ≥ y])² dx, summed over the whole numbers."""
    rate = _above(mean)
    if not (rate <= _LARGEST and outcome <= _LARGEST):
        raise ValidationError(f"A mean of {rate:g} and {outcome:g} are too large.", hint=f"At most {_LARGEST:g} each.")
    k = np.arange(math.ceil(max(outcome, rate) + 12 * math.sqrt(rate) + 30))
    logs = np.concatenate(([0.0], np.cumsum(np.log(k[1:]))))
    below = np.minimum(np.cumsum(np.exp(k * math.log(rate) - rate - logs)), 1.0)
    here = np.clip(outcome - k, 0.0, 1.0)
    return float((here * below**2 + (1 - here) * (1 - below) ** 2).sum()) + max(-outcome, 0.0)


def crps_mixture(outcome: float, *, means: ArrayLike, sds: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Give the score of a mixture of normal distributions, of equal weight if none is given.

    References
    ----------
    Grimit et al. (2006), The Continuous Ranked Probability Score for Circular Variables, Quarterly Journal of the Royal
    Meteorological Society 132.
    """
    m, s = np.asarray(means, np.float64), np.asarray(sds, np.float64)
    w = np.full(len(m), 1 / len(m)) if weights is None else np.asarray(weights, np.float64)
    if not (m.shape == s.shape == w.shape) or not (s > 0).all() or (w < 0).any() or abs(w.sum() - 1) > 1e-9:
        raise ValidationError(
            "These parts are no mixture.", hint="As many means, sds above 0, and weights that sum to 1."
        )
    single = _expected(outcome - m, s)
    double = _expected(m[:, None] - m[None, :], np.hypot(s[:, None], s[None, :]))
    return float(np.dot(w, single) - w @ double @ w / 2)


def _expected(middle: _Array, sd: _Array) -> _Array:
    """Give E|X| of normal variables."""
    z = middle / sd
    cumulative = np.vectorize(lambda one: math.erf(one / math.sqrt(2)), otypes=[np.float64])(z)
    return np.asarray(2 * sd * np.exp(-z * z / 2) / _ROOT + middle * cumulative)


def log_score_ensemble(outcome: float, members: ArrayLike) -> float:
    """Give -log of the density at what happened, from an ensemble smoothed by normal kernels.

    The width of the kernels is 1.06 · min(s, IQR / 1.34) · m^(-1/5).

    References
    ----------
    Silverman (1986), Density Estimation for Statistics and Data Analysis.
    """
    x = np.asarray(members, np.float64)
    if x.ndim != 1 or len(x) < 2 or not np.isfinite(x).all():
        raise ValidationError(
            "An ensemble of fewer than two can't be smoothed.", hint="Give two finite members or more."
        )
    low, high = np.quantile(x, (0.25, 0.75))
    spread = float(np.std(x, ddof=1))
    wide = 1.06 * (min(spread, float(high - low) / 1.34) or spread) * len(x) ** -0.2
    if not wide > 0:
        raise ValidationError("All members are alike; they have no density.", hint="Score them by crps_ensemble.")
    z = -0.5 * ((outcome - x) / wide) ** 2
    top = float(z.max())
    return -(top + math.log(float(np.exp(z - top).mean()) / (wide * _ROOT)))


def energy_score(outcome: ArrayLike, members: ArrayLike) -> float:
    """Give E‖X - y‖ - E‖X - X'‖ / 2: the CRPS of several variables at once.

    Parameters
    ----------
    outcome
        What happened, one value for each variable.
    members
        `[variable, member]`.
    """
    y, x = _together(outcome, members)
    first = float(np.sqrt(((x - y[:, None]) ** 2).sum(axis=0)).mean())
    return first - float(np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0)).mean()) / 2


def variogram_score(outcome: ArrayLike, members: ArrayLike, *, power: float = 0.5) -> float:
    """Give Σ over pairs of variables of (|yi - yj|^p - E|Xi - Xj|^p)²: whether they hang together as told.

    References
    ----------
    Scheuerer and Hamill (2015), Variogram-Based Proper Scoring Rules for Probabilistic Forecasts of Multivariate
    Quantities, Monthly Weather Review 143.
    """
    y, x = _together(outcome, members)
    seen = np.abs(y[:, None] - y[None, :]) ** power
    told = (np.abs(x[:, None, :] - x[None, :, :]) ** power).mean(axis=2)
    return float(((seen - told) ** 2).sum())


def _together(outcome: ArrayLike, members: ArrayLike) -> tuple[_Array, _Array]:
    y, x = np.asarray(outcome, np.float64), np.asarray(members, np.float64)
    if (
        y.ndim != 1
        or x.ndim != 2
        or len(x) != len(y)
        or not x.size
        or not (np.isfinite(x).all() and np.isfinite(y).all())
    ):
        raise ValidationError(
            f"Outcomes {y.shape} and members {x.shape} don't fit.",
            hint="Give [variable] and [variable, member], finite.",
        )
    return y, x


def _above(value: float) -> float:
    if not 0 < value < math.inf:
        raise ValidationError(f"A scale is {value:g}.", hint="Give a finite number above 0.")
    return value


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / _ROOT


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
