"""What a process works with: settings, clock, store, vault, workers, telemetry."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache

from ara import store as stores
from ara.clock import Clock, SystemClock
from ara.errors import WorkerError
from ara.logs.context import current
from ara.settings import Settings
from ara.store import Store
from ara.telemetry import Telemetry
from ara.vault import Vault
from ara.workers import Workers

__all__ = ["Desk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a process works with; a door opens one and hands it to each room's front class.

    Parameters
    ----------
    settings, clock, store, vault, workers, telemetry
        The parts, each replaceable.
    seed
        Seed of all that is random.
    """

    settings: Settings
    clock: Clock
    store: Store
    vault: Vault
    workers: Workers
    telemetry: Telemetry
    seed: int

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        store: Store | None = None,
        vault: Vault | None = None,
        workers: Workers | None = None,
        telemetry: Telemetry | None = None,
    ) -> AsyncIterator["Desk"]:
        """Open a desk and close what it opened; parts that are given stay the caller's to close."""
        _refuse_fork()
        settings = Settings.load() if settings is None else settings
        clock = SystemClock() if clock is None else clock
        vault = Vault.open(settings) if vault is None else vault
        async with AsyncExitStack() as ours:
            if telemetry is None:
                telemetry = Telemetry.open(settings, mark=current)
                ours.callback(telemetry.close)
            if workers is None:
                workers = Workers(settings, telemetry=telemetry)
                ours.push_async_callback(workers.close)
            if store is None:
                store = await stores.open_store(settings, vault=vault, clock=clock)
                ours.push_async_callback(store.close)
            yield cls(
                settings=settings,
                clock=clock,
                store=store,
                vault=vault,
                workers=workers,
                telemetry=telemetry,
                seed=settings.prediction.seed,
            )


@cache
def _first_process() -> int:
    return os.getpid()


def _refuse_fork() -> None:
    """Raise in a fork of a process that has opened a desk: the threads of its libraries are gone, and it would hang."""
    if _first_process() != os.getpid():
        raise WorkerError(
            "this process was forked from one that had used Ara already",
            hint='Start processes by "spawn": multiprocessing.get_context("spawn"); or fork before the first use.',
        )
