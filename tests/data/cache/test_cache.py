import asyncio
from datetime import timedelta

import polars as pl
import pytest

from ara.data.cache import Cache, Reason
from ara.errors import CancelledError, DataProviderError
from tests.data.cache.conftest import Source, frame, key, settings


async def test_a_value_is_loaded_once(cache):
    source = Source()
    for _ in range(3):
        assert (await cache.get(key(), source)).equals(source.value)
    assert source.asked == 1
    assert cache.stats()["tiers"]["memory"] | {"bytes": 0, "budget": 0} == {
        "hits": 2,
        "misses": 1,
        "entries": 1,
        "bytes": 0,
        "budget": 0,
        "evictions": 0,
        "expired": 0,
    }
    assert 0 < cache.stats()["tiers"]["memory"]["bytes"] < cache.stats()["tiers"]["memory"]["budget"] == 100 * 2**20


@pytest.mark.parametrize(("live", "seconds"), [(True, 10), (False, 900)])
async def test_time_ends_a_value(cache, clock, live, seconds):
    source = Source()
    await cache.get(key(), source, live=live)
    clock.set(clock.now() + timedelta(seconds=seconds, microseconds=-1))
    await cache.get(key(), source, live=live)
    assert source.asked == 1
    clock.set(clock.now() + timedelta(microseconds=1))
    await cache.get(key(), source, live=live)
    assert source.asked == 2
    assert cache.stats()["tiers"]["memory"]["expired"] == 1


async def test_a_clock_set_back_ends_it_too(cache, clock):
    source = Source()
    await cache.get(key(), source)
    clock.set(clock.now() - timedelta(hours=1))
    await cache.get(key(), source)
    assert source.asked == 2


async def test_a_load_that_takes_long_counts_from_its_begin(cache, clock):
    async def slow():
        clock.set(clock.now() + timedelta(seconds=11))
        return frame()

    await cache.get(key(), slow, live=True)
    source = Source()
    await cache.get(key(), source, live=True)
    assert source.asked == 1


async def test_the_close_ends_a_value(cache, clock):
    source, wanted = Source(), key(calendar="XNYS")
    clock.set(clock.now().replace(hour=20, minute=55))
    await cache.get(wanted, source)
    clock.set(clock.now().replace(minute=59, second=59))
    await cache.get(wanted, source)
    assert source.asked == 1
    clock.set(clock.now().replace(hour=21, minute=0, second=0))
    await cache.get(wanted, source)
    assert source.asked == 2


async def test_a_hundred_callers_cause_one_load(cache):
    begun = asyncio.Event()

    class Slow(Source):
        async def __call__(self):
            begun.set()
            await asyncio.sleep(0.02)
            return await super().__call__()

    source = Slow()
    answers = await asyncio.gather(*(cache.get(key(), source) for _ in range(100)))
    assert source.asked == 1
    assert all(answer.equals(source.value) for answer in answers)
    assert len({id(answer) for answer in answers}) == 100
    assert cache.stats()["shared"] == 99


async def test_what_a_caller_does_to_its_frame_is_its_own(cache):
    source = Source()
    first = await cache.get(key(), source)
    first.insert_column(0, pl.Series("mine", [1, 2, 3]))
    source.value.insert_column(0, pl.Series("theirs", [1, 2, 3]))
    assert (await cache.get(key(), source)).columns == ["at", "close"]


async def test_a_failure_is_everybodys_and_never_kept(cache):
    source = Source(error=DataProviderError("no"))
    found = await asyncio.gather(*(cache.get(key(), source) for _ in range(5)), return_exceptions=True)
    assert source.asked == 1
    assert all(isinstance(one, DataProviderError) for one in found)
    source.error = None
    assert (await cache.get(key(), source)).height == 3
    assert source.asked == 2
    assert (cache.stats()["failures"], cache.stats()["loads"]) == (1, 2)


