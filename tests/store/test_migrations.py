"""Steps of the tables: forward and back with all that is kept, at once by many, and what the indexes are for."""

import asyncio
import importlib
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import pytest

from ara.accounts import app, code, consent, key, sent, ticket, token
from ara.alerts import event, outgoing, webhook
from ara.errors import StoreError, ValidationError
from ara.jobs.job import Job
from ara.store import Between, Record, Store, bring_forward, migrate, revision, standing
from ara.store.documents import schema
from ara.store.migrations import first, known, newest, steps
from ara.store.postgres import _Json as PostgresJson
from ara.store.query import parse
from ara.store.scores import scores
from ara.store.sqlite import _Json as SqliteJson
from tests.store.test_contract_tables import score

Open = Callable[[str], Awaitable[Store]]
START = datetime(2024, 1, 2, 21, tzinfo=UTC)
INDEXED = importlib.import_module("ara.store.migrations.versions.s0002_indexes")._DOCUMENTS


class Work(Record, frozen=True, kw_only=True):
    """A job as far as the indexes see it."""

    kind: ClassVar[str] = "job"
    number: int
    state: str = "done"
    account: str | None = None


class Sent(Record, frozen=True, kw_only=True):
    """Another kind, of which no index knows."""

    kind: ClassVar[str] = "note"
    state: str = "waiting"


async def fill(store: Store) -> None:
    for number in range(40):
        state = "waiting" if number % 10 == 3 else "done"
        assert await store.add(Work(id=f"j{number}", number=number, state=state, account=f"u{number % 3}"))
    await store.add(Sent(id="n"))
    await store.tables.insert(scores, [score("a", 1), score("a", 2, up=True, as_of=START)])
    await store.log("ledger").append([b"x", b"y"], keys=["1", "2"])


async def seen(store: Store) -> list[Any]:
    """Give all that a store keeps, read anew."""
    rows = await store.tables._storage.read(
        "SELECT forecast_id, day, symbol, as_of, up, crps FROM scores ORDER BY day", ()
    )
    entries = [(entry.key, entry.body, entry.hash) async for entry in store.log("ledger").read()]
    jobs = [revision(one) async for one in store.find(Work, order="-number")]
    waiting = [one.id async for one in store.find(Work, {"state": "waiting"})]
    return [[tuple(row) for row in rows], entries, jobs, waiting, [one.id async for one in store.find(Sent)]]


async def test_up_down_and_up_again_lose_nothing(open_at: Open, kept_url: str) -> None:
    store = await open_at(kept_url)
    await fill(store)
    before = await seen(store)
    for goal in (*reversed(known()), *known()):
        done = await migrate(store, goal)
        assert done.step == (await standing(store)).step == goal
        assert await seen(store) == before
    assert before[3] == ["j13", "j23", "j3", "j33"]
    assert (await store.log("ledger").verify()).ok


async def test_a_store_is_told_apart_from_one_that_waits(open_at: Open, url: str) -> None:
    store = await open_at(url)
    fresh = await standing(store)
    assert (fresh.step, fresh.newest, fresh.waiting, fresh.newer) == ("", newest(), known(), False)
    done = await migrate(store)
    assert (done.step, done.before, done.waiting) == (newest(), "", ())
    again = await migrate(store)
    assert (again.step, again.before) == (newest(), newest())
    back = await migrate(store, first())
    assert (back.step, back.before, back.waiting) == (first(), newest(), known()[1:])


async def test_an_older_program_says_so_and_changes_nothing(
    open_at: Open, kept_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_at(kept_url)
    await fill(store)
    before, top = await seen(store), newest()
    with monkeypatch.context() as older:
        names = known()[:-1]
        older.setattr("ara.store.migrations.known", lambda: names)
        older.setattr("ara.store.migrating.known", lambda: names)
        other = await open_at(kept_url)
        assert (await standing(other)).newer
        assert (await standing(other)).waiting == ()
        with pytest.raises(StoreError, match=f"newer Ara: their step is {top}"):
            await migrate(other)
        with pytest.raises(StoreError, match="newer Ara"):
            await other.tables.insert(scores, [score("b")])
        assert [one.id async for one in other.find(Sent)] == ["n"]
    assert await seen(store) == before


async def test_a_step_that_is_not_there_is_refused(open_at: Open) -> None:
    store = await open_at("memory:")
    for wrong in ("0000", "9999", "base", "-1", "0001; DROP TABLE scores"):
        with pytest.raises(ValidationError, match="There is no step"):
            await migrate(store, wrong)
        with pytest.raises(ValidationError, match="There is no step"):
            steps("sqlite", newest(), wrong)
    assert (await standing(store)).step == ""


PROGRAM = """
import asyncio, sys
from ara.clock import SystemClock
from ara.settings import Settings
from ara.store import migrate, open_store
from ara.vault import Vault

async def main():
    settings = Settings.load({"home": sys.argv[1], "store.url": sys.argv[2]}, environ={})
    store = await open_store(settings, vault=Vault.open(settings, environ={}), clock=SystemClock())
    print("ready", flush=True)
    sys.stdin.readline()
    done = await migrate(store)
    print(done.before or "none", done.step)
    await store.close()

asyncio.run(main())
"""


async def test_processes_that_migrate_at_once_do_it_once(
    open_at: Open, kept_url: str, home: Path, tmp_path: Path
) -> None:
    store = await open_at(kept_url)
    await fill(store)
    await migrate(store, first())
    before = await seen(store)
    program = tmp_path / "migrating_at_once.py"
    program.write_text(PROGRAM)
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE)
    command = [sys.executable, str(program), str(home), kept_url]
    both = [await asyncio.create_subprocess_exec(*command, **pipes) for _ in range(2)]
    for one in both:
        assert one.stdout is not None
        assert await one.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(one.communicate(b"go\n") for one in both))
    assert [one.returncode for one in both] == [0, 0], told
    assert all(out.split()[-1].decode() == newest() for out, _ in told)
    assert (await standing(store)).step == newest()
    assert await seen(store) == before


