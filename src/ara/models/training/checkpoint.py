"""Where a training stands, on disk: whole at every moment, so that it goes on after a kill as if nothing had been."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from safetensors.torch import load, save
from torch import Tensor

from ara import whole
from ara.errors import ModelError

__all__ = ["Checkpoint", "Place", "read", "write"]

_NAME: Final = "training.json"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a training stands.

    Parameters
    ----------
    epoch, at, step
        Epoch, batches done in it, and batches done in all.
    factor
        By what the learning rate was lowered after losses that were no number; 1 for not at all.
    parts
        Parts in which a batch is worked.
    best, best_epoch
        Least loss on the validation rows, and the epoch that had it; -1 before the first.
    idle
        Epochs since.
    loss, seen
        Sum of the losses of this epoch's batches, and their weight.
    said
        What went wrong on the way and was mended.
    """

    epoch: int = 0
    at: int = 0
    step: int = 0
    factor: float = 1.0
    parts: int = 1
    best: float = 0.0
    best_epoch: int = -1
    idle: int = 0
    loss: float = 0.0
    seen: float = 0.0
    said: tuple[str, ...] = ()


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A place, the tensors that belong to it, and what training it is of.

    Parameters
    ----------
    of
        Id of the training: data, rows, settings and seed.
    place
        Where it stands.
    tensors
        By name.
    """

    of: str
    place: Place
    tensors: Mapping[str, Tensor]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    of: str
    place: Place
    file: str
    sha256: str


def write(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint: first the tensors under a new name, then the JSON that names them, then the old ones go."""
    folder.mkdir(parents=True, exist_ok=True)
    body = save({name: value.detach().cpu().contiguous() for name, value in checkpoint.tensors.items()})
    sha256 = hashlib.sha256(body).hexdigest()
    kept = _Kept(of=checkpoint.of, place=checkpoint.place, file=f"state-{sha256[:16]}.safetensors", sha256=sha256)
    whole.write(folder / kept.file, body)
    whole.write(folder / _NAME, msgspec.json.encode(kept, order="deterministic"))
    for old in (*folder.glob("state-*"), *folder.glob(".*.part")):
        if old.name != kept.file:
            old.unlink(missing_ok=True)


def read(folder: Path, of: str) -> Checkpoint | None:
    """Read the checkpoint of the training `of`; None where the folder has none.

    Raises
    ------
    ModelError
        It is of another training, or damaged.
    """
    if not (folder / _NAME).exists():
        return None
    try:
        kept = msgspec.json.decode((folder / _NAME).read_bytes(), type=_Kept)
        body = (folder / Path(kept.file).name).read_bytes()
    except (OSError, msgspec.MsgspecError) as error:
        raise _damaged(folder) from error
    if kept.of != of:
        raise ModelError(
            f"the checkpoint in {folder} is of another training",
            hint="Its data, rows, settings or seed differ. Give another folder, or remove that one.",
            checkpoint=str(folder),
        )
    if hashlib.sha256(body).hexdigest() != kept.sha256:
        raise _damaged(folder)
    return Checkpoint(of=of, place=kept.place, tensors=load(body))


def _damaged(folder: Path) -> ModelError:
    return ModelError(
        f"the checkpoint in {folder} is damaged",
        hint="Remove the folder to train from the beginning.",
        checkpoint=str(folder),
    )
