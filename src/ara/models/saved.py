"""The files of a served model: names and numbers, a graph, arrays; each with its sha256. Nothing that could run."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.families.ewma_t import FittedEwmaT, Shape
from ara.models.graphs.parts import Parts
from ara.models.graphs.wire import LARGEST
from ara.models.head import Head, write_head

__all__ = ["Params", "packed", "read", "unpacked", "write"]

_HEAD: Final = "head.json"
_PARAMS: Final = "params.json"
_GRAPH: Final = "graph.onnx"
_PARTS: Final = "parts.npz"
_FILES: Final = "files.json"
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError,
    RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
"""What numpy and zipfile raise at an archive that is not as it was written."""


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What of a served model is neither head nor graph.

    Parameters
    ----------
    residuals
        By asset class: `[horizon][level]`.
    decay, shapes
        Of the `ewma_t` that answers where the graph can't.
    """

    residuals: dict[str, list[list[float]]]
    decay: float
    shapes: dict[str, Shape]

    @classmethod
    def of(cls, residuals: Mapping[str, NDArray[np.float64]], plain: FittedEwmaT) -> "Params":
        """Take the numbers of both."""
        listed = {kind: rows.tolist() for kind, rows in residuals.items()}
        return cls(residuals=listed, decay=plain.decay, shapes=dict(plain.shapes))


def write(folder: Path, head: Head, params: Params, *, graph: bytes, packed: bytes) -> None:
    """Write all files; `files.json`, last, holds the sha256 of each of the others."""
    write_head(folder, head)
    (folder / _PARAMS).write_bytes(msgspec.json.encode(params, order="deterministic"))
    (folder / _GRAPH).write_bytes(graph)
    if packed:
        (folder / _PARTS).write_bytes(packed)
    names = [_HEAD, _PARAMS, _GRAPH, *([_PARTS] if packed else [])]
    sums = {name: sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / _FILES).write_bytes(msgspec.json.encode(sums, order="deterministic"))


def read(folder: Path) -> tuple[Head, Params, bytes, bytes]:
    """Read head, params, graph and packed parts; a file that is missing or not as it was written is refused."""
    try:
        sums = msgspec.json.decode(_bytes(folder, _FILES), type=dict[str, str])
        if not {_HEAD, _PARAMS, _GRAPH} <= set(sums) <= {_HEAD, _PARAMS, _GRAPH, _PARTS}:
            raise _damaged(folder, _FILES)
        found = {name: _bytes(folder, name) for name in sums}
        for name, body in found.items():
            if sha256(body).hexdigest() != sums[name]:
                raise _damaged(folder, name)
        head = msgspec.json.decode(found[_HEAD], type=Head)
        return head, msgspec.json.decode(found[_PARAMS], type=Params), found[_GRAPH], found.get(_PARTS, b"")
    except OSError as error:
        raise ModelError(f"the model in {folder} is not whole: {error.strerror or error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"the model in {folder} is damaged: {error}") from error


def packed(parts: Parts) -> bytes:
    """Give the file in which parts are kept."""
    body = io.BytesIO()
    np.savez(body, allow_pickle=False, **parts.arrays())
    return body.getvalue()


def unpacked(body: bytes) -> Parts:
    """Make parts of their file; what is not as `packed` left it is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST:
                raise ModelError("the arrays of the model are too large")
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            return Parts.of_arrays({name: file[name] for name in file.files})
    except _DAMAGED as error:
        raise ModelError(f"the arrays of the model are damaged: {error}") from error


def _bytes(folder: Path, name: str) -> bytes:
    path = folder / name
    if path.stat().st_size > LARGEST:
        raise ModelError(f"{path} has more than {LARGEST >> 20} MB; no model of Ara is so large")
    return path.read_bytes()


def _damaged(folder: Path, name: str) -> ModelError:
    return ModelError(
        f"{folder / name} is damaged: it is not the file that was saved",
        hint="Take the model from a back-up, or fit it again.",
    )
