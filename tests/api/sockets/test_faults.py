"""Streams and sockets where something fails: a right that is lost, a Redis that is emptied, a key that means less."""

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ara.accounts import Accounts
from ara.api.sockets import feeds
from ara.api.sockets.channel import Outbox
from ara.api.sockets.relay import Relay
from ara.api.sockets.room import Guest, Room
from ara.data.feed import MarketData
from ara.errors import AraError, DataProviderError, QuotaError
from ara.market.timeframe import DAY
from ara.prediction import PredictionEngine
from ara.prediction.many import Missed
from ara.prediction.watch import Trouble
from ara.settings import SocketSettings
from ara.testing import FakeProvider
from tests.api.sockets.test_live import hub_of, read
from tests.fickle import ALL, Fickle
from tests.jobs.conftest import HandClock, alone, clock, opened

__all__ = ["HandClock", "alone", "clock", "opened"]


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr("ara.api.sockets.hub._LOOK", 0.02)


async def until(holds):
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - other tasks are waited for
            await asyncio.sleep(0.01)


async def test_who_loses_the_right_to_a_stream_makes_it_no_more_until_it_is_free(redis_url, soon):
    begun, ended = [], []

    async def feed():
        begun.append(1)
        try:
            yield "bar", {"n": len(begun)}
            await asyncio.sleep(3600)
        finally:
            ended.append(1)

    relay, lock = Relay(redis_url, history=10), "{ara:sockets}:s:lock"
    async with hub_of(relay) as hub, hub.listen("s", feed) as outbox:
        assert (await read(outbox, 1))[0]["data"] == {"n": 1}
        await relay._client.set(lock, "another process")
        await until(lambda: ended)
        assert begun == [1]
        await relay._client.delete(lock)
        assert (await read(outbox, 1))[0]["data"] == {"n": 2}


async def test_a_redis_that_was_emptied_begins_the_stream_anew_under_another_name(redis_url, soon):
    async def feed():
        while True:
            yield "bar", {}
            await asyncio.sleep(0.02)

    relay = Relay(redis_url, history=10)
    async with hub_of(relay) as hub, hub.listen("s", feed) as outbox:
        before = (await read(outbox, 1))[0]["stream"]
        await relay._client.flushdb()
        while (await read(outbox, 1))[0]["stream"] == before:
            pass


async def test_a_stream_that_ends_is_begun_again():
    turns = []

    async def feed():
        turns.append(1)
        yield "bar", {"n": len(turns)}

    async with hub_of() as hub, hub.listen("a", feed) as outbox:
        assert [one["data"]["n"] for one in await read(outbox, 2)] == [1, 2]


@pytest.fixture
async def ada(opened):
    async with opened("memory:") as desk:
        store = Fickle(desk.store)
        accounts = Accounts(replace(desk, store=store))
        user = await accounts.users.add("ada@example.org", role="trader")
        made = await accounts.keys.make(user, name="one")
        yield SimpleNamespace(accounts=accounts, store=store, user=user, key=made[1].reveal())


async def test_a_process_has_so_many_sockets_and_no_more(ada, clock):
    room = Room(ada.accounts, SocketSettings(most=2, free=5), clock)
    who = await ada.accounts.authenticate(ada.key)
    async with AsyncExitStack() as held:
        await held.enter_async_context(room.seat(who))
        held.enter_context(room.stranger("192.0.2.1"))
        with pytest.raises(AraError, match="as many sockets open") as full:
            await held.enter_async_context(room.seat(who))
        assert (full.value.http_status, room.count) == (503, 2)
    assert room.count == 0


def test_of_strangers_there_are_so_many_from_one_address_and_so_many_in_all(clock, monkeypatch):
    monkeypatch.setattr("ara.api.sockets.room._STRANGERS", 3)
    monkeypatch.setattr("ara.api.sockets.room._EACH", 2)
    room = Room(None, SocketSettings(), clock)
    with room.stranger("192.0.2.1"), room.stranger("192.0.2.1"):
        with pytest.raises(QuotaError), room.stranger("192.0.2.1"):
            pass
        with room.stranger("192.0.2.2"), pytest.raises(QuotaError), room.stranger("192.0.2.3"):
            pass
    assert room.count == 0


