"""How live sockets bear load: `python -m tests.load.sockets`; prints one JSON document.

The service runs in a process of its own, as `ara serve` runs it, with a stream that is told 50 messages a second.
Latency is from the moment a message is made (`made`, in its data) to that at which a client has read it.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

HERE = Path(__file__).parents[2]


def resident(pid: int) -> float:
    """Give the megabytes that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def begin(folder: str, *more: str) -> tuple[subprocess.Popen[str], int, str]:
    """Serve in a process of its own, and give it with its port and the administrator's key."""
    made = subprocess.Popen(
        [sys.executable, "-m", "tests.load.ticking", folder, *more], cwd=HERE, stdout=subprocess.PIPE, text=True
    )
    assert made.stdout is not None
    facts = json.loads(made.stdout.readline())
    return made, facts["port"], facts["key"]


async def listened(port: int, key: str, sockets: int, seconds: float) -> dict[str, Any]:
    """Listen with many sockets at once, and give the latencies in milliseconds."""
    took: list[float] = []
    lost = 0
    ready, stop = asyncio.Event(), asyncio.Event()
    open_ = 0

    async def one() -> None:
        nonlocal lost, open_
        async with connect(
            f"ws://127.0.0.1:{port}/ws/ticking", additional_headers={"Authorization": f"Bearer {key}"}, compression=None
        ) as line:
            open_ += 1
            if open_ == sockets:
                ready.set()
            last = None
            while not stop.is_set():
                told = json.loads(await line.recv())
                now = time.time()
                if told["type"] != "tick":
                    lost += told["type"] == "dropped"
                    continue
                if last is not None and told["seq"] != last + 1:
                    lost += 1
                last = told["seq"]
                if ready.is_set():
                    took.append(1e3 * (now - told["data"]["made"]))

    tasks = []
    for _ in range(sockets):
        tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(0.005)
    await ready.wait()
    began = time.time()
    await asyncio.sleep(seconds)
    stop.set()
    await asyncio.gather(*tasks)
    took.sort()
    return {
        "sockets": sockets, "seconds": round(time.time() - began, 1), "messages": len(took), "lost": lost,
        "per_second": round(len(took) / seconds / sockets, 1),
        "p50_ms": round(took[len(took) // 2], 1), "p95_ms": round(took[int(len(took) * 0.95)], 1),
        "max_ms": round(took[-1], 1),
    }  # fmt: skip


async def idle(port: int, key: str, pid: int, sockets: int) -> dict[str, Any]:
    """Open many sockets that hear nothing but heart-beats, and give what each costs the service."""
    before = resident(pid)
    lines = []
    for _ in range(sockets):
        line = connect(
            f"ws://127.0.0.1:{port}/ws/alerts", additional_headers={"Authorization": f"Bearer {key}"}, compression=None
        )
        lines.append(await line.__aenter__())
    await asyncio.sleep(5)
    alive = sum([json.loads(await one.recv())["type"] == "hello" for one in lines])
    during = resident(pid)
    for one in lines:
        await one.close()
    return {
        "sockets": sockets, "alive": alive, "before_mb": round(before, 1), "with_mb": round(during, 1),
        "growth_mb": round(during - before, 1), "kb_each": round(1024 * (during - before) / sockets, 1),
    }  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--sockets", type=int, default=200)
    asked.add_argument("--seconds", type=float, default=10)
    asked.add_argument("--idle", type=int, default=2000)
    asked.add_argument("--redis", default="")
    given = asked.parse_args()
    found: dict[str, Any] = {"processors": os.cpu_count(), "load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as folder:
        made, port, key = begin(folder, *(["data.cache.redis=" + given.redis] if given.redis else []))
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=60).raise_for_status()
            found["ticking"] = asyncio.run(listened(port, key, given.sockets, given.seconds))
            found["idle"] = asyncio.run(idle(port, key, made.pid, given.idle))
        finally:
            made.send_signal(signal.SIGTERM)
            made.wait(60)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
