"""What is shipped: a signed manifest, whose hash is pinned in the code, and an archive for each vintage."""

import lzma
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias, TypeVar

import msgspec

from ara.errors import IntegrityError, StageError
from ara.models import shipped
from ara.models.registry.bundle import unpack
from ara.models.registry.card import Kept, ModelCard, Stage, content_id
from ara.models.registry.files import sha256_of
from ara.store.files import unwritable

__all__ = [
    "MANIFEST",
    "MOST",
    "PURPOSE",
    "SIGNATURE",
    "Manifest",
    "Verify",
    "Vintage",
    "as_kept",
    "check_archive",
    "from_archive",
    "read_archive",
    "read_manifest",
    "refuse_shipped",
]

MOST: Final = 5 * 2**20
"""Bytes that all archives may have together."""

Verify: TypeAlias = Callable[[bytes, bytes, bytes], bool]
"""Tells whether a signature (last) is that of a message under a public key (first)."""

MANIFEST: Final = "manifest.json"
"""The manifest's file."""

SIGNATURE: Final = "manifest.sig"
"""The signature's file: 64 raw bytes."""

PURPOSE: Final = b"ara shipped models 1\n"
"""What stands before a manifest where it is signed."""

_T = TypeVar("_T")
_State: TypeAlias = tuple[int, int, int, int]

_LARGEST: Final = 64 * 2**20
_HINT: Final = "Install the package again: pip install --force-reinstall --no-deps ara-ai"


class Vintage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model that is shipped.

    Parameters
    ----------
    file, sha256
        Its archive, and the hash of that.
    card
        What it is.
    """

    file: str
    sha256: str
    card: ModelCard


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is shipped, the oldest vintage of each family first."""

    vintages: tuple[Vintage, ...]

    def of(self, id: str) -> Vintage:
        """Give the vintage of a model's id."""
        found = next((one for one in self.vintages if one.card.id == id), None)
        if found is None:
            raise IntegrityError(f"No model with the id {id[:8]} is shipped with this version.", hint=_HINT)
        return found


def refuse_shipped(kept: Kept, done: str) -> None:
    """Raise for a model that came with the package: those stay as they are."""
    if kept.stage is Stage.SHIPPED:
        raise StageError(
            f"{kept.name} came with the package, so it can't be {done}.",
            hint=f"It answers where {kept.family} has no champion. Train your own: ara models train AAPL --model "
            + kept.family,
        )


def read_manifest(verify: Verify, *, folder: Path | None = None) -> Manifest:
    """Read what is shipped, after its bytes were compared with the code's hash and the signature with the code's key.

    While the files stay as they are, what was compared once is given again.

    Raises
    ------
    IntegrityError
        It is missing, was changed, or is signed by another key.
    """
    folder = folder or shipped.FOLDER
    states = _state(folder / MANIFEST), _state(folder / SIGNATURE)
    return _compared(verify, folder, states, shipped.SHA256, shipped.PUBLIC_KEY)


@lru_cache(maxsize=4)
def _compared(verify: Verify, folder: Path, _states: tuple[_State, _State], sha256: str, key: str) -> Manifest:
    """Read a manifest that has a hash and is signed by a key: once for each state of its files."""
    data = _read(folder / MANIFEST)
    if sha256_of(data) != sha256:
        raise _changed(MANIFEST)
    if not verify(bytes.fromhex(key), PURPOSE + data, _read(folder / SIGNATURE)):
        raise _changed(SIGNATURE)
    return _decoded(data)


@lru_cache(maxsize=2)
def _decoded(data: bytes) -> Manifest:
    """Read a manifest, and compare each card with its id: once for the same bytes, which were checked before."""
    found = msgspec.json.decode(data, type=Manifest)
    for one in found.vintages:
        if content_id(msgspec.to_builtins(one.card)) != one.card.id:
            raise _changed(MANIFEST)
    return found


def as_kept(card: ModelCard) -> Kept:
    """Give a vintage as the registry tells of models; its stage never changes."""
    return Kept(
        id=card.id,
        family=card.family,
        version=card.version,
        stage=Stage.SHIPPED,
        card=card,
        changed_at=card.made_at,
    )


def read_archive(file: Path, sha256: str) -> bytes:
    """Read an archive; IntegrityError where it is not the one that was shipped."""
    data = _read(file)
    if sha256_of(data) != sha256:
        raise _changed(file.name)
    return data


def check_archive(file: Path, sha256: str) -> None:
    """Compare an archive with its hash, once for each state of the file; who loads it compares what was read again."""
    _alike(file, sha256, _state(file))


@lru_cache(maxsize=32)
def _alike(file: Path, sha256: str, _states: _State) -> None:
    read_archive(file, sha256)


def from_archive(file: Path, sha256: str, load: Callable[[Path], _T]) -> _T:
    """Load a model from its archive: the very bytes that were compared are unpacked, into a folder that goes again.

    Every file was looked into when `load` is called, and the folder is this process's own.
    """
    data = read_archive(file, sha256)
    packed = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        plain = packed.decompress(data, _LARGEST)
    except lzma.LZMAError:
        raise _changed(file.name) from None
    if not packed.eof:
        raise _changed(file.name)
    try:
        with TemporaryDirectory(prefix="ara-") as name:
            source, folder = Path(name) / f"{file.stem}.ara", Path(name) / "model"
            source.write_bytes(plain)
            folder.mkdir()
            unpack(source, folder, durable=False)
            return load(folder)
    except OSError as error:
        raise unwritable(Path(error.filename or file.name), error) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unread(path, error) from error


def _state(path: Path) -> _State:
    """Give what differs as soon as another file stands there, or something was written into it."""
    try:
        found = path.stat()
    except OSError as error:
        raise _unread(path, error) from error
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _unread(path: Path, error: OSError) -> IntegrityError:
    words = f"The shipped models can't be read: {path.name}: {error.strerror or error}."
    return IntegrityError(words, hint=_HINT, file=path.name)


def _changed(name: str) -> IntegrityError:
    return IntegrityError(f"The shipped models were changed: {name} is not as it was.", hint=_HINT, file=name)
