import asyncio
from datetime import timedelta

import msgspec
import pytest

from ara.errors import NotFoundError, QuotaError, ValidationError
from ara.jobs import Backtest, Queue, State
from ara.jobs.entering import alive_of
from ara.jobs.machine import Machine

WORK = Backtest(symbols=("AAPL",), cuts=0)
OTHER = msgspec.structs.replace(WORK, strategy="momentum")


async def test_who_asks_again_by_a_key_is_given_the_same_job_and_no_other_is_made(opened, url):
    async with opened(url) as desk:
        queue = Queue(desk)
        found = await asyncio.gather(*(queue.add(WORK, account="u_a", key="once") for _ in range(8)))
        assert {one.number for one in found} == {1}
        assert len(await queue.all()) == 1
        with pytest.raises(ValidationError, match="another request"):
            await queue.add(OTHER, account="u_a", key="once")
        with pytest.raises(ValidationError, match="another request"):
            await queue.add(WORK, account="u_a", key="once", priority=1)
        assert (await queue.add(WORK, account="u_b", key="once")).number == 2
        assert (await queue.add(WORK, account="u_a", key="twice")).number == 3


async def test_an_account_has_no_more_jobs_than_it_may_however_many_are_asked_for_at_once(opened, url):
    async with opened(url) as desk:
        queue = Queue(desk)

        async def asked(number):
            try:
                return await queue.add(WORK, account="u_a", key=f"key {number}", most=2)
            except QuotaError as error:
                return error.http_status

        answers = await asyncio.gather(*(asked(number) for number in range(6)))
        assert answers.count(429) == 4
        assert len(await alive_of(desk.store, account="u_a")) == 2
        assert (await queue.add(WORK, account="u_b", most=2)).state is State.WAITING
        await queue.cancel((await queue.page(account="u_a"))[0].number, account="u_a")
        assert (await queue.add(WORK, account="u_a", most=2)).account == "u_a"


async def test_a_job_of_another_account_is_not_there(opened):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(WORK, account="u_a")
        await queue.add(WORK)
        for number in (1, 2):
            with pytest.raises(NotFoundError):
                await queue.get(number, account="u_b")
            with pytest.raises(NotFoundError):
                await queue.cancel(number, account="u_b")
        assert {one.state for one in await queue.all()} == {State.WAITING}
        assert (await queue.get(1)).account == "u_a"
        assert await queue.page(account="u_b") == []
        again = await queue.add(WORK, account="u_b", once=True)
        assert again.number == 3  # the same work of somebody else's is not theirs


async def test_pages_give_every_job_once_the_newest_first(opened, url):
    async with opened(url) as desk:
        queue = Queue(desk)
        for number in range(7):
            await queue.add(WORK if number % 2 else OTHER, account="u_a" if number < 5 else "u_b")
        seen, before = [], None
        while page := await queue.page(account="u_a", limit=2, before=before):
            seen += [one.number for one in page]
            before = page[-1].number
        assert seen == [5, 4, 3, 2, 1]
        assert [one.number for one in await queue.page(state=State.DONE)] == []
        assert len(await queue.page(queue="backtests")) == 7
        assert await queue.page(queue="training") == []


async def test_a_number_is_given_to_no_second_job_and_what_ended_lately_stays(opened, clock):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(WORK, key="old")
        await queue.cancel(1)
        clock.on(days=3)
        await queue.add(WORK)
        await queue.cancel(2)
        assert await queue.clear(before=clock.now() - timedelta(days=1)) == 1
        assert [one.number for one in await queue.all()] == [2]
        assert await queue.clear() == 1
        assert (await queue.add(WORK, key="old")).number == 3


async def test_workers_take_from_their_queues_alone(opened):
    async with opened("memory:") as desk:
        queue, here = Queue(desk), Machine.of(desk.settings)
        await queue.add(WORK)
        assert await queue.take(here, owner="me", queues=("training", "upkeep")) is None
        taken = await queue.take(here, owner="me", queues=("backtests",))
        assert taken is not None
        taken.hold.free()


async def test_a_failure_that_may_pass_is_tried_again_after_a_rest_and_no_more_often_than_said(opened, clock):
    async with opened("memory:") as desk:
        queue, here = Queue(desk), Machine.of(desk.settings)
        await queue.add(WORK, retries=2)
        rests = []
        for _ in range(2):
            taken = await queue.take(here, owner="me")
            back = await queue.end(taken.job, State.FAILED, words="the source is away", passing=True)
            taken.hold.free()
            assert (back.state, back.words) == (State.WAITING, "the source is away")
            rests.append((back.rests - clock.now()).total_seconds())
            assert await queue.take(here, owner="me") is None
            clock.on(seconds=rests[-1])
        taken = await queue.take(here, owner="me")
        assert (await queue.end(taken.job, State.FAILED, passing=True)).state is State.FAILED
        taken.hold.free()
        assert rests == [60.0, 60.0]
        other = await queue.add(WORK, retries=2)
        taken = await queue.take(here, owner="me")
        assert (taken.job.number, (await queue.end(taken.job, State.FAILED)).state) == (other.number, State.FAILED)
        taken.hold.free()


async def test_a_rest_that_a_clock_set_back_made_endless_is_over(opened, clock):
    async with opened("memory:") as desk:
        queue, here = Queue(desk), Machine.of(desk.settings)
        await queue.add(WORK, retries=1)
        taken = await queue.take(here, owner="me")
        await queue.end(taken.job, State.FAILED, passing=True)
        taken.hold.free()
        clock.on(days=-400)
        again = await queue.take(here, owner="me")
        assert again is not None
        again.hold.free()
