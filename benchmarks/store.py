"""How many forecasts a second the ledger takes, each of them durable before its caller goes on.

`appends_8_processes_per_s`: for four seconds eight processes write to one log of one SQLite file, `synchronous = FULL`.
In each of them sixteen callers append one body of 4 KB, wait until it is acknowledged, and append the next. What counts
are acknowledgements between the common start and the last one, in wall time, start-up left out; afterwards the whole
log is verified and must hold each of them. `append_alone_over_bare`: one append of a single caller, over the least that
must be done: one row in a commit of SQLite and one small file replaced durably; medians of wall time. Files lie in the
repository's folder, so that no memory disk flatters the figures.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ara.clock import SystemClock
from ara.settings import Settings
from ara.store import Store, open_store
from ara.vault import Vault
from benchmarks.measure import ROOT, show

__all__ = ["figures"]

_PROCESSES = 8
_CALLERS = 16
_SECONDS = 4.0
_BODY = 4096


def figures() -> dict[str, float]:
    """Measure the rate of many and the time of one."""
    with _folder() as home:
        rate = _many(home)
    with _folder() as home:
        alone = asyncio.run(_alone(home))
    with _folder() as home:
        bare = _bare(home)
    return {"appends_8_processes_per_s": rate, "append_alone_over_bare": alone / bare}


@contextmanager
def _folder() -> Iterator[Path]:
    place = ROOT / ".benchmarks"
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


async def _open(home: Path) -> Store:
    settings = Settings.load({"home": str(home)}, environ={})
    return await open_store(settings, vault=Vault.open(settings, environ={}), clock=SystemClock())


def _many(home: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.store", "--write", str(home)]
    asyncio.run(_first(home))
    pipe = subprocess.PIPE
    writers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) for _ in range(_PROCESSES)]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    start = time.monotonic() + 0.2
    answers = []
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(f"{start}\n")
        writer.stdin.flush()
    for writer in writers:
        out, _ = writer.communicate()
        answers.append(out.split())
    count, end = sum(int(answer[0]) for answer in answers), max(float(answer[1]) for answer in answers)
    kept = asyncio.run(_verified(home))
    if kept < count:
        sys.exit(f"{count} appends were acknowledged, but the log holds {kept}.")
    return count / (end - start)


async def _first(home: Path) -> None:
    store = await _open(home)
    await store.log("ledger").append([b"first"])
    await store.close()


async def _verified(home: Path) -> int:
    store = await _open(home)
    verification = await store.log("ledger").verify()
    await store.close()
    if not verification.ok:
        sys.exit(verification.words)
    return verification.entries


async def _write(home: Path) -> None:
    store = await _open(home)
    log = store.log("ledger")
    await log.head()
    print("ready", flush=True)
    start = float(sys.stdin.readline())
    await asyncio.sleep(max(0.0, start - time.monotonic()))
    count, end = 0, start

    async def caller(name: int) -> None:
        nonlocal count, end
        turn = 0
        while time.monotonic() < start + _SECONDS:
            await log.append([os.urandom(_BODY)], keys=[f"{os.getpid()}-{name}-{turn}"])
            turn, count, end = turn + 1, count + 1, time.monotonic()

    await asyncio.gather(*(caller(name) for name in range(_CALLERS)))
    print(count, end, flush=True)
    await store.close()


async def _alone(home: Path) -> float:
    store = await _open(home)
    log = store.log("ledger")
    await log.append([b"first"])
    times = []
    for turn in range(300):
        begin = time.perf_counter()
        await log.append([os.urandom(_BODY)], keys=[str(turn)])
        times.append(time.perf_counter() - begin)
    await store.close()
    return sorted(times)[len(times) // 2]


def _bare(home: Path) -> float:
    connection = sqlite3.connect(home / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (body BLOB)")
    times = []
    for _ in range(300):
        begin = time.perf_counter()
        connection.execute("INSERT INTO rows VALUES (?)", (os.urandom(_BODY),))
        _replace(home)
        times.append(time.perf_counter() - begin)
    connection.close()
    return sorted(times)[len(times) // 2]


def _replace(home: Path) -> None:
    with (home / "new").open("wb") as file:
        file.write(b"x" * 400)
        file.flush()
        os.fsync(file.fileno())
    (home / "new").replace(home / "head")
    folder = os.open(home, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        asyncio.run(_write(Path(sys.argv[2])))
    else:
        show(figures())
