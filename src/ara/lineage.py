"""Where a result comes from, as an id that anyone can compute again.

`Lineage.id` is the sha256 of the canonical JSON of its parts. The same id gives the same bytes on the same platform
(wheel versions and SIMD level) and agrees to 1e-6 on another. Wall time and the request stay outside.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Lineage", "canonical", "digest", "digest_arrays"]


# What `_plain` copies can't hold itself, so nobody has to look for that again.
_TEXT = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def canonical(value: Any) -> bytes:
    """Give the one JSON text of a value: keys sorted, no spaces, shortest floats, no NaN, UTF-8."""
    return _TEXT.encode(_plain(value)).encode()


def _plain(value: Any) -> Any:
    """Copy a value; whole floats become integers, those with a part after the point (x % 1 > 0) stand."""
    kind = type(value)
    if kind in _AS_THEY_ARE or (kind is float and math.isfinite(value) and not value.is_integer()):
        return value
    if kind is list or kind is tuple or isinstance(value, list | tuple):
        return [
            item if (own := type(item)) in _AS_THEY_ARE or (own is float and item % 1 > 0) else _plain(item)
            for item in value
        ]
    if kind is dict or isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("canonical JSON needs keys that are strings")
        return {
            key: item if (own := type(item)) in _AS_THEY_ARE or (own is float and item % 1 > 0) else _plain(item)
            for key, item in value.items()
        }
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("canonical JSON has no NaN and no infinity")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, str | int | bool):
        return value
    raise TypeError(f"canonical JSON has no {kind.__name__}")


def digest(value: Any) -> str:
    """Give the sha256, in hex, of a value's canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def digest_arrays(columns: Iterable[tuple[str, "np.ndarray[Any, Any]"]]) -> str:
    """Give the sha256, in hex, of named arrays: name, dtype, shape and little-endian bytes of each."""
    whole = hashlib.sha256()
    for name, column in columns:
        data = column.astype(column.dtype.newbyteorder("<"), order="C", copy=False)
        whole.update(f"{name}:{data.dtype.str}:{data.shape};".encode())
        plain = data.size and data.flags.c_contiguous and data.dtype.kind in "biuf"
        whole.update(data.data if plain else data.tobytes())
    return whole.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The parts of a result; its id covers all of them but the platform.

    Parameters
    ----------
    data
        sha256 of the columns used (`digest_arrays`), never the version of a table.
    features
        Id of the feature set; empty where the model needs none.
    models
        Each model's family with its parameters, and the id of its State where it has one.
    settings
        The settings that the result depends on, and only those.
    seed
        The seed of all that is random.
    engine
        Version of the arithmetic: raised whenever the same input would give other figures.
    platform
        Wheel versions and SIMD level of the machine. Outside the id: the id is the same everywhere, its bytes are
        the same where the platform is.
    """

    data: str
    features: str = ""
    models: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    engine: str
    platform: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The sha256, in hex, of the canonical JSON of all parts but the platform."""
        return digest(
            {
                "data": self.data,
                "features": self.features,
                "models": self.models,
                "settings": self.settings,
                "seed": self.seed,
                "engine": self.engine,
            }
        )
