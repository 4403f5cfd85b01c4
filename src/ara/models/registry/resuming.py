"""Trainings that go on where they were stopped: a folder for each, held by the process that works in it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ara.store.files import make_folder

__all__ = ["forget", "held", "room"]


def room(shelf: Path, key: str) -> Path:
    """Give the folder on the shelf in which a training keeps its checkpoints; a clean-up takes what nobody holds."""
    return shelf / f".part-{key}"


@contextmanager
def held(folder: Path | None) -> Iterator[Path | None]:
    """Lend a folder for checkpoints, made where it isn't there; None where another process works in it or none can be.

    It stays when the work is over, so that the same work goes on from what lies there; the hold dies with its process.
    """
    if folder is None:
        yield None
        return
    try:
        make_folder(folder)
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield folder if _alone(descriptor) else None
    finally:
        os.close(descriptor)


def forget(folder: Path) -> None:
    """Remove what lies there, unless somebody works in it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if _alone(descriptor):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _alone(descriptor: int) -> bool:
    """Take hold of a folder; False where another has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
