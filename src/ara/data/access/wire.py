"""What venues send, read exactly: decimals stay decimals, and only what is JSON passes.

`decode` is for answers of venues: it gives a type and raises ShapeError. `value` is the bare reading behind it, for any
text that claims to be JSON: plain nested data, or ValidationError, which is a ValueError.
"""

import math
import re
from collections.abc import Hashable, Iterable
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from ara.errors import ShapeError, ValidationError

__all__ = ["decimal", "decode", "floats", "quote", "value"]

_T = TypeVar("_T")

_LONGEST: Final = 80
_TAGS: Final = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]{0,2000}>")
_NUMBER: Final = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_TEXT: Final = re.compile(rb'"(?:[-+0-9._eE\s\x80-\xff]|\\u[0-9a-fA-F]{4}|\\[bfnrt])+"')
# What a number by Python's rules alone has: an underscore, where no word goes on behind it, a plus, a blank at an end.
_ODD: Final = re.compile(rb'_(?:[^A-Za-z]|[eE][-+0-9_])|"(?:[ +]|\\[fnrt])+[-+.0-9]|[0-9.](?: |\\[fnrt])+"')
_WHERE: Final = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)


def decode(raw: bytes, type: type[_T] = Any, *, source: str) -> _T:  # type: ignore[assignment]
    """Give a venue's JSON as a type.

    Parameters
    ----------
    raw
        The answer, UTF-8.
    type
        What it is to be: a `msgspec.Struct`, a list or mapping of such, or anything. Fields that the type doesn't name
        are passed over. Numbers with a fraction or an exponent become `Decimal` where the type says so or leaves it
        open, digit by digit as they were written; so do texts of ASCII digits where the type says so.
    source
        The provider's name, for the message.

    Raises
    ------
    ShapeError
        Where it isn't JSON (NaN, Infinity and text behind the end are not), or isn't built so; the message quotes the
        field, such as `$.result[0].close`.
    """
    try:
        read: _T = _decoder(type).decode(raw)  # type: ignore[arg-type]
        if _ODD.search(raw) or not raw.isascii() or b"\\u" in raw:
            _decoder(type).decode(_TEXT.sub(_plain_or_none, raw))  # type: ignore[arg-type]
        return read
    except msgspec.ValidationError as error:
        found = _WHERE.match(str(error))
        what, path = (found["what"], found["path"]) if found else (str(error), None)
        place = f" at {quote(path)}" if path and path != "$" else ""
        raise ShapeError(
            f"{source} answers in a shape that isn't the agreed one{place}: {quote(what)}.", source=source, field=path
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise ShapeError(f"{source} answers {_instead(raw, error)}.", source=source) from None


def value(raw: bytes) -> Any:
    """Give any JSON as plain nested data, exact; ValidationError for what is not JSON."""
    try:
        return _decoder(Any).decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise ValidationError(f"This is not JSON: {_fault(error)}.") from None


def floats(numbers: Iterable[Decimal | float | None], *, source: str, field: str) -> list[float | None]:
    """Give exact numbers as the floats of a frame; ShapeError that quotes the field for one that isn't finite there.

    Parameters
    ----------
    numbers
        As they were decoded; None stays None.
    source
        The provider's name, for the message.
    field
        What they are, such as `$.close`, for the message.
    """
    found = [None if number is None else float(number) for number in numbers]
    for number in found:
        if number is not None and not math.isfinite(number):
            raise ShapeError(
                f"{source} answers with {number} at {field}: no finite number.", source=source, field=field
            )
    return found


def quote(raw: bytes | str, *secrets: str) -> str:
    """Give the first words of what a stranger sent, fit to stand in a message: no markup, nothing unseen, cut.

    Parameters
    ----------
    raw
        What was sent.
    *secrets
        Texts that it may repeat, to be shown as `***`.
    """
    text = raw[:4096].decode("utf-8", "replace") if isinstance(raw, bytes) else raw[:4096]
    for secret in secrets:
        text = text.replace(secret, "***")
    text = " ".join("".join(each if each.isprintable() else " " for each in _TAGS.sub(" ", text)).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def decimal(text: str) -> Decimal | None:
    """Give the number that a text holds in ASCII digits; None for any other: `1_000`, `+1`, `NaN`, nothing."""
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except ArithmeticError:
        return None


def _plain_or_none(found: re.Match[bytes]) -> bytes:
    """Give a JSON text as it stands; a number by Python's rules alone becomes one that is none by any."""
    try:
        text = msgspec.json.decode(found[0], type=str)
        odd = Decimal(text).is_finite() and decimal(text) is None
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError):
        return found[0]
    return b'"no number"' if odd else found[0]


@cache
def _decoder(type: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type, float_hook=Decimal)


def _instead(raw: bytes, error: Exception) -> str:
    if not raw.strip():
        return "with nothing"
    if raw.lstrip()[:1] == b"<":
        return f'with a page instead of JSON: "{quote(raw)}"'
    return f'with something that is not JSON: {_fault(error)}, in "{quote(raw)}"'


def _fault(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, ArithmeticError):
        return "it has a number beyond all bounds"
    return quote(str(error))
