"""Workers that hear of jobs by Celery, over a real Redis."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ara.jobs import Backtest, Queue, State, memory
from ara.jobs.bell import bell_of
from ara.jobs.broker import _application, leave_unacknowledged
from ara.settings import Settings

pytest.importorskip("celery")
SHORT = Backtest(symbols=("AAPL",), strategy="momentum", start="2017-01-03", end="2017-12-29", cuts=0)
LONG = Backtest(symbols=("AAPL", "MSFT", "SPY"), strategy="mean_reversion", cuts=100)


async def test_a_ring_is_a_message_in_the_queue_of_the_work(opened, redis_url):
    async with opened("memory:", jobs_broker=redis_url) as desk:
        last = time.monotonic() + 240
        while not told(redis_url, "ara.backtests"):  # a ring that takes too long is given up, and the next is tried
            assert time.monotonic() < last
            await Queue(desk).add(SHORT)
        assert not told(redis_url, "ara.training")


def told(redis_url: str, queue: str) -> int:
    """Count the messages of a queue."""
    port, number = redis_url.removeprefix("redis://127.0.0.1:").split("/")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=60) as line:
        line.sendall(f"SELECT {number}\r\nLLEN {queue}\r\n".encode())
        answer = b""
        while answer.count(b"\r\n") < 2:
            answer += line.recv(256)
    return int(answer.split(b":")[1])


async def test_a_job_stands_in_the_line_though_the_broker_is_away(opened, caplog):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        async with opened("memory:", jobs_broker=f"redis://127.0.0.1:{probe.getsockname()[1]}/0") as desk:
            assert (await Queue(desk).add(SHORT)).state is State.WAITING
    assert "the broker of jobs can't be told" in caplog.text


def test_a_process_has_one_bell_for_each_broker():
    asked = {"jobs.broker": "redis://127.0.0.1:1/0"}
    assert bell_of(Settings.load(asked)) is bell_of(Settings.load(asked))


def begin(tmp_path: Path, url: str, broker: str, name: str) -> subprocess.Popen[bytes]:
    flags = {
        "home": str(tmp_path / "home"), "store.url": url, "jobs.broker": broker, "jobs.cpus": "2",
        "data.providers": "sample",
    }  # fmt: skip
    words = [word for key, value in flags.items() for word in ("--set", f"{key}={value}")]
    with (tmp_path / f"{name}.txt").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "ara", "worker", *words], cwd=tmp_path, stdout=said, stderr=subprocess.STDOUT
        )


async def until(holds, process=None, seconds=240.0):
    last = time.monotonic() + seconds
    while not await holds():
        assert process is None or process.poll() is None
        assert time.monotonic() < last, "it takes too long"
        await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("kept_url", ["sqlite", "postgres"], indirect=True)
async def test_killed_workers_and_a_redis_that_restarts_lose_no_job_and_none_is_done_twice(
    opened, kept_url, own_redis, tmp_path, clock
):
    async with opened(kept_url, jobs_broker=own_redis.url, data_providers="sample") as desk:
        queue = Queue(desk)
        first = begin(tmp_path, kept_url, own_redis.url, "first")
        try:
            long = await queue.add(LONG)
            await until(lambda: is_in(queue, long.number, State.RUNNING), first)
            family = memory.family(first.pid)
            os.kill(first.pid, signal.SIGKILL)  # in the middle of a job, its message not yet acknowledged
            first.wait()
            own_redis.stop()
            more = [(await queue.add(SHORT)).number for _ in range(4)]  # told to nobody: Redis is away
            second = begin(tmp_path, kept_url, own_redis.url, "second")
            own_redis.start()
            more += [(await queue.add(SHORT)).number for _ in range(4)]
            try:
                for number in (long.number, *more):
                    await until(lambda number=number: is_in(queue, number, State.DONE), second)
                jobs = await queue.all()
                assert {one.number: one.tries for one in jobs} == {long.number: 2, **dict.fromkeys(more, 1)}
                seen = {one.result["look"]["number"] for one in jobs if one.work == SHORT}
                assert seen <= {1, 2}  # eight equal ones are one look at these bars, the long one is another
                assert not set(family) & set(memory.family(1))
            finally:
                second.send_signal(signal.SIGTERM)
                second.wait(60)
        finally:
            first.kill()


async def is_in(queue, number, state):
    found = await queue.get(number)
    assert found.state is state or not found.ended, found.words
    return found.state is state


async def test_a_worker_that_is_stopped_puts_its_job_back_and_another_takes_it(opened, own_redis, tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'queue.db'}"
    async with opened(url, jobs_broker=own_redis.url, data_providers="sample") as desk:
        queue = Queue(desk)
        worker = begin(tmp_path, url, own_redis.url, "stopped")
        try:
            job = await queue.add(LONG)
            await until(lambda: is_in(queue, job.number, State.RUNNING), worker)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(240) == 0
            found = await queue.get(job.number)
            assert (found.state, found.tries) == (State.WAITING, 0)
        finally:
            worker.kill()


@pytest.mark.slow
async def test_a_redis_that_dies_while_jobs_run_ends_no_worker(opened, own_redis, tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'queue.db'}"
    async with opened(url, jobs_broker=own_redis.url, data_providers="sample") as desk:
        queue = Queue(desk)
        worker = begin(tmp_path, url, own_redis.url, "steady")
        try:
            numbers = [(await queue.add(LONG)).number for _ in range(3)]  # two run, a message of one more waits
            await until(lambda: is_in(queue, numbers[0], State.RUNNING), worker)
            await until(lambda: is_in(queue, numbers[1], State.RUNNING), worker)
            own_redis.stop()
            await until(lambda: noticed(tmp_path / "steady.txt"), worker)
            own_redis.start()
            numbers.append((await queue.add(SHORT)).number)
            for number in numbers:
                await until(lambda number=number: is_in(queue, number, State.DONE), worker)
            assert [one.tries for one in await queue.all()] == [1, 1, 1, 1]
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(60)
        assert worker.returncode == 0


async def noticed(file: Path) -> bool:
    return "Connection to broker lost" in await asyncio.to_thread(file.read_text, "utf-8")


def test_a_redis_that_is_gone_keeps_no_connection_with_unacknowledged_messages_from_closing(own_redis, monkeypatch):
    from kombu import Consumer
    from kombu import Queue as Place
    from kombu.transport.redis import Channel

    monkeypatch.setattr(Channel, "do_restore", Channel.do_restore)
    leave_unacknowledged()
    app, got = _application(own_redis.url), []
    app.send_task("ara.jobs.begin", queue="ara.test")
    line = app.connection_for_read()
    line.connect()
    channel = line.default_channel
    reader = Consumer(channel, [Place("ara.test")], callbacks=[lambda _, message: got.append(message)], accept=["json"])
    reader.consume()
    while not got:
        line.drain_events(timeout=60)
    own_redis.stop()
    channel._disconnect_pools()
    line.transport.client = None  # as it is where it was closed in another place already
    line.close()
    assert not line.connected
