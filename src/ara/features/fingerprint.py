"""What another package's part is made of, as a digest: what was kept of one must not be taken for the next."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from sys import modules
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import numpy as np

from ara.lineage import digest

__all__ = ["code_of", "fingerprint"]

_PLAIN: Final = (str, bytes, int, float, complex, type(None), np.generic)
_LARGE: Final = 64_000_000


def fingerprint(part: Any, source: str) -> str:
    """Give the digest of an indicator's code, as `code_of` does.

    Parameters
    ----------
    part
        The indicator.
    source
        Its distribution and version.
    """
    spec = part.spec
    codes = [getattr(part, "function", None) or part, spec.step, spec.warmup, spec.memory]
    return code_of([one for one in codes if one is not None], source)


def code_of(codes: Sequence[Any], source: str) -> str:
    """Give the sha256, in hex, of all that can be seen of the code of an indicator or a family of models.

    That is, who offers it in which version, the files of its package and all that its distribution lists as installed
    with it, as they were when it was first asked for, and its functions as they stand in memory, with the values that
    they name. Other distributions that it uses are not seen.

    Parameters
    ----------
    codes
        Its functions, objects and classes.
    source
        Its distribution and version; empty where none offers it.
    """
    roots = sorted({_root(one) for one in codes} - {"ara"})
    loaded = tuple(module for root in roots if (module := modules.get(root)) is not None)
    files = [*map(_files, loaded), _beside(source, loaded)]
    told = hashlib.sha256()
    for piece in (piece for one in codes for piece in _pieces(one, roots, {})):
        told.update(piece.encode(errors="backslashreplace") + b"\0")
    return digest({"source": source, "files": files, "code": told.hexdigest()})


def _root(one: Any) -> str:
    """Give the package that something stands in."""
    return str(getattr(one, "__module__", None) or type(one).__module__).partition(".")[0]


@lru_cache(maxsize=256)
def _files(module: ModuleType) -> str:
    """Digest the files of a module or package once, when it has just been loaded: later they may be others."""
    where = getattr(module, "__file__", None)
    places = [Path(one) for one in getattr(module, "__path__", ())] or ([Path(where)] if where else [])
    found = [(place, file) for place in places for file in (sorted(place.rglob("*")) if place.is_dir() else [place])]
    return _read((file.relative_to(place.parent).as_posix(), file) for place, file in found)


@lru_cache(maxsize=256)
def _beside(source: str, loaded: tuple[ModuleType, ...]) -> str:
    """Digest what the distribution installed beside these modules, once, when they have just been loaded."""
    try:
        listed = metadata.distribution(source.rpartition(" ")[0]).files or ()
    except (metadata.PackageNotFoundError, ValueError):  # offered by none, or by what is no longer there
        return ""
    told = {module.__name__ for module in loaded}
    files = [one for one in listed if one.parts[0].partition(".")[0] not in told and not _left_out(one.parts[0])]
    return _read((one.as_posix(), Path(str(one.locate()))) for one in sorted(files))


def _left_out(top: str) -> bool:
    """Say whether something installed is no code that is imported, but notes of the installer or scripts elsewhere."""
    return top == ".." or top.endswith((".dist-info", ".egg-info", ".pth")) or top.startswith("__editable__")


def _read(files: Iterable[tuple[str, Path]]) -> str:
    """Digest files by their names and what is in them."""
    told, left = hashlib.sha256(), _LARGE
    for name, file in files:
        if not file.is_file() or "__pycache__" in file.parts:
            continue
        told.update(f"{name}\0{file.stat().st_size}\0".encode())
        left -= file.stat().st_size
        # what is larger than any source is told by its size and when it was written
        told.update(file.read_bytes() if left > 0 else str(file.stat().st_mtime_ns).encode())
    return told.hexdigest()


def _pieces(one: Any, roots: Sequence[str], seen: dict[int, Any]) -> Iterator[str]:
    """Give what a value is made of: numbers, texts, and functions with the values that they name.

    What a program may change as it runs, such as a list, is left out: the file that makes it is told already.
    """
    if isinstance(one, _PLAIN):
        yield f"{type(one).__name__} {one!r}"
    elif id(one) in seen:
        yield "again"
    else:
        seen[id(one)] = one  # held, so that nothing else gets its number
        yield type(one).__name__
        for part in _parts(one, roots):
            yield from _pieces(part, roots, seen)


def _parts(one: Any, roots: Sequence[str]) -> Iterable[Any]:
    """Give what stands in a value."""
    if isinstance(one, tuple):
        return one
    if isinstance(one, frozenset):
        return sorted(map(repr, one))
    if isinstance(one, CodeType):
        return (one.co_code, one.co_names, one.co_varnames, one.co_freevars, one.co_consts)
    if isinstance(one, FunctionType):
        cells = tuple(_held(cell) for cell in one.__closure__ or ())
        defaults = (one.__defaults__, *sorted((one.__kwdefaults__ or {}).items()))
        return (one.__qualname__, cells, defaults, *(_named(one) if _root(one) in roots else ()))
    if isinstance(one, type) and _root(one) in roots:
        return tuple(pair for pair in vars(one).items() if isinstance(pair[1], (FunctionType, *_PLAIN)))
    function = getattr(one, "function", None)
    return (type(one), *((function,) if isinstance(function, FunctionType) else ()))


def _named(function: FunctionType) -> tuple[Any, ...]:
    """Give a function's code, and what it finds by name in its module."""
    names = sorted({name for code in _codes(function.__code__) for name in code.co_names})
    found = [(name, function.__globals__[name]) for name in names if name in function.__globals__]
    return (function.__code__, *(pair for pair in found if not isinstance(pair[1], ModuleType)))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _held(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None
