"""What callers give, as columns that can be drawn."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.marks import Axis

__all__ = ["Given", "floats", "moments", "priced", "same_length"]

Given = Sequence[Any] | NDArray[Any]
"""One value for each row: a list, an array."""

_WIDE: Final = 8.0


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


def priced(currency: str, *columns: NDArray[np.float64], label: str = "price") -> Axis:
    """Give the axis of prices: where the highest is more than eight times the lowest, equal ratios take equal room."""
    known = np.concatenate([column[np.isfinite(column)] for column in columns]) if columns else np.zeros(0)
    wide = len(known) > 0 and known.min() > 0 and known.max() > _WIDE * known.min()
    return Axis(label=f"{label}, equal ratios alike" if wide else label, unit=currency, log=bool(wide))


def same_length(*columns: NDArray[Any]) -> None:
    """Refuse columns that differ in length.

    Raises
    ------
    ValidationError
        They do.
    """
    lengths = sorted({len(column) for column in columns})
    if len(lengths) > 1:
        raise ValidationError(
            f"The columns have {' and '.join(map(str, lengths))} rows.", hint="Give columns of the same length."
        )


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return np.datetime64(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value, "us")
    if isinstance(value, date | np.datetime64):
        return np.asarray(value, "datetime64[us]")[()]
    raise TypeError("no time")
