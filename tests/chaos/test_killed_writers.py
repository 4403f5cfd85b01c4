"""Writers killed at random moments: what was acknowledged is there, and the chain holds."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ara.clock import SystemClock
from ara.settings import Settings
from ara.store import Store, open_store
from ara.vault import Vault

FEW, MANY = 4, 8
WRITER = """
import asyncio, os, sys
from ara.clock import SystemClock
from ara.settings import Settings
from ara.store import open_store
from ara.vault import Vault

async def main(home, url, told):
    settings = Settings.load({"home": home, "store.url": url}, environ={})
    store = await open_store(settings, vault=Vault.open(settings, environ={}), clock=SystemClock())
    log = store.log("ledger")
    acknowledged = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    await log.head()
    print("ready", flush=True)

    async def caller(name):
        for turn in range(1_000_000):
            key = f"{os.getpid()}-{name}-{turn}"
            await log.append([key.encode() * 100], keys=[key])
            os.write(acknowledged, key.encode() + b"\\n")

    await asyncio.gather(*(caller(name) for name in range(6)))

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass
class Siege:
    """Writers on one log; one after the other is killed and replaced."""

    home: Path
    url: str
    dice: random.Random
    count: int = FEW
    writers: list[subprocess.Popen[str]] = field(default_factory=list)
    kills: int = 0

    def start(self) -> None:
        command = [sys.executable, "-c", WRITER, self.home, self.url, self.home / "acknowledged"]
        self.writers.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))

    def kill(self, writer: subprocess.Popen[str]) -> None:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n", "a writer ended by itself"
        time.sleep(self.dice.uniform(0.0, 0.25))
        self.strike(writer)

    def strike(self, writer: subprocess.Popen[str]) -> None:
        writer.kill()
        assert writer.wait() == -signal.SIGKILL, "a writer ended by itself"
        assert writer.stdout is not None
        writer.stdout.close()
        self.writers.remove(writer)
        self.kills += 1

    def run(self, kills: int) -> None:
        for _ in range(self.count):
            self.start()
        while self.kills < kills - self.count:
            self.kill(self.dice.choice(self.writers))
            self.start()
        for writer in list(self.writers):
            self.kill(writer)

    def acknowledged(self) -> list[str]:
        """Give the keys that callers were told; a line that was cut by the kill itself was not told."""
        text = (self.home / "acknowledged").read_text()
        return text[: text.rfind("\n")].splitlines()


async def open_at(home: Path, url: str) -> Store:
    settings = Settings.load({"home": str(home), "store.url": url}, environ={})
    return await open_store(settings, vault=Vault.open(settings, environ={}), clock=SystemClock())


async def besiege(home: Path, url: str, *, kills: int, seed: int, writers: int = FEW) -> dict[str, int]:
    """Kill writers, then look: the log verifies, each acknowledged entry is there, the next append signs the rest."""
    store = await open_at(home, url)
    await store.log("ledger").append([b"first"])
    await store.close()
    siege = Siege(home, url, random.Random(seed), writers)
    siege.run(kills)
    assert siege.kills == kills
    store = await open_at(home, url)
    log = store.log("ledger")
    found = await log.verify()
    assert found.ok, found.words
    kept = {entry.key: entry.body async for entry in log.read()}
    acknowledged = siege.acknowledged()
    assert acknowledged
    assert [key for key in acknowledged if kept.get(key) != key.encode() * 100] == []
    await log.append([b"last"])
    after = await log.verify()
    assert (after.ok, after.entries, after.unsigned) == (True, found.entries + 1, 0)
    await store.close()
    return {"kills": kills, "acknowledged": len(acknowledged), "kept": found.entries, "unsigned": found.unsigned}


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


async def test_five_killed_writers_lose_nothing(tmp_path: Path, url: str) -> None:
    await besiege(tmp_path, url, kills=5, seed=1)


@pytest.mark.slow
async def test_a_hundred_killed_writers_lose_nothing(tmp_path: Path, url: str) -> None:
    seed = int(os.environ.get("ARA_SEED", "20240102"))
    counts = await besiege(tmp_path, url, kills=100, seed=seed, writers=MANY)
    tell(counts, store="PostgreSQL" if url else f"SQLite {sqlite3.sqlite_version}", seed=seed)


def tell(counts: dict[str, int], *, store: str, seed: int) -> None:
    """Write the result where `make slow` collects evidence; each store has its row, the newest replaces the older."""
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        return
    page = Path(folder) / "killed_writers.md"
    head = [
        "# Killed writers",
        "",
        f"{MANY} processes with six callers each append to one log; one after the other is killed (`kill -9`) at a",
        "random moment and replaced. Afterwards the log verified, and every entry that a caller was told of was in it",
        "with its content. *Unsigned* entries were written, but their writer was killed before the head was signed:",
        "the next append signed them. Measured by `make slow`.",
        "",
        "| store | date | seed | kills | acknowledged | lost | kept | unsigned |",
        "|---|---|---|---|---|---|---|---|",
    ]
    old = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    name = store.split(maxsplit=1)[0]
    others = [line for line in old[len(head) :] if line and not line.startswith(f"| {name}")]
    row = [store, f"{datetime.now(UTC):%Y-%m-%d}", seed, counts["kills"], counts["acknowledged"], 0]
    row += [counts["kept"], counts["unsigned"]]
    rows = sorted([*others, "| " + " | ".join(map(str, row)) + " |"], reverse=True)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")
