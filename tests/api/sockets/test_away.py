"""Streams while Redis is away, streams that nobody wants any more, and bars as a live source closes them."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest

from ara.accounts import Accounts
from ara.api.sockets import feeds
from ara.api.sockets.channel import Channel
from ara.api.sockets.hub import Hub
from ara.api.sockets.relay import Relay
from ara.api.sockets.room import Room
from ara.api.sockets.seats import Seats
from ara.data.feed import MarketData
from ara.errors import DataProviderError
from ara.market.timeframe import DAY
from ara.settings import SocketSettings
from tests.api.sockets.test_live import COIN, Ticker, counting, hub_of, read, running
from tests.jobs.conftest import HandClock, alone, clock, opened

__all__ = ["HandClock", "alone", "clock", "opened"]


class Leaving(Relay):
    """A relay whose server is away where the test says so."""

    away = False

    async def _guarded(self, ask):
        return None if self.away else await super()._guarded(ask)


async def until(holds):
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - other tasks are waited for
            await asyncio.sleep(0.01)


async def test_a_process_goes_on_alone_while_redis_is_away_and_with_the_others_once_it_is_back(redis_url, monkeypatch):
    monkeypatch.setattr("ara.api.sockets.hub._LOOK", 0.02)
    relay = Leaving(redis_url, history=100)
    async with hub_of(relay) as hub, hub.listen("s", counting(100_000, 0.01)) as outbox:
        shared = (await read(outbox, 1))[0]["stream"]
        relay.away = True
        while (alone := (await read(outbox, 1))[0]["stream"]) == shared:
            pass
        relay.away = False
        while (await read(outbox, 1))[0]["stream"] == alone:
            pass


async def test_a_stream_ends_a_while_after_the_last_listener_left_and_not_under_one_who_came_back(monkeypatch):
    monkeypatch.setattr("ara.api.sockets.hub._LINGER", 0.01)
    async with hub_of() as hub:
        async with hub.listen("a", counting(1)) as outbox:
            await read(outbox, 1)
            hub._stop("a")
            hub._stop("no such stream")
            assert hub.names == ("a",)
        await until(lambda: not hub.names)


def test_a_message_that_comes_twice_is_heard_once():
    channel, heard = Channel(10), []
    channel.pass_on = lambda seq, text: heard.append(seq)
    channel.seq = 4
    for seq in (4, 5):
        Hub._heard(channel, seq, f'{{"stream":"abc","seq":{seq}}}')
    assert heard == [5]


async def test_seats_are_said_to_be_taken_again_and_again(redis_url, opened, clock, monkeypatch):
    monkeypatch.setattr("ara.api.sockets.room.RENEWED", 0.01)
    seats, told = Seats(redis_url), []
    monkeypatch.setattr(seats, "renew", lambda: asyncio.sleep(0, told.append(1)))
    async with opened("memory:") as desk:
        room = Room(Accounts(desk), SocketSettings(), clock, seats)
        task = asyncio.create_task(room.renew())
        await until(lambda: len(told) >= 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(
            Room(Accounts(desk), SocketSettings(), clock).renew(), 60
        )  # without Redis there is nobody to tell
    await seats.close()


def of(frame, **changed):
    return frame.with_columns(
        **{name: pl.lit(value, frame.schema.get(name, pl.String)) for name, value in changed.items()}
    )


async def test_a_bar_is_told_as_it_runs_and_once_it_has_closed_and_no_other_instrument_s(opened, clock):
    clock.instant = datetime(2024, 1, 2, 12, 0, 30, tzinfo=UTC)
    ticker = Ticker()
    async with opened("memory:") as desk, MarketData(desk, providers=[ticker]) as market:
        service = SimpleNamespace(desk=desk, market=market)
        async with hub_of() as hub, hub.listen("m", feeds.bars(service, COIN, DAY.parse("1m"))) as outbox:
            await ticker.told.put(of(running(9.0), symbol="ETH-USD"))
            await ticker.told.put(running(2.0))
            assert [(one["data"]["close"], one["data"]["closed"]) for one in await read(outbox, 1)] == [(2.0, False)]
            clock.on(seconds=60)
            known = running(3.0)["known_at"][0]
            await ticker.told.put(of(running(3.0), learned_at=known + timedelta(seconds=1)))
            (told,) = await read(outbox, 1)
            assert (told["data"]["close"], told["data"]["closed"]) == (3.0, True)
            await ticker.told.put(None)
            (status,) = await read(outbox, 1, "status")
            assert "hung up" in status["data"]["detail"]


async def test_what_is_kept_is_looked_at_where_nobody_is_live_and_its_loss_is_said(opened, clock):
    class Away:
        providers = ()
        frame = running(2.0)

        async def bars(self, instrument, timeframe):
            if self.frame is None:
                raise DataProviderError("nothing is kept")
            return SimpleNamespace(frame=of(self.frame, source="kept"))

    market = Away()
    async with opened("memory:") as desk:
        service = SimpleNamespace(desk=desk, market=market)
        found = [one async for one in feeds._kept(service, COIN, DAY, None)]
        assert [(one["close"], one["closed"]) for one in found] == [(2.0, True)]
        market.frame = None
        assert [one async for one in feeds._kept(service, COIN, DAY, None)] == []
        with pytest.raises(DataProviderError, match="nothing is kept"):
            [one async for one in feeds._kept(service, COIN, DAY, found[0]["_until"])]
