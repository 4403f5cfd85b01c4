"""How soon a worker takes a job: from when it stands in the line to when a worker has it, in milliseconds.

`looking`: by a worker that looks by itself, in another process over one SQLite file. `inside`: by the worker of the
same process, which hears the bell, as in `ara serve`. `celery`: by a Celery worker in another process, over a Redis of
this run; left out where there is none. Median and 95th percentile of jobs that are put in one after the other; each is
ended at once, so that what is measured is the taking alone.
"""

import asyncio
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ara.desk import Desk
from ara.jobs import Queue, Score, Worker
from ara.settings import Settings
from benchmarks.measure import show

__all__ = ["figures"]

_JOBS = 10


def figures() -> dict[str, float]:
    """Measure all three."""
    found = {"looking": _elsewhere(""), "inside": asyncio.run(_inside())}
    if shutil.which("redis-server"):
        found["celery"] = _by_celery()
    return {
        f"{name}_{part}_ms": round(value, 1)
        for name, each in found.items()
        for part, value in (("median", statistics.median(each)), ("p95", sorted(each)[int(0.95 * len(each))]))
    }


def _settings(home: Path, broker: str = "") -> Settings:
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "jobs.cpus": "2", "jobs.broker": broker}
    return Settings.load({**asked, "data.providers": "sample", "log.level": "error"})


async def _times(queue: Queue) -> list[float]:
    """Put in jobs one after the other and give how long each stood in the line, the first two left out."""
    found = []
    for _ in range(_JOBS + 2):
        job = await queue.add(Score())
        while (now := await queue.get(job.number)).taken_at is None:  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.002)
        found.append(1e3 * (now.taken_at - job.made_at).total_seconds())
        while not (await queue.get(job.number)).ended:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found[2:]


async def _inside() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        async with Desk.open(_settings(Path(folder))) as desk:
            worker = Worker(desk, most=1)
            task = asyncio.create_task(worker.run())
            try:
                return await _times(Queue(desk, bell=worker))
            finally:
                worker.stop()
                await task


def _elsewhere(broker: str) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(Path(folder), broker)
        asked = {"home": folder, "store.url": settings.store.url, "jobs.cpus": "2", "jobs.broker": broker}
        words = [word for key, value in asked.items() for word in ("--set", f"{key}={value}")]
        worker = subprocess.Popen(
            [sys.executable, "-m", "ara", "worker", "-q", *words, "--set", "data.providers=sample"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

        async def ask() -> list[float]:
            async with Desk.open(settings) as desk:
                return await _times(Queue(desk))

        try:
            return asyncio.run(ask())
        finally:
            worker.terminate()
            worker.wait(60)


def _by_celery() -> list[float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        return _elsewhere(f"redis://127.0.0.1:{port}/0")
    finally:
        server.terminate()
        server.wait(60)


if __name__ == "__main__":
    show(figures())
