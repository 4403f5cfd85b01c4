"""`head.json`: what a saved model is, beside its numbers."""

from pathlib import Path

import msgspec

from ara.errors import ModelError

__all__ = ["Head", "read_head", "write_head"]

_NAME = "head.json"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a saved model is.

    Parameters
    ----------
    family
        Name under which the model is registered.
    levels
        Levels of its quantiles.
    horizons
        Horizons it was fitted for; empty where it answers for any.
    features
        Id of the feature set it needs; empty for none.
    """

    family: str
    levels: tuple[float, ...]
    horizons: tuple[int, ...] = ()
    features: str = ""


def write_head(folder: Path, head: Head) -> None:
    """Write `head.json` into a model's folder."""
    (folder / _NAME).write_bytes(msgspec.json.encode(head, order="deterministic"))


def read_head(folder: Path, family: str = "") -> Head:
    """Read `head.json`; with `family`, refuse a model of another one."""
    try:
        head = msgspec.json.decode((folder / _NAME).read_bytes(), type=Head)
    except OSError as error:
        raise ModelError(f"there is no model in {folder}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise ModelError(f"{folder / _NAME} is damaged: {error}") from error
    if family and head.family != family:
        raise ModelError(f"{folder} holds a model of the family {head.family}, not {family}")
    return head