def test_indexes_are_of_fields_that_records_have() -> None:
    records: list[type[Record]] = [Job, outgoing.Outgoing, event.Event, webhook.Webhook, token.Refresh, token._Void]
    records += [key.Key, app.App, consent.Consent, code.Code, ticket.Ticket, sent.Sent]
    known_kinds = {record.kind: schema(record) for record in records}
    for kind, field, family in INDEXED:
        assert known_kinds[kind][field] == family, (kind, field)
    assert {kind for kind, _, _ in INDEXED} == set(known_kinds)


QUESTIONS = [
    ({"state": "waiting"}, "id", "documents_job_state"),
    ({"account": "u1"}, "id", "documents_job_account"),
    ({"number": Between(3, 5)}, "number", "documents_job_number"),
    (None, "-number", "documents_job_number"),
]


async def plan_of(store: Store, url: str, home: Path, where: Any, order: str) -> str:
    """Give the database's own plan for a question."""
    query = parse(Work, where, order=order, after=None)
    if url:
        statement, arguments = query.statement(PostgresJson(), 5)
        connection = await asyncpg.connect(url)
        await connection.execute("SET enable_seqscan = off")
        rows = await connection.fetch(f"EXPLAIN {statement}", *arguments)
        await connection.close()
        return "\n".join(row[0] for row in rows)
    statement, arguments = query.statement(SqliteJson(), 5)
    file = sqlite3.connect(home / "ara.db")
    told = "\n".join(str(row[-1]) for row in file.execute(f"EXPLAIN QUERY PLAN {statement}", arguments))
    file.close()
    return told


@pytest.mark.parametrize(("where", "order", "index"), QUESTIONS)
async def test_questions_are_answered_by_an_index(
    open_at: Open, kept_url: str, home: Path, where: Any, order: str, index: str
) -> None:
    store = await open_at(kept_url)
    await fill(store)
    plan = await plan_of(store, kept_url, home, where, order)
    assert index in plan
    if order == "-number" and where is None:
        assert "sort" not in plan.lower()
        assert "TEMP B-TREE FOR ORDER BY" not in plan
    await migrate(store, first())
    assert index not in await plan_of(store, kept_url, home, where, order)


async def test_what_is_asked_of_an_index_is_what_there_is(open_at: Open, url: str) -> None:
    store = await open_at(url)
    await fill(store)
    await store.add(Work(id="none", number=5))
    asked: list[Any] = [{"account": None}, {"account": "u2"}, {"number": Between(None, 4)}, {"state": "waiting"}]
    told = [[one.id async for one in store.find(Work, where, order="-number", limit=3)] for where in asked]
    assert told == [["none"], ["j38", "j35", "j32"], ["j4", "j3", "j2"], ["j33", "j23", "j13"]]


async def test_statements_are_prepared_once_for_a_connection(postgres_url: str, open_at: Open) -> None:
    store = await open_at(postgres_url)
    for number in range(5):
        await store.add(Work(id=str(number), number=number))
        assert await store.get(Work, str(number)) is not None
    async with store._server.session() as connection:
        rows = await connection.fetch(
            "SELECT statement, generic_plans + custom_plans AS runs FROM pg_prepared_statements "
            "WHERE statement LIKE 'SELECT body FROM documents WHERE kind = $1%'"
        )
    assert [row["runs"] for row in rows] == [5]


async def test_workers_bring_forward_what_waits_and_leave_alone_what_is_newer(
    open_at: Open, kept_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_at(kept_url)
    await fill(store)
    await migrate(store, first())
    await bring_forward(store)
    assert (await standing(store)).step == newest()
    names = known()[:-1]
    monkeypatch.setattr("ara.store.migrating.known", lambda: names)
    await bring_forward(store)
    monkeypatch.undo()
    assert (await standing(store)).step == newest()


def test_steps_are_written_by_many_threads_at_once() -> None:
    alone = steps("sqlite", None)
    with ThreadPoolExecutor(6) as threads:
        assert all(told == alone for told in threads.map(lambda _: steps("sqlite", None), range(60)))
