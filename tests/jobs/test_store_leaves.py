"""The store leaves for a moment while jobs are taken, done and noted; no process of a job is needed to see that."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ara.errors import StoreError
from ara.jobs import Queue, Score, State, Worker
from tests.fickle import ALL, Fickle


class Held:
    """Does a job's work when the test says so."""

    def __init__(self) -> None:
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def run(self, function, *arguments, where, watch):
        self.begun.set()
        await self.may_end.wait()
        return {"scored": 0}

    async def close(self):
        pass


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """What is waited for is waited for a moment only."""
    for name in ("worker._TROUBLE", "worker._PAUSE", "course._PAUSE"):
        monkeypatch.setattr(f"ara.jobs.{name}", 0.01)


@asynccontextmanager
async def working(desk):
    """A worker that runs, its store, and its work."""
    store = Fickle(desk.store)
    worker, held = Worker(replace(desk, store=store)), Held()
    worker._workers = held
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(60):
            yield store, held, worker
    finally:
        worker.stop()
        await asyncio.gather(task, return_exceptions=True)


async def until(desk, state):
    while (job := await Queue(desk).get(1)).state is not state:  # noqa: ASYNC110 - another task changes it
        await asyncio.sleep(0.01)
    return job


async def refused(store, times=3):
    before = store.refused
    while store.refused < before + times:  # noqa: ASYNC110 - another task asks it
        await asyncio.sleep(0.01)


async def test_a_line_that_can_not_be_reached_is_tried_again_and_once_is_once(opened, caplog):
    async with opened("memory:") as desk:
        await Queue(desk).add(Score())
        gone = Fickle(desk.store)
        gone.away = {ALL}
        with pytest.raises(StoreError):
            await Worker(replace(desk, store=gone)).run(once=True)
        async with working(desk) as (store, held, _):
            store.away = {ALL}
            await refused(store)
            assert "the line of jobs can't be reached" in caplog.text
            store.away = set()
            held.may_end.set()
            assert (await until(desk, State.DONE)).result == {"scored": 0}


async def test_an_end_that_can_not_be_noted_is_noted_when_the_store_is_back(opened):
    async with opened("memory:") as desk:
        await Queue(desk).add(Score())
        async with working(desk) as (store, held, _):
            await held.begun.wait()
            store.away = {ALL}
            held.may_end.set()
            await refused(store, 6)
            assert (await Queue(desk).get(1)).state is State.RUNNING
            store.away = set()
            await until(desk, State.DONE)


async def test_an_end_that_can_not_be_noted_for_long_is_left_to_who_does_it_again(opened, clock, caplog, monkeypatch):
    monkeypatch.setattr("ara.jobs.worker._LEFT", 0.0)
    async with opened("memory:") as desk:
        await Queue(desk).add(Score())
        async with working(desk) as (store, held, _):
            await held.begun.wait()
            store.away = {ALL}
            held.may_end.set()
            while "so it will be done again" not in caplog.text:  # noqa: ASYNC110 - another task says it
                await asyncio.sleep(0.01)
        assert (await Queue(desk).get(1)).state is State.RUNNING
        clock.on(minutes=10)
        async with working(desk) as (_, held, _):
            held.may_end.set()
            assert (await until(desk, State.DONE)).tries == 2


async def test_a_job_whose_queue_is_silent_for_long_is_let_go_and_nothing_is_noted_of_it(opened, caplog, monkeypatch):
    monkeypatch.setattr("ara.jobs.course.LEASE", 0.0)
    async with opened("memory:") as desk:
        await Queue(desk).add(Score())
        async with working(desk) as (store, held, _):
            await held.begun.wait()
            store.away = {ALL}
            while "was given to another worker" not in caplog.text:  # noqa: ASYNC110 - another task says it
                await asyncio.sleep(0.01)
            assert "the queue can't be reached, so job 1 is let go" in caplog.text
        assert (await Queue(desk).get(1)).state is State.RUNNING


async def test_a_worker_ends_also_where_its_job_can_not_be_put_back(opened, clock):
    async with opened("memory:") as desk:
        await Queue(desk).add(Score())
        async with working(desk) as (store, held, _):
            await held.begun.wait()
            store.away = {ALL}
        assert (await Queue(desk).get(1)).state is State.RUNNING
        clock.on(minutes=10)
        async with working(desk) as (_, held, _):
            held.may_end.set()
            await until(desk, State.DONE)


async def test_one_job_is_done_where_there_is_one_and_none_beyond_what_may_run_at_once(opened):
    async with opened("memory:") as desk:
        worker, held = Worker(desk, most=1), Held()
        worker._workers = held
        assert not await worker.one()
        for _ in range(2):
            await Queue(desk).add(Score())
        task = await worker.begin()
        assert await worker.begin() is None
        held.may_end.set()
        await asyncio.wait([task])
        assert await worker.one()
        assert [job.state for job in await Queue(desk).all()] == [State.DONE] * 2
        worker.stop()
        assert await worker.begin() is None
