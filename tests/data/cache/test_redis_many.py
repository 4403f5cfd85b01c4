"""Redis as a cluster, and as a master that sentinels watch: a part dies, and the work goes on without a restart."""

import asyncio
import logging
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from ara.accounts.limits import Bucket, RedisLimiter
from ara.api.sockets.relay import Relay
from ara.api.sockets.seats import Seats
from ara.clock import SystemClock
from ara.data.cache import Cache, connecting
from ara.data.cache.connecting import connect, nodes, place_of
from ara.errors import ConfigurationError
from ara.jobs.broker import Broker, _addressed
from tests.conftest import RedisServer, _free_port
from tests.data.cache.conftest import Source, frame, key, settings

_SLOTS = 16_384


def wait_for(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def until(true: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def ask(server: RedisServer, *words: Any) -> Any:
    with redis.Redis(port=server.port, socket_timeout=5) as client:
        return client.execute_command(*words)


@pytest.fixture
def cluster(redis_program: str, tmp_path: Path) -> Iterator[list[RedisServer]]:
    """Three masters that share all slots, and no replicas."""
    made: list[RedisServer] = []
    try:
        for number in range(3):
            options = ["--cluster-enabled", "yes", "--cluster-config-file", str(tmp_path / f"{number}.conf")]
            options += ["--cluster-port", str(_free_port()), "--cluster-node-timeout", "2000"]
            made.append(RedisServer(redis_program, 0, *options))
            made[-1].start()
        for number, server in enumerate(made):
            ask(server, "CLUSTER", "ADDSLOTSRANGE", _SLOTS * number // 3, _SLOTS * (number + 1) // 3 - 1)
            ask(server, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for server in made[1:]:
            ask(made[0], "CLUSTER", "MEET", "127.0.0.1", server.port, int(server.options[5]))
        wait_for(lambda: all(whole(server) for server in made))
        yield made
    finally:
        for server in made:
            server.stop()


def whole(server: RedisServer) -> bool:
    told = ask(server, "CLUSTER", "INFO")
    return b"cluster_state:ok" in told and b"cluster_known_nodes:3" in told


def holder(servers: list[RedisServer], name: str) -> RedisServer:
    """Give the server on which a name lies."""
    slot = ask(servers[0], "CLUSTER", "KEYSLOT", name)
    return next(one for n, one in enumerate(servers) if _SLOTS * n // 3 <= slot <= _SLOTS * (n + 1) // 3 - 1)


def address(servers: list[RedisServer], kind: str, rest: str = "") -> str:
    return f"redis+{kind}://" + ",".join(f"127.0.0.1:{one.port}" for one in servers) + rest


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may be slow to answer; who is dead refuses at once."""
    monkeypatch.setattr(connecting, "_PATIENCE", 20.0)


async def test_a_cluster_keeps_limits_values_streams_and_seats(cluster: list[RedisServer], patient: None) -> None:
    url = address(cluster, "cluster")
    one, other = (Cache(settings(redis=url), clock=SystemClock()) for _ in range(2))
    source = Source(frame(50))
    await one.get(key(), source)
    assert (await other.get(key(), source)).equals(source.value)
    assert source.asked == 1
    assert await one.drop("AAPL") == 1

    async def told() -> bool:
        await other.get(key(), source)
        return source.asked == 2

    await until(told)
    await other.get(key("MSFT"), source)
    assert (await one.shared_stats())["entries"] == 2
    await one.close()
    await other.close()

    both = [RedisLimiter(url) for _ in range(2)]
    buckets = [Bucket(name=name, capacity=2, per_second=0.001) for name in ("user:a", "route:b")]
    verdicts = [(await both[turn % 2].take(buckets)).allowed for turn in range(3)]
    assert verdicts == [True, True, False]
    assert not any(one.outage.away for one in both)
    for limit in both:
        await limit.close()

    speaker, listener = Relay(url, history=10), Relay(url, history=10)
    assert [await speaker.hold("s"), await listener.hold("s")] == [True, False]
    assert await speaker.add("s", b'{"x":1}')
    assert await speaker.add("t", b'{"x":2}')
    news = await listener.news({"s": 0, "t": 0})
    assert news is not None
    assert {name: len(found) for name, found in news.items()} == {"s": 1, "t": 1}
    past = await listener.past("s")
    assert past is not None
    assert len(past[1]) == 1
    await speaker.close()
    await listener.close()

    seats = Seats(url)
    assert [await seats.take("u", 1) is not None for _ in range(2)] == [True, False]
    await seats.close()


async def test_a_part_of_a_cluster_dies_and_comes_back(
    cluster: list[RedisServer], caplog: pytest.LogCaptureFixture
) -> None:
    url = address(cluster, "cluster")
    limit = RedisLimiter(url)
    bucket = [Bucket(name="user:a", capacity=100, per_second=0.001)]
    assert (await limit.take(bucket)).remaining == 99
    dead = holder(cluster, "{ara:limits}:user:a")
    dead.stop()
    with caplog.at_level(logging.WARNING):
        verdicts = [await limit.take(bucket) for _ in range(5)]
    assert all(one.allowed for one in verdicts)
    assert limit.outage.away
    assert [record.message for record in caplog.records if "without Redis" in record.message]
    await asyncio.to_thread(dead.start)

    async def back() -> bool:
        return (await limit.take(bucket)).allowed and not limit.outage.away

    await until(back)
    await limit.close()


@pytest.fixture
def watched(redis_program: str, tmp_path: Path) -> Iterator[tuple[RedisServer, RedisServer, RedisServer]]:
    """A master, its replica, and a sentinel that watches over both."""
    master = RedisServer(redis_program)
    replica = RedisServer(
        redis_program, 0, "--replicaof", f"127.0.0.1 {master.port}", "--repl-diskless-sync-delay", "0"
    )
    file = tmp_path / "sentinel.conf"
    file.write_text(
        f"sentinel monitor ara 127.0.0.1 {master.port} 1\n"
        "sentinel down-after-milliseconds ara 500\nsentinel failover-timeout ara 3000\n"
    )
    made: list[RedisServer] = []
    try:
        for one in (master, replica):
            made.append(one)
            one.start()
        wait_for(lambda: ask(replica, "INFO", "replication")["master_link_status"] == "up")
        watch = _Sentinel(redis_program, _free_port(), file)
        made.append(watch)
        watch.start()
        wait_for(lambda: ask(watch, "SENTINEL", "REPLICAS", "ara"))
        yield master, replica, watch
    finally:
        for one in made:
            one.stop()


class _Sentinel(RedisServer):
    """A sentinel is the same program with a file of settings, which it writes to itself."""

    def __init__(self, program: str, port: int, file: Path) -> None:
        super().__init__(program, port)
        self.file = file

    def start(self) -> None:
        command = [self.program, str(self.file), "--sentinel", "--port", str(self.port), "--bind", "127.0.0.1"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        self.pid = process.pid
        wait_for(self._answers)
        process.returncode = 0


async def test_sentinels_name_another_master_and_work_goes_on(
    watched: tuple[RedisServer, RedisServer, RedisServer],
) -> None:
    master, replica, watch = watched
    url = address([watch], "sentinel", "/ara/0")
    cache, limit, relay = Cache(settings(redis=url), clock=SystemClock()), RedisLimiter(url), Relay(url, history=10)
    source, bucket = Source(frame(5)), [Bucket(name="user:a", capacity=100, per_second=0.001)]
    await cache.get(key(), source)
    assert (await limit.take(bucket)).remaining == 99
    assert await relay.add("s", b'{"x":1}')
    await asyncio.to_thread(wait_for, lambda: ask(replica, "EXISTS", key().text) and ask(replica, "DBSIZE") > 5)
    await asyncio.to_thread(master.stop)
    assert (await limit.take(bucket)).allowed
    await cache.get(key("MSFT"), source)
    await asyncio.to_thread(wait_for, lambda: ask(replica, "ROLE")[0] == b"master")

    async def again() -> bool:
        await cache.shared_stats()
        return await relay.add("s", b'{"x":2}') and (await limit.take(bucket)).remaining < 99 and not limit.outage.away

    await until(again)
    assert (await limit.take(bucket)).remaining < 98
    other = Cache(settings(redis=url), clock=SystemClock())
    await other.get(key(), source)
    assert source.asked == 2
    for one in (cache, other, limit, relay):
        await one.close()


async def test_workers_hear_of_jobs_by_the_master_that_sentinels_name(
    watched: tuple[RedisServer, RedisServer, RedisServer],
) -> None:
    master, replica, watch = watched
    broker = Broker(address([watch], "sentinel", "/ara/0"))
    await broker.ring("training")
    assert ask(master, "LLEN", "ara.training") == 1
    await asyncio.to_thread(master.stop)
    await asyncio.to_thread(wait_for, lambda: ask(replica, "ROLE")[0] == b"master")

    async def rings() -> bool:
        broker._away = float("-inf")
        await broker.ring("training")
        return bool(ask(replica, "LLEN", "ara.training") > 1)

    await until(rings)


@pytest.mark.parametrize(
    "wrong",
    [
        "redis+cluster://127.0.0.1:7000/3", "redis+cluster://:7000", "redis+cluster://h:port", "redis+cluster://h:99999",
        "redis+sentinel://h:26379", "redis+sentinel://h:26379/name/x", "redis+sentinel://,h/name",
    ],
)  # fmt: skip
def test_addresses_that_can_not_be_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="no address of a Redis server") as caught:
        connect(wrong.replace("://", "://me:hunter2@"))
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_an_address_may_name_several() -> None:
    url = "rediss+sentinel://me:hunter2@10.0.0.1:26380,example.org,[::1]:7/ara/2"
    assert nodes(urlsplit(url)) == [("10.0.0.1", 26380), ("example.org", 26379), ("::1", 7)]
    assert place_of(url) == "10.0.0.1:26380, example.org:26379, ::1:7"
    assert _addressed("redis+sentinel://:p@a:1,b:2/ara/1") == (
        "sentinel://:p@a:1/1;sentinel://:p@b:2/1", {"master_name": "ara"},
    )  # fmt: skip
    assert _addressed("redis://a:1/1") == ("redis://a:1/1", {})
