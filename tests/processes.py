"""Processes of tests: they are waited for as long as they work, and one that hangs tells where it stands."""

import faulthandler
import sys
from collections.abc import Callable
from multiprocessing.context import SpawnContext, SpawnProcess

_HANGS = 900.0
"""Seconds after which a process that ends within seconds on an idle machine is stuck and not slow."""


def begin(spawn: SpawnContext, work: Callable[..., object], *arguments: object) -> SpawnProcess:
    """Start a process that calls `work`; one that is stuck shows its stacks and ends with a code of failure."""
    made = spawn.Process(target=_watched, args=(work, *arguments))
    made.start()
    return made


def codes(processes: list[SpawnProcess]) -> list[int | None]:
    """Wait for processes to end, and give how each ended."""
    for one in processes:
        one.join()
    return [one.exitcode for one in processes]


def _watched(work: Callable[..., object], *arguments: object) -> None:
    faulthandler.dump_traceback_later(_HANGS, exit=True, file=sys.__stderr__)
    work(*arguments)
    faulthandler.cancel_dump_traceback_later()
