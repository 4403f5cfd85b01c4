"""Whatever becomes of an entry or of the file around it, it is found and named; nothing crashes."""

import random
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from ara.clock import Clock
from ara.errors import AraError, IntegrityError, StoreError
from ara.store import Entry, Store, Verification
from ara.store.chain import hash_entry
from ara.store.postgres import PostgresStore
from ara.store.sqlite import SqliteStore
from ara.vault import Vault

Open = Callable[[str], Awaitable[Store]]

COLUMNS = [field.name for field in fields(Entry)]
KEYS = [f"k{number}" for number in range(1, 8)]
PLACED = {"stream", "sequence"}
"""Columns by which a row is found: who changes one takes the entry away from its place."""

UNHEARD_TIMES = ["infinity", "-infinity", "4713-01-01 BC", "294276-12-31", "0001-01-01", "9999-12-31 23:59:59.999999"]

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
places = st.integers(1, len(KEYS))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\0", "") + "'"


def timed(text: str) -> str:
    return f"timestamptz '{text}'"


sqlite_values = st.one_of(
    st.just("NULL"),
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["9e999", "-9e999", "'ledger'", "'2024-01-02T12:00:01Z'", "'2024-01-02 12:00:01.000000Z'"]),
    st.text(st.characters(codec="utf-8"), max_size=8).map(quoted),
    st.binary(max_size=8).map(lambda raw: f"X'{raw.hex()}'"),
    st.binary(max_size=8).map(lambda raw: f"CAST(X'{raw.hex()}' AS TEXT)"),
    st.sampled_from([f"CAST({name} AS {kind})" for name in COLUMNS for kind in ("TEXT", "BLOB", "REAL")]),
)
words = st.text(st.characters(codec="utf-8"), max_size=8).map(quoted)
postgres_values = {
    **dict.fromkeys(["stream", "key", "previous", "hash"], words),
    "sequence": st.integers(-(2**63), 2**63 - 1).map(str),
    "at": st.sampled_from([*UNHEARD_TIMES, "2030-01-01"]).map(timed),
    "body": st.binary(max_size=8).map(lambda raw: f"'\\x{raw.hex()}'::bytea"),
}


async def fill(store: Store) -> None:
    await store.log("ledger").append([f"body {key}".encode() for key in KEYS], keys=KEYS)


async def everything(store: Store) -> list[Entry]:
    return [entry async for entry in store.log("ledger").read()]


async def check(store: Store, column: str, place: int, whole: list[Entry]) -> None:
    """Check what is said of a log with one value of one entry changed, and that readers don't fall for it."""
    found = await store.log("ledger").verify()
    assert not found.ok
    if column not in PLACED:
        assert (found.problem, found.sequence) == ("edited", place)
        with pytest.raises(IntegrityError, match=rf"Entry {place} of the log 'ledger'") as caught:
            await everything(store)
        assert caught.value.hint.endswith("ara ledger verify")
        assert caught.value.exit_code == 7
    else:
        assert found.problem in {"edited", "removed", "inserted", "reordered", "cut"}
    for key in KEYS:
        with suppress(IntegrityError):
            entry = await store.log("ledger").get(key)
            assert entry is None or entry in whole
    for asked in (store.log("ledger").search("k"), store.log("ledger").append([b"new"], keys=[f"k{place}"])):
        with suppress(AraError):
            await asked


@pytest.fixture
async def kept(open_at: Open, home: Path) -> list[Entry]:
    """A closed SQLite store with seven entries, and its copy in `spare`."""
    store = await open_at("")
    await fill(store)
    whole = await everything(store)
    await store.close()
    shutil.copytree(home, home.with_name("spare"))
    return whole


