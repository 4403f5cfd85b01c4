"""A server that goes away and comes back: the error is typed, nothing is half-written, and work goes on."""

import asyncio
import signal
from typing import Any, ClassVar

import asyncpg
import pytest

from ara.errors import StoreError
from ara.store import Record
from ara.store.postgres import PostgresStore
from ara.store.server import Server
from ara.vault import Vault


class Note(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "note"
    words: str = ""


async def test_no_server_at_all(vault: Vault, clock: Any) -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/nothing"
    store = PostgresStore(url, signer=vault, clock=clock, patience=2.0)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/nothing can't be used") as caught:
        await store.log("ledger").append([b"x"])
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    with pytest.raises(StoreError, match="can't be used"):
        await store.get(Note, "1")
    await store.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_a_server_that_goes_and_comes_back(
    own_postgres: Any, vault: Vault, clock: Any, how: signal.Signals
) -> None:
    url = own_postgres.create_database("ara")
    store = PostgresStore(url, signer=vault, clock=clock, patience=5.0)
    log = store.log("ledger")
    acknowledged: list[str] = []
    busy, down = asyncio.Event(), asyncio.Event()

    async def caller(name: int) -> None:
        for turn in range(10_000):
            key = f"{name} {turn}"
            try:
                await log.append([b"x" * 500], keys=[key])
            except StoreError:
                down.set()
                return
            acknowledged.append(key)
            if len(acknowledged) == 50:
                busy.set()

    callers = [asyncio.create_task(caller(name)) for name in range(6)]
    await busy.wait()
    await asyncio.to_thread(own_postgres.stop, how)
    await asyncio.gather(*callers)
    assert down.is_set()
    with pytest.raises(StoreError, match="can't be used"):
        await log.append([b"y"], keys=["while down"])
    with pytest.raises(StoreError):
        async with store.tx():
            await store.add(Note(id="never"))
    await asyncio.to_thread(own_postgres.start)
    verification = await log.verify()
    assert verification.ok
    assert verification.unsigned == 0
    for key in acknowledged:
        assert await log.get(key) is not None
    assert await store.get(Note, "never") is None
    await log.append([b"y"], keys=["back"])
    assert await store.add(Note(id="1"))
    await store.close()


async def test_a_server_that_goes_inside_a_transaction(own_postgres: Any, vault: Vault, clock: Any) -> None:
    store = PostgresStore(own_postgres.create_database("ara"), signer=vault, clock=clock, patience=5.0)
    await store.add(Note(id="0"))

    async def work() -> None:
        async with store.tx():
            await store.add(Note(id="1"))
            await asyncio.to_thread(own_postgres.stop, signal.SIGQUIT)
            await store.add(Note(id="2"))

    with pytest.raises(StoreError, match="can't be used"):
        await work()
    await asyncio.to_thread(own_postgres.start)
    assert [note.id async for note in store.find(Note)] == ["0"]
    async with store.tx():
        await store.add(Note(id="1"))
    await store.close()


async def test_a_lock_of_another_program_is_waited_for_and_then_named(
    postgres_url: str, vault: Vault, clock: Any
) -> None:
    store = PostgresStore(postgres_url, signer=vault, clock=clock, patience=0.3)
    await store.add(Note(id="1"))
    other = await asyncpg.connect(postgres_url)
    async with other.transaction():
        await other.execute("LOCK TABLE documents")
        with pytest.raises(StoreError, match=r"locked by another process for 0\.3 s"):
            await store.add(Note(id="2"))
    await other.close()
    assert await store.add(Note(id="2"))
    await store.close()


async def test_a_newer_schema_is_refused(postgres_url: str, vault: Vault, clock: Any) -> None:
    store = PostgresStore(postgres_url, signer=vault, clock=clock)
    await store.add(Note(id="1"))
    await store.close()
    other = await asyncpg.connect(postgres_url)
    await other.execute("UPDATE store_version SET version = 99")
    await other.close()
    store = PostgresStore(postgres_url, signer=vault, clock=clock)
    with pytest.raises(StoreError, match="newer Ara: its schema is 99"):
        await store.get(Note, "1")
    await store.close()


async def test_a_closed_store_says_so(postgres_url: str, vault: Vault, clock: Any) -> None:
    store = PostgresStore(postgres_url, signer=vault, clock=clock)
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await store.get(Note, "1")


async def test_starts_at_the_same_time_make_the_schema_once(postgres_url: str, vault: Vault, clock: Any) -> None:
    stores = [PostgresStore(postgres_url, signer=vault, clock=clock) for _ in range(6)]
    added = await asyncio.gather(*(store.add(Note(id="1")) for store in stores))
    assert sorted(added) == [False] * 5 + [True]
    await asyncio.gather(*(store.log("ledger").append([b"x"], keys=["k"]) for store in stores))
    assert (await stores[0].log("ledger").verify()).entries == 1
    for store in stores:
        await store.close()


async def test_closing_cuts_off_what_does_not_end(postgres_url: str, vault: Vault, clock: Any) -> None:
    store = PostgresStore(postgres_url, signer=vault, clock=clock, patience=0.3)

    async def work() -> None:
        async with store.tx():
            await store.add(Note(id="1"))
            await asyncio.create_task(store.close())

    with pytest.raises(StoreError, match="can't be used"):
        await work()
    again = PostgresStore(postgres_url, signer=vault, clock=clock)
    assert [note async for note in again.find(Note)] == []
    await again.close()


@pytest.mark.parametrize(
    "kind", [asyncpg.InternalClientError, asyncpg.InterfaceError, ConnectionResetError, TimeoutError]
)
def test_whatever_the_driver_says_of_a_server_that_went_is_an_error_of_the_store(kind: type[Exception]) -> None:
    server = Server("postgresql://me@127.0.0.1:1/nothing", patience=1.0)
    with pytest.raises(StoreError, match="can't be used") as caught, server.translated():
        raise kind("cannot switch to state 15; another operation (2) is in progress")
    assert caught.value.hint.startswith("Check that the server runs")
