import asyncio
import logging
import multiprocessing
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import redis

from ara.clock import SystemClock
from ara.data.cache import Cache, Reason, connecting
from ara.data.cache import outage as outages
from ara.data.cache import redis_tier as tiers
from ara.data.cache.news import read
from ara.errors import ConfigurationError, DataProviderError
from tests.data.cache.conftest import Source, frame, key, settings
from tests.processes import begin, codes

_PATIENT = 300.0


@pytest.fixture
async def caches(redis_url, monkeypatch):
    """Caches as of several processes, on one Redis; a busy machine may be slow to answer."""
    monkeypatch.setattr(connecting, "_PATIENCE", _PATIENT)
    made = []

    def make(url=redis_url, **values):
        made.append(Cache(settings(redis=url, **values), clock=SystemClock()))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def raw(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        yield client


async def until(true, seconds=600):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_what_one_process_loaded_the_other_has(caches):
    source = Source(frame(50))
    await caches().get(key(), source)
    other = caches()
    assert (await other.get(key(), source)).equals(source.value)
    assert source.asked == 1
    redis_part = other.stats()["tiers"]["redis"]
    assert (redis_part["hits"], redis_part["misses"], other.stats()["loads"]) == (1, 0, 0)


async def test_a_value_ends_in_redis_by_itself(caches, raw):
    await caches().get(key(), Source(), live=True)
    await caches().get(key("MSFT"), Source())
    assert 28_000 < raw.pttl(key().text) <= 30_000
    assert 898_000 < raw.pttl(key("MSFT").text) <= 900_000


async def test_a_copy_in_memory_outlives_neither(caches, clock, redis_url):
    source = Source()
    one, other = (Cache(settings(redis=redis_url), clock=clock) for _ in range(2))
    await one.get(key(), source, live=True)
    clock.set(clock.now() + timedelta(seconds=25))
    await other.get(key(), source, live=True)
    assert source.asked == 1
    clock.set(clock.now() + timedelta(seconds=5))
    await other.get(key(), source, live=True)
    assert source.asked == 2
    await one.close()
    await other.close()


async def test_many_processes_cause_one_load(caches):
    class Slow(Source):
        async def __call__(self):
            await asyncio.sleep(0.2)
            return await super().__call__()

    source = Slow()
    answers = await asyncio.gather(*(caches().get(key(), source) for _ in range(5)))
    assert source.asked == 1
    assert all(answer.equals(source.value) for answer in answers)


async def test_a_long_load_keeps_its_turn(caches, monkeypatch):
    monkeypatch.setattr(tiers, "_LOCKED", 2_000)

    class Slow(Source):
        async def __call__(self):
            await asyncio.sleep(0.6)
            return await super().__call__()

    source = Slow()
    await asyncio.gather(*(caches().get(key(), source) for _ in range(3)))
    assert source.asked == 1


async def test_the_turn_of_a_process_that_died_passes_on(caches, raw, monkeypatch):
    raw.set("{ara:1}:@lock:" + key().text.removeprefix("{ara:1}:"), "somebody", px=300)
    source = Source()
    begun = time.monotonic()
    await caches().get(key(), source)
    assert time.monotonic() - begun > 0.15
    assert source.asked == 1
    raw.set("{ara:1}:@lock:" + key("MSFT").text.removeprefix("{ara:1}:"), "somebody", px=60_000)
    monkeypatch.setattr(tiers, "_LONGEST_WAIT", 0.1)
    await caches().get(key("MSFT"), source)
    assert source.asked == 2
    assert raw.get("{ara:1}:@lock:" + key("MSFT").text.removeprefix("{ara:1}:")) == b"somebody"


async def test_a_failure_passes_the_turn_on(caches):
    bad, good = Source(error=DataProviderError("no")), Source()
    with pytest.raises(DataProviderError):
        await caches().get(key(), bad)
    await caches().get(key(), good)
    assert (bad.asked, good.asked) == (1, 1)


async def test_a_drop_is_heard_by_all(caches, raw):
    source, one, other = Source(), caches(), caches()
    for name in ("AAPL", "MSFT"):
        for cache in (one, other):
            await cache.get(key(name), source)
    await until(lambda: raw.pubsub_numsub(one._redis.channel)[0][1] >= 2)
    assert source.asked == 2
    assert await one.drop("AAPL", Reason.BAR) == 1
    await until(lambda: len(other._memory) == 1)
    await other.get(key("MSFT"), source)
    assert source.asked == 2
    await other.get(key(), source)
    assert source.asked == 3
    assert await other.drop() == 2
    await until(lambda: len(one._memory) == 0)
    await one.get(key("MSFT"), source)
    assert source.asked == 4


async def test_a_drop_takes_what_only_looks_alike_for_nothing(caches):
    source, cache = Source(), caches()
    for name in ("A", "AA", "A.B", "BA", "^A"):
        await cache.get(key(name, "A"), source)
    assert await cache.drop("A") == 1


async def test_a_load_from_before_a_drop_reaches_nobody(caches, raw):
    gate, old, new = asyncio.Event(), Source(frame(close=1.0)), Source(frame(close=2.0))

    async def load():
        await gate.wait()
        return await old()

    one, other = caches(), caches()
    early = asyncio.create_task(one.get(key(), load))
    await asyncio.sleep(0.1)
    await other.drop("AAPL")
    gate.set()
    assert (await early).equals(old.value)
    assert raw.get(key().text) is None
    assert (await other.get(key(), new)).equals(new.value)
    assert one.stats()["tiers"]["redis"]["refused"] == 1


async def test_the_budget_is_everybodys(caches, raw):
    import polars as pl
    from numpy.random import default_rng

    noise = [pl.DataFrame({"x": default_rng(number).random(30_000)}) for number in range(8)]
    cache = caches(redis_mb=1)
    for number in range(4):
        await cache.get(key("AAPL", str(number)), Source(noise[number]))
    await caches().get(key("AAPL", "0"), Source())  # used again, so the next one is the oldest
    for number in range(4, 6):
        await cache.get(key("AAPL", str(number)), Source(noise[number]))
    left = [number for number in range(8) if raw.exists(key("AAPL", str(number)).text)]
    assert left[0] == 0
    assert 1 not in left
    assert int(raw.get("{ara:1}:@total")) == sum(raw.strlen(key("AAPL", str(n)).text) for n in left) <= 2**20
    assert cache.stats()["tiers"]["redis"]["evictions"] == 6 - len(left)
    await cache.get(key("AAPL", "large"), Source(pl.DataFrame({"x": default_rng(9).random(200_000)})))
    assert not raw.exists(key("AAPL", "large").text)


async def test_what_ended_is_taken_from_the_books(caches, raw):
    cache = caches(redis_live_seconds=1, live_seconds=1)
    await cache.get(key(), Source(), live=True)
    await asyncio.sleep(1.1)
    await cache.get(key("MSFT"), Source())
    assert raw.zrange("{ara:1}:@ends", 0, -1) == [key("MSFT").text.encode()]
    assert int(raw.get("{ara:1}:@total")) == raw.strlen(key("MSFT").text)


async def test_nothing_of_others_is_touched(caches, raw):
    raw.set("theirs", "1")
    raw.set("ara:2:bars:AAPL:1d", "1")
    cache = caches()
    await cache.get(key(), Source())
    await cache.drop()
    assert {name for name in raw.keys("*") if not name.startswith(b"{ara:1}:")} == {b"theirs", b"ara:2:bars:AAPL:1d"}
    assert not raw.exists(key().text)


@pytest.mark.parametrize("value", [b"x", b"ARA1" + b"\0" * 80, b"x" * 70_000_000])
async def test_a_damaged_value_is_a_miss_and_removed(caches, raw, value):
    raw.set(key().text, value)
    source, cache, before = Source(), caches(), raw.info("stats")["total_net_output_bytes"]
    assert (await cache.get(key(), source)).equals(source.value)
    assert (source.asked, cache.stats()["tiers"]["redis"]["damaged"] >= 1) == (1, True)
    assert raw.strlen(key().text) < 10_000
    assert raw.info("stats")["total_net_output_bytes"] - before < 69_000_000  # no more is read than may be kept


async def test_a_key_of_another_type_is_no_disaster(caches, raw, caplog):
    raw.lpush(key().text, "x")
    source = Source()
    assert (await caches().get(key(), source)).equals(source.value)
    assert "WRONGTYPE" in caplog.text


async def test_strange_news_is_passed_over(caches, raw):
    cache = caches()
    await cache.get(key(), Source())
    await until(lambda: raw.pubsub_numsub(cache._redis.channel)[0][1] >= 1)
    for data in (b"", b"\xff", b"[1]", b'{"sender":1}', b"x" * 5_000):
        raw.publish(cache._redis.channel, data)
        assert read(data) is None
    assert read("text") is None
    raw.publish(cache._redis.channel, b'{"sender":"me","symbol":"MSFT","reason":"?"}')
    raw.publish(cache._redis.channel, b'{"sender":"me","symbol":"AAPL","reason":"?"}')
    await until(lambda: not len(cache._memory))


async def test_sums_and_favourites_are_shared(caches):
    one, other = caches(), caches()
    for _ in range(3):
        await one.get(key("MSFT"), Source())
    await one.shared_stats()
    await other.get(key("MSFT"), Source())
    await other.get(key("AAPL"), Source())
    found = await other.shared_stats()
    assert found.pop("bytes") > 0
    assert found == {
        "memory_hits": 2,
        "memory_misses": 3,
        "redis_hits": 1,
        "redis_misses": 2,
        "loads": 2,
        "entries": 2,
    }
    assert await one.popular() == ["MSFT", "AAPL"]


async def test_redis_killed_and_back(caches, own_redis, caplog, monkeypatch):
    monkeypatch.setattr(outages, "_FIRST", 0.05)
    monkeypatch.setattr(outages, "_LONGEST", 0.05)
    caplog.set_level(logging.INFO)
    source, cache = Source(), caches(own_redis.url)
    await cache.get(key(), source)
    own_redis.stop()
    for number in range(20):
        assert (await cache.get(key("AAPL", str(number)), source)).equals(source.value)
        await asyncio.sleep(0.01)
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in said] == ["ara.data.cache.outage"]
    assert cache.stats()["tiers"]["redis"]["away"]
    assert source.asked == 21
    own_redis.start()
    await asyncio.sleep(0.1)
    await cache.get(key("AAPL", "back"), source)
    await caches(own_redis.url).get(key("AAPL", "back"), source)
    assert source.asked == 22
    assert not cache.stats()["tiers"]["redis"]["away"]
    assert caplog.text.count("again") == 1
    assert cache.stats()["tiers"]["redis"]["outages"] == 1


