"""A service and workers whose clock is put forward by an hour and back, under load, in both forms of an installation.

`shifted_clock.c` shows Ara's processes another time of day; nobody's stopwatch is touched. Embedded, that is a service
and a worker over one SQLite file, each of which may lead. Apart, it is a service and two workers that hear by Celery,
over a PostgreSQL and a Redis that keep the machine's time, as servers on other machines do.
"""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.chaos.clients import Clients
from tests.chaos.installation import wait_for
from tests.conftest import PostgresServer, RedisServer
from tests.load.soak import HERE, begin

pytestmark = pytest.mark.slow

PATIENCE = 240.0
PERSON = {"email": "ada@example.org", "password": "a quiet staple of horses"}
ASKED = {"symbol": "AAPL", "days": 2, "as_of": "2013-06-28", "model": "ewma_t"}
SOURCE = Path(__file__).with_name("shifted_clock.c")
READS = ("kept forecast", "bars", "state of a job")


class Watch(threading.Thread):
    """Looks all the time at who leads, and at how many jobs of a standing order are alive."""

    def __init__(self, asked: Callable[[str], list[str]]) -> None:
        super().__init__(daemon=True)
        self._asked, self._over = asked, threading.Event()
        self.owners, self.alive, self.looks = set[str](), 0, 0
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.5):
            owners = self._asked("SELECT body ->> 'owner' FROM documents WHERE kind = 'job_leader'")
            self.owners |= {one for one in owners if one}
            self.alive = max(self.alive, len(self.jobs("waiting", "running")))
            self.looks += 1

    def jobs(self, *states: str) -> list[str]:
        """Give the jobs of the standing order to score that are in one of some states."""
        found = self._asked("SELECT body ->> 'state' FROM documents WHERE kind = 'job' AND body ->> 'name' = 'score'")
        return [one for one in found if one in states]

    def end(self) -> None:
        self._over.set()
        self.join()


def of_file(place: Path) -> Callable[[str], list[str]]:
    """Ask an SQLite file."""

    def asked(statement: str) -> list[str]:
        file = sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=30)
        try:
            return [row[0] for row in file.execute(statement)]
        finally:
            file.close()

    return asked


def of_server(url: str) -> Callable[[str], list[str]]:
    """Ask a PostgreSQL."""

    async def fetched(statement: str) -> list[str]:
        connection = await asyncpg.connect(url)
        try:
            return [row[0] for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return lambda statement: asyncio.run(fetched(statement))


@dataclass
class Served:
    """Ara's processes, the clock that they are shown, and how the store is asked behind them."""

    folder: Path
    service: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]
    url: str
    key: str
    asked: Callable[[str], list[str]]

    def time(self) -> datetime:
        """Give what the service takes for the time."""
        return datetime.fromisoformat(httpx.get(f"{self.url}/health/live", timeout=60).json()["at"])

    def put(self, hours: int) -> None:
        """Put the clock so many hours before the machine's, and wait until the service shows it."""
        (self.folder / "clock").write_text(str(hours * 3600))
        wait_for(lambda: round((self.time() - datetime.now(UTC)).total_seconds() / 3600) == hours, "it shows that", 60)


@pytest.fixture(params=["embedded", "apart"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, str], int, Callable[[str], list[str]]]:
    """Give the settings of a form, how many workers it has, and how its store is asked."""
    if request.param == "embedded":
        return {}, 1, of_file(tmp_path / "home" / "ara.db")
    postgres: PostgresServer = request.getfixturevalue("own_postgres")
    redis: RedisServer = request.getfixturevalue("own_redis")
    url = postgres.create_database("ara")
    broker = redis.url.removesuffix("/0") + "/1"
    told = {"ARA_STORE_URL": url, "ARA_DATA_CACHE_REDIS": redis.url, "ARA_JOBS_BROKER": broker}
    return told, 2, of_server(url)


@pytest.fixture
def served(tmp_path: Path, place: tuple[dict[str, str], int, Callable[[str], list[str]]]) -> Iterator[Served]:
    compiler, library = shutil.which("cc"), tmp_path / "shifted_clock.so"
    if compiler is None or sys.platform != "linux":
        pytest.skip("there is no C compiler to put a clock forward with")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE)], check=True)
    (tmp_path / "clock").write_text("0")
    more = {
        "LD_PRELOAD": str(library), "SHIFTED_CLOCK": str(tmp_path / "clock"), "ARA_JOBS_SCHEDULE_SCORE": "30m",
        **place[0],
    }  # fmt: skip
    service, url, key = begin(tmp_path, **more)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ARA_")}
    workers = []
    for number in range(place[1]):
        with (tmp_path / f"worker-{number}.txt").open("wb") as said:
            worker = subprocess.Popen(
                [sys.executable, "-m", "ara", "worker"], cwd=HERE, stdout=said, stderr=said,
                env={**environ, **more, "ARA_HOME": str(tmp_path / "home")},
            )  # fmt: skip
        workers.append(worker)
    yield Served(tmp_path, service, workers, url, key, place[2])
    for process in (service, *workers):
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def bearer(client: httpx.Client, token: str) -> int:
    return client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code