def put_back(home: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(home.with_name("spare"), home)


@given(column=st.sampled_from(COLUMNS), place=places, value=sqlite_values)
@quick
async def test_any_value_in_any_column_is_found_in_sqlite(
    kept: list[Entry], home: Path, vault: Vault, clock: Clock, column: str, place: int, value: str
) -> None:
    put_back(home)
    connection = sqlite3.connect(home / "ara.db", isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')")
    connection.execute("PRAGMA writable_schema = RESET")
    state = f"SELECT typeof({column}), CAST({column} AS BLOB) FROM entries WHERE rowid = {place}"
    before = connection.execute(state).fetchall()
    try:
        connection.execute(f"UPDATE entries SET {column} = {value} WHERE rowid = {place}")
    except sqlite3.IntegrityError:
        reject()
    after = connection.execute(state).fetchall()
    connection.close()
    assume(after != before)
    store = SqliteStore(home / "ara.db", signer=vault, clock=clock)
    await check(store, column, place, kept)
    await store.close()


@given(data=st.data(), column=st.sampled_from(COLUMNS), place=places)
@quick
async def test_any_value_in_any_column_is_found_in_postgres(
    postgres_url: str, vault: Vault, clock: Clock, data: st.DataObject, column: str, place: int
) -> None:
    store = PostgresStore(postgres_url, signer=vault, clock=clock)
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await fill(store)
    whole = await everything(store)
    await connection.execute("ALTER TABLE entries DROP CONSTRAINT entries_pkey")
    for name in COLUMNS:
        await connection.execute(f"ALTER TABLE entries ALTER {name} DROP NOT NULL")
    value = data.draw(st.just("NULL") | postgres_values[column])
    change = f"UPDATE entries SET {column} = {value} WHERE sequence = {place} AND {column} IS DISTINCT FROM {value}"
    try:
        changed = await connection.execute(change)
        assume(changed == "UPDATE 1")
        await check(store, column, place, whole)
    except asyncpg.UniqueViolationError:
        reject()
    finally:
        await store.close()
        await connection.close()


@given(
    column=st.sampled_from(COLUMNS),
    place=places,
    value=st.none() | st.text() | st.binary() | st.floats() | st.integers() | st.datetimes(),
)
@quick
async def test_any_value_in_any_column_is_found_in_memory(open_at: Open, column: str, place: int, value: Any) -> None:
    store = await open_at("memory:")
    await fill(store)
    whole = await everything(store)
    entries = store._storage._entries["ledger"]
    assume(getattr(whole[place - 1], column) != value)
    entries[place - 1] = replace(entries[place - 1], **{column: value})
    found = await store.log("ledger").verify()
    assert not found.ok
    with pytest.raises(IntegrityError, match="is not as it was written"):
        await everything(store)
    if column not in PLACED:
        assert (found.problem, found.sequence) == ("edited", place)


async def test_a_body_that_an_editor_made_a_text_is_named(kept: list[Entry], open_at: Open, home: Path) -> None:
    with sqlite3.connect(home / "ara.db") as connection:
        connection.execute("UPDATE entries SET body = replace(body, 'k4', 'k5') WHERE sequence = 4")
    connection.close()
    store = await open_at("")
    found = await store.log("ledger").verify()
    assert (found.problem, found.sequence, found.entries) == ("edited", 4, 3)
    assert found.words == "Entry 4 was edited: it holds what no entry can hold."
    for reading in (store.log("ledger").get("k4"), store.log("ledger").search("k"), everything(store)):
        with pytest.raises(IntegrityError, match="Entry 4 of the log 'ledger' is not as it was written"):
            await reading
    with pytest.raises(IntegrityError, match="Entry 4"):
        await store.log("ledger").append([b"again"], keys=["k4"])


@pytest.mark.parametrize(
    "time",
    ["replace(at, 'T', ' ')", "replace(at, 'Z', '')", "replace(at, 'Z', '+00:00')", "substr(at, 1, 19) || 'Z'", "''"],
)
async def test_a_time_in_other_words_is_an_edit(kept: list[Entry], open_at: Open, home: Path, time: str) -> None:
    with sqlite3.connect(home / "ara.db") as connection:
        connection.execute(f"UPDATE entries SET at = {time} WHERE sequence = 4")
    connection.close()
    store = await open_at("")
    await check(store, "at", 4, kept)


@pytest.mark.parametrize("time", UNHEARD_TIMES)
@pytest.mark.parametrize("place", [4, 7])
async def test_a_time_that_no_clock_shows_is_an_edit(
    postgres_url: str, vault: Vault, clock: Clock, time: str, place: int
) -> None:
    store = PostgresStore(postgres_url, signer=vault, clock=clock)
    await fill(store)
    whole = await everything(store)
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(f"UPDATE entries SET at = {timed(time)} WHERE sequence = {place}")
    await connection.close()
    await check(store, "at", place, whole)
    if place == len(KEYS):
        with pytest.raises(IntegrityError, match="Entry 7"):
            await store.log("ledger").append([b"behind it"])
    await store.close()


async def test_an_entry_of_another_log_is_an_edit(open_at: Open) -> None:
    store = await open_at("memory:")
    await store.log("ledger").append([b"x"])
    await store.log("audit").append([b"y"])
    store._storage._entries["ledger"][0] = store._storage._entries["audit"][0]
    with pytest.raises(IntegrityError, match="Entry 1 of the log 'ledger'"):
        await everything(store)
    assert (await store.log("ledger").verify()).problem == "edited"


async def test_an_entry_put_far_away_does_not_keep_the_search_busy(
    kept: list[Entry], open_at: Open, home: Path
) -> None:
    with sqlite3.connect(home / "ara.db") as connection:
        connection.execute("UPDATE entries SET sequence = 9223372036854775807 WHERE sequence = 7")
        connection.execute("UPDATE entries SET body = X'00' WHERE sequence = 2")
    connection.close()
    found = await (await open_at("")).log("ledger").verify()
    assert (found.problem, found.sequence) == ("edited", 2)


async def test_what_moved_is_searched_for_among_broken_entries_too(
    kept: list[Entry], open_at: Open, home: Path
) -> None:
    with sqlite3.connect(home / "ara.db") as connection:
        connection.execute("UPDATE entries SET sequence = 2000 WHERE sequence = 3")
        connection.execute("UPDATE entries SET sequence = 3 WHERE sequence = 5")
        connection.execute("UPDATE entries SET at = X'00' WHERE sequence = 4")
    connection.close()
    found = await (await open_at("")).log("ledger").verify()
    assert (found.problem, found.sequence) == ("removed", 3)


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_column_of_another_type_is_found_in_postgres(
    postgres_url: str, vault: Vault, clock: Clock, column: str
) -> None:
    store = PostgresStore(postgres_url, signer=vault, clock=clock)
    await fill(store)
    await store.close()
    connection = await asyncpg.connect(postgres_url)
    kind = "bytea" if column in {"stream", "key", "previous", "hash"} else "text"
    await connection.execute("DROP INDEX entries_key")
    await connection.execute(f"ALTER TABLE entries ALTER {column} TYPE {kind} USING {column}::text::{kind}")
    await connection.close()
    store = PostgresStore(postgres_url, signer=vault, clock=clock)
    found = await store.log("ledger").verify()
    assert found.problem in {"edited", "damaged"}
    with pytest.raises(AraError):
        await everything(store)
    await store.close()


@pytest.mark.parametrize("length", ["a page less", "half", "a header", "nothing"])
async def test_a_file_cut_short_is_measured_by_its_head(
    kept: list[Entry], open_at: Open, home: Path, length: str
) -> None:
    path = home / "ara.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate({"a page less": size - 4096, "half": size // 2, "a header": 60, "nothing": 0}[length])
    found = await (await open_at("")).log("ledger").verify()
    assert (found.ok, found.entries) == (False, 0)
    if length == "nothing":
        assert (found.problem, found.sequence) == ("cut", 1)
    else:
        assert (found.problem, found.sequence) == ("damaged", None)
        assert found.words == "The database is damaged; its signed head names entry 7."


async def test_damage_in_the_middle_says_how_far_the_log_is_good(open_at: Open, home: Path) -> None:
    store = await open_at("")
    await store.log("ledger").append([bytes([65 + number % 26]) * 3000 for number in range(250)])
    await store.close()
    path = home / "ara.db"
    data = bytearray(path.read_bytes())
    middle = data.index(b"K" * 3000, len(data) * 2 // 3) // 4096 * 4096
    data[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(data)
    found = await (await open_at("")).log("ledger").verify()
    assert found.problem == "damaged"
    assert 100 <= found.entries < 250
    assert found.words == f"The database is damaged behind entry {found.entries}; its signed head names entry 250."


async def test_a_damaged_file_without_or_with_a_forged_head(kept: list[Entry], open_at: Open, home: Path) -> None:
    (home / "ara.db").write_bytes(b"no database" * 1000)
    head = home / "heads" / "ledger.json"
    signed = head.read_text()
    head.write_text(signed.replace('"sequence":7', '"sequence":8'))
    store = await open_at("")
    found = await store.log("ledger").verify()
    assert (found.problem, found.words) == ("damaged", "The database is damaged; and its signed head was edited.")
    head.unlink()
    with pytest.raises(StoreError, match="damaged"):
        await store.log("ledger").verify()
    head.mkdir()
    with pytest.raises(StoreError, match="head of the log 'ledger' can't be read: Is a directory"):
        await store.log("ledger").verify()


async def test_a_damaged_file_with_a_head_of_another_key(
    kept: list[Entry], open_at: Open, home: Path, clock: Clock, tmp_path: Path
) -> None:
    from ara.settings import Settings

    stranger = Vault.open(Settings.load({"home": str(tmp_path / "elsewhere")}, environ={}), environ={})
    (home / "ara.db").write_bytes(b"no database" * 1000)
    store = SqliteStore(home / "ara.db", signer=stranger, clock=clock)
    found = await store.log("ledger").verify()
    assert found.words == "The database is damaged; and its head is signed with another key."
    await store.close()


async def judged(home: Path, vault: Vault, clock: Clock) -> Verification | AraError:
    store = SqliteStore(home / "ara.db", signer=vault, clock=clock)
    try:
        found = await store.log("ledger").verify()
        if found.ok:
            assert [entry.key for entry in await everything(store)] == KEYS
            for key in KEYS:
                assert (await store.log("ledger").get(key)) is not None
        return found
    except AraError as error:
        return error
    finally:
        await store.close()


def flip(home: Path, at: int, mask: int = 1) -> None:
    put_back(home)
    data = bytearray((home / "ara.db").read_bytes())
    data[at] ^= mask
    (home / "ara.db").write_bytes(data)


async def test_a_byte_changed_in_a_row_or_an_index_is_found(
    kept: list[Entry], home: Path, vault: Vault, clock: Clock
) -> None:
    data = (home / "ara.db").read_bytes()
    starts = [at for at in range(len(data)) if data.startswith(b"ledger", at)]
    assert len(starts) == 3 * len(KEYS)
    keyed = [at + 6 for at in starts if data[at + 6 : at + 7] == b"k"]
    assert len(keyed) == len(KEYS)
    named = []
    for at in starts + keyed:
        flip(home, at)
        found = await judged(home, vault, clock)
        assert isinstance(found, Verification)
        assert not found.ok
        named += [found.sequence] if found.problem == "edited" else []
    # Of the three places where a log's name stands for an entry, one is the entry's row.
    assert sorted(set(named)) == list(range(1, len(KEYS) + 1))


async def test_an_index_that_lost_an_entry_is_found(kept: list[Entry], open_at: Open, home: Path) -> None:
    data = (home / "ara.db").read_bytes()
    flip(home, data.index(b"ledgerk4") + 7)
    found = await (await open_at("")).log("ledger").verify()
    assert (found.problem, found.sequence, found.entries) == ("damaged", None, 7)
    assert found.words.startswith("The entries are as they were written, but the database is damaged (")


async def test_a_byte_changed_anywhere_never_crashes(kept: list[Entry], home: Path, vault: Vault, clock: Clock) -> None:
    chance = random.Random(5)
    size = (home / "ara.db").stat().st_size
    for _ in range(120):
        at, mask = chance.randrange(size), 1 << chance.randrange(8)
        flip(home, at, mask)
        await judged(home, vault, clock)


async def test_tables_that_were_renamed_are_damage(kept: list[Entry], open_at: Open, home: Path) -> None:
    connection = sqlite3.connect(home / "ara.db")
    connection.execute("ALTER TABLE entries RENAME COLUMN body TO bodies")
    connection.close()
    found = await (await open_at("")).log("ledger").verify()
    assert (found.problem, found.words) == ("damaged", "The database is damaged; its signed head names entry 7.")


async def test_a_page_that_the_server_finds_damaged(own_postgres: Any, vault: Vault, clock: Clock) -> None:
    url = own_postgres.create_database("ara")
    store = PostgresStore(url, signer=vault, clock=clock)
    await fill(store)
    await store.close()
    connection = await asyncpg.connect(url)
    file = await connection.fetchval("SELECT pg_relation_filepath('entries')")
    await connection.close()
    own_postgres.stop()
    with (own_postgres.folder / "data" / file).open("r+b") as page:
        page.write(b"\xff" * 100)
    own_postgres.start()
    store = PostgresStore(url, signer=vault, clock=clock)
    found = await store.log("ledger").verify()
    assert (found.problem, found.words) == ("damaged", "The database is damaged; its signed head names entry 7.")
    with pytest.raises(StoreError, match="is damaged") as caught:
        await store.log("ledger").append([b"x"])
    assert "back-up" in caught.value.hint
    await store.close()


async def test_an_entry_forged_with_its_hash_is_read_but_not_verified(
    kept: list[Entry], open_at: Open, home: Path
) -> None:
    forged = replace(kept[3], body=b"forged")
    with sqlite3.connect(home / "ara.db") as connection:
        change = "UPDATE entries SET body = ?, hash = ? WHERE sequence = 4"
        connection.execute(change, (forged.body, hash_entry(forged)))
    connection.close()
    store = await open_at("")
    assert (await everything(store))[3].body == b"forged"
    assert (await store.log("ledger").verify()).sequence == 4
