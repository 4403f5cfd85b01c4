"""What every measure takes: series of finite numbers, and what they have in common."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError

__all__ = ["checked", "deviation", "per_bar", "present", "quotient", "returns_of", "yearly"]

_Array = NDArray[np.float64]

_ALIKE = 1e-13


def checked(values: ArrayLike, *, what: str = "returns", least: float = -1.0) -> _Array:
    """Give values as one series of float64, or refuse what no measure can say anything true of.

    Parameters
    ----------
    values
        One number a bar; a share of the bar before where they are returns: 0.01 is 1 %.
    what
        What they are called in an error.
    least
        The least that may be: -1 for returns, since nobody loses more than all.

    Raises
    ------
    ValidationError
        Where they aren't one series, one is missing or infinite, or one is below `least`.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        raise ValidationError(f"{what} have {array.ndim} dimensions.", hint="Give one series, one number a bar.")
    wrong = ~np.isfinite(array) | (array < least)
    if wrong.any():
        place = int(np.argmax(wrong))
        bound = f" of at least {least:g}" if math.isfinite(least) else ""
        raise ValidationError(
            f"{what}[{place}] is {array[place]:g}.",
            hint=f"Every one must be a finite number{bound}; leave out what is missing.",
        )
    return array


def present(*series: ArrayLike) -> tuple[_Array, ...]:
    """Give series of one length without the bars where any of them is missing (NaN)."""
    arrays = [np.asarray(one, np.float64) for one in series]
    if len({one.shape for one in arrays}) > 1:
        lengths = ", ".join(str(len(one)) for one in arrays)
        raise ValidationError(f"Series have different lengths: {lengths}.", hint="Give one number a bar in each.")
    there = np.logical_and.reduce([~np.isnan(one) for one in arrays])
    return tuple(one[there] for one in arrays)


def returns_of(values: ArrayLike) -> _Array:
    """Give the simple returns of prices or of an equity, one less than there are of them.

    Where an equity comes to nothing, or below, all is lost: -1 there, and 0 after it.

    Raises
    ------
    ValidationError
        Where one is missing or infinite, or the first is not above 0.
    """
    levels = checked(values, what="equity", least=-math.inf)
    if not len(levels):
        return np.empty(0)
    if levels[0] <= 0:
        raise ValidationError(f"equity[0] is {levels[0]:g}.", hint="An equity begins above 0.")
    lost = np.flatnonzero(levels <= 0)
    alive = levels[: lost[0]] if len(lost) else levels
    out = np.zeros(len(levels) - 1)
    out[: len(alive) - 1] = alive[1:] / alive[:-1] - 1.0
    if len(lost):
        out[lost[0] - 1] = -1.0
    return out


def per_bar(rate: float, per_year: float) -> float:
    """Give what a yearly rate earns in a bar: (1 + rate)^(1 / per_year) - 1."""
    yearly(per_year)
    if not rate > -1:
        raise ValidationError(f"The rate is {rate:g} a year.", hint="Give a share above -1: 0.02 is 2 %.")
    return float(np.expm1(np.log1p(rate) / per_year))


def yearly(per_year: float) -> float:
    """Give the bars of a year, or refuse a number that can't be one."""
    if not 0 < per_year < math.inf:
        raise ValidationError(f"per_year is {per_year:g}.", hint="Give the bars of a year: 252 for days of shares.")
    return float(per_year)


def deviation(values: _Array, *, ddof: int = 1) -> float | None:
    """Give the standard deviation; 0 where all values are alike to the last digits, None with too few of them.

    Parameters
    ----------
    values
        A series.
    ddof
        1 for a sample (n - 1), 0 for a population (n).
    """
    if len(values) <= ddof:
        return None
    spread = float(np.std(values, ddof=ddof))
    return spread if spread > _ALIKE * float(np.abs(values).max()) else 0.0


def quotient(above: float | None, below: float | None) -> float | None:
    """Give a ratio; None where either is not defined, the lower is 0, or the result is no finite number."""
    if above is None or below is None or below == 0:
        return None
    value = above / below
    return value if math.isfinite(value) else None
