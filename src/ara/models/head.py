"""`head.json`: what a saved model is, beside its numbers."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ara.errors import ModelError
from ara.lineage import digest

__all__ = ["Head", "features_id", "read_head", "write_head"]

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
        Id of the features it needs, in their order (`features_id`); empty for none.
    names
        Names of these features.
    window
        How many bars, the origin's own last, its graph sees; 0 for the origin's alone.
    gives
        What its graph answers, in units of the panel's scale: `shape` (a location and the log of a scale for each
        horizon) or `quantiles`; empty where it has no graph.
    seed
        Of all that was random in its fit.
    trained_to
        The newest moment of which the fit knew anything, microseconds since 1970 UTC; 0 where that is not known.
    extra
        Further figures that tell of the fit.
    """

    family: str
    levels: tuple[float, ...]
    horizons: tuple[int, ...] = ()
    features: str = ""
    names: tuple[str, ...] = ()
    window: int = 0
    gives: str = ""
    seed: int = 0
    trained_to: int = 0
    extra: dict[str, float] = {}


def features_id(names: Sequence[str]) -> str:
    """Give the id of features in this order; empty for none."""
    return digest(list(names)) if names else ""


def write_head(folder: Path, head: Head) -> None:
    """Write `head.json` into a model's folder."""
    (folder / _NAME).write_bytes(msgspec.json.encode(head, order="deterministic"))


def read_head(folder: Path, family: str = "") -> Head:
    """Read `head.json`; with `family`, refuse a model of another one."""
    try:
        head = msgspec.json.decode((folder / _NAME).read_bytes(), type=Head)
    except OSError as error:
        raise ModelError(f"there is no model in {folder}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{folder / _NAME} is damaged: {error}") from error
    if family and head.family != family:
        raise ModelError(f"{folder} holds a model of the family {head.family}, not {family}")
    return head
