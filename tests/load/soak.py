"""Many clients that ask a service for minutes: `python -m tests.load.soak`; prints one JSON document.

The service runs as `ara serve` does with nothing set up. Each client asks again as soon as it was answered: mostly for
a kept forecast, for bars and an indicator, and now and then for a new forecast. Memory is what the service's process
holds, the median of ten looks in twenty seconds: after the first minute, in which code is loaded and caches fill, and
at the end.
"""

import argparse
import asyncio
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.load.sockets import resident

HERE = Path(__file__).parents[2]
FIRST = date(2010, 1, 4)
LOOKS = 10


def begin(folder: Path, **more: str) -> tuple[subprocess.Popen[bytes], str, str]:
    """Serve, and give the process, its address and the administrator's key."""
    said = folder / "said.txt"
    environ = {**{name: value for name, value in os.environ.items() if not name.startswith("ARA_")}, **LIMITS, **more}
    with said.open("wb") as file:
        made = subprocess.Popen(
            [sys.executable, "-m", "ara", "serve", "--port", "0"], cwd=HERE, stdout=file, stderr=file,
            env={**environ, "ARA_HOME": str(folder / "home")},
        )  # fmt: skip
    while (place := re.search(r"http://127\.0\.0\.1:\d+", said.read_text())) is None:
        assert made.poll() is None, said.read_text()
        time.sleep(0.05)
    key = re.search(r"^ara_\S+$", said.read_text(), re.MULTILINE)
    assert key is not None
    return made, place[0], key[0]


LIMITS = {"ARA_ACCOUNTS_ENTERPRISE_BURST": "100000", "ARA_ACCOUNTS_ENTERPRISE_PER_MINUTE": "1000000"}
"""More than is asked: what is measured is not the limiter."""


async def asked(url: str, key: str, pid: int, clients: int, seconds: float) -> dict[str, Any]:
    """Ask for a while, and give what was answered and what the process held meanwhile."""
    told, wrong, took = Counter[str](), Counter[str](), list[float]()
    memory: list[tuple[float, float]] = []
    began = time.monotonic()
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60, limits=limits
    ) as client:
        made = await client.post("/api/v1/predict", json=question(0))
        kept = f"/api/v1/predictions/{made.json()['prediction_id']}"

        async def one(number: int) -> None:
            dice = random.Random(number)
            while time.monotonic() - began < seconds:
                kind, method, path, body = choice(dice, kept)
                start = time.monotonic()
                try:
                    answer = await client.request(method, path, json=body)
                except httpx.HTTPError as error:
                    wrong[f"{kind}: {type(error).__name__}"] += 1
                    continue
                took.append(time.monotonic() - start)
                told[kind] += 1
                if answer.status_code != 200:
                    wrong[f"{kind}: {answer.status_code}"] += 1

        async def look() -> None:
            while time.monotonic() - began < seconds:
                memory.append((time.monotonic() - began, resident(pid)))
                await asyncio.sleep(2)

        await asyncio.gather(look(), *(one(number) for number in range(clients)))
    took.sort()
    early = [size for at, size in memory if at >= min(60, seconds / 5)][:LOOKS]
    before, after = statistics.median(early), statistics.median([size for _, size in memory][-LOOKS:])
    return {
        "clients": clients, "seconds": round(time.monotonic() - began), "requests": sum(told.values()),
        "by": dict(told), "errors": dict(wrong), "p50_ms": round(1e3 * took[len(took) // 2]),
        "p95_ms": round(1e3 * took[int(len(took) * 0.95)]), "before_mb": round(before, 1), "after_mb": round(after, 1),
        "growth": round(after / before - 1, 4),
    }  # fmt: skip


def question(day: int) -> dict[str, Any]:
    """Ask for a forecast as of some day."""
    asof = (FIRST + timedelta(days=day)).isoformat()
    return {"symbol": "AAPL", "days": 2, "model": "ewma_t", "as_of": asof}


def choice(dice: random.Random, kept: str) -> tuple[str, str, str, dict[str, Any] | None]:
    """Choose what is asked next."""
    number = dice.random()
    if number < 0.7:
        return "kept forecast", "GET", kept, None
    if number < 0.85:
        return "bars", "GET", "/api/v2/instruments/AAPL/bars?limit=50", None
    if number < 0.97:
        return "indicator", "GET", "/api/v2/instruments/AAPL/indicators/rsi?limit=50", None
    return "new forecast", "POST", "/api/v1/predict", question(dice.randrange(2_900))


def main() -> None:
    """Measure, and print it."""
    words = argparse.ArgumentParser()
    words.add_argument("--clients", type=int, default=50)
    words.add_argument("--seconds", type=float, default=300)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made, url, key = begin(Path(folder))
        try:
            found = asyncio.run(asked(url, key, made.pid, given.clients, given.seconds))
        finally:
            made.send_signal(signal.SIGTERM)
            made.wait(60)
    print(json.dumps({"processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1), **found}, indent=1))


if __name__ == "__main__":
    main()
