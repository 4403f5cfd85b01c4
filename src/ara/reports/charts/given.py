"""What callers give, as columns that can be drawn."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["Given", "floats", "moments"]

Given = Sequence[Any] | NDArray[Any]
"""One value for each row: a list, an array."""


def floats(values: Given, name: str) -> NDArray[np.float64]:
    """Give numbers, what is none or endless as NaN.

    Raises
    ------
    ValidationError
        There are none, or they are no numbers.
    """
    try:
        found = np.asarray([np.nan if one is None else one for one in values], np.float64)
    except (TypeError, ValueError) as error:
        raise ValidationError(f"{name} are no numbers.", hint="Give one number for each place, or None.") from error
    if found.ndim != 1 or not len(found):
        raise ValidationError(f"There is nothing to draw: {name} is empty.", hint="Give at least one row.")
    return np.where(np.isfinite(found), found, np.nan)


def moments(values: Given, name: str) -> NDArray[np.datetime64]:
    """Give moments in UTC; dates begin at midnight, and what has no zone is UTC.

    Raises
    ------
    ValidationError
        There are none, or they are no times.
    """
    if not len(values):
        raise ValidationError(f"There is nothing to draw: {name} is empty.", hint="Give at least one row.")
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values.astype("datetime64[us]")
    try:
        return np.array([_moment(one) for one in values], "datetime64[us]")
    except (TypeError, ValueError) as error:
        raise ValidationError(f"{name} are no times.", hint="Give dates, or times of the form 2024-03-01.") from error


def _moment(value: Any) -> np.datetime64:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return np.datetime64(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value, "us")
    if isinstance(value, date):
        return np.datetime64(value, "us")
    if isinstance(value, np.datetime64):
        return np.datetime64(value, "us")
    raise TypeError("no time")
