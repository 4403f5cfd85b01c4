"""What the commands of `ara risk` are asked for, read and checked."""

import math

from ara.cli.words import clean
from ara.errors import ValidationError

__all__ = ["amount", "levels", "methods", "share"]

_LARGEST = 1e15


def methods(text: str) -> list[str]:
    """Give the methods that are named, each once; all of them for `all`."""
    from ara.risk import METHODS

    names = list(dict.fromkeys(one.strip().lower().replace("-", "_") for one in text.split(",") if one.strip()))
    if names == ["all"]:
        return list(METHODS)
    if not names or (unknown := [one for one in names if one not in METHODS]):
        said = clean(unknown[0])[:40] if names else ""
        raise ValidationError(f"--method is {said!r}.", hint=f"There are: all, {', '.join(METHODS)}.")
    return names


def levels(text: str) -> list[float]:
    """Give shares from `95,99` or `0.95`, ascending, each once."""
    found = set()
    for one in text.split(","):
        value = _number(one.strip().removesuffix("%"))
        found.add(value / 100 if value > 1 else value)
    if not found or not all(0.5 < one < 1 for one in found):
        raise ValidationError(f"--level is {clean(text)[:40]}; each is above 50 and below 100.", hint="Write 95,99")
    return sorted(round(one, 6) for one in found)


def amount(text: str, flag: str) -> float | None:
    """Give an amount of money above 0 that can be counted to the cent; None where none is given."""
    if not text:
        return None
    value = _number(text.replace("_", "").replace(" ", ""))
    if not 0 < value <= _LARGEST:
        words = "an amount above 0" if not value > 0 else f"at most {_LARGEST:g}"
        raise ValidationError(f"{flag} is {clean(text)[:40]}; it is {words}.", hint="Write 100000.")
    return value


def share(text: str, flag: str) -> float | None:
    """Give a share above 0 and at most 1 from `0.2` or `20%`; None where none is given."""
    if not text:
        return None
    words = text.strip()
    value = _number(words.removesuffix("%")) / (100 if words.endswith("%") else 1)
    if not 0 < value <= 1:
        raise ValidationError(f"{flag} is {clean(text)[:40]}; it is above 0 and at most 1.", hint="Write 0.2 or 20%.")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
