"""What `ara serve` takes to start and for a batch: `python -m tests.load.served`; prints one JSON document.

A start is from nothing to the first answer of `/health/ready`, in an installation that is there. A batch is a hundred
instruments over five days as `POST /api/v1/predict/batch` answers it, the forecasts kept, each time as of another day;
they are made-up shares with 1,500 daily bars that were imported. Both are told by the clock and in seconds of processor
time of the service and its workers, since other programs may run.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from ara.data.provider import Kind
from ara.jobs import memory
from ara.market.symbols import guess
from ara.market.timeframe import DAY
from benchmarks.crowd import Crowd
from tests.chaos.installation import free
from tests.load.soak import HERE, LIMITS, begin

FIRST = date(2024, 1, 8)


def processor(pid: int) -> float:
    """Give the seconds of processor time of a process and of all that it started and that lives or was waited for."""
    told = 0.0
    for one in memory.family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        told += sum(int(fields[place]) for place in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")
    return told


def started(home: Path, times: int) -> dict[str, Any]:
    """Start a service in an installation that is there, some times."""
    by_clock, by_processor = [], []
    for _ in range(times):
        port = free()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ARA_")} | LIMITS
        began = time.monotonic()
        made = subprocess.Popen(
            [sys.executable, "-m", "ara", "serve", "--port", str(port)], cwd=HERE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**environ, "ARA_HOME": str(home)},
        )  # fmt: skip
        while not ready(port):
            assert made.poll() is None
            time.sleep(0.005)
        by_clock.append(time.monotonic() - began)
        by_processor.append(processor(made.pid))
        made.send_signal(signal.SIGTERM)
        made.wait(60)
    return told(by_clock, by_processor)


def ready(port: int) -> bool:
    """Say whether a service answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def import_crowd(folder: Path, home: Path, size: int) -> list[str]:
    """Import the bars of made-up shares, and give their names."""
    names, crowd, span = [f"C{number}" for number in range(size)], Crowd(), datetime(2019, 1, 1, tzinfo=UTC)

    async def bars(name: str) -> pl.DataFrame:
        found = await crowd.history(Kind.BARS, guess(name, "stock"), DAY, start=span, end=datetime.now(UTC))
        columns = ("open", "high", "low", "close", "volume")
        return found.select(pl.lit(name).alias("symbol"), pl.col("at").dt.date().alias("date"), *columns)

    frames = [asyncio.run(bars(name)) for name in names]
    pl.concat(frames).write_parquet(folder / "crowd.parquet")
    environ = {**{name: value for name, value in os.environ.items() if not name.startswith("ARA_")}}
    command = [sys.executable, "-m", "ara", "data", "import", str(folder / "crowd.parquet"), "--quiet"]
    subprocess.run(command, cwd=HERE, env={**environ, "ARA_HOME": str(home)}, check=True, stdout=subprocess.DEVNULL)
    return names


def batches(url: str, key: str, pid: int, known: list[str], *, times: int) -> dict[str, Any]:
    """Ask for batches, each as of another day; the first one, which starts the workers, is left out."""
    headers, by_clock, by_processor = {"Authorization": f"Bearer {key}"}, [], []
    with httpx.Client(base_url=url, headers=headers, timeout=120) as client:
        for number in range(times + 1):
            day = FIRST + timedelta(days=7 * number)
            before, began = processor(pid), time.monotonic()
            asked = {"symbols": known, "days": 5, "as_of": day.isoformat()}
            answer = client.post("/api/v1/predict/batch", json=asked)
            by_clock.append(time.monotonic() - began)
            by_processor.append(processor(pid) - before)
            assert answer.status_code == 200, answer.text
            assert answer.json()["successful_count"] == len(known), answer.json()["failures"]
    return {"size": len(known), **told(by_clock[1:], by_processor[1:])}


def told(by_clock: list[float], by_processor: list[float]) -> dict[str, Any]:
    """Give the least and the median by the clock, and the same of processor time."""
    return {
        "times": len(by_clock),
        "seconds": {"least": round(min(by_clock), 2), "median": round(statistics.median(by_clock), 2)},
        "processor": {"least": round(min(by_processor), 2), "median": round(statistics.median(by_processor), 2)},
    }


def main() -> None:
    """Measure, and print it."""
    asks = argparse.ArgumentParser(description=__doc__)
    asks.add_argument("--size", type=int, default=100)
    asks.add_argument("--times", type=int, default=5)
    given = asks.parse_args()
    found: dict[str, Any] = {"processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory() as folder:
        known = import_crowd(Path(folder), Path(folder) / "home", given.size)
        made, url, key = begin(Path(folder))
        try:
            found["batch"] = batches(url, key, made.pid, known, times=given.times)
        finally:
            made.send_signal(signal.SIGTERM)
            made.wait(60)
        found["start"] = started(Path(folder) / "home", given.times)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
