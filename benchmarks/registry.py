"""The registry of models: from a family's name to its champion, ready to answer.

`registry_load_ms` finds the champion in the store, compares all its files with what was signed, looks into each for
what could run, and reads it, with nothing remembered; here a LightGBM of 20 trees over two horizons.
`registry_over_load` is
the same over reading that model alone.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ara.desk import Desk
from ara.models.checks import toy_panel
from ara.models.graphs import session
from ara.models.panel import Panel
from ara.models.registry import Registry, load_artefact, stages
from ara.models.registry.training import Plan, Trained, train
from ara.models.served import Served
from ara.settings import Settings
from benchmarks.measure import show

__all__ = ["figures"]

_RUNS = 9


def figures() -> dict[str, float]:
    """Measure: milliseconds of processor time, and a ratio."""
    return asyncio.run(_measured())


async def _measured() -> dict[str, float]:
    panel = toy_panel(horizons=(1, 5))
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.load({"home": home, "log.level": "error"}, environ={}, folder=Path(home))
        async with Desk.open(settings) as desk:
            registry = Registry(desk)
            with registry.shelf.part() as part:
                plan = Plan(family="lightgbm", params={"trees": 20}, seed=0, cut=None)
                done = train(panel, plan, str(part), watch=lambda _: True)
                kept, _ = await registry.add(part, _facts(panel, done))
            await stages.deploy(registry, kept, force=True)
            place = registry.shelf.place(kept.id)
            spent = [(await _champion(registry), _alone(place)) for _ in range(_RUNS)]
    whole, alone = (min(side) for side in zip(*spent, strict=True))
    return {"registry_load_ms": 1000 * whole, "registry_over_load": whole / alone}


async def _champion(registry: Registry) -> float:
    session._sessions.clear()  # noqa: SLF001 (a first load has nothing to remember)
    load_artefact.cache_clear()
    begin = time.process_time()
    kept = await registry.champion("lightgbm")
    assert kept is not None
    load_artefact(await registry.artefact(kept))
    return time.process_time() - begin


def _alone(place: Path) -> float:
    session._sessions.clear()  # noqa: SLF001 (a first load has nothing to remember)
    begin = time.process_time()
    Served.load(place)
    return time.process_time() - begin


def _facts(panel: Panel, done: Trained) -> dict[str, Any]:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return {
        "family": "lightgbm",
        "params": done.params,
        "features": done.features,
        "data": done.data,
        "first": epoch + timedelta(microseconds=done.first),
        "trained_to": epoch + timedelta(microseconds=done.trained_to),
        "symbols": panel.symbols,
        "groups": {"stock": len(panel.symbols)},
        "pooled": True,
        "timeframe": "1d",
        "horizons": done.horizons,
        "seed": 0,
    }


if __name__ == "__main__":
    show(figures())
