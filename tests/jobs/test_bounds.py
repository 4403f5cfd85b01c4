import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from ara.jobs import Backtest, Needs, Predict, Queue, State, Worker
from ara.jobs.journal import lines_of

LONG = Backtest(symbols=("AAPL", "MSFT", "SPY"), strategy="mean_reversion", cuts=100)


@pytest.fixture(autouse=True)
def today(clock):
    clock.instant = datetime(2024, 1, 2, 12, tzinfo=UTC)


async def test_a_job_that_takes_longer_than_it_may_is_stopped_and_its_log_says_so(opened):
    async with opened(data_providers="sample") as desk:
        queue = Queue(desk)
        await queue.add(LONG, needs=Needs(seconds=1), retries=3)
        await Worker(desk).run(once=True)
        job = await queue.get(1)
        assert (job.state, job.retries) == (State.FAILED, 3)  # it would take as long again
        assert "longer than the 1 s" in job.words
        words = [line.words for line in (await lines_of(desk.store, 1)).lines]
        assert words[0].startswith("taken by ")
        assert "longer than the 1 s" in words[-1]


async def test_an_error_that_may_pass_puts_the_job_back_and_one_that_can_not_does_not(opened):
    async with opened(data_providers="sample") as desk:
        queue = Queue(desk)
        await queue.add(Predict(symbols=("NOSUCH",), days=1), retries=1)
        await queue.add(msgspec.structs.replace(LONG, symbols=("NOSUCH",)), retries=1)
        await Worker(desk).run(once=True)
        passing, lasting = await queue.get(1), await queue.get(2)
        assert (passing.state, passing.retries, passing.host) == (State.WAITING, 0, "")
        assert passing.rests is not None
        assert "NOSUCH" in passing.words
        assert (lasting.state, lasting.retries) == (State.FAILED, 1)


async def test_a_worker_does_no_more_at_once_than_it_is_told_and_hears_the_bell(opened):
    async with opened("memory:", data_providers="sample") as desk:
        worker = Worker(desk, most=1)
        queue = Queue(desk, bell=worker)
        task = asyncio.create_task(worker.run())
        jobs = [await queue.add(Predict(symbols=("AAPL",), days=1, as_of="2020-02-20", model="hist")) for _ in range(3)]
        most = 0
        while not all([(await queue.get(one.number)).ended for one in jobs]):
            most = max(most, len(await queue.all(state=State.RUNNING)))
            await asyncio.sleep(0.05)
        worker.stop()
        await task
        assert most == 1
        assert [(one.state, one.tries) for one in await queue.all()] == [(State.DONE, 1)] * 3
        times = [(one.taken_at, one.number) for one in await queue.all()]
        assert len(times) == 3