async def test_whoever_is_cancelled_hands_over(cache):
    gate, source = asyncio.Event(), Source()

    async def load():
        await gate.wait()
        return await source()

    first, second = (asyncio.create_task(cache.get(key(), load)) for _ in range(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    gate.set()
    assert (await second).height == 3
    assert source.asked == 1


async def test_the_last_to_leave_ends_the_load(cache):
    ended = asyncio.Event()

    async def load():
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    waiting = [asyncio.create_task(cache.get(key(), load)) for _ in range(2)]
    await asyncio.sleep(0.01)
    for one in waiting:
        one.cancel()
    assert all(
        isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*waiting, return_exceptions=True)
    )
    source = Source()
    assert (await cache.get(key(), source)).height == 3
    await asyncio.wait_for(ended.wait(), 600)
    assert source.asked == 1


async def test_closing_ends_what_is_under_way(clock):
    cache = Cache(settings(), clock=clock)
    waiting = asyncio.create_task(cache.get(key(), lambda: asyncio.sleep(60)))
    await asyncio.sleep(0.01)
    await cache.close()
    with pytest.raises(CancelledError, match="AAPL"):
        await waiting
    await cache.close()


async def test_dropping_a_symbol_or_all(cache):
    source = Source()
    for name in ("AAPL", "MSFT"):
        for part in ("1", "2"):
            await cache.get(key(name, part), source)
    assert await cache.drop("AAPL") == 2
    assert await cache.drop("AAPL", Reason.BAR) == 0
    await cache.get(key("MSFT", "1"), source)
    assert source.asked == 4
    await cache.get(key("AAPL", "1"), source)
    assert source.asked == 5
    assert await cache.drop() == 3
    assert cache.stats()["dropped"] == {"manual": 5, "bar": 0}
    assert cache.stats()["tiers"]["memory"]["bytes"] == 0


async def test_a_load_from_before_a_drop_is_not_kept_nor_joined(cache):
    gate, old, new = asyncio.Event(), Source(frame(close=1.0)), Source(frame(close=2.0))

    async def load():
        await gate.wait()
        return await old()

    early = asyncio.create_task(cache.get(key(), load))
    await asyncio.sleep(0.01)
    await cache.drop("AAPL")
    assert (await cache.get(key(), new)).equals(new.value)
    gate.set()
    assert (await early).equals(old.value)
    assert (await cache.get(key(), new)).equals(new.value)
    assert new.asked == 1


async def test_a_price_that_moved_far_drops_its_symbol(cache):
    source = Source(frame(100))
    await cache.get(key(), source)
    close = source.value["close"][-1]
    assert not await cache.price("AAPL", close * 1.05)
    assert not await cache.price("AAPL", float("nan"))
    assert not await cache.price("AAPL", -1)
    assert not await cache.price("MSFT", 1e9)
    await cache.get(key(), source)
    assert source.asked == 1
    assert await cache.price("AAPL", close * 1.07)
    assert not await cache.price("AAPL", close * 1.07)
    await cache.get(key(), source)
    assert source.asked == 2
    assert cache.stats()["dropped"] == {"move": 1}
    assert await cache.price("AAPL", close / 1.07)


async def test_the_popular_are_known_and_warmed(cache):
    source = Source()
    for name, times in (("AAPL", 2), ("MSFT", 3), ("BTC-USD", 1)):
        for _ in range(times):
            await cache.get(key(name), source)
    assert await cache.popular(2) == ["MSFT", "AAPL"]
    await cache.drop()
    trouble = DataProviderError("no")

    async def load(symbol):
        return await cache.get(key(symbol), Source(error=trouble) if symbol == "AAPL" else source)

    warmed = await cache.warm(["MSFT", "AAPL", "MSFT"], load)
    assert (warmed.symbols, warmed.failed) == (("MSFT",), (("AAPL", trouble),))
    asked = source.asked
    await cache.get(key("MSFT"), source)
    assert source.asked == asked
    assert await cache.shared_stats() is None


async def test_without_memory_every_answer_is_loaded(clock):
    cache, source = Cache(settings(memory_mb=0), clock=clock), Source()
    for _ in range(2):
        assert (await cache.get(key(), source)).equals(source.value)
    assert source.asked == 2
    await cache.close()


async def test_the_telemetry_is_told(clock):
    told = []

    class Counter:
        def add(self, **labels):
            told.append(labels)

    class Telemetry:
        def counter(self, name):
            assert name == "cache_requests"
            return Counter()

    cache = Cache(settings(), clock=clock, telemetry=Telemetry())
    for _ in range(2):
        await cache.get(key(), Source())
    assert told == [{"tier": "memory", "outcome": "misses"}, {"tier": "memory", "outcome": "hits"}]
    await cache.close()
