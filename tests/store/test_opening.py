"""Which store a setting means, and that opening one costs nothing until it is used."""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ara.errors import ConfigurationError
from ara.store import Store
from ara.store.memory import MemoryStore
from ara.store.postgres import PostgresStore
from ara.store.sqlite import SqliteStore

Open = Callable[[str], Awaitable[Store]]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


async def test_an_empty_url_is_the_file_in_home(open_at: Open, home: Path) -> None:
    store = await open_at("")
    assert isinstance(store, SqliteStore)
    assert files(home) == set()
    await store.log("ledger").append([b"x"])
    assert {"ara.db", "heads/ledger.json"} <= files(home)


async def test_a_path_is_that_file_and_its_folders_are_made(open_at: Open, tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep folder" / "kept.db"
    store = await open_at(f"sqlite:///{path}")
    await store.log("ledger").append([b"x"])
    assert {"kept.db", "heads/ledger.json"} <= files(path.parent)


async def test_memory_and_servers_are_named_by_their_urls(open_at: Open) -> None:
    assert isinstance(await open_at("memory:"), MemoryStore)
    assert isinstance(await open_at("postgresql://nobody@127.0.0.1:1/nothing"), PostgresStore)
    assert isinstance(await open_at("postgres://nobody@127.0.0.1:1/nothing"), PostgresStore)


@pytest.mark.parametrize("url", ["mysql://me:hunter2@host/x", "sqlite:///", "ara.db", "postgresql"])
async def test_other_urls_are_refused_without_their_password(open_at: Open, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"store\.url is") as caught:
        await open_at(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@host:port/x", "postgresql://me:hunter2@[host/x"])
async def test_a_server_that_can_not_be_is_refused_without_its_password(open_at: Open, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"store\.url names no PostgreSQL database") as caught:
        await open_at(url)
    assert "hunter2" not in str(caught.value)


def run(code: str, *flags: str) -> str:
    done = subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_log_is_kept_without_heavy_imports(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from ara.clock import SystemClock
from ara.settings import Settings
from ara.store import open_store
from ara.vault import Vault

async def main():
    settings = Settings.load({{"home": {str(tmp_path)!r}}}, environ={{}})
    store = await open_store(settings, vault=Vault.open(settings, environ={{}}), clock=SystemClock())
    await store.log("ledger").append([b"x"])
    await store.close()

asyncio.run(main())
print(*sorted({{"sqlalchemy", "alembic", "asyncpg", "numpy", "polars", "pandas", "mako"}} & set(sys.modules)))
"""
    assert run(code).split() == []


async def test_a_driver_that_is_missing_is_named(open_at: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ConfigurationError, match="asyncpg, is not installed") as caught:
        await open_at("postgresql://host/name")
    assert "pip install 'ara-ai[db]'" in caught.value.hint


@pytest.mark.parametrize("slashes", ["sqlite://", "sqlite:///"])
async def test_three_slashes_and_four_mean_the_same_file(open_at: Open, tmp_path: Path, slashes: str) -> None:
    store = await open_at(f"{slashes}{tmp_path}/one.db")
    await store.log("a").append([b"x"])
    assert (tmp_path / "one.db").is_file()


async def test_a_file_in_the_root_folder_is_refused(open_at: Open) -> None:
    with pytest.raises(ConfigurationError, match="root folder"):
        await open_at("sqlite:///rel.db")
