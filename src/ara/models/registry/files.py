"""What may lie in a model's folder: numbers and graphs, never anything that runs."""

import hashlib
import io
import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from ara.errors import IntegrityError, ModelError

__all__ = [
    "COUNT",
    "LARGEST",
    "WHOLE",
    "check_files",
    "check_name",
    "entries",
    "inspect_file",
    "read_file",
    "sha256_of",
]

COUNT: Final = 256
"""The most files in a model."""
LARGEST: Final = 512 * 2**20
"""Bytes of the largest file."""
WHOLE: Final = 1024 * 2**20
"""Bytes of all of them."""

_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_DEEPEST: Final = 6
_KINDS: Final = (".json", ".npy", ".npz", ".onnx", ".safetensors", ".txt")
_PROGRAMS: Final = (
    ".bin", ".ckpt", ".dill", ".h5", ".joblib", ".keras", ".pickle", ".pkl", ".pt", ".pth", ".py", ".so",
)  # fmt: skip
_HINT: Final = (
    "Models are kept as JSON, NumPy arrays, ONNX and safetensors, which hold numbers alone. "
    "Train it anew: ara models train"
)
_NPY: Final = b"\x93NUMPY"


def check_name(name: str) -> str:
    """Give a file's name in a model's folder; IntegrityError for one that could lie elsewhere or be anything else."""
    parts = name.split("/")
    if len(parts) > _DEEPEST or not all(_PART.fullmatch(part) for part in parts):
        raise IntegrityError(f"A model can't hold a file called {name!r:.120}.", hint=_HINT, file=name[:120])
    suffix = Path(name).suffix.lower()
    if suffix in _KINDS:
        return name
    why = "such files can hold a program that runs when they are read" if suffix in _PROGRAMS else "no model has such"
    raise IntegrityError(f"{name} is refused: {why}. Allowed are {', '.join(_KINDS)}.", hint=_HINT, file=name)


def inspect_file(name: str, data: bytes) -> None:
    """Refuse a file whose content is not what its name says, above all one that could run."""
    suffix = Path(check_name(name)).suffix.lower()
    if suffix == ".safetensors":
        _inspect_tensors(name, data)
    elif _is_pickle(data):
        raise _refused(name, "it is a pickle, which can hold a program that runs when it is read")
    elif suffix == ".npz":
        _inspect_arrays(name, data)
    elif suffix == ".npy":
        _inspect_array(name, data)
    elif suffix == ".onnx":
        _inspect_graph(name, data)
    elif suffix == ".json" and not _is_json(data):
        raise _refused(name, "it is no JSON")
    elif data[:4] == b"PK\x03\x04":
        raise _refused(name, "it is an archive, as PyTorch saves them, which can hold a program")


def _is_pickle(data: bytes) -> bool:
    """Tell whether bytes begin as a pickle does and end as one does: protocol 2 to 5, or a stop of the older ones."""
    if data[:1] == b"\x80" and data[1:2] <= b"\x05":
        return True
    return data[-1:] == b"." and data[:1] in (b"(", b"c", b"]", b"}", b"I", b"L", b"V", b"S")


def _inspect_graph(name: str, data: bytes) -> None:
    from ara.models.graphs.wire import refuse_strange

    try:
        refuse_strange(data)
    except ModelError as error:
        raise _refused(name, error.message) from error


def _inspect_tensors(name: str, data: bytes) -> None:
    size = int.from_bytes(data[:8], "little")
    if not 2 <= size <= len(data) - 8 or not _is_json(data[8 : 8 + size]):
        raise _refused(name, "it is no safetensors file")


def _inspect_array(name: str, data: bytes) -> None:
    import numpy as np

    if data[:6] != _NPY:
        raise _refused(name, "it is no array of NumPy")
    try:
        _refuse_header(data)
        np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError) as error:
        raise _refused(name, f"it is no array of numbers ({error})") from None


def _refuse_header(data: bytes) -> None:
    """Raise where a header announces other than the bytes there, before memory is asked for."""
    from numpy.lib import format as npy

    stream = io.BytesIO(data)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(npy.read_magic(stream))
    if read is None:
        raise ValueError("its version is none that Ara writes")
    shape, _, kind = read(stream)
    there = len(data) - stream.tell()
    if min(shape, default=0) < 0 or not kind.itemsize or math.prod(shape) * kind.itemsize != there:
        raise ValueError(f"its header announces an array of {shape} in {there:,} bytes"[:120])


def _inspect_arrays(name: str, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > COUNT * 16 or sum(one.file_size for one in members) > LARGEST:
                raise _refused(name, "its arrays are too many or too large")
            for one in members:
                if not one.filename.endswith(".npy"):
                    raise _refused(name, f"it holds {one.filename!r:.60}, which is no array")
                _inspect_array(f"{name}:{one.filename}"[:100], archive.read(one))
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, OSError) as error:
        raise _refused(name, f"it is no archive of arrays ({error})") from None


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _refused(name: str, why: str) -> IntegrityError:
    return IntegrityError(f"{name} is refused: {why}.", hint=_HINT, file=name)


def entries(folder: Path) -> Iterator[str]:
    """Give the names of all files below a folder, sorted; links and whatever else is no file are refused."""
    found = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise IntegrityError(f"{name} is no regular file, so it can be no part of a model.", file=name)
        if path.is_file():
            found.append(name)
    if len(found) > COUNT:
        raise IntegrityError(f"The model has {len(found)} files; allowed are {COUNT}.")
    yield from sorted(found)


def read_file(folder: Path, name: str) -> bytes:
    """Read one file of a model whole; IntegrityError where it is missing or too large."""
    path = folder / name
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise IntegrityError(f"{name} has {size:,} bytes; allowed are {LARGEST:,}.", file=name)
        return path.read_bytes()
    except OSError as error:
        raise IntegrityError(f"{name} can't be read: {error.strerror or error}.", file=name) from error


def sha256_of(data: bytes) -> str:
    """Give the sha256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def check_files(folder: Path, expected: Mapping[str, str], *, beside: frozenset[str]) -> list[str]:
    """Compare every file with its hash; gives what is wrong, in words, one entry a file.

    Parameters
    ----------
    folder
        The model's.
    expected
        sha256 by name.
    beside
        Names that are there and have no hash: the card and its signature.
    """
    wrong = []
    there = set(entries(folder))
    for name, wanted in sorted(expected.items()):
        if name not in there:
            wrong.append(f"{name} is missing")
        elif sha256_of(read_file(folder, name)) != wanted:
            wrong.append(f"{name} was changed")
    wrong += [f"{name} doesn't belong to it" for name in sorted(there - set(expected) - beside)]
    return wrong
