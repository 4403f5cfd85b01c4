"""What other processes dropped is heard over a line that may be silent, dead or cut."""

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest
import redis
from redis.asyncio import Redis

from ara.data.cache import news
from tests.data.cache.test_redis import until

CHANNEL = "ara:test:news"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(news, "_SILENCE", 0.1)
    monkeypatch.setattr(news, "_PAUSE", (0.02, 0.1))


class Ear:
    """Keeps what was heard, and counts how often something may have been missed."""

    def __init__(self):
        self.told = []
        self.missed = 0

    def miss(self):
        self.missed += 1


@asynccontextmanager
async def hearing(url, ear):
    client = Redis.from_url(url, socket_connect_timeout=0.5)
    task = asyncio.create_task(news.hear(client, CHANNEL, told=ear.told.append, missed=ear.miss))
    try:
        with redis.Redis.from_url(url) as raw:
            await until(lambda: raw.pubsub_numsub(CHANNEL)[0][1] == 1)
        yield task
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.aclose()


def tell(url, symbol):
    with redis.Redis.from_url(url) as raw:
        raw.publish(CHANNEL, msgspec.json.encode(news.Dropped(sender="other", symbol=symbol, reason="asked")))


async def test_a_line_on_which_nobody_speaks_is_kept(redis_url, monkeypatch):
    monkeypatch.setattr(news, "_SILENCE", 1.5)  # a busy server answers late, and is not dead
    ear = Ear()
    async with hearing(redis_url, ear):
        await asyncio.sleep(4)
        tell(redis_url, "AAPL")
        await until(lambda: [one.symbol for one in ear.told] == ["AAPL"])
    assert ear.missed == 0


async def test_a_line_that_is_dead_without_a_word_is_made_anew(own_redis, monkeypatch):
    ear = Ear()
    async with hearing(own_redis.url, ear):
        own_redis.pause()
        await asyncio.sleep(1.5)
        assert ear.missed == 0
        monkeypatch.setattr(news, "_SILENCE", 600)  # the new line is alive, however late its server answers
        own_redis.resume()
        await until(lambda: ear.missed >= 1)
        before = ear.missed
        tell(own_redis.url, "MSFT")
        await until(lambda: [one.symbol for one in ear.told] == ["MSFT"])
        assert ear.missed == before


async def test_the_end_of_a_cut_line_is_waited_for(own_redis):
    ear = Ear()
    async with hearing(own_redis.url, ear) as task:
        own_redis.stop()
        await asyncio.sleep(0.4)
        assert not task.done()
        own_redis.start()
        await until(lambda: ear.missed == 1)


@pytest.mark.parametrize("data", [1, None, "text", b"", b"\xff", b"[1]", b'{"sender":1}', b"x" * 1_001])
def test_what_is_no_news_is_passed_over(data):
    assert news.read(data) is None


def test_news_of_a_thousand_bytes_is_read():
    raw = msgspec.json.encode(news.Dropped(sender="a", symbol="AAPL", reason=""))
    raw += b" " * (1_000 - len(raw))
    assert news.read(raw).symbol == "AAPL"
    assert news.read(raw + b" ") is None
