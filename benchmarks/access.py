"""What reliability costs: a request, a message and an answer's reading, each over the same without it.

`get_over_bare`: a request by `Access.get`, with limits, breaker, health and what was answered before kept in the
shared file, over the same request by a bare httpx client, to one server of this machine; medians of wall time in turns,
so most of it is the hand-over to the thread that reads and writes the file. `turn_us`: taking tokens of three limits
from the shared file, whole transaction, median. `stream_per_s`: messages a second through `Access.messages` from a real
server in this process, which takes half of the time. `decode_over_bare`: reading an answer of 2,500 bars exactly, over
msgspec's own reading into floats; processor time.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import httpx
import msgspec

from ara.clock import SystemClock
from ara.data.access import Access, Limit, Venue
from ara.data.access.board import Board
from ara.data.access.throttle import reserve
from ara.data.access.wire import decode
from ara.testing import FakeVenue, Line
from benchmarks.measure import ROOT, show

__all__ = ["figures"]

_REQUESTS = 200
_MESSAGES = 5_000
_BARS = 2_500
_LIMITS = (
    Limit(requests=100_000, seconds=1),
    Limit(requests=1_000_000, seconds=60),
    Limit(requests=10_000_000, seconds=86_400),
)


class _Exact(msgspec.Struct):
    at: int
    close: Decimal


class _Loose(msgspec.Struct):
    at: int
    close: float


def figures() -> dict[str, float]:
    """Measure requests, turns, messages and reading."""
    place = ROOT / ".benchmarks"
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as folder, FakeVenue() as venue:
        board = Board.at(Path(folder))
        venue.on("/bars", json={"close": 122.15})
        venue.socket("/stream", _speak)
        known = Venue(name="acme", url=venue.url, socket=venue.socket_url, limits=_LIMITS)
        access = Access(known, clock=SystemClock(), board=board)
        ratio, rate = asyncio.run(_over_sockets(access, venue.url))
        turn = _turn(board)
        board.close()
    return {"get_over_bare": ratio, "turn_us": turn, "stream_per_s": rate, "decode_over_bare": _decoding()}


def _speak(line: Line) -> None:
    for number in range(_MESSAGES + 1):
        line.send(f'{{"n":{number}}}')
    line.wait(60)


async def _over_sockets(access: Access, url: str) -> tuple[float, float]:
    async with httpx.AsyncClient() as bare:
        whole: list[float] = []
        alone: list[float] = []
        for number in range(_REQUESTS):
            spent = await _timed(lambda: access.get("/bars"))
            over = await _timed(lambda: bare.get(f"{url}/bars"))
            if number > 10:
                whole.append(spent)
                alone.append(over)
    messages = access.messages([], path="/stream")
    rate = await _rate(messages)
    await messages.aclose()
    await access.close()
    return statistics.median(whole) / statistics.median(alone), rate


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def _rate(messages: AsyncIterator[bytes]) -> float:
    await anext(messages)
    began = time.perf_counter()
    for _ in range(_MESSAGES):
        await anext(messages)
    return _MESSAGES / (time.perf_counter() - began)


def _turn(board: Board) -> float:
    spent = []
    for _ in range(500):
        began = time.perf_counter()
        board.run(lambda connection, now: reserve(connection, now, bucket="acme", limits=_LIMITS))
        spent.append(time.perf_counter() - began)
    return 1e6 * statistics.median(spent)


def _decoding() -> float:
    raw = json.dumps([{"at": number, "close": 100 + number / 100, "more": "x"} for number in range(_BARS)]).encode()
    bare = msgspec.json.Decoder(list[_Loose])
    exact, loose = [], []
    for _ in range(50):
        began = time.process_time()
        decode(raw, list[_Exact], source="acme")
        exact.append(time.process_time() - began)
        began = time.process_time()
        bare.decode(raw)
        loose.append(time.process_time() - began)
    return min(exact) / min(loose)


if __name__ == "__main__":
    show(figures())
