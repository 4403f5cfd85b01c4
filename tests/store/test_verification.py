"""A log that somebody touched: each kind of change is found and named, on SQLite's files and PostgreSQL's tables."""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ara.errors import IntegrityError
from ara.settings import Settings
from ara.store import Entry, Store, open_store
from ara.store.chain import hash_entry
from ara.vault import Vault

Open = Callable[[str], Awaitable[Store]]
Rows = list[dict[str, Any]]


class Burglar:
    """Changes what a closed store has kept, past all of its code."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.home = home

    async def rows(self) -> Rows:
        if self.url:
            connection = await asyncpg.connect(self.url)
            rows = [dict(row) for row in await connection.fetch("SELECT * FROM entries ORDER BY sequence")]
            await connection.close()
            return rows
        connection = sqlite3.connect(self.home / "ara.db")
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM entries ORDER BY sequence")]
        connection.close()
        return rows

    async def replace(self, rows: Rows) -> None:
        if self.url:
            connection = await asyncpg.connect(self.url)
            await connection.execute("DELETE FROM entries")
            for row in rows:
                marks = ", ".join(f"${number}" for number in range(1, len(row) + 1))
                await connection.execute(f"INSERT INTO entries ({', '.join(row)}) VALUES ({marks})", *row.values())
            await connection.close()
            return
        with sqlite3.connect(self.home / "ara.db") as connection:
            connection.execute("DELETE FROM entries")
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO entries ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        connection.close()

    async def head(self, text: str | None = None, *, remove: bool = False) -> str:
        if not self.url:
            path = self.home / "heads" / "ledger.json"
            old = path.read_text()
            if remove:
                path.unlink()
            elif text is not None:
                path.write_text(text)
            return old
        connection = await asyncpg.connect(self.url)
        old = await connection.fetchval("SELECT document FROM heads")
        if remove:
            await connection.execute("DELETE FROM heads")
        elif text is not None:
            await connection.execute("UPDATE heads SET document = $1", text)
        await connection.close()
        return str(old)


def rehash(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Change a row and give it the hash that fits."""
    row = {**row, **changes}
    at = row["at"] if isinstance(row["at"], datetime) else datetime.fromisoformat(row["at"])
    return {**row, "hash": hash_entry(Entry(**{**row, "at": at}))}


@pytest.fixture
async def burglar(open_at: Open, kept_url: str, home: Path) -> Burglar:
    """A closed store with ten entries, and somebody who can write to it."""
    store = await open_at(kept_url)
    await store.log("ledger").append([f"body {n}".encode() for n in range(1, 8)], keys=[f"k{n}" for n in range(1, 8)])
    for n in range(8, 11):
        await store.log("ledger").append([f"body {n}".encode()], keys=[f"k{n}"])
    await store.close()
    return Burglar(kept_url, home)


@pytest.fixture
async def look(open_at: Open, kept_url: str) -> Callable[[], Awaitable[tuple[Any, ...]]]:
    """Opens the store again and says what `verify` finds."""

    async def looker() -> tuple[Any, ...]:
        store = await open_at(kept_url)
        found = await store.log("ledger").verify()
        assert found.ok == (found.problem is None)
        assert found.words.endswith(".")
        await store.close()
        return found.problem, found.sequence

    return looker


async def refuses(open_at: Open, url: str, words: str) -> None:
    """Check that nothing is built on a log that its head contradicts."""
    store = await open_at(url)
    with pytest.raises(IntegrityError, match=words):
        await store.log("ledger").append([b"new"])
    assert await store.log("ledger").get("new") is None


async def test_an_untouched_log_is_whole(burglar: Burglar, look: Any) -> None:
    await burglar.replace(await burglar.rows())
    assert await look() == (None, None)


@pytest.mark.parametrize("place", [1, 2, 5, 9, 10])
async def test_one_byte_changed_names_the_entry(burglar: Burglar, look: Any, place: int) -> None:
    rows = await burglar.rows()
    rows[place - 1]["body"] = rows[place - 1]["body"].replace(b"b", b"c")
    await burglar.replace(rows)
    assert await look() == ("edited", place)


