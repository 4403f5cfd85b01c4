"""Clients that ask an installation without end, as its documents tell them to: what fails in passing is sent again.

What changes something carries an `Idempotency-Key`, so that sending it again does nothing twice.
"""

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

__all__ = ["KINDS", "Clients", "Told"]

KINDS = ("forecast", "batch", "kept forecast", "bars", "back-test", "state of a job")
"""What clients ask for."""
_FIRST = date(2010, 1, 4)
_PASSING = {409, 429, 502, 503, 504}
_PAUSE = 0.25


@dataclass
class Told:
    """What clients have seen.

    `answers` counts outcomes by kind: `ok`, `typed` (an error that says what it is and that it passes), `cut` (no
    answer at all), `wrong` (anything else, shown in `wrong`). `forecasts` and `jobs` were acknowledged.
    """

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    forecasts: set[str] = field(default_factory=set)
    jobs: dict[str, str] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    hellos: int = 0
    alerts: int = 0


class Clients:
    """Several clients, in a thread with an event loop of its own.

    Parameters
    ----------
    url, key
        Whom to ask, and as whom.
    each
        Clients of each kind.
    """

    def __init__(self, url: str, key: str, *, each: int = 1) -> None:
        self.told = Told()
        self._url, self._key, self._each = url, key, each
        self._stop = threading.Event()
        self._days = iter(random.Random(8).sample(range(2_900), 2_900))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()

    def stop(self) -> None:
        """Let each finish what it began, and end."""
        self._stop.set()
        self._thread.join(180)
        assert not self._thread.is_alive(), "clients hang"

    def again(self, since: float) -> bool:
        """Say whether every kind was answered since a moment of the stopwatch."""
        return all(self.told.last.get(kind, 0.0) > since for kind in KINDS)

    async def _run(self) -> None:
        works = (self._forecast, self._batch, self._kept, self._bars, self._backtest, self._job)
        headers = {"Authorization": f"Bearer {self._key}"}
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=self._url, headers=headers, timeout=60, limits=limits) as client:
            lasting = [self._lasting(work, client) for work in works for _ in range(self._each)]
            ear = asyncio.create_task(self._listen())
            await asyncio.gather(*lasting)
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)

    async def _lasting(self, work: Callable[[httpx.AsyncClient], Awaitable[None]], client: httpx.AsyncClient) -> None:
        while not self._stop.is_set():
            await work(client)
            await asyncio.sleep(_PAUSE)

    async def _asked(
        self, client: httpx.AsyncClient, kind: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Ask until there is an answer that does not pass; None where the last one was no success."""
        headers = {"Idempotency-Key": uuid4().hex} if body is not None else {}
        last = time.monotonic() + 150
        while time.monotonic() < last:
            try:
                told = await client.request(method, path, json=body, headers=headers)
            except httpx.HTTPError as error:
                self._note(kind, "cut", type(error).__name__)
                if self._stop.is_set():
                    return None
                await asyncio.sleep(_PAUSE)
                continue
            if told.is_success:
                self._note(kind, "ok", str(told.status_code))
                found: dict[str, Any] = told.json()
                return found
            code = _code(told)
            if not code or told.status_code not in _PASSING:
                self._note(kind, "wrong", f"{told.status_code} {code}")
                self.told.wrong.append(f"{method} {path}: {told.status_code} {told.text[:300]}")
                return None
            self._note(kind, "typed", f"{told.status_code} {code}")
            await asyncio.sleep(min(float(told.headers.get("retry-after", _PAUSE)), 2.0))
        self.told.wrong.append(f"{method} {path}: no answer for long")
        return None

    def _note(self, kind: str, outcome: str, words: str) -> None:
        self.told.answers[kind, outcome] += 1
        if outcome == "ok":
            self.told.last[kind] = time.monotonic()
        else:
            self.told.errors[words] += 1

    def _question(self) -> dict[str, Any]:
        """Give a question that nobody asked before, so that each forecast is another."""
        return {"days": 2, "model": "ewma_t", "as_of": (_FIRST + timedelta(days=next(self._days))).isoformat()}

    async def _forecast(self, client: httpx.AsyncClient) -> None:
        asked = {"symbol": "AAPL", **self._question()}
        if found := await self._asked(client, "forecast", "POST", "/api/v1/predict", asked):
            self.told.forecasts.add(found["prediction_id"])

    async def _batch(self, client: httpx.AsyncClient) -> None:
        asked = {"symbols": ["MSFT", "SPY"], **self._question()}
        if found := await self._asked(client, "batch", "POST", "/api/v1/predict/batch", asked):
            if found["failures"]:
                self.told.wrong.append(f"a batch: {found['failures']}")
            self.told.forecasts.update(one["prediction_id"] for one in found["predictions"])

    async def _kept(self, client: httpx.AsyncClient) -> None:
        for id in tuple(self.told.forecasts)[-3:]:
            found = await self._asked(client, "kept forecast", "GET", f"/api/v1/predictions/{id}")
            if found and found["prediction_id"] != id:
                self.told.wrong.append(f"{id} is {found['prediction_id']}")

    async def _bars(self, client: httpx.AsyncClient) -> None:
        await self._asked(client, "bars", "GET", "/api/v2/instruments/AAPL/bars?limit=5")

    async def _backtest(self, client: httpx.AsyncClient) -> None:
        start = _FIRST + timedelta(days=next(self._days))
        asked = {
            "symbol": "AAPL", "strategy": "momentum", "start_date": f"{start:%Y-%m}-02", "end_date": "2019-06-28",
            "cuts": 0, "initial_capital": float(5_000 + len(self.told.jobs)),
        }  # fmt: skip
        if found := await self._asked(client, "back-test", "POST", "/api/v1/backtest", asked):
            self.told.jobs[found["job_id"]] = "asked"
        await asyncio.sleep(4)

    async def _job(self, client: httpx.AsyncClient) -> None:
        for id in [id for id, state in self.told.jobs.items() if state not in {"done", "failed", "cancelled"}][:3]:
            if found := await self._asked(client, "state of a job", "GET", f"/api/v1/backtest/{id}"):
                self.told.jobs[id] = found["status"]
        if not self.told.jobs or len(self.told.jobs) > 1:
            await self._asked(client, "state of a job", "GET", "/api/v1/jobs?limit=1")

    async def _listen(self) -> None:
        """Listen to alerts; where the line breaks, come back to the place that was reached."""
        address, place = f"ws{self._url.removeprefix('http')}/ws/alerts", ""
        headers = {"Authorization": f"Bearer {self._key}"}
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                after = f"?after={place}" if place else ""
                async with connect(address + after, additional_headers=headers, open_timeout=10) as line:
                    async for text in line:
                        told = json.loads(text)
                        self.told.last["socket"] = time.monotonic()
                        self.told.hellos += told["type"] == "hello"
                        if "seq" in told and told.get("stream"):
                            place = f"{told['stream']}-{told['seq']}"
                            self.told.alerts += told["type"] not in {"hello", "heartbeat", "ping"}
            await asyncio.sleep(_PAUSE)


def _code(told: httpx.Response) -> str:
    """Give the code of an error that is a problem document; nothing where it is none."""
    if not told.headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    document = told.json()
    whole = {"type", "title", "status", "detail", "code", "hint"} <= set(document)
    return str(document["code"]) if whole and document["status"] == told.status_code else ""
