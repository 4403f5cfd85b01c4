"""A cancellation is heeded, whatever the client of Redis makes of it."""

import asyncio

import pytest

from ara.data.cache import news
from ara.data.cache.connecting import connect
from ara.data.cache.heed import heed
from ara.testing import FakeClock
from tests.data.cache.conftest import NOON


async def swallow(answer=None):
    """Wait for ever, and forget a cancellation."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        if isinstance(answer, Exception):
            raise answer from None
        return answer


async def cancelled(task):
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_work_that_ends_is_given():
    async def work(answer):
        await asyncio.sleep(0)
        return 6 // answer

    assert await heed(work(2)) == 3
    with pytest.raises(ZeroDivisionError):
        await heed(work(0))


@pytest.mark.parametrize("answer", [7, OSError("gone")], ids=["answer", "error"])
async def test_a_cancellation_that_was_swallowed_comes_through(answer):
    await cancelled(asyncio.create_task(heed(swallow(answer))))


async def test_one_that_was_cancelled_before_may_still_ask():
    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            told.append(await heed(asyncio.sleep(0, "asked")))

    told = []
    await cancelled(asyncio.create_task(work()))
    assert told == ["asked"]


class Line:
    """A line to Redis of which one step swallows a cancellation; nobody may ask it after that."""

    def __init__(self, step):
        self.step = step
        self.over = False

    def pubsub(self):
        return self

    async def initialize(self):
        await self._do("initialize")

    async def _do(self, name):
        if name != "aclose":
            assert not self.over, f"{name} after it was cancelled"
        if name == self.step:
            self.over = True
            await swallow()

    async def subscribe(self, _name):
        await self._do("subscribe")
        if self.step == "aclose":
            raise OSError

    async def get_message(self, **_rest):
        await self._do("get_message")

    async def ping(self):
        await self._do("ping")

    async def aclose(self):
        await self._do("aclose")


@pytest.mark.parametrize("step", ["initialize", "subscribe", "get_message", "ping", "aclose"])
async def test_whoever_listens_can_be_told_to_end(step):
    line = Line(step)
    await cancelled(asyncio.create_task(news.hear(line, "x", told=print, missed=print)))
    assert line.over


async def test_whoever_asks_redis_can_be_told_to_end(redis_url):
    from ara.data.cache.redis_tier import RedisTier

    tier = RedisTier(redis_url, budget=2**20, clock=FakeClock(NOON))
    await cancelled(asyncio.create_task(tier._ask(swallow, None)))
    await tier.close()


async def test_a_listener_is_ended_in_whatever_step_it_is(redis_url):
    """With the real client: some of these steps lie within its sending of a command."""
    stuck = []
    for steps in range(60):
        client = connect(redis_url)
        task = asyncio.create_task(news.hear(client, "x", told=print, missed=print))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        if not (await asyncio.wait([task], timeout=300))[0]:
            stuck.append(steps)
        await client.aclose()
    assert not stuck
