"""What a process works with: settings, clock, store, vault, workers, telemetry."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from ara import store as stores
from ara.clock import Clock, SystemClock
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
        settings = Settings.load() if settings is None else settings
        clock = SystemClock() if clock is None else clock
        vault = Vault.open(settings) if vault is None else vault
        async with AsyncExitStack() as ours:
            if telemetry is None:
                telemetry = Telemetry.open(settings)
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
