"""A database and a real stand-by of it: what may be old is read there, all else never, and its death is not felt."""

import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ara.errors import StoreError
from ara.store import Record, may_lag, replicas
from ara.store.postgres import PostgresStore
from ara.store.scores import scores
from ara.vault import Vault
from tests.conftest import PostgresServer
from tests.store.test_contract_tables import score


class Note(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "note"


@pytest.fixture
def standby(own_postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server that follows the other one, as hot stand-bys do."""
    folder = Path(tempfile.mkdtemp(prefix="ara-standby-", dir="/tmp"))
    if os.geteuid() == 0:
        os.chown(folder, own_postgres._user().pw_uid, own_postgres._user().pw_gid)
    copy = [own_postgres.binaries / "pg_basebackup", "-h", "127.0.0.1", "-p", str(own_postgres.port), "-U", "ara"]
    copy += ["-D", folder / "data", "-R", "-X", "stream", "-c", "fast", "--no-sync"]
    subprocess.run(copy, check=True, capture_output=True, cwd="/", **own_postgres._privileges())
    server = PostgresServer(own_postgres.binaries, folder)
    server.start()
    yield server
    server.remove()
    shutil.rmtree(folder, ignore_errors=True)


def ask(server: PostgresServer, statement: str, database: str = "ara") -> str:
    command = [server.binaries / "psql", "-qAtX", "-h", "127.0.0.1", "-p", str(server.port), "-U", "ara", database]
    return subprocess.run([*command, "-c", statement], check=True, capture_output=True, text=True).stdout.strip()


def wait_for(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def caught_up(primary: PostgresServer, standby: PostgresServer) -> None:
    here = ask(primary, "SELECT pg_current_wal_lsn()")
    replayed = f"SELECT pg_last_wal_replay_lsn() >= '{here}'"
    wait_for(lambda: ask(standby, replayed, "postgres") == "t")  # the database "ara" is not there before it has


async def count(store: PostgresStore) -> tuple[int, int]:
    """Count scores and the entries of a log."""
    rows = await store.tables.execute(scores.select())
    return len(rows), len([entry async for entry in store.log("ledger").read()])


async def test_what_may_be_old_is_read_from_a_replica_and_all_else_is_not(
    own_postgres: PostgresServer,
    standby: PostgresServer,
    vault: Vault,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(replicas, "_OLDEST", 3600.0)
    monkeypatch.setattr(replicas, "_PAUSES", (0.0, 0.0))
    url = own_postgres.create_database("ara")
    follower = f"postgresql://ara@127.0.0.1:{standby.port}/ara"
    store = PostgresStore(url, signer=vault, clock=clock, patience=30.0, pool=2, replicas=[follower])
    await store.tables.insert(scores, [score("a")])
    await store.log("ledger").append([b"x"])
    caught_up(own_postgres, standby)
    ask(standby, "SELECT pg_wal_replay_pause()")
    await store.tables.insert(scores, [score("b")])
    await store.log("ledger").append([b"y"], keys=["k"])
    await store.add(Note(id="1"))
    with may_lag():
        assert await count(store) == (1, 1)
        assert await store.log("ledger").get("k") is None
        assert await store.get(Note, "1") == Note(id="1")
        assert [one.id async for one in store.find(Note)] == ["1"]
        assert await store.tables.insert(scores, [score("b"), score("c")]) == 1
    assert await count(store) == (3, 2)
    assert (await store.log("ledger").verify()).ok

    monkeypatch.setattr(replicas, "_OLDEST", -1.0)
    monkeypatch.setattr(replicas, "_LOOKED", 0.0)
    with may_lag(), caplog.at_level(logging.WARNING):
        assert await count(store) == (3, 2)
    assert [record.message for record in caplog.records if "is not used for now: it is" in record.message]

    monkeypatch.setattr(replicas, "_OLDEST", 3600.0)
    standby.stop()
    with may_lag():
        assert await count(store) == (3, 2)
    standby.start()
    ask(standby, "SELECT pg_wal_replay_resume()")
    caught_up(own_postgres, standby)
    own_postgres.stop()
    with may_lag():
        assert await count(store) == (3, 2)
    with pytest.raises(StoreError, match="can't be used"):
        await count(store)
    own_postgres.start()
    assert await count(store) == (3, 2)
    await store.close()


async def test_a_database_that_follows_none_is_not_read_as_a_replica(
    shared_postgres: PostgresServer, postgres_url: str, vault: Vault, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    other = shared_postgres.create_database(f"other_{os.urandom(6).hex()}")
    nobody = "postgresql://me:hunter2@127.0.0.1:1/nothing"
    store = PostgresStore(postgres_url, signer=vault, clock=clock, replicas=[other, nobody])
    await store.tables.insert(scores, [score("a")])
    with may_lag(), caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert await count(store) == (1, 0)
    told = [record.message for record in caplog.records]
    assert len([one for one in told if "it follows no database" in one]) == 1
    assert len([one for one in told if "127.0.0.1:1/nothing is not used" in one]) == 1
    assert "hunter2" not in " ".join(told)
    await store.close()


async def test_a_pool_lends_no_more_connections_than_it_may(postgres_url: str, vault: Vault, clock: Any) -> None:
    store = PostgresStore(postgres_url, signer=vault, clock=clock, patience=0.3, pool=1)
    await store.add(Note(id="1"))
    async with store._server.session():
        with pytest.raises(StoreError, match="can't be used"):
            await store.get(Note, "1")
    assert await store.get(Note, "1") is not None
    await store.close()
