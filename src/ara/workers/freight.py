"""Values on their way to another process, without pickle.

What is small travels as MessagePack, which keeps NaN and bytes; frames and arrays travel as Arrow and NumPy files in a
folder that both sides see. The reader's annotations say what is rebuilt: dataclasses, Structs, dates, decimals.
"""

import errno
import sys
import tempfile
import typing
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.msgpack import Ext

from ara.settings import Secret

__all__ = ["Freight", "room_hint"]

_FRAME: Final = 1
_ARRAY: Final = 2
_SECRET: Final = 3


def room_hint(error: BaseException) -> str:
    """Say where room has to be made, if an error came of a disk that is full; else nothing."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ""
    place = error.filename if isinstance(error.filename, str) else tempfile.gettempdir()
    return f"Make room on the disk of {place}, then run again; TMPDIR names another folder for passing files."


class Freight:
    """Packs and unpacks values; frames and arrays lie in the folder.

    Parameters
    ----------
    folder
        Where the files lie; private to the two processes.
    side
        Begins the names of the files that this side writes, so that the two sides don't meet.
    """

    def __init__(self, folder: Path, *, side: str) -> None:
        self._folder = folder
        self._names = (f"{side}{number}" for number in count())

    def pack(self, value: Any) -> bytes:
        """Give the bytes of a value, and write its frames and arrays; TypeError or ValueError where it can't travel."""
        try:
            return msgspec.msgpack.encode(value, enc_hook=self._pack_special)
        except RecursionError:
            raise ValueError("it contains itself") from None
        except OverflowError:
            raise ValueError("an integer has more than 64 bits") from None

    def unpack(self, data: bytes, kind: Any = Any) -> Any:
        """Rebuild a value as the kind that an annotation names; TypeError or ValueError where it isn't one."""
        decoder = msgspec.msgpack.Decoder(kind, dec_hook=_rebuild, ext_hook=self._unpack_special)
        return decoder.decode(data)

    def _pack_special(self, value: Any) -> Any:
        polars, numpy = sys.modules.get("polars"), sys.modules.get("numpy")
        if polars and isinstance(value, polars.DataFrame):
            if polars.Object in value.dtypes:
                raise TypeError("a frame with a column of Python objects can't be sent")
            return self._write(_FRAME, lambda path: value.write_ipc(path, compression="uncompressed"))
        if numpy and isinstance(value, numpy.ndarray):
            if type(value) not in (numpy.ndarray, numpy.memmap) or value.dtype.hasobject:
                raise TypeError(f"a {type(value).__name__} of dtype {value.dtype} can't be sent")
            return self._write(_ARRAY, lambda path: numpy.save(path, value, allow_pickle=False))
        if numpy and isinstance(value, numpy.generic):
            return value.item()
        if isinstance(value, Secret):
            return Ext(_SECRET, value.reveal().encode("utf-8", "surrogatepass"))
        if isinstance(value, Path):
            return str(value)
        raise TypeError(f"a {type(value).__module__}.{type(value).__qualname__} can't be sent")

    def _write(self, code: int, write: typing.Callable[[Any], object]) -> Ext:
        name = next(self._names)
        with (self._folder / name).open("wb") as file:
            write(file)
        return Ext(code, name.encode())

    def _unpack_special(self, code: int, data: memoryview) -> Any:
        text = bytes(data).decode("utf-8", "surrogatepass")
        if code == _SECRET:
            return Secret(text)
        with (self._folder / text).open("rb") as file:
            if code == _FRAME:
                import polars as pl

                return pl.read_ipc(file)
            import numpy as np

            return np.load(file, allow_pickle=False)


def _rebuild(kind: Any, value: Any) -> Any:
    """Build a kind that MessagePack does not know from its plain form; what came as itself stays."""
    known = typing.get_origin(kind) or kind
    if isinstance(value, known):
        return value
    numpy = sys.modules.get("numpy")
    if issubclass(known, Path) or (numpy and issubclass(known, numpy.generic)):
        return known(value)
    raise TypeError(f"expected {known.__name__}, got {type(value).__name__}")
