"""Tables, on every back-end: made by migrations, asked by column, times in UTC."""

import asyncio
import importlib
import io
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Column, Integer, MetaData, NullPool, String, Table, bindparam, create_engine, text

from ara.errors import StoreError, ValidationError
from ara.store import ConflictError, Store
from ara.store.migrations import newest, steps, versions
from ara.store.scores import Instant, metadata, scores
from ara.store.tables import func, select

Open = Callable[[str], Awaitable[Store]]
STEPS = [
    importlib.import_module(f"ara.store.migrations.versions.{path.stem}")
    for path in sorted(Path(versions.__path__[0]).glob("s*.py"))
]
START = datetime(2024, 1, 2, 21, 0, 0, 123456, tzinfo=UTC)


def score(name: str, day: int = 1, **changes: Any) -> dict[str, Any]:
    row = {
        "forecast_id": name,
        "day": day,
        "symbol": "AAPL",
        "asset_class": "stock",
        "model": "ewma_t",
        "horizon": day,
        "as_of": START,
        "target_at": START + timedelta(days=day),
        "made_at": START,
        "live": True,
        "close": 185.25,
        "outcome": 186.0,
        "crps": 0.0123,
        "baseline_crps": None,
        "median_error": -0.004,
        "inside_50": True,
        "inside_80": True,
        "inside_95": True,
        "p_up": 0.51,
        "up": None,
        "confidence": 0.8,
        "inside_usual": False,
        "scored_at": START + timedelta(days=40),
    }
    return {**row, **changes}


async def test_rows_come_back_as_they_went_in(store: Store) -> None:
    rows = [score("a", 1), score("a", 2, up=True, baseline_crps=0.02), score("b", 1, up=False)]
    assert await store.tables.execute(scores.insert(), rows) == []
    found = await store.tables.execute(scores.select().order_by(scores.c.forecast_id, scores.c.day))
    assert [dict(row) for row in found] == rows
    assert all(row["as_of"].tzinfo is UTC or row["as_of"].utcoffset() == timedelta(0) for row in found)


async def test_times_of_other_zones_are_the_same_instant(store: Store) -> None:
    there = START.astimezone(timezone(timedelta(hours=-5)))
    await store.tables.insert(scores, [score("a", as_of=there)])
    [row] = await store.tables.execute(scores.select().where(scores.c.as_of == there))
    assert row["as_of"] == START
    assert await store.tables.execute(scores.select().where(scores.c.as_of > there)) == []
    with pytest.raises(ValidationError, match="no time zone"):
        await store.tables.insert(scores, [score("b", as_of=datetime(2024, 1, 2))])  # noqa: DTZ001


async def test_insert_counts_what_is_new(store: Store) -> None:
    assert await store.tables.insert(scores, [score("a", 1), score("a", 2)]) == 2
    assert await store.tables.insert(scores, [score("a", 2, crps=9.0), score("a", 3)]) == 1
    assert await store.tables.insert(scores, []) == 0
    found = await store.tables.execute(select(scores.c.crps).where(scores.c.day == 2))
    assert found == [{"crps": 0.0123}]


async def test_columns_are_asked_with_lists_ranges_and_sums(store: Store) -> None:
    await store.tables.insert(scores, [score("a", day, crps=day / 100) for day in range(1, 11)])
    chosen = scores.select().where(scores.c.day.in_([2, 3, 99]), scores.c.symbol.in_(["AAPL"])).order_by(scores.c.day)
    assert [row["day"] for row in await store.tables.execute(chosen)] == [2, 3]
    assert await store.tables.execute(scores.select().where(scores.c.day.in_([]))) == []
    ask = select(scores.c.model, func.count().label("n"), func.avg(scores.c.crps).label("mean")).group_by(
        scores.c.model
    )
    [row] = await store.tables.execute(ask)
    assert (row["model"], row["n"]) == ("ewma_t", 10)
    assert row["mean"] == pytest.approx(0.055)
    first = select(scores.c.day).where(scores.c.live.is_(True)).order_by(scores.c.day.desc()).limit(1).offset(1)
    assert await store.tables.execute(first) == [{"day": 9}]


async def test_rows_are_changed_and_removed(store: Store) -> None:
    await store.tables.insert(scores, [score("a", 1), score("a", 2)])
    await store.tables.execute(scores.update().where(scores.c.day == 1).values(up=True, as_of=START))
    gone = await store.tables.execute(scores.delete().where(scores.c.day == 2).returning(scores.c.day, scores.c.as_of))
    assert gone == [{"day": 2, "as_of": START}]
    [left] = await store.tables.execute(scores.select())
    assert left["up"] is True


async def test_values_are_only_values(store: Store) -> None:
    hostile = "'; DROP TABLE scores; -- %s :x $1 ?"
    await store.tables.insert(scores, [score("a", symbol=hostile)])
    [row] = await store.tables.execute(scores.select().where(scores.c.symbol == hostile))
    assert row["symbol"] == hostile


async def test_a_batch_is_all_or_nothing(store: Store) -> None:
    await store.tables.insert(scores, [score("a", 1)])
    with pytest.raises(ConflictError, match="nothing was written"):
        await store.tables.execute(scores.insert(), [score("b", 1), score("a", 1)])
    with pytest.raises(ConflictError):
        await store.tables.execute(scores.insert(), [score("c", 1), score("d", 1, symbol=None)])
    assert len(await store.tables.execute(scores.select())) == 1