async def test_what_was_missed_during_an_outage_is_not_trusted(caches, own_redis, monkeypatch):
    cache = caches(own_redis.url)
    await cache.get(key(), Source())
    with redis.Redis.from_url(own_redis.url) as client:
        await until(lambda: client.pubsub_numsub(cache._redis.channel)[0][1] == 1)
    own_redis.stop()
    own_redis.start()
    await until(lambda: not len(cache._memory))


async def test_killed_in_the_middle_of_a_load(caches, own_redis):
    async def load():
        own_redis.stop()
        return frame()

    cache = caches(own_redis.url)
    assert (await cache.get(key(), load)).height == 3
    source = Source()
    await cache.get(key(), source)
    assert source.asked == 0


async def test_a_redis_that_stands_still(caches, own_redis, caplog, monkeypatch):
    monkeypatch.setattr(connecting, "_PATIENCE", 0.1)
    source, cache = Source(), caches(own_redis.url)
    own_redis.pause()
    answers = await asyncio.gather(*(cache.get(key("AAPL", str(number)), source) for number in range(10)))
    assert len(answers) == source.asked == 10
    assert caplog.text.count("goes on without Redis") == 1
    own_redis.resume()


async def test_a_redis_that_is_full(caches, own_redis, caplog, monkeypatch):
    monkeypatch.setattr(outages, "_FIRST", 0.01)
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory", "1")
    source, cache = Source(), caches(own_redis.url)
    for number in range(5):
        assert (await cache.get(key("AAPL", str(number)), source)).equals(source.value)
    assert "OutOfMemory" in caplog.text or "OOM" in caplog.text
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory", "0")
    await asyncio.sleep(0.1)
    await cache.get(key("MSFT"), source)
    await caches(own_redis.url).get(key("MSFT"), source)
    assert source.asked == 6