def seen(load: Clients, since: Counter[tuple[str, str]]) -> dict[str, int]:
    told = Counter[str]()
    for (_, outcome), count in (load.told.answers - since).items():
        told[outcome] += count
    return dict(told)


def test_a_clock_that_is_put_forward_and_back_makes_nothing_twice_and_loses_nothing(
    served: Served,
) -> None:
    headers = {"Authorization": f"Bearer {served.key}"}
    facts: dict[str, Any] = {}
    with httpx.Client(base_url=served.url, headers=headers, timeout=60) as client:
        made = client.post("/api/v1/auth/admin/users", json=PERSON)
        assert made.status_code == 201, made.text
        first = client.post("/api/v1/auth/login", json=PERSON).json()
        once = {"Idempotency-Key": "before-the-step"}
        answer = client.post("/api/v1/predict", json=ASKED, headers=once)
        assert answer.status_code == 200, answer.text
        watch = Watch(served.asked)
        wait_for(lambda: watch.owners and watch.alive, "one leads, and the order stands", PATIENCE)
        load = Clients(served.url, served.key)
        try:
            wait_for(lambda: load.again(0.0) or load.told.wrong, "all kinds are answered", PATIENCE)
            facts["forward"] = forward(served, client, load, watch, first=first)
            again = client.post("/api/v1/predict", json=ASKED, headers=once)
            assert again.headers["idempotency-replayed"] == "true"
            assert again.json() == answer.json()
            facts["back"] = back(served, client, load, watch, first=first)
            facts["right again"] = right(served, load)
        finally:
            load.stop()
            watch.end()
        states = {id: over(client, id) for id in load.told.jobs}
        there = [id for id in load.told.forecasts if client.get(f"/api/v1/predictions/{id}").status_code == 200]
        assert client.get("/api/v1/ledger/verify").json()["ok"] is True
    facts |= {
        "jobs": len(states), "forecasts": len(there), "looks at who leads": watch.looks, "leaders": len(watch.owners),
        "most jobs alive of one order": watch.alive, "times the socket was opened": load.told.hellos,
        "passing errors": dict(load.told.errors),
    }  # fmt: skip
    print(json.dumps(facts, indent=1))
    assert load.told.wrong == []
    assert set(states.values()) == {"done"}
    assert len(there) == len(load.told.forecasts)
    assert (len(watch.owners), watch.alive) == (1, 1)
    assert load.told.hellos == 1  # the socket stayed, and its numbers went on


def forward(
    served: Served, client: httpx.Client, load: Clients, watch: Watch, *, first: dict[str, str]
) -> dict[str, Any]:
    """An hour on: tokens are over, sessions are not; what was due is done once; all is answered."""
    assert bearer(client, first["access_token"]) == 200
    before = load.told.answers.copy()
    served.put(1)
    began = load.told.last["bars"]
    took = wait_for(lambda: load.again(began + 1), "all is answered an hour on", PATIENCE)
    assert bearer(client, first["access_token"]) == 401
    fresh = client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert fresh.status_code == 200, fresh.text
    first["later"] = fresh.json()["access_token"]
    assert bearer(client, first["later"]) == 200
    wait_for(lambda: watch.jobs("done") == ["done"], "what came due is done", PATIENCE)
    return {**seen(load, before), "seconds": round(took, 1), "score jobs done": len(watch.jobs("done"))}


def back(served: Served, client: httpx.Client, load: Clients, watch: Watch, *, first: dict[str, str]) -> dict[str, Any]:
    """An hour back: nothing is dated before what was written, so that is refused by words; all that reads goes on."""
    before = load.told.answers.copy()
    served.put(0)
    refused = client.post("/api/v1/predict", json={**ASKED, "as_of": "2014-06-27"})
    assert refused.status_code == 503, refused.text
    assert "clock" in refused.json()["detail"]
    assert refused.json()["hint"].startswith("Set the machine's clock")
    began = load.told.last["bars"]
    wait_for(lambda: all(load.told.last[one] > began + 2 for one in READS), "what reads is answered", PATIENCE)
    assert bearer(client, first["later"]) == 401  # a token from the future
    assert bearer(client, first["access_token"]) == 200
    assert client.get("/health/live").status_code == 200
    return {**seen(load, before), "score jobs done": len(watch.jobs("done"))}


def right(served: Served, load: Clients) -> dict[str, Any]:
    """The time that was shown before is reached: all is answered, and nothing was started anew."""
    before = load.told.answers.copy()
    served.put(1)
    began = load.told.last["bars"]
    took = wait_for(lambda: load.again(began + 1), "all is answered again", PATIENCE)
    assert {one.poll() for one in (served.service, *served.workers)} == {None}
    for said in (served.folder / "said.txt", *served.folder.glob("worker-*.txt")):
        assert "Traceback" not in said.read_text("utf-8")
    return {**seen(load, before), "seconds": round(took, 1)}


def over(client: httpx.Client, id: str) -> str:
    """Wait for a back-test, and give its state."""
    found = ""

    def ended() -> bool:
        nonlocal found
        found = client.get(f"/api/v1/backtest/{id}").json().get("status", "")
        return found in {"done", "failed", "cancelled"}

    wait_for(ended, f"job {id} ends", PATIENCE)
    return found