async def test_a_batch_of_different_statements_is_all_or_nothing(store: Store) -> None:
    await store.tables.insert(scores, [score("a", 1), score("a", 2)])
    chosen = scores.c.day.in_(bindparam("days", expanding=True))
    change = scores.update().where(chosen).values(symbol=bindparam("name"))
    await store.tables.execute(change, [{"days": [1, 2], "name": "MSFT"}, {"days": [2], "name": "IBM"}])
    with pytest.raises(ConflictError):
        await store.tables.execute(change, [{"days": [1], "name": "KO"}, {"days": [1, 2], "name": None}])
    found = await store.tables.execute(select(scores.c.symbol).order_by(scores.c.day))
    assert [row["symbol"] for row in found] == ["MSFT", "IBM"]


async def test_what_does_not_fit_is_refused(store: Store) -> None:
    with pytest.raises(ValidationError, match="fit the table: colour is unknown"):
        await store.tables.execute(scores.insert(), [{**score("a"), "colour": "red"}])
    with pytest.raises(ValidationError, match=r"fit the table: as_of, .* not in all"):
        await store.tables.execute(scores.insert(), [score("a"), {"forecast_id": "b"}])
    with pytest.raises(ValidationError, match=r"doesn't fit the table: .*day"):
        await store.tables.execute(scores.update().where(scores.c.day == bindparam("day")))
    with pytest.raises(ValidationError, match=r"doesn't fit the table: .*colour"):
        await store.tables.execute(scores.update().values(colour="red"))
    with pytest.raises(ValidationError, match="can't be run"):
        await store.tables.execute(text("DROP TABLE scores"))
    with pytest.raises(ValidationError, match="can't hold a value"):
        await store.tables.execute(scores.insert(), [score("a", horizon=2**70)])
    with pytest.raises(ValidationError, match="can't hold a value"):
        await store.tables.execute(scores.insert(), [score("\ud800")])
    with pytest.raises(StoreError):
        await store.tables.execute(Table("nowhere", MetaData(), Column("x", Integer)).select())
    assert await store.tables.execute(scores.select()) == []


async def test_other_types_are_converted_too(store: Store) -> None:
    await store.tables.migrate()
    extra = Table("scores", MetaData(), Column("forecast_id", String), Column("symbol", JSON))
    await store.tables.insert(scores, [score("a", symbol='{"x": [1, 2]}')])
    assert await store.tables.execute(extra.select()) == [{"forecast_id": "a", "symbol": {"x": [1, 2]}}]


async def test_tables_are_not_part_of_a_transaction(store: Store) -> None:
    async with store.tx():
        with pytest.raises(StoreError, match="can't be used inside"):
            await store.tables.execute(scores.select())
    assert store.tables is store.tables


async def test_tables_stay(open_at: Open, kept_url: str) -> None:
    first = await open_at(kept_url)
    await first.tables.insert(scores, [score("a")])
    await first.close()
    second = await open_at(kept_url)
    assert len(await second.tables.execute(scores.select())) == 1


async def test_starts_at_the_same_time_migrate_once(open_at: Open, kept_url: str) -> None:
    stores = [await open_at(kept_url) for _ in range(5)]
    await asyncio.gather(*(store.tables.migrate() for store in stores))
    counts = await asyncio.gather(*(store.tables.insert(scores, [score("a")]) for store in stores))
    assert sorted(counts) == [0, 0, 0, 0, 1]


async def test_tables_of_a_newer_ara_are_refused(open_at: Open, kept_url: str) -> None:
    version = Table("alembic_version", MetaData(), Column("version_num", String))
    first = await open_at(kept_url)
    await first.tables.execute(version.update().values(version_num="9999"))
    await first.close()
    second = await open_at(kept_url)
    with pytest.raises(StoreError, match=f"newer Ara: their step is 9999, this one knows up to {newest()}"):
        await second.tables.execute(scores.select())
    assert await second.log("ledger").append([b"logs still work"])


async def test_the_migrations_make_what_the_tables_say(open_at: Open, home: Path) -> None:
    store = await open_at("")
    await store.tables.migrate()
    await store.close()
    engine = create_engine(f"sqlite:///{home / 'ara.db'}", poolclass=NullPool)
    with engine.connect() as connection:
        names = {table.name for table in metadata.sorted_tables}
        options = {"include_name": lambda name, kind, _: kind != "table" or name in names}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


async def test_steps_lead_from_every_step_to_the_newest(store: Store) -> None:
    dialect = store.steps.dialect
    assert steps(dialect, newest()) == []
    statements = steps(dialect, None)
    assert any(statement.startswith("CREATE TABLE scores") for statement in statements)
    assert not any(statement.endswith(";") or statement.startswith("--") for statement in statements)


async def test_tables_share_the_file_of_the_store(open_at: Open, home: Path) -> None:
    store = await open_at("")
    await store.tables.insert(scores, [score("a")])
    await store.close()
    connection = sqlite3.connect(home / "ara.db")
    assert connection.execute("SELECT as_of, live FROM scores").fetchone() == ("2024-01-02 21:00:00.123456", 1)
    connection.close()


def test_an_instant_may_be_missing(store: Store) -> None:
    dialect = store.tables._storage.dialect
    assert Instant().process_bind_param(None, dialect) is None
    assert Instant().process_result_value(None, dialect) is None


@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_named_by_its_number_and_runs_alone(step: Any) -> None:
    assert step.__name__.startswith(f"ara.store.migrations.versions.s{step.revision}_")
    output = io.StringIO()
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True, "output_buffer": output})
    with Operations.context(context):
        step.upgrade()
    assert "CREATE" in output.getvalue()
