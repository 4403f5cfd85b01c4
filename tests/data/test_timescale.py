"""What only the store in PostgreSQL has to bear: servers that go, strange tables, many writers."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol

import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.timescale import TimescaleStore
from ara.errors import AraError, ConfigurationError, IntegrityError, StoreError, ValidationError
from tests.data.lake.conftest import FIRST, LEARNED, Answer, bars

DAY = timedelta(days=1)


class Server(Protocol):
    """What these tests use of the server's fixture."""

    def create_database(self, name: str) -> str: ...
    def execute(self, database: str, *statements: str) -> None: ...
    def start(self) -> None: ...
    def stop(self, how: signal.Signals = ...) -> None: ...


@pytest.fixture
def store(postgres_url: str) -> TimescaleStore:
    return TimescaleStore(postgres_url, clock=SystemClock())


def database(url: str) -> str:
    return url.rpartition("/")[2]


def test_bars_are_cut_into_years_with_a_small_index(
    store: TimescaleStore, shared_postgres: Server, postgres_url: str
) -> None:
    store.append(bars(count=3, first=datetime(2019, 12, 30, tzinfo=UTC)))
    store.append(bars(count=3, first=datetime(1969, 12, 30, tzinfo=UTC), symbol="OLD"))
    store.close()
    shared_postgres.execute(
        database(postgres_url),
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM bars_2019) = 2; END $$",
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM bars_2020) = 1; END $$",
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM bars_1969) = 2; END $$",
        "DO $$ BEGIN ASSERT EXISTS (SELECT 1 FROM pg_indexes WHERE indexdef LIKE '%USING brin (at)%'); END $$",
    )
    assert store.bars("OLD", "1d").height == 3
    store.close()


def test_a_server_that_went_and_came_back(own_postgres: Server) -> None:
    store = TimescaleStore(own_postgres.create_database("bars"), clock=SystemClock(), patience=2)
    store.append(bars())
    own_postgres.stop(signal.SIGQUIT)
    for work in (
        lambda: store.append(bars(count=6)),
        lambda: store.bars("AAPL", "1d"),
        lambda: store.keep([Answer(body=b"x")]),
    ):
        with pytest.raises(StoreError, match="can't be used") as caught:
            work()
        assert "no-secret" not in caught.value.message + caught.value.hint
        assert "127.0.0.1" in caught.value.message
    own_postgres.start()
    assert store.append(bars(count=6)).new == 1
    assert store.bars("AAPL", "1d").height == 6
    store.close()


def test_a_server_that_never_was(unused_tcp_port: int) -> None:
    store = TimescaleStore(f"postgresql://ara:secret@127.0.0.1:{unused_tcp_port}/none", clock=SystemClock(), patience=1)
    with pytest.raises(StoreError, match="can't be used") as caught:
        store.catalogue()
    assert "secret" not in caught.value.message
    store.close()


def test_an_append_that_fails_midway_leaves_nothing(
    store: TimescaleStore, shared_postgres: Server, postgres_url: str
) -> None:
    store.append(bars())
    shared_postgres.execute(database(postgres_url), "ALTER TABLE bar_series ADD CONSTRAINT few CHECK (corrections < 2)")
    with pytest.raises(AraError, match="few"):
        store.append(pl.concat([bars("MSFT"), bars(close=50.0, learned=LEARNED + DAY)]))
    assert store.catalogue()["symbol"].to_list() == ["AAPL"]
    assert store.bars("AAPL", "1d").equals(bars())
    assert store.bars("MSFT", "1d").is_empty()
    store.close()


def test_tables_of_somebody_else_are_refused(store: TimescaleStore, shared_postgres: Server, postgres_url: str) -> None:
    store.append(bars())
    store.close()
    shared_postgres.execute(database(postgres_url), "ALTER TABLE bars RENAME COLUMN close TO closing")
    with pytest.raises(IntegrityError, match="not as Ara made them"):
        store.bars("AAPL", "1d")
    store.close()
    shared_postgres.execute(database(postgres_url), "UPDATE bar_store_version SET version = 9")
    with pytest.raises(StoreError, match="written by a newer Ara"):
        store.bars("AAPL", "1d")
    store.close()


def test_a_value_that_the_server_cannot_hold_is_refused(store: TimescaleStore) -> None:
    with pytest.raises(ValidationError, match="can't hold a value"):
        store.keep([Answer(body=b"x", url="a\x00b")])
    assert store.keep([Answer(body=b"x")])
    store.close()


def test_a_writer_that_waits_too_long_is_told(postgres_url: str) -> None:
    holder, waiter = (TimescaleStore(postgres_url, clock=SystemClock(), patience=0.3) for _ in range(2))
    holder.append(bars())
    entered, leave = threading.Event(), threading.Event()

    async def hold(connection: object) -> None:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('ara bars', 0))")  # type: ignore[attr-defined]
        entered.set()
        while not leave.is_set():
            await connection.execute("SELECT pg_sleep(0.02)")  # type: ignore[attr-defined]

    thread = threading.Thread(target=lambda: holder._link.run(hold))
    thread.start()
    entered.wait()
    with pytest.raises(StoreError, match="being written by somebody else"):
        waiter.append(bars(count=6))
    leave.set()
    thread.join()
    assert waiter.append(bars(count=6)).new == 1
    holder.close()
    waiter.close()


def test_two_that_open_an_empty_database_at_once(postgres_url: str) -> None:
    stores = [TimescaleStore(postgres_url, clock=SystemClock()) for _ in range(4)]
    told: list[int] = []
    threads = [threading.Thread(target=lambda one=one: told.append(one.append(bars()).new)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [0, 0, 0, 5]
    for one in stores:
        one.close()


def test_the_cross_section_known_by_a_moment(store: TimescaleStore) -> None:
    store.append(pl.concat([bars(f"S{number}", 400, close=10.0 * number) for number in range(5)]))
    assert store.lasts("1d")["close"].to_list() == [399.0 + 10 * number for number in range(5)]
    early = store.lasts("1d", known_by=FIRST + 10 * DAY)
    assert early["close"].to_list() == [9.0 + 10 * number for number in range(5)]
    store.close()


def test_a_server_that_lists_timescaledb_but_refuses_it_gets_years(shared_postgres: Server, postgres_url: str) -> None:
    shared_postgres.execute(
        database(postgres_url),
        "CREATE VIEW pg_available_extensions AS SELECT 'timescaledb'::text AS name",
        f'ALTER DATABASE "{database(postgres_url)}" SET search_path = public, pg_catalog',
    )
    store = TimescaleStore(postgres_url, clock=SystemClock())
    assert store.append(bars()).new == 5
    assert store.append(bars()).same == 5
    store.close()
    shared_postgres.execute(
        database(postgres_url),
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM bars_2020) = 5; END $$",
        f'ALTER DATABASE "{database(postgres_url)}" RESET search_path',
    )


def test_without_the_driver_the_line_to_install_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "asyncpg", None)
    with pytest.raises(ConfigurationError, match="asyncpg") as caught:
        TimescaleStore("postgresql://127.0.0.1/x", clock=SystemClock())
    assert caught.value.hint == "Install it: pip install 'ara-ai[db]'"
