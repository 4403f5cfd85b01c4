"""Two forecasters' errors side by side: is one of them really better, and does the larger model tell more."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.inference import tail
from ara.performance.inputs import checked
from ara.statistics import student_t_cdf

__all__ = ["Verdict", "clark_west", "equal_accuracy"]

_Array = NDArray[np.float64]
_Variance = Literal["acf", "bartlett"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a test of two forecasters found.

    Parameters
    ----------
    stat
        The statistic; below 0 where the first has the smaller losses.
    p
        Chance of one so far from 0, on either side, where both are as good; None for a one-sided test.
    p_less, p_greater
        Chance of one as small, and as large; `p_less` is None for a one-sided test.
    """

    stat: float
    p: float | None
    p_less: float | None
    p_greater: float


def equal_accuracy(
    errors: ArrayLike,
    rival: ArrayLike,
    *,
    ahead: int = 1,
    loss: Literal["squared", "absolute"] = "squared",
    variance: _Variance = "acf",
) -> Verdict:
    """Test by Diebold and Mariano whether two forecasters are equally accurate, with the factor for small samples.

    d = L(errors) - L(rival); stat = mean(d) / √(long-run variance / n) · √((n + 1 - 2h + h (h - 1) / n) / n), judged by
    a Student-t of n - 1 degrees.

    Parameters
    ----------
    errors, rival
        Forecast errors of both, over the same forecasts.
    ahead
        Bars that each forecast looks ahead, h.
    loss
        "squared" or "absolute".
    variance
        "acf": all of h - 1 autocovariances, as they are. "bartlett": weighed by 1 - k / h, which is never below 0.

    Raises
    ------
    ValidationError
        Where the errors are too few or all alike, and where the long-run variance by "acf" is not above 0.

    References
    ----------
    Diebold and Mariano (1995), Comparing Predictive Accuracy, Journal of Business & Economic Statistics 13; Harvey,
    Leybourne and Newbold (1997), Testing the Equality of Prediction Mean Squared Errors, International Journal of
    Forecasting 13.
    """
    one, other = _pair(errors, rival, ahead)
    apart = one**2 - other**2 if loss == "squared" else np.abs(one) - np.abs(other)
    n = len(apart)
    size = (n + 1 - 2 * ahead + ahead * (ahead - 1) / n) / n
    stat = float(apart.mean()) / math.sqrt(_long_run(apart, ahead, variance) / n) * math.sqrt(max(size, 0.0))
    less = student_t_cdf(stat, n - 1)
    greater = student_t_cdf(-stat, n - 1)
    return Verdict(stat=stat, p=2 * min(less, greater), p_less=less, p_greater=greater)


def clark_west(errors: ArrayLike, larger: ArrayLike, *, ahead: int = 1, variance: _Variance = "acf") -> Verdict:
    """Test by Clark and West whether a larger model tells more than one that is part of it.

    The larger one estimates more that is nothing, which makes its errors larger where it is no better; that is taken
    off: f = e1² - (e2² - (e1 - e2)²), judged by a normal distribution, above 0 only.

    Parameters
    ----------
    errors, larger
        Forecast errors of the smaller and of the larger model, over the same forecasts.
    ahead, variance
        As in `equal_accuracy`.

    References
    ----------
    Clark and West (2007), Approximately Normal Tests for Equal Predictive Accuracy in Nested Models, Journal of
    Econometrics 138.
    """
    one, other = _pair(errors, larger, ahead)
    gained = one**2 - (other**2 - (one - other) ** 2)
    stat = float(gained.mean()) / math.sqrt(_long_run(gained, ahead, variance) / len(gained))
    return Verdict(stat=stat, p=None, p_less=None, p_greater=tail(stat))


def _pair(errors: ArrayLike, rival: ArrayLike, ahead: int) -> tuple[_Array, _Array]:
    one, other = (checked(each, what="errors", least=-math.inf) for each in (errors, rival))
    if len(one) != len(other) or not 1 <= ahead < len(one):
        raise ValidationError(
            f"There are {len(one)} and {len(other)} errors, {ahead} bars ahead.",
            hint="Give as many errors of both, and more of them than bars ahead.",
        )
    return one, other


def _long_run(values: _Array, ahead: int, variance: _Variance) -> float:
    n, apart = len(values), values - values.mean()
    total = float(np.dot(apart, apart)) / n
    least = 1e-26 * float(np.dot(values, values)) / n
    for step in range(1, ahead):
        weight = 1.0 if variance == "acf" else 1 - step / ahead
        total += 2 * weight * float(np.dot(apart[step:], apart[:-step])) / n
    if total > least:
        return total
    raise ValidationError(
        f"The long-run variance of the differences is {total:.3g}, and no test can divide by it.",
        hint='Try variance="bartlett", or more forecasts; where all differences are alike there is nothing to test.',
    )
