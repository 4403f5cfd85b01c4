"""What the cache costs: a hit in memory, a hit in Redis, and batches of 10,000 instruments.

`memory_hit_us`: one hit of 2,500 daily bars in memory, the least of several runs, over an event loop; promised are 30.
`memory_hit_over_bare`: the same over what it can't do without, a lookup in a dictionary behind an `await`.
`redis_hit_over_store`: a value from Redis over reading the same bars from a Parquet file, where redis-server is there.
`one_load_for_100_count`: loads that 100 callers at once cause.
`batch_memory_10000_over_500`: peak memory of batches of 50 over 10,000 instruments, over that of 500.
"""

import asyncio
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from ara.clock import SystemClock
from ara.data import Kind
from ara.data.batch import many
from ara.data.cache import Cache, Key
from ara.market import DAY, Bars, Basis, Instrument, Timeframe
from ara.market.bars import SCHEMA
from ara.market.symbols import guess
from ara.settings import Settings
from benchmarks.measure import ROOT, show

__all__ = ["figures"]

_BARS = 2_500
_HITS = 5_000
_RUNS = 7


def figures() -> dict[str, float]:
    """Measure hits, the one load, and the memory of batches."""
    hit, bare, loads = asyncio.run(_memory())
    found = {"memory_hit_us": hit * 1e6, "memory_hit_over_bare": hit / bare, "one_load_for_100_count": float(loads)}
    found |= _redis()
    small, large = (_peak(count) for count in (500, 10_000))
    return {**found, "batch_memory_10000_over_500": large / small}


def _frame(rows: int = _BARS) -> pl.DataFrame:
    at = [datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(rows)]
    prices = {name: [100.0 + n % 17 for n in range(rows)] for name in ("open", "high", "low", "close", "volume")}
    times = {"at": at, "known_at": [one + timedelta(days=1) for one in at], "learned_at": at}
    told = {"source": ["made"] * rows, "quality": [1.0] * rows, "imputed": [False] * rows}
    columns = {**times, **prices, **told}
    return pl.DataFrame({name: columns.get(name, [None] * rows) for name in SCHEMA}, schema=SCHEMA)


def _settings(**values: str) -> Settings:
    return Settings.load({f"data.cache.{name}": value for name, value in values.items()}, environ={})


async def _memory() -> tuple[float, float, int]:
    cache, frame, loads = Cache(_settings(), clock=SystemClock()), _frame(), 0
    bars = {"ara:1:bars:AAPL:1d": frame}

    async def load() -> pl.DataFrame:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0)
        return frame

    async def hit() -> pl.DataFrame:
        return await cache.get(Key(kind=Kind.BARS, symbol="AAPL", timeframe=DAY, calendar="XNYS"), load)

    async def bare() -> pl.DataFrame:
        return bars["ara:1:bars:AAPL:1d"]

    await asyncio.gather(*(hit() for _ in range(100)))
    times = [(await _timed(hit), await _timed(bare)) for _ in range(_RUNS)]
    await cache.close()
    return min(one for one, _ in times), min(other for _, other in times), loads


async def _timed(ask: Callable[[], Awaitable[object]], count: int = _HITS) -> float:
    begin = time.perf_counter()
    for _ in range(count):
        await ask()
    return (time.perf_counter() - begin) / count


@contextmanager
def _server(program: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir())
    try:
        for _ in range(500):
            with socket.socket() as line:
                if not line.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


def _redis() -> dict[str, float]:
    program = shutil.which("redis-server")
    if program is None:
        return {}
    place = ROOT / ".benchmarks"
    place.mkdir(exist_ok=True)
    with _server(program) as url, tempfile.TemporaryDirectory(dir=place) as folder:
        return asyncio.run(_over_store(url, Path(folder) / "bars.parquet"))


async def _over_store(url: str, path: Path) -> dict[str, float]:
    frame = _frame()
    frame.write_parquet(path)
    # without memory every question goes to Redis
    cache = Cache(_settings(redis=url, memory_mb="0"), clock=SystemClock())

    async def load() -> pl.DataFrame:
        return frame

    async def hit() -> pl.DataFrame:
        return await cache.get(Key(kind=Kind.BARS, symbol="AAPL", timeframe=DAY), load)

    async def read() -> pl.DataFrame:
        return pl.read_parquet(path)

    await hit()
    times = [(await _timed(hit, 100), await _timed(read, 100)) for _ in range(_RUNS)]
    await cache.close()
    one, other = min(one for one, _ in times), min(other for _, other in times)
    return {"redis_hit_ms": one * 1e3, "redis_hit_over_store": one / other}


def _peak(count: int) -> float:
    command = [sys.executable, "-m", "benchmarks.cache", "--batch", str(count)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


class _Made:
    """A market whose bars are made when they are asked for."""

    async def bars(
        self,
        instrument: Instrument,
        timeframe: Timeframe = DAY,
        *,
        as_of: datetime | None = None,
        learned: datetime | None = None,
    ) -> Bars:
        values = pl.int_range(_BARS, eager=True).cast(pl.Float64)
        frame = _TEMPLATE.with_columns(close=values * len(instrument.symbol))
        return Bars(instrument=instrument, timeframe=timeframe, basis=Basis.SPLIT, frame=frame)


_TEMPLATE = _frame()


async def _batches(count: int) -> None:
    wanted = [guess(f"S{number}", "stock") for number in range(count)]
    async for _ in many(_Made(), wanted):
        pass


if __name__ == "__main__":
    if sys.argv[1:2] == ["--batch"]:
        asyncio.run(_batches(int(sys.argv[2])))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    else:
        show(figures())
