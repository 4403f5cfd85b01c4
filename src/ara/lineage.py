"""Where a result comes from, as an id that anyone can compute again.

`Lineage.id` is the sha256 of the canonical JSON of its parts. The same id gives the same bytes on the same platform
(wheel versions and SIMD level) and agrees to 1e-6 on another. Wall time and the request stay outside.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Lineage", "canonical", "digest", "digest_arrays"]


_FEWEST: Final = 1e-4  # from here on, and up to the largest fraction, msgspec writes floats as `repr` does
_AS_THEY_ARE: Final = frozenset({str, int, bool, type(None)})
_TEXT: Final = msgspec.json.Encoder(order="deterministic")


def canonical(value: Any) -> bytes:
    """Give the one JSON text of a value: keys sorted, no spaces, shortest floats, no NaN, UTF-8."""
    return _TEXT.encode(_plain(value))


def _plain(value: Any) -> Any:
    """Copy a value; whole floats become integers, those with a part after the point (x % 1 > 0) stand.

    What the encoder would write otherwise than `repr`, or not at all, is given as it has to be written.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is list or kind is tuple or isinstance(value, list | tuple):
        return [
            item
            if (own := type(item)) in _AS_THEY_ARE
            or (own is float and item % 1 > 0 and (item >= _FEWEST or item <= -_FEWEST))
            else _plain(item)
            for item in value
        ]
    if kind is dict or isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("canonical JSON needs keys that are strings")
        return {
            key if type(key) is str else str.__str__(key): item
            if (own := type(item)) in _AS_THEY_ARE
            or (own is float and item % 1 > 0 and (item >= _FEWEST or item <= -_FEWEST))
            else _plain(item)
            for key, item in value.items()
        }
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, str | int):
        return str.__str__(value) if isinstance(value, str) else int(value)
    raise TypeError(f"canonical JSON has no {kind.__name__}")


def _number(value: float) -> float | int | msgspec.Raw:
    if not math.isfinite(value):
        raise ValueError("canonical JSON has no NaN and no infinity")
    if value.is_integer():
        return int(value) if abs(value) < 2**53 else msgspec.Raw(repr(value).encode())
    return value if abs(value) >= _FEWEST else msgspec.Raw(repr(value).encode())


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
