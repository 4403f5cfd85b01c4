"""Sockets of a user, counted over processes that share a Redis."""

import asyncio
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest

from ara.accounts import Accounts, Principal
from ara.accounts.roles import granted
from ara.api.sockets.room import Room
from ara.api.sockets.seats import Seats
from ara.errors import QuotaError
from ara.settings import SocketSettings
from tests.jobs.conftest import HandClock, alone, clock, opened

__all__ = ["HandClock", "alone", "clock", "opened"]


@pytest.fixture
async def ada(opened):
    async with opened("memory:") as desk:
        accounts = Accounts(desk)
        user = await accounts.users.add("ada@example.org", role="trader")
        may = granted(user.role, None)
        yield accounts, Principal(user=user, via="key", credential="k", permissions=may)


def room(ada, url: str, clock, most: int = 3) -> SimpleNamespace:
    """The open sockets of one process."""
    shared = Seats(url)
    return SimpleNamespace(seats=shared, room=Room(ada[0], SocketSettings(free=most), clock, shared))


async def test_processes_give_as_many_sockets_as_the_tier_has_together(ada, clock, redis_url):
    one, two, who = room(ada, redis_url, clock), room(ada, redis_url, clock), ada[1]
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        await first.enter_async_context(one.room.seat(who))
        for _ in range(2):
            await second.enter_async_context(two.room.seat(who))
        for each in (one, two):
            with pytest.raises(QuotaError, match="3 sockets"):
                await first.enter_async_context(each.room.seat(who))
        await second.aclose()
        await first.enter_async_context(one.room.seat(who))
    for each in (one, two):
        assert each.room.count == 0
        await each.seats.close()
    fresh = Seats(redis_url)
    assert all([await fresh.take(who.user.id, 3) for _ in range(3)])
    assert await fresh.take(who.user.id, 3) is None
    await fresh.close()


async def test_those_who_come_at_once_get_no_more_than_there_are(ada, clock, redis_url):
    shared = [Seats(redis_url) for _ in range(4)]
    given = await asyncio.gather(*(shared[number % 4].take("u_ada", 7) for number in range(40)))
    assert len([one for one in given if one is not None]) == 7
    for one in shared:
        await one.close()


async def test_seats_of_a_process_that_died_are_free_after_a_while_and_those_of_one_that_lives_are_not(redis_url):
    dead, lives = Seats(redis_url, life=1), Seats(redis_url)
    assert await lives.take("u_ada", 2)
    assert await dead.take("u_ada", 2)
    async with asyncio.timeout(60):
        while await lives.take("u_ada", 2) is None:  # noqa: ASYNC110 - the clock of the server decides
            await asyncio.sleep(0.01)
    await lives.renew()
    assert await lives.take("u_ada", 2) is None
    for one in (dead, lives):
        await one.close()


async def test_a_redis_that_forgot_them_is_told_again(redis_url):
    shared = Seats(redis_url)
    taken = await shared.take("u_ada", 1)
    await shared._client.flushdb()
    await shared.renew()
    assert await shared.take("u_ada", 1) is None
    await shared.free("u_ada", taken)
    assert await shared.take("u_ada", 1)
    await shared.close()


async def test_connections_are_let_go_of_though_redis_was_away_a_moment_ago(redis_url):
    shared = Seats(redis_url)
    assert await shared.take("u_ada", 1)
    open_ = shared._client.connection_pool._available_connections
    assert [one.is_connected for one in open_] == [True]
    shared.outage.failed("TimeoutError: it took too long")
    await shared.close()
    assert not [one for one in open_ if one.is_connected]


async def test_where_redis_is_away_a_process_counts_alone(ada, clock, caplog):
    alone_, who = room(ada, "redis://127.0.0.1:1/0", clock, most=1), ada[1]
    async with alone_.room.seat(who):
        with pytest.raises(QuotaError):
            async with alone_.room.seat(who):
                pass
    assert alone_.room.count == 0
    assert caplog.text.count("Sockets are counted without Redis at 127.0.0.1:1") == 1
    await alone_.seats.close()
