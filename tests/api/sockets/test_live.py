"""Feeds over a live source that the test plays: each bar once, trouble said, one computation for all who listen."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import polars as pl
import pytest

from ara.api.sockets.feeds import bars
from ara.api.sockets.hub import Hub, Place
from ara.api.sockets.relay import Relay
from ara.clock import SystemClock
from ara.data.feed import MarketData
from ara.data.provider import BARS, Kind
from ara.desk import Desk
from ara.errors import DataProviderError
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from ara.settings import Settings, SocketSettings
from ara.testing import FakeProvider

COIN = resolve("BTC-USD")


class Ticker(FakeProvider):
    """A source of running bars, which says what it is told to."""

    venue = None
    live = frozenset({Kind.BARS})

    def __init__(self) -> None:
        super().__init__(symbols=["BTC-USD"])
        self.told = asyncio.Queue()
        self.begun = 0

    async def stream(self, kind, instruments):
        self.begun += 1
        while (frame := await self.told.get()) is not None:
            yield frame
        raise DataProviderError("the venue hung up")


def running(close):
    at = datetime(2024, 1, 2, 12, tzinfo=UTC)
    row = {
        "symbol": "BTC-USD", "at": at, "known_at": at.replace(minute=1), "learned_at": at.replace(second=5),
        "open": 1.0, "high": close, "low": 1.0, "close": close, "volume": 1.0,
    }  # fmt: skip
    schema = pl.Schema({"symbol": pl.String(), **BARS})
    return pl.DataFrame([{name: row.get(name) for name in schema}], schema=schema)


def counting(times, pause=0.0):
    async def feed():
        for number in range(times):
            yield "bar", {"n": number}
            await asyncio.sleep(pause)
        await asyncio.sleep(3600)

    return feed


async def read(outbox, count, kind="bar"):
    found = []
    while len(found) < count:
        texts = await asyncio.wait_for(outbox.next(datetime.now(UTC)), 60)
        found += [one for one in map(json.loads, texts) if one["type"] == kind]
    return found


@asynccontextmanager
async def hub_of(relay=None, **more):
    hub = Hub(SocketSettings(**more), SystemClock(), relay)
    try:
        yield hub
    finally:
        await hub.close()


async def test_a_stream_is_made_once_however_many_listen():
    begun = []

    async def feed():
        begun.append(1)
        for number in range(3):
            await asyncio.sleep(0)
            yield "bar", {"n": number}
        await asyncio.sleep(3600)

    async with hub_of() as hub, hub.listen("a", feed) as one, hub.listen("a", feed) as two:
        first, second = await read(one, 3), await read(two, 3)
        assert first == second
        assert [message["seq"] for message in first] == [1, 2, 3]
        place = Place(stream=first[0]["stream"], seq=1)
        async with hub.listen("a", feed, place) as third:
            assert await read(third, 2) == first[1:]
        assert begun == [1]


async def test_a_stream_that_fails_says_so_and_begins_again():
    turns = []

    async def feed():
        turns.append(1)
        yield "bar", {}
        if len(turns) == 1:
            raise DataProviderError("the venue is away")
        if len(turns) == 2:
            raise RuntimeError("a secret of the house")
        await asyncio.sleep(3600)

    async with hub_of() as hub, hub.listen("a", feed) as outbox:
        (status,) = await read(outbox, 1, "status")
        assert status["data"]["detail"] == "the venue is away"
        (inside,) = await read(outbox, 1, "status")
        assert "secret" not in json.dumps(inside)
        await read(outbox, 1)


async def test_running_bars_are_told_and_a_source_that_hangs_up_is_asked_again(tmp_path):
    settings = Settings.load({"home": str(tmp_path), "store.url": "memory:"})
    ticker = Ticker()
    async with Desk.open(settings) as desk, MarketData(desk, providers=[ticker]) as market:
        service = type("Service", (), {"desk": desk, "market": market})()
        feed = bars(service, COIN, DAY.parse("1m"))
        async with hub_of() as hub, hub.listen("market", feed) as outbox:
            for close in (2.0, 3.0):
                await ticker.told.put(running(close))
            told = await read(outbox, 2)
            assert [one["data"]["close"] for one in told] == [2.0, 3.0]
            assert {one["data"]["closed"] for one in told} == {False}
            await ticker.told.put(None)
            (status,) = await read(outbox, 1, "status")
            assert "hung up" in status["data"]["detail"]
            await ticker.told.put(running(4.0))
            assert (await read(outbox, 1))[0]["data"]["close"] == 4.0
            assert ticker.begun == 2


async def test_processes_share_a_stream_over_redis_and_another_goes_on_with_it(redis_url):
    made = []

    def feed(name):
        async def run():
            made.append(name)
            for number in range(1000):
                yield "bar", {"by": name, "n": number}
                await asyncio.sleep(0.02)

        return run

    one, two = (Relay(redis_url, history=500) for _ in range(2))
    async with hub_of(one) as first, hub_of(two) as second, second.listen("s", feed("two")) as follower:
        async with first.listen("s", feed("one")) as leader:
            left, right = await read(leader, 5), await read(follower, 5)
            both = {one["seq"]: one for one in left}
            assert all(both.get(one["seq"], one) == one for one in right)
            assert len(made) == 1
            place = Place(stream=right[1]["stream"], seq=right[1]["seq"])
            async with first.listen("s", feed("one"), place) as again:
                back = await read(again, 3)
                assert [one["seq"] for one in back] == [place.seq + 1, place.seq + 2, place.seq + 3]
        await first.close()
        await second.close()


async def test_who_made_a_stream_dies_and_the_other_process_makes_it_on(redis_url):
    one, two = (Relay(redis_url, history=500) for _ in range(2))
    async with hub_of(two) as second:
        first = Hub(SocketSettings(), SystemClock(), one)
        async with first.listen("s", counting(1000, 0.02)) as leader:
            before = (await read(leader, 3))[-1]
            async with second.listen("s", counting(1000, 0.02)) as follower:
                await read(follower, 1)
                await first.close()
                numbers = [message["seq"] for message in await read(follower, 200)]
    assert numbers == sorted(numbers)
    assert numbers[-1] > before["seq"] + 100


@pytest.mark.slow
async def test_while_redis_is_away_each_process_goes_on_alone(own_redis):
    url = f"redis://127.0.0.1:{own_redis.port}/0"
    async with hub_of(Relay(url, history=100)) as hub, hub.listen("s", counting(100_000, 0.02)) as outbox:
        shared = (await read(outbox, 3))[-1]["stream"]
        own_redis.stop()
        while (alone := (await read(outbox, 1))[0])["stream"] == shared:
            pass
        own_redis.start()
        while (await read(outbox, 1))[0]["stream"] == alone["stream"]:
            pass
