"""Lengths of time as people write them: `5y`, `18m`, `26w`, `250d`."""

import re
from datetime import timedelta
from typing import Final

from ara.errors import ValidationError

__all__ = ["span"]

_WRITTEN: Final = re.compile(r"([1-9][0-9]{0,3})\s*(d|w|m|mo|y)")
_DAYS: Final = {"d": 1, "w": 7, "m": 30.4375, "mo": 30.4375, "y": 365.25}


def span(text: str) -> timedelta | None:
    """Give the length; None for `max`, `all` or nothing. A year has 365.25 days, a month a twelfth of them."""
    written = text.strip().lower()
    if written in {"", "max", "all"}:
        return None
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise ValidationError(f"The period is {text!r:.40}.", hint="Write 5y, 18m, 26w, 250d or max.")
    return timedelta(days=float(int(match[1]) * _DAYS[match[2]]))