@pytest.mark.parametrize("column", ["key", "previous", "hash", "at"])
async def test_every_column_counts(burglar: Burglar, look: Any, column: str) -> None:
    rows = await burglar.rows()
    rows[4][column] = rows[7][column]
    if column == "key":
        rows[4]["key"] = "k5x"
    await burglar.replace(rows)
    assert await look() == ("edited", 5)


@pytest.mark.parametrize("place", [1, 4, 9])
async def test_an_entry_edited_with_its_hash_is_named_by_the_next(burglar: Burglar, look: Any, place: int) -> None:
    rows = await burglar.rows()
    rows[place - 1] = rehash(rows[place - 1], body=b"forged")
    await burglar.replace(rows)
    assert await look() == ("edited", place)


async def test_a_first_entry_that_names_another_is_found(burglar: Burglar, look: Any) -> None:
    rows = await burglar.rows()
    rows[0] = rehash(rows[0], previous="0" * 64)
    await burglar.replace(rows)
    assert await look() == ("edited", 1)


async def test_a_tail_rewritten_with_all_its_hashes_meets_the_head(
    burglar: Burglar, look: Any, open_at: Open, kept_url: str
) -> None:
    rows = await burglar.rows()
    rows[5] = rehash(rows[5], body=b"forged")
    for place in range(6, 10):
        rows[place] = rehash(rows[place], previous=rows[place - 1]["hash"])
    await burglar.replace(rows)
    assert await look() == ("rewritten", 10)
    await refuses(open_at, kept_url, "was rewritten: entry 10")


@pytest.mark.parametrize(("first", "last"), [(1, 1), (3, 3), (4, 6)])
async def test_removed_entries_are_named(burglar: Burglar, look: Any, first: int, last: int) -> None:
    rows = await burglar.rows()
    await burglar.replace(rows[: first - 1] + rows[last:])
    assert await look() == ("removed", first)


async def test_removed_entries_are_named_though_the_rest_moved_up(burglar: Burglar, look: Any) -> None:
    rows = await burglar.rows()
    del rows[3]
    await burglar.replace([{**row, "sequence": number} for number, row in enumerate(rows, 1)])
    assert await look() == ("removed", 4)


@pytest.mark.parametrize("place", [1, 5, 9])
async def test_an_inserted_entry_is_named(burglar: Burglar, look: Any, place: int) -> None:
    rows = await burglar.rows()
    before = rows[place - 2]["hash"] if place > 1 else ""
    forged = rehash(rows[place - 1], sequence=place, key="forged", previous=before)
    rows[place - 1 :] = [forged, *({**row, "sequence": row["sequence"] + 1} for row in rows[place - 1 :])]
    await burglar.replace(rows)
    assert await look() == ("inserted", place)


async def test_an_entry_inserted_before_the_first_is_named(burglar: Burglar, look: Any) -> None:
    rows = await burglar.rows()
    await burglar.replace([rehash(rows[0], sequence=-3, key="forged"), *rows])
    assert await look() == ("inserted", -3)


async def test_an_entry_put_behind_the_head_without_its_chain_is_named(burglar: Burglar, look: Any) -> None:
    rows = await burglar.rows()
    await burglar.replace([*rows, rehash(rows[9], sequence=11, key="forged")])
    assert await look() == ("inserted", 11)


@pytest.mark.parametrize(("one", "other"), [(3, 4), (2, 9), (1, 10)])
async def test_entries_that_changed_places_are_named(burglar: Burglar, look: Any, one: int, other: int) -> None:
    rows = await burglar.rows()
    rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
    await burglar.replace([{**row, "sequence": number} for number, row in enumerate(rows, 1)])
    assert await look() == ("reordered", one)


