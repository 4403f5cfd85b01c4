"""Every log, on every back-end: appended, read, searched, and found whole."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.errors import StoreError, ValidationError
from ara.store import Entry, Store


async def everything(store: Store, stream: str = "ledger", *, after: int = 0) -> list[Entry]:
    return [entry async for entry in store.log(stream).read(after=after)]


async def test_entries_come_back_in_order_with_their_chain(store: Store) -> None:
    log = store.log("ledger")
    first = await log.append([b"one", b"two"], keys=["a", "b"])
    second = await log.append([b"three"])
    entries = await everything(store)
    assert entries == first + second
    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert [entry.body for entry in entries] == [b"one", b"two", b"three"]
    assert [entry.key for entry in entries] == ["a", "b", ""]
    assert [entry.previous for entry in entries] == ["", entries[0].hash, entries[1].hash]
    assert all(entry.at.utcoffset() == timedelta(0) for entry in entries)
    assert await everything(store, after=2) == second


async def test_a_log_is_read_over_many_pages(store: Store) -> None:
    bodies = [str(number).encode() for number in range(250)]
    await store.log("ledger").append(bodies)
    assert [entry.body for entry in await everything(store)] == bodies
    assert (await store.log("ledger").verify()).entries == 250


async def test_logs_are_apart(store: Store) -> None:
    await store.log("ledger").append([b"x"], keys=["k"])
    await store.log("audit").append([b"y"], keys=["k"])
    assert [entry.body for entry in await everything(store, "audit")] == [b"y"]
    assert (await store.log("ledger").verify()).ok
    assert (await store.log("audit").verify()).ok
    assert store.log("audit") is store.log("audit")
    assert store.log("audit").stream == "audit"


async def test_a_key_that_is_there_gives_the_old_entry_and_writes_nothing(store: Store) -> None:
    log = store.log("ledger")
    [old] = await log.append([b"first"], keys=["k"])
    again, new, twin = await log.append([b"second", b"third", b"fourth"], keys=["k", "n", "n"])
    assert again == old
    assert new is not None
    assert twin == new
    assert len(await everything(store)) == 2
    assert await log.append([b"fifth"], keys=["k"]) == [old]
    assert len(await everything(store)) == 2


async def test_entries_without_a_key_never_collide(store: Store) -> None:
    await store.log("ledger").append([b"x", b"x"])
    await store.log("ledger").append([b"x"], keys=[""])
    assert len(await everything(store)) == 3


async def test_nothing_to_append_writes_nothing(store: Store) -> None:
    assert await store.log("ledger").append([]) == []
    assert await store.log("ledger").head() is None
    assert (await store.log("ledger").verify()).words == "0 entries, none changed."


async def test_get_and_search_go_by_key(store: Store) -> None:
    log = store.log("ledger")
    keys = ["b2", "a%", "a_", "aé", "b1", "a", "A", "b"]
    await log.append([key.encode() for key in keys], keys=keys)
    found = await log.get("aé")
    assert found is not None
    assert found.body == "aé".encode()
    assert await log.get("zz") is None
    assert await log.get("") is None
    assert await log.get("a\0") is None
    assert [entry.key for entry in await log.search("a")] == ["a", "a%", "a_", "aé"]
    assert [entry.key for entry in await log.search("a%")] == ["a%"]
    assert [entry.key for entry in await log.search("b", limit=2)] == ["b", "b1"]
    assert [entry.key for entry in await log.search("")] == sorted(keys)
    assert await log.search("a\0") == []
    several = await log.get_all(["b", "zz", "aé", "", "a\0", "b", *map(str, range(300))])
    assert [entry.key for entry in several] == ["aé", "b"]


async def test_the_head_says_how_far_the_log_goes(store: Store) -> None:
    log = store.log("ledger")
    *_, last = await log.append([b"x", b"y"])
    head = await log.head()
    assert head is not None
    assert (head.stream, head.sequence, head.hash) == ("ledger", 2, last.hash)
    verification = await log.verify()
    assert (verification.ok, verification.entries, verification.unsigned) == (True, 2, 0)
    assert verification.words == "2 entries, none changed."


async def test_many_callers_at_once_get_their_own_entries(store: Store) -> None:
    log = store.log("ledger")

    async def caller(name: int) -> list[Entry]:
        return [(await log.append([f"{name} {turn}".encode()], keys=[f"{name} {turn}"]))[0] for turn in range(10)]

    answers = await asyncio.gather(*(caller(name) for name in range(20)))
    for name, entries in enumerate(answers):
        assert [entry.body for entry in entries] == [f"{name} {turn}".encode() for turn in range(10)]
    assert len(await everything(store)) == 200
    assert (await log.verify()).ok


async def test_a_caller_that_goes_away_takes_nobody_with_it(store: Store) -> None:
    log = store.log("ledger")
    leaving = asyncio.create_task(log.append([b"gone"], keys=["gone"]))
    staying = asyncio.create_task(log.append([b"here"], keys=["here"]))
    await asyncio.sleep(0)
    leaving.cancel()
    [entry] = await staying
    assert entry.body == b"here"
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert (await log.verify()).ok


async def test_a_small_skew_of_the_clock_is_ironed_out(store: Store, clock: object) -> None:
    log = store.log("ledger")
    clock.instant = datetime(2024, 5, 1, 12, tzinfo=UTC)  # type: ignore[attr-defined]
    [first] = await log.append([b"x"])
    clock.instant -= timedelta(seconds=50)  # type: ignore[attr-defined]
    [second] = await log.append([b"y"])
    assert second.at == first.at


async def test_a_clock_that_was_set_back_is_refused(store: Store, clock: object) -> None:
    log = store.log("ledger")
    clock.instant = datetime(2024, 5, 1, 12, tzinfo=UTC)  # type: ignore[attr-defined]
    await log.append([b"x"], keys=["old"])
    clock.instant -= timedelta(minutes=5)  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match=r"11:55:0[12].*12:00:01") as caught:
        await log.append([b"y"])
    assert "Set the machine's clock" in caught.value.hint
    assert len(await everything(store)) == 1
    clock.instant += timedelta(minutes=5)  # type: ignore[attr-defined]
    await log.append([b"y"])


@pytest.mark.parametrize("stream", ["", "Ledger", "../x", "a b", "a" * 65, "a.b", "é", ".lock", "1"])
async def test_a_log_has_a_name_that_fits_a_file(store: Store, stream: str) -> None:
    with pytest.raises(ValidationError, match="can't name a log"):
        store.log(stream)


async def test_what_can_not_be_appended_is_refused_before_it_begins(store: Store) -> None:
    log = store.log("ledger")
    with pytest.raises(ValidationError, match="2 bodies and 1 keys"):
        await log.append([b"x", b"y"], keys=["k"])
    for key in ("a\nb", "\0", "x" * 257, "\ud800", "\U0010ffff"):
        with pytest.raises(ValidationError, match="key of an entry"):
            await log.append([b"x"], keys=[key])
    with pytest.raises(ValidationError, match="1,048,577 bytes"):
        await log.append([b"x" * (2**20 + 1)])
    with pytest.raises(ValidationError, match="limit is 0"):
        await log.search("a", limit=0)
    assert await everything(store) == []


async def test_a_log_is_not_part_of_a_transaction(store: Store) -> None:
    async with store.tx():
        with pytest.raises(StoreError, match="logs and tables can't be used inside"):
            await store.log("ledger").append([b"x"])
    await store.log("ledger").append([b"x"])


async def test_a_closed_store_says_so(store: Store) -> None:
    log = store.log("ledger")
    await log.append([b"x"])
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await log.append([b"y"])


async def test_closing_waits_for_what_is_under_way(store: Store) -> None:
    appending = asyncio.create_task(store.log("ledger").append([b"x"]))
    await asyncio.sleep(0)
    await store.close()
    [entry] = await appending
    assert entry.sequence == 1


async def test_large_batches_are_split_but_lose_nothing(store: Store) -> None:
    log = store.log("ledger")
    batches = await asyncio.gather(
        log.append([b"a"] * 1500),
        log.append([b"b"] * 1500),
        log.append([b"c" * 2**20] * 20),
        log.append([b"d" * 2**20] * 20),
    )
    assert [len(batch) for batch in batches] == [1500, 1500, 20, 20]
    for batch in batches:
        assert [entry.sequence - batch[0].sequence for entry in batch] == list(range(len(batch)))
    assert (await log.verify()).entries == 3040


@given(bodies=st.lists(st.tuples(st.binary(max_size=50), st.text(max_size=8)), max_size=12))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_appended_comes_back(store: Store, bodies: list[tuple[bytes, str]]) -> None:
    keys = [key if key.isprintable() else "" for _, key in bodies]
    log = store.log("ledger")
    before = len(await everything(store))
    entries = await log.append([body for body, _ in bodies], keys=keys)
    new = {entry.sequence: entry for entry in entries if entry.sequence > before}
    assert await everything(store, after=before) == [new[sequence] for sequence in sorted(new)]
    for entry, (body, _), key in zip(entries, bodies, keys, strict=True):
        assert entry.key == key
        assert entry.body == body or entry == await log.get(key)
    assert (await log.verify()).ok


async def test_a_writer_that_is_stopped_tells_its_callers(store: Store) -> None:
    log = store.log("ledger")
    callers = [asyncio.create_task(log.append([b"x"], keys=[str(number)])) for number in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    late = asyncio.create_task(log.append([b"y"], keys=["late"]))
    for task in asyncio.all_tasks():
        if task.get_name() == "ara.store.log ledger":
            task.cancel()
    outcomes = await asyncio.gather(*callers, late, return_exceptions=True)
    assert all(isinstance(outcome, StoreError | list) for outcome in outcomes)
    [entry] = await log.append([b"x"], keys=["0"])
    assert entry.sequence == 1
    assert (await log.verify()).ok


async def test_stores_on_one_place_chain_together(open_at: Callable[[str], Awaitable[Store]], kept_url: str) -> None:
    stores = [await open_at(kept_url) for _ in range(3)]
    appends = [store.log("ledger").append([b"x"], keys=[str(number)]) for number in range(60) for store in stores]
    answers = await asyncio.gather(*appends)
    for number in range(60):
        assert answers[3 * number] == answers[3 * number + 1] == answers[3 * number + 2]
    verification = await stores[2].log("ledger").verify()
    assert (verification.ok, verification.entries, verification.unsigned) == (True, 60, 0)
