"""The process of one job."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from ara.desk import Desk
from ara.errors import WorkerError
from ara.jobs.hold import Hold
from ara.jobs.job import Needs
from ara.jobs.work import Work, do
from ara.settings import Settings
from ara.workers import Progress

__all__ = ["perform"]

_PAUSE: Final = 0.05
_PATIENCE: Final = 60.0


def perform(
    work: Work,
    settings: Settings,
    needs: Needs,
    devices: tuple[int, ...],
    lock: str,
    *,
    watch: Callable[[Progress], bool],
) -> dict[str, Any]:
    """Do the work of a job in this process, alone, and give what JSON says of its result.

    Parameters
    ----------
    work
        What to do.
    settings
        Of the worker.
    needs
        What it may use.
    devices
        The graphics cards that its processes see.
    lock
        A file that is locked as long as this process lives, so that work which a dead worker began is not done twice
        at once; it holds the number of the process.
    watch
        Hears of progress; False ends the work.
    """
    hold = _alone(Path(lock))
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, devices))
    own = msgspec.structs.replace(settings, workers=msgspec.structs.replace(settings.workers, processes=needs.cpus))

    async def run() -> dict[str, Any]:
        async with Desk.open(own) as desk:
            return await do(desk, work, watch=watch)

    try:
        return asyncio.run(run())
    finally:
        hold.free()


def _alone(path: Path) -> Hold:
    """Wait for what a dead worker's process does to end: it notices within moments."""
    last = time.monotonic() + _PATIENCE
    while (hold := Hold.take(path)) is None:
        if time.monotonic() >= last:
            raise WorkerError(f"Another process still does this work: {path} is locked.", hint="Wait for it to end.")
        time.sleep(_PAUSE)
    hold.note(str(os.getpid()))
    return hold