async def test_a_wrong_password_is_said_but_not_shown(caches, own_redis, caplog):
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("requirepass", "right")
    source = Source()
    for url in (own_redis.url, own_redis.url.replace("//", "//:hunter2-wrong@")):
        caplog.clear()
        assert (await caches(url).get(key(), source)).equals(source.value)
        assert f"127.0.0.1:{own_redis.port}" in caplog.text
        assert "hunter2" not in caplog.text
        assert caplog.text.count("goes on without") == 1
    good = own_redis.url.replace("//", "//:right@")
    await caches(good).get(key(), source)
    await caches(good).get(key(), source)
    assert source.asked == 3


async def test_nobody_there_from_the_begin(caches, caplog):
    source, cache = Source(), caches("redis://127.0.0.1:1/0")
    assert (await cache.get(key(), source)).equals(source.value)
    assert await cache.drop("AAPL") == 1
    assert await cache.shared_stats() is None
    assert await cache.popular() == ["AAPL"]
    assert caplog.text.count("goes on without Redis at 127.0.0.1:1") == 1


@pytest.mark.parametrize("url", ["redis://127.0.0.1:port/0", "redis://127.0.0.1:99999/0"])
async def test_an_address_that_is_none(clock, url):
    with pytest.raises(ConfigurationError, match=r"data\.cache\.redis"):
        Cache(settings(redis=url), clock=clock)


