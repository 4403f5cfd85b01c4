"""Training, deploying and rolling back, killed at random moments: there is one champion, and it is whole."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ara.desk import Desk
from ara.models.checks import toy_panel
from ara.models.registry import Kept, Registry, Stage, load_artefact, stages
from ara.settings import Settings
from tests.models.panels import last_rows, ranged
from tests.models.registry.conftest import trained

FIRST = 3
WORKER = """
import asyncio, sys
from ara.desk import Desk
from ara.models.checks import toy_panel
from ara.models.registry import Registry, stages
from ara.settings import Settings
from tests.models.panels import ranged
from tests.models.registry.conftest import trained

async def main(home, what, first):
    settings = Settings.load({"home": home, "log.level": "error"}, environ={})
    panel = ranged(toy_panel(bars=420, horizons=(1, 5)))
    async with Desk.open(settings) as desk:
        registry = Registry(desk)
        await registry.all()
        print("ready", flush=True)
        for turn in range(1_000_000):
            if what == "train":
                await trained(registry, panel, seed=int(first) + turn)
            elif what == "deploy":
                models = [one for one in await registry.all(family="har_t") if one.card.scores]
                await stages.deploy(registry, models[turn % len(models)])
            else:
                try:
                    await stages.rollback(registry, "har_t")
                except Exception:
                    models = await registry.all(family="har_t")
                    await stages.deploy(registry, models[turn % len(models)])

asyncio.run(main(*sys.argv[1:]))
"""


def settings_of(home: Path) -> Settings:
    return Settings.load({"home": str(home), "log.level": "error"}, environ={})


def strike(home: Path, what: str, first: int, wait: float) -> None:
    """Start a worker, and kill it after it has worked for a moment."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(home), what, str(first)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", "a worker ended by itself"
    time.sleep(wait)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "a worker ended by itself"
    process.stdout.close()


async def look(home: Path) -> tuple[int, int]:
    """Give how many models there are, and what was left unfinished, after all of them were found whole."""
    panel = ranged(toy_panel(bars=420, horizons=(1, 5)))
    async with Desk.open(settings_of(home)) as desk:
        registry = Registry(desk)
        models = await registry.all()
        champions = [one for one in models if one.stage is Stage.CHAMPION]
        champion = await registry.champion("har_t")
        assert champion is not None
        assert [one.id for one in champions] == [champion.id]
        answer = load_artefact(await registry.artefact(champion)).predict(panel, last_rows(panel))
        assert np.isfinite(answer.values).all()
        for kept in models:
            found = await registry.verified(kept)
            assert found.ok, found.words
        seat = await registry.seat("har_t")
        assert seat is not None
        assert seat.newest >= max(one.version for one in models)
        for id in seat.before:
            assert await desk.store.get(Kept, id) is not None
        left = len(list(registry.shelf.folder.glob(".part-*"))) + len(registry.shelf.ids() - {one.id for one in models})
        return len(models), left


async def besiege(home: Path, *, kills: int, seed: int) -> Counter[str]:
    async with Desk.open(settings_of(home)) as desk:
        registry = Registry(desk)
        panel = ranged(toy_panel(bars=420, horizons=(1, 5)))
        for number in range(FIRST):
            await stages.deploy(registry, await trained(registry, panel, seed=number))
    dice, counts = random.Random(seed), Counter[str]()
    for number in range(kills):
        what = ("train", "deploy", "rollback")[number % 3]
        strike(home, what, FIRST + 1000 * (number + 1), dice.uniform(0.0, 1.5 if what == "train" else 0.2))
        counts["models"], counts["left"] = await look(home)
        counts[what] += 1
    async with Desk.open(settings_of(home)) as desk:
        registry = Registry(desk)
        counts["cleaned"] = (await stages.clean(registry)).leftovers
    assert (await look(home))[1] == 0
    return counts


async def test_three_killed_changes_leave_the_champion_whole(tmp_path: Path) -> None:
    counts = await besiege(tmp_path, kills=3, seed=1)
    assert counts["models"] >= FIRST


@pytest.mark.slow
async def test_fifty_killed_changes_leave_the_champion_whole(tmp_path: Path) -> None:
    seed = int(os.environ.get("ARA_SEED", "20240102"))
    counts = await besiege(tmp_path, kills=50, seed=seed)
    assert counts["models"] > FIRST, "no training was killed after its end"
    tell(counts, seed=seed)


def tell(counts: Counter[str], *, seed: int) -> None:
    """Write the result where `make slow` collects evidence."""
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        return
    lines = [
        "# Killed trainings and deployments",
        "",
        "A process that trains, deploys or rolls back models without end is killed (`kill -9`) at a random moment.",
        "After each kill there was one champion; it was whole by its hashes and its signature, and answered; so were",
        "all other models, and all to which can be rolled back were there. *Unfinished* folders are those that the",
        "killed ones left, and that one clean-up removed. Measured by `make slow`.",
        "",
        "| date | seed | killed in training | deploying | rolling back | champions lost | models | unfinished |",
        "|---|---|---|---|---|---|---|---|",
    ]
    row = [f"{datetime.now(UTC):%Y-%m-%d}", seed, counts["train"], counts["deploy"], counts["rollback"], 0]
    row += [counts["models"], counts["cleaned"]]
    page = Path(folder) / "killed_models.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join([*lines, "| " + " | ".join(map(str, row)) + " |"]) + "\n", encoding="utf-8")