@pytest.mark.parametrize("left", [0, 4, 9])
async def test_a_log_cut_short_is_told_by_its_head(
    burglar: Burglar, look: Any, left: int, open_at: Open, kept_url: str
) -> None:
    await burglar.replace((await burglar.rows())[:left])
    assert await look() == ("cut", left + 1)
    await refuses(open_at, kept_url, "was cut short: its signed head names entry 10")


async def test_a_missing_head_is_told(burglar: Burglar, look: Any, open_at: Open, kept_url: str) -> None:
    await burglar.head(remove=True)
    assert await look() == ("missing", None)
    await refuses(open_at, kept_url, "10 entries but no signed head")


@pytest.mark.parametrize("field", ["stream", "sequence", "hash", "at", "signature", "public_key"])
async def test_an_edited_head_is_told(burglar: Burglar, look: Any, field: str, open_at: Open, kept_url: str) -> None:
    head = json.loads(await burglar.head())
    value = head[field]
    head[field] = 9 if field == "sequence" else value[:-1] + ("0" if value[-1] != "0" else "1")
    await burglar.head(json.dumps(head))
    assert await look() == ("head", None)
    await refuses(open_at, kept_url, "head that was edited")
    store = await open_at(kept_url)
    with pytest.raises(IntegrityError, match="was edited"):
        await store.log("ledger").head()


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"stream": "ledger"', "\x00", "ÿ"])
async def test_a_head_that_is_no_head_is_told(
    burglar: Burglar, look: Any, text: str, open_at: Open, kept_url: str
) -> None:
    if kept_url and text == "\x00":
        text = " "
    await burglar.head(text)
    assert await look() == ("head", None)
    await refuses(open_at, kept_url, "head that was edited")


async def test_an_old_head_put_back_leaves_entries_unsigned(burglar: Burglar, open_at: Open, kept_url: str) -> None:
    old = await burglar.head()
    store = await open_at(kept_url)
    await store.log("ledger").append([b"x", b"y"])
    await store.close()
    await burglar.head(old)
    store = await open_at(kept_url)
    found = await store.log("ledger").verify()
    assert (found.ok, found.entries, found.unsigned) == (True, 12, 2)
    assert found.words == "12 entries, none changed; 2 wait for the next append to be signed."
    await store.log("ledger").append([b"z"])
    found = await store.log("ledger").verify()
    assert (found.ok, found.entries, found.unsigned) == (True, 13, 0)


async def test_a_head_of_another_vault_is_told(
    burglar: Burglar, kept_url: str, home: Path, tmp_path: Path, clock: Any
) -> None:
    settings = Settings.load({"home": str(home), "store.url": kept_url}, environ={})
    elsewhere = Settings.load({"home": str(tmp_path / "elsewhere")}, environ={})
    stranger = Vault.open(elsewhere, environ={})
    store = await open_store(settings, vault=stranger, clock=clock)
    found = await store.log("ledger").verify()
    assert (found.problem, found.sequence, found.entries) == ("key", None, 10)
    with pytest.raises(IntegrityError, match="another key"):
        await store.log("ledger").append([b"x"])
    with pytest.raises(IntegrityError, match="another key"):
        await store.log("ledger").head()
    await store.close()


async def test_a_log_of_many_pages_is_searched_for_what_moved(
    open_at: Open, kept_url: str, home: Path, look: Any
) -> None:
    store = await open_at(kept_url)
    await store.log("ledger").append([str(number).encode() for number in range(350)])
    await store.close()
    burglar = Burglar(kept_url, home)
    rows = await burglar.rows()
    rows[10], rows[340] = rows[340], rows[10]
    await burglar.replace([{**row, "sequence": number} for number, row in enumerate(rows, 1)])
    assert await look() == ("reordered", 11)


async def test_memory_is_walked_too(open_at: Open) -> None:
    store = await open_at("memory:")
    await store.log("ledger").append([b"a", b"b", b"c"])
    entries = store._storage._entries["ledger"]
    entries[1] = replace(entries[1], body=b"forged")
    found = await store.log("ledger").verify()
    assert (found.ok, found.problem, found.sequence, found.entries) == (False, "edited", 2, 1)
