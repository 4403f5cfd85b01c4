"""Several processes and one venue: limits, breaker and health are theirs together."""

import asyncio
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from ara.clock import SystemClock
from ara.data.access import Access, Limit, Venue
from ara.data.access.board import Board
from ara.data.access.throttle import reserve
from ara.errors import DataProviderError
from ara.testing import Reply
from tests.processes import begin, codes

LIMIT = Limit(requests=5, seconds=1.0)


def _access(url, home, *limits, timeout=600):
    venue = Venue(name="acme", url=url, limits=limits)
    return Access(venue, clock=SystemClock(), board=Board.at(Path(home)), retries=0, timeout=timeout)


def _ask(url, home, times):
    async def work():
        access = _access(url, home, LIMIT)
        await asyncio.gather(*(access.get("/x") for _ in range(times)))
        await access.close()

    asyncio.run(work())


def _reserve_and_wait(home, ready):
    board = Board.at(Path(home))
    for _ in range(8):
        board.run(lambda connection, now: reserve(connection, now, bucket="acme", limits=[LIMIT]))
    ready.set()
    signal.pause()  # until it is killed


def _probe_and_wait(url, home):
    async def work():
        access = _access(url, home)
        await access.get("/hang")

    asyncio.run(work())


@pytest.fixture
def spawn():
    return multiprocessing.get_context("spawn")


def test_two_processes_never_exceed_a_limit_between_them(venue, tmp_path, spawn):
    seen = []

    def note(_request):
        seen.append(time.monotonic())
        return Reply(body=b"1")

    venue.on("/x", handler=note)
    workers = [begin(spawn, _ask, venue.url, str(tmp_path), 8) for _ in range(2)]
    assert codes(workers) == [0, 0]
    assert len(seen) == 16
    seen.sort()
    assert min(late - early for early, late in zip(seen, seen[5:], strict=False)) >= 1.0


def test_a_process_that_is_killed_gives_its_reservations_back(tmp_path, spawn):
    ready = spawn.Event()
    worker = begin(spawn, _reserve_and_wait, str(tmp_path), ready)
    while not ready.wait(0.2):
        assert worker.is_alive()
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    later = Board(tmp_path / "venues.db", now=lambda: time.time() + 3)
    assert later.run(lambda connection, now: reserve(connection, now, bucket="acme", limits=[LIMIT])) == (0.0, True)
    later.close()


def test_a_breaker_is_open_for_all_and_a_killed_probe_holds_it_for_its_lease_only(venue, tmp_path, spawn):
    venue.on("/bad", status=500)

    async def fail(board):
        access = Access(Venue(name="acme", url=venue.url), clock=SystemClock(), board=board, retries=0, timeout=5)
        with pytest.raises(DataProviderError) as caught:
            await access.get("/bad")
        await access.close()
        return caught.value

    for _ in range(5):
        asyncio.run(fail(Board.at(tmp_path)))
    assert "is left alone for" in str(asyncio.run(fail(Board.at(tmp_path))))
    assert len(venue.requests) == 5
    board = Board.at(tmp_path)
    board.run(lambda connection, now: connection.execute("UPDATE breakers SET until = ?", (now,)))
    venue.on("/hang", delay=600)
    worker = begin(spawn, _probe_and_wait, venue.url, str(tmp_path))
    while len(venue.requests) < 6:
        assert worker.is_alive()
        time.sleep(0.02)
    assert "is being tried by another request" in str(asyncio.run(fail(Board.at(tmp_path))))
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    later = Board(tmp_path / "venues.db", now=lambda: time.time() + 400)
    assert "500" in str(asyncio.run(fail(later)))
    board.close()
