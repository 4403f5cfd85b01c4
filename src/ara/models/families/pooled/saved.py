"""The saved form: names and numbers as JSON, arrays as plain arrays; nothing that could run."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.families.ewma_t import Shape as Tail

__all__ = ["Params", "read", "write"]

_PARAMS: Final = "params.json"
_ARRAYS: Final = "arrays.npz"
_LARGEST: Final = 1 << 30


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What of a fitted model is not an array.

    Parameters
    ----------
    horizons
        That it was fitted for.
    symbols
        Names of the series it knows, in the order of its arrays.
    kinds
        Classes that have a chain of refits.
    seen
        Up to when the forecasts in its memory were made, microseconds since 1970 UTC.
    decay, tails
        Of the `ewma_t` that answers where the class or the series is too young.
    """

    horizons: tuple[int, ...]
    symbols: tuple[str, ...]
    kinds: tuple[str, ...]
    seen: int
    decay: float
    tails: dict[str, Tail]


def write(folder: Path, params: Params, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write both files."""
    (folder / _PARAMS).write_bytes(msgspec.json.encode(params, order="deterministic"))
    with (folder / _ARRAYS).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read(folder: Path) -> tuple[Params, dict[str, NDArray[Any]]]:
    """Read both files; what is not as `write` left it is refused."""
    try:
        params = msgspec.json.decode((folder / _PARAMS).read_bytes(), type=Params)
        with zipfile.ZipFile(folder / _ARRAYS) as archive:
            if sum(one.file_size for one in archive.infolist()) > _LARGEST:
                raise ModelError(f"{folder / _ARRAYS} is too large for a model")
        with np.load(folder / _ARRAYS, allow_pickle=False) as file:
            return params, {name: file[name] for name in file.files}
    except OSError as error:
        raise ModelError(f"the model in {folder} is not whole: {error.strerror or error}") from error
    except (msgspec.MsgspecError, zipfile.BadZipFile, ValueError, EOFError, KeyError) as error:
        raise ModelError(f"the model in {folder} is damaged: {error}") from error
