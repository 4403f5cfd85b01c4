"""Desks on stores of every kind, whose clock the test sets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ara.desk import Desk
from ara.settings import Settings

Opener = Callable[..., AbstractAsyncContextManager[Desk]]


class HandClock:
    """A clock that shows what the test sets."""

    def __init__(self) -> None:
        self.instant = datetime(2024, 1, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def on(self, **span: float) -> None:
        self.instant += timedelta(**span)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def opened(tmp_path: Path, clock: HandClock) -> Opener:
    """Opens a desk in the test's home, or another, on a store."""

    @asynccontextmanager
    async def opener(url: str = "", home: str = "home", **more: str) -> AsyncIterator[Desk]:
        asked = {
            "home": str(tmp_path / home),
            "store.url": url,
            "jobs.cpus": "2",
            "jobs.memory": "8G",
            "jobs.gpus": "2",
        }
        settings = Settings.load({**asked, **{name.replace("_", ".", 1): value for name, value in more.items()}})
        async with Desk.open(settings, clock=clock) as desk:
            yield desk

    return opener


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches the test, nor the processes that it starts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the queue under test is kept: each test runs for each kind of store."""
    places = {"memory": "memory:", "sqlite": f"sqlite:///{tmp_path / 'queue.db'}"}
    return places[request.param] if request.param in places else request.getfixturevalue("postgres_url")


@pytest.fixture(params=["sqlite", "postgres"])
def kept_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a queue that several processes share is kept."""
    return (
        f"sqlite:///{tmp_path / 'queue.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
