"""How a document becomes bytes and comes back, and which of its fields can be asked for."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from ara.errors import StoreError, ValidationError
from ara.lineage import canonical
from ara.store.store import Record

__all__ = ["check_name", "decode", "encode", "instant_text", "is_name", "revision", "schema"]

_R = TypeVar("_R", bound=Record)
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")


def encode(record: Record) -> bytes:
    """Give a document's canonical JSON, with times in UTC and of one width so that they sort as text."""
    schema(type(record))
    check_name(record.id, what="id of a document")
    plain = msgspec.to_builtins(record, builtin_types=(datetime,), str_keys=True, order="deterministic")
    try:
        return canonical(_settle(plain))
    except ValueError as error:
        raise ValidationError(f"The {record.kind} {record.id!r} can't be kept: {error}.") from error


def decode(kind: type[_R], body: bytes | str) -> _R:
    """Give the document that a canonical JSON holds."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise StoreError(
            f"A kept document can't be read as {kind.kind!r}: {error}.",
            hint="It was written by another version of Ara; use that version, or remove the document.",
        ) from error


def revision(record: Record) -> str:
    """Give the sha256, in hex, of a document's canonical JSON: what `Store.put` compares."""
    return hashlib.sha256(encode(record)).hexdigest()


@lru_cache(maxsize=256)
def schema(kind: type[Record]) -> Mapping[str, str]:
    """Give the fields of a kind that can be compared, each with its family: text, number or flag."""
    if not _KIND.fullmatch(kind.kind):
        raise ValidationError(
            f"{kind.__name__}.kind is {kind.kind!r}; allowed is a small letter, then small letters, digits and '_'."
        )
    if kind.__struct_config__.omit_defaults:
        raise ValidationError(f"{kind.__name__} leaves out defaults, so they can't be found; drop omit_defaults.")
    from msgspec import inspect

    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)  # noqa: S101 - a Record is a Struct
    families = {field.encode_name: _family(field.type) for field in shape.fields}
    return {name: family for name, family in families.items() if family}


def _family(shape: Any) -> str:
    from msgspec import inspect

    kinds = [one for one in getattr(shape, "types", (shape,)) if not isinstance(one, inspect.NoneType)]
    if all(isinstance(one, inspect.IntType | inspect.FloatType) for one in kinds):
        return "number"
    if all(isinstance(one, inspect.BoolType) for one in kinds):
        return "flag"
    if all(isinstance(one, inspect.StrType | inspect.DateTimeType | inspect.DateType) for one in kinds):
        return "text"
    if all(isinstance(one, inspect.EnumType | inspect.LiteralType) for one in kinds):
        return _family_of_choices(kinds)
    return ""


def _family_of_choices(kinds: list[Any]) -> str:
    values = [
        value for one in kinds for value in (one.values if hasattr(one, "values") else [item.value for item in one.cls])
    ]
    if all(isinstance(value, str) for value in values):
        return "text"
    return "number" if all(isinstance(value, int) for value in values) else ""


def is_name(name: str) -> bool:
    """Tell whether a text is fit for an id or key: 1 to 256 printable characters."""
    return 1 <= len(name) <= 256 and name.isprintable()


def check_name(name: str, *, what: str) -> None:
    """Refuse an id or key that isn't fit for one."""
    if not is_name(name):
        raise ValidationError(f"{name[:60]!r} can't be the {what}; allowed are 1 to 256 printable characters.")


def instant_text(at: datetime) -> str:
    """Give an aware time as text in UTC, always with six decimals."""
    if at.tzinfo is None:
        raise ValidationError(f"The time {at.isoformat()} has no time zone; times are kept in UTC.")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _settle(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, dict):
        return {_settle(name): _settle(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_settle(item) for item in value]
    if isinstance(value, str) and "\0" in value:
        raise ValidationError(f"The text {value[:60]!r} holds a NUL character, which can't be kept.")
    return value
