"""Costly fits laid down in a folder, so that an ensemble whose training was stopped goes on from them."""

import shutil
from contextlib import suppress
from pathlib import Path

from ara.errors import AraError
from ara.lineage import digest
from ara.models.fits import keep
from ara.models.model import Fitted, Model, described
from ara.models.panel import Panel

__all__ = ["lay_down", "taken_up"]


def lay_down(folder: Path, model: Model, past: Panel, fitted: Fitted, *, seed: int) -> None:
    """Write a fit into a folder of its own, whole or not at all; where that can't be done, the work goes on without."""
    place = _place(folder, model, past, seed)
    part = place.with_suffix(".part")
    with suppress(OSError, AraError):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        fitted.save(part)
        part.rename(place)


def taken_up(folder: Path, model: Model, past: Panel, *, seed: int) -> bool:
    """Let `fit_until` find a fit that was laid down; False where there is none, or it is damaged and goes."""
    place = _place(folder, model, past, seed)
    if not place.exists():
        return False
    try:
        keep(model, past, type(model).load(place), seed=seed)
    except (AraError, OSError, ValueError):
        shutil.rmtree(place, ignore_errors=True)
        return False
    return True


def _place(folder: Path, model: Model, past: Panel, seed: int) -> Path:
    """Give where a fit lies: named by all that it follows from."""
    return folder / f"fit-{digest([described(model), past.digest(), seed])[:32]}"