def _load_in_a_process(url, folder, number):
    async def load():
        (folder / f"loaded-{number}").touch()
        await asyncio.sleep(0.3)
        return frame()

    async def run():
        connecting._PATIENCE, tiers._LOCKED = _PATIENT, round(_PATIENT * 1_000)  # however busy the machine is
        cache = Cache(settings(redis=url), clock=SystemClock())
        found = await cache.get(key(), load)
        await cache.close()
        return found.height

    assert asyncio.run(run()) == 3


def test_real_processes_cause_one_load(redis_url, tmp_path):
    spawn = multiprocessing.get_context("spawn")
    workers = [begin(spawn, _load_in_a_process, redis_url, tmp_path, number) for number in range(3)]
    assert codes(workers) == [0, 0, 0]
    assert len(list(tmp_path.glob("loaded-*"))) == 1


def test_redis_is_imported_only_where_it_is_named():
    program = (
        "import sys; from ara.data.cache import Cache; assert not {'redis', 'httpx', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


async def test_without_the_package_it_says_what_to_install(clock, monkeypatch):
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        Cache(settings(redis="redis://127.0.0.1:1/0"), clock=clock)
    assert "pip install" in caught.value.hint


async def test_a_server_that_ends_in_order(caches, own_redis):
    source, cache = Source(), caches(own_redis.url)
    await cache.get(key(), source)
    own_redis.stop(signal.SIGTERM)
    await cache.get(key("MSFT"), source)
    assert source.asked == 2
