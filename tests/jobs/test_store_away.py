"""The database is stopped and started while jobs are added and done: nothing is lost, and nobody has to restart."""

import asyncio
import signal

import pytest

from ara.errors import StoreError
from ara.jobs import Predict, Queue, State, Worker

WORK = Predict(symbols=("AAPL",), days=1, as_of="2020-02-20", model="hist")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_jobs_outlive_a_database_that_is_stopped_and_started(opened, own_postgres, how):
    async with opened(own_postgres.create_database("jobs"), data_providers="sample") as desk:
        worker, queue = Worker(desk, leads=True), Queue(desk)
        task = asyncio.create_task(worker.run())
        told, refused = [], []

        async def asked(number):
            try:
                told.append((await queue.add(WORK, account="u_a", key=f"key {number}")).number)
            except StoreError as error:
                refused.append((number, error.http_status))

        for number in range(4):
            await asked(number)
        own_postgres.stop(how)
        for number in range(4, 8):
            await asked(number)
        assert refused == [(number, 503) for number in range(4, 8)]
        own_postgres.start()
        for number in range(8):  # who was refused asks again, and who was not asks twice
            await asked(number)
        assert len(set(told)) == 8
        while not all([(await queue.get(one)).ended for one in set(told)]):
            assert not task.done()
            await asyncio.sleep(0.1)
        worker.stop()
        await task
        jobs = await queue.all()
        assert [one.state for one in jobs] == [State.DONE] * 8
        assert len({one.result["forecasts"]["AAPL"] for one in jobs}) == 1
