"""What waits for outcomes is asked of a partial index, and the list of it goes and comes back with nothing lost."""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.dialects import postgresql, sqlite

from ara.prediction.unscored import waiting
from ara.store import Store, migrate
from ara.store.scores import forecasts, scores
from tests.store.test_contract_tables import score

Open = Callable[[str], Awaitable[Store]]
AT = datetime(2024, 1, 2, tzinfo=UTC)


async def fill(store: Store) -> None:
    rows = [
        {
            "forecast_id": f"f{number}", "sequence": number, "symbol": ("KO", "AAPL")[number % 2],
            "scored_at": None if number > 3980 else AT,
        }
        for number in range(1, 4001)
    ]  # fmt: skip
    await store.tables.insert(forecasts, rows)
    await store.tables.insert(scores, [score("f1", 1), score("f1", 2)])


async def plan_of(url: str, home: Path, names: tuple[str, ...]) -> str:
    """Give the database's own plan for the question that scoring asks."""
    chosen, written = waiting(names), {"literal_binds": True}
    if url:
        connection = await asyncpg.connect(url)
        await connection.execute("ANALYZE forecasts")
        rows = await connection.fetch(
            f"EXPLAIN {chosen.compile(dialect=postgresql.dialect(), compile_kwargs=written)}"  # type: ignore[no-untyped-call]
        )
        await connection.close()
        return "\n".join(row[0] for row in rows)
    file = sqlite3.connect(home / "ara.db")
    statement = chosen.compile(dialect=sqlite.dialect(), compile_kwargs=written)
    told = "\n".join(str(row[-1]) for row in file.execute(f"EXPLAIN QUERY PLAN {statement}"))
    file.close()
    return told


@pytest.mark.parametrize("names", [(), ("KO",)])
async def test_what_waits_is_found_by_the_index_of_what_waits(
    open_at: Open, kept_url: str, home: Path, names: tuple[str, ...]
) -> None:
    store = await open_at(kept_url)
    await fill(store)
    plan = await plan_of(kept_url, home, names)
    assert "forecasts_unscored" in plan
    assert "Seq Scan" not in plan
    assert "TEMP B-TREE" not in plan
    found = await store.tables.execute(waiting(names))
    wanted = [*range(3981, 4001, 2), *range(3982, 4001, 2)]
    assert [row["sequence"] for row in found] == [one for one in wanted if not names or one % 2 == 0]


async def test_the_list_goes_back_and_comes_again_and_scores_stay(open_at: Open, kept_url: str) -> None:
    store = await open_at(kept_url)
    await fill(store)
    before = await store.tables.execute(scores.select().order_by(scores.c.day))
    await migrate(store, "0002")
    kept = await store.tables._storage.read("SELECT count(*) FROM scores", ())
    assert [tuple(row) for row in kept] == [(2,)]
    await migrate(store)
    assert await store.tables.execute(scores.select().order_by(scores.c.day)) == before
    assert await store.tables.execute(forecasts.select()) == []
    await fill(store)
    assert len(await store.tables.execute(waiting())) == 20