async def test_a_user_who_may_less_than_before_is_shown_out_and_a_store_that_is_away_shows_out_nobody(
    ada, clock, caplog
):
    room = Room(ada.accounts, SocketSettings(), clock)
    who = await ada.accounts.authenticate(ada.key)
    guest = Guest(principal=who, credential=ada.key, permission="predictions:write", outbox=Outbox(5))
    with room.open(guest):
        clock.on(minutes=5)  # what was found valid a moment ago is believed
        ada.store.away = {ALL}
        watching = asyncio.create_task(room.watch())
        room.stir()
        await until(lambda: "can't be looked at" in caplog.text)
        assert guest.end is None
        ada.store.away = set()
        await ada.accounts.users.change(ada.user.id, role="viewer")
        room.stir()
        await until(lambda: guest.end is not None)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert guest.end == (4403, "This needs the permission predictions:write.")
    guest.leave(4401, "said once is enough")
    assert guest.end[0] == 4403


class Played:
    """An engine whose watch tells what the test wants to be told."""

    def __init__(self, engine, *told) -> None:
        self.predict, self.told = engine.predict, told

    async def watch(self, symbols, days, *, model, timeframe):
        for one in self.told:
            yield one


@asynccontextmanager
async def asked_of(opened, clock, source, *, poll=0.01):
    clock.instant = datetime(2020, 6, 1, 12, tzinfo=UTC)
    async with (
        opened("memory:") as desk,
        MarketData(desk, providers=[source]) as market,
        PredictionEngine(desk, data=market) as engine,
    ):
        settings = SimpleNamespace(sockets=SimpleNamespace(poll=poll))
        yield SimpleNamespace(engine=engine, desk=SimpleNamespace(settings=settings))


async def test_without_a_live_source_a_forecast_is_made_anew_and_told_where_it_is_another(opened, clock, monkeypatch):
    monkeypatch.setattr(feeds, "_ROUNDS", 3)
    source = FakeProvider(symbols=["BTC-USD"])
    async with asked_of(opened, clock, source) as service:
        none = Missed(symbol="BTC-USD", error=DataProviderError("no live source has it"))
        service.engine = Played(service.engine, none)
        feed = feeds.forecasts(service, "BTC-USD", 1, "hist", DAY)
        async with aclosing(feed()) as told, asyncio.timeout(60):
            kind, first = await anext(told)
            assert (kind, first["symbol"]) == ("forecast", "BTC-USD")
            kind, said = await anext(told)
            assert (kind, said["live"], "no live source" in said["detail"]) == ("status", False, True)
            source.fail("error")
            clock.on(days=2)
            kind, failed = await anext(told)
            assert (kind, failed["live"], "fails" in failed["detail"]) == ("status", False, True)
            kind, second = await anext(told)
            assert (kind, second["id"] != first["id"]) == ("forecast", True)
            assert await anext(told) == ("status", said)  # after some rounds it is asked again who is live


async def test_of_a_watch_only_what_is_new_is_told_and_every_trouble(opened, clock):
    async with asked_of(opened, clock, FakeProvider(symbols=["BTC-USD"])) as service:
        one = await service.engine.predict("BTC-USD", 1, model="hist", timeframe=DAY)
        clock.on(days=2)
        two = await service.engine.predict("BTC-USD", 1, model="hist", timeframe=DAY)
        gone = Trouble(symbol="BTC-USD", error=DataProviderError("the venue hung up"), seconds=4.0)
        said = [SimpleNamespace(forecast=one), gone, SimpleNamespace(forecast=two), SimpleNamespace(forecast=two)]
        service.engine = Played(service.engine, *said, gone)
        service.engine.predict = lambda *_, **__: asyncio.sleep(0, one)
        async with aclosing(feeds.forecasts(service, "BTC-USD", 1, "hist", DAY)()) as told:
            heard = [await anext(told) for _ in range(4)]
    assert [kind for kind, _ in heard] == ["forecast", "status", "forecast", "status"]
    assert [heard[0][1]["id"], heard[2][1]["id"]] == [one.id, two.id]
    assert heard[1][1] == {
        "live": True, "detail": "the venue hung up", "hint": gone.error.hint, "code": gone.error.code, "again": 4.0
    }  # fmt: skip
