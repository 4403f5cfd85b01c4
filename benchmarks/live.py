"""How fast messages of a venue become closed bars, and whether any is lost.

A venue in another process sends a thousand messages a second for ten seconds, each a bar of a minute as it stands, for
fifty instruments; every fourth closes its bar. Each message carries the moment at which it was sent, as its volume in
microseconds. `live_p95_ms`: from sending the message that closes a bar to having that bar, 95 of 100 are faster; with
the whole way: socket, exact reading, order, frames, `closed`. `live_messages_per_s`: what went through while it was
sent; `live_lost_count`: bars that were sent closed and didn't come out (must be 0). `live_over_bare`: processor time
for a message on the way, over reading the same JSON exactly and making one frame of it.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import msgspec
import polars as pl

from ara.clock import FixedClock
from ara.data.access import Access
from ara.data.live import closed
from ara.data.providers.binance import Binance, messages
from ara.data.providers.exchange import instrument
from ara.testing import FakeVenue, Reply
from ara.testing.line import Line
from benchmarks.measure import ROOT, show

__all__ = ["figures"]

_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
_COINS = 50
_RATE = 1000
_SECONDS = 10
_TURNS = 4


def figures() -> dict[str, float]:
    """Measure delay, rate, losses, and the cost of a message."""
    venue = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.live", "--venue"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    assert venue.stdout is not None
    url, socket = venue.stdout.readline().split()
    try:
        return asyncio.run(_follow(url, socket))
    finally:
        venue.communicate("end\n")


def _code(number: int) -> str:
    return f"C{number:02d}USDT"


def _message(turn: int) -> bytes:
    """Give the message of a turn: each coin in its order runs through the states of its bar, then goes to the next."""
    number, state = turn % _COINS, turn // _COINS
    at = int((_BEGIN + timedelta(minutes=state // _TURNS)).timestamp() * 1000)
    bar = {"t": at, "T": at + 59_999, "s": _code(number), "i": "1m", "f": 1, "L": 2, "o": "100.1", "c": "100.2"}
    bar |= {"h": "101.5", "l": "99.5", "v": str(time.time_ns() // 1000), "n": 2, "x": state % _TURNS == _TURNS - 1}
    bar |= {"q": "1.0", "V": "0.5", "Q": "0.5", "B": "0"}
    event = {"e": "kline", "E": at, "s": _code(number), "k": bar}
    return json.dumps({"stream": f"{_code(number).lower()}@kline_1m", "data": event}).encode()


def _serve() -> None:
    total = _RATE * _SECONDS

    def script(line: Line) -> None:
        line.receive()
        line.send({"result": None, "id": 1})
        time.sleep(0.5)
        begin = time.perf_counter()
        for turn in range(total):
            wait = begin + turn / _RATE - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            line.send(_message(turn))
        line.wait(60)

    with FakeVenue() as venue:
        venue.on("/api/v3/ticker/price", handler=lambda request: Reply.json({"symbol": "X", "price": "1"}))
        venue.on("/api/v3/klines", json=[])
        venue.socket("/stream", script)
        print(venue.url, venue.socket_url, flush=True)
        sys.stdin.readline()


async def _follow(url: str, socket: str) -> dict[str, float]:
    coins = [instrument(f"C{number:02d}", "USDT") for number in range(_COINS)]
    access = Access(Binance.venue, clock=FixedClock(_BEGIN), url=url, socket=socket)
    provider = Binance(access)
    wanted = _RATE * _SECONDS // _TURNS
    delays: list[float] = []
    seen: set[tuple[str, datetime]] = set()
    begin = first = 0.0
    live = closed(provider, [coin for coin in coins if coin], clock=access.clock)
    async with aclosing(live):
        async for frame in live:
            now = time.time_ns() // 1000
            if not delays:
                begin, first = time.process_time(), time.perf_counter()
            for symbol, at, sent in frame.select("symbol", "at", "volume").iter_rows():
                delays.append((now - sent) / 1000)
                seen.add((symbol, at))
            if len(delays) >= wanted:
                break
            if time.perf_counter() - first > 3 * _SECONDS:
                break
    spent, passed = time.process_time() - begin, time.perf_counter() - first
    await provider.close()
    sent_after = _RATE * _SECONDS - _TURNS * _COINS + _COINS
    return {
        "live_p95_ms": sorted(delays)[int(0.95 * len(delays))],
        "live_messages_per_s": sent_after / passed,
        "live_lost_count": float(wanted - len(seen)),
        "live_over_bare": spent / sent_after / _bare(),
    }


def _bare() -> float:
    raw = _message(0)
    envelope = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    event = bytes(envelope["data"])
    least = float("inf")
    for _ in range(5):
        begin = time.process_time()
        for _ in range(500):
            bar = messages.read("stream", event).bar
            pl.DataFrame({"symbol": ["X"], "close": [float(bar.close)], "volume": [float(bar.volume)]})
        least = min(least, (time.process_time() - begin) / 500)
    return least


if __name__ == "__main__":
    if sys.argv[1:2] == ["--venue"]:
        _serve()
    else:
        show(figures())
