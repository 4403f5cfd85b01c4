"""Stores of every kind, with a real vault and a clock that the test sets."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ara.settings import Settings
from ara.store import Store, open_store
from ara.vault import Vault

Opener = Callable[[], Awaitable[Store]]


class HandClock:
    """A clock that shows what the test sets, and goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.instant = datetime(2024, 1, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.instant += timedelta(seconds=1)
        return self.instant


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def vault(home: Path) -> Vault:
    return Vault.open(Settings.load({"home": str(home)}, environ={}), environ={})


@pytest.fixture
async def open_at(home: Path, vault: Vault, clock: HandClock) -> AsyncIterator[Callable[[str], Awaitable[Store]]]:
    """Opens a store by its URL; all are closed at the end."""
    opened: list[Store] = []

    async def opener(url: str) -> Store:
        settings = Settings.load({"home": str(home), "store.url": url}, environ={})
        opened.append(await open_store(settings, vault=vault, clock=clock))
        return opened[-1]

    yield opener
    for store in opened:
        await store.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """Where the store under test is: each test runs for each back-end."""
    places = {"memory": "memory:", "sqlite": ""}
    return places[request.param] if request.param in places else request.getfixturevalue("postgres_url")


@pytest.fixture
async def store(open_at: Callable[[str], Awaitable[Store]], url: str) -> Store:
    return await open_at(url)


@pytest.fixture(params=["sqlite", "postgres"])
def kept_url(request: pytest.FixtureRequest) -> str:
    """Where a store that outlives its process is."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
