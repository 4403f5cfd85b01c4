from datetime import timedelta

import pytest

from ara.jobs import Queue, State, leader
from ara.jobs.entering import alive_of
from ara.jobs.leader import NAMES, SILENCE, Leader, leading
from ara.jobs.machine import Machine
from ara.jobs.standing import standing


@pytest.fixture
def seconds(monkeypatch):
    """The time of who looks whether a leader lives, which no clock can set."""
    now = [1000.0]
    monkeypatch.setattr(leader.time, "monotonic", lambda: now[0])
    return now


ORDERS = {"jobs_schedule.score": "06:00", "jobs_schedule.clean": "1d"}


async def looked(seconds, *leaders, after=6.0):
    seconds[0] += after
    for one in leaders:
        await one.see()
    return [one.leads for one in leaders]


async def test_one_of_two_leads_and_each_order_is_one_job(opened, url, seconds):
    async with opened(url, **ORDERS) as desk:
        one, two = (Leader(desk, owner=name, host=f"host {name}") for name in ("one", "two"))
        for _ in range(5):
            assert await looked(seconds, one, two) == [True, False]
        assert sorted((job.name, job.state) for job in await Queue(desk).all()) == [
            ("clean", State.WAITING),
            ("score", State.WAITING),
        ]
        assert (await leading(desk))[0] == "host one"


async def test_a_leader_that_is_silent_is_followed_by_another_whatever_clocks_say(opened, url, seconds, clock):
    async with opened(url, **ORDERS) as desk:
        one, two = (Leader(desk, owner=name, host=name) for name in ("one", "two"))
        assert await looked(seconds, one, two) == [True, False]
        clock.on(days=30)  # a step of the clock is no silence
        assert await looked(seconds, one, two) == [True, False]
        clock.on(days=-60)
        assert await looked(seconds, one, two) == [True, False]
        assert await looked(seconds, two, after=SILENCE - 1) == [False]
        assert await looked(seconds, two) == [True]
        assert await looked(seconds, one) == [False]  # it comes back, and sees that it was followed
        assert {job.name for job in await Queue(desk).all() if not job.ended} == {"score", "clean"}
        await two.leave()
        assert (await leading(desk))[0] == ""
        assert await looked(seconds, one) == [True]


async def test_orders_that_change_or_go_are_changed_and_taken_out(opened, url, seconds):
    if url == "memory:":
        pytest.skip("what is kept in memory is gone with its desk")
    for text, due in (("06:00", 18), ("MON 07:30", 5 * 24 + 19.5), ("12h", 12)):
        async with opened(url, **{"jobs_schedule.score": text}) as desk:
            one = Leader(desk, owner=text, host="here")
            assert await looked(seconds, one) == [True]
            (job,) = await alive_of(desk.store, name="score")
            assert (job.due - desk.clock.now()) == timedelta(hours=due)
            told = await standing(desk)
            assert [(each.order.when, each.due) for each in told.orders] == [(text, job.due)]
            await one.leave()
    async with opened(url) as desk:
        assert await looked(seconds, Leader(desk, owner="last", host="here")) == [True]
        assert await alive_of(desk.store, name="score") == []


async def test_an_order_comes_again_and_tells_how_it_went(opened, seconds, clock):
    async with opened("memory:", **ORDERS) as desk:
        one, queue = Leader(desk, owner="one", host="here"), Queue(desk)
        await looked(seconds, one)
        clock.on(days=2)
        taken = await queue.take(Machine.of(desk.settings), owner="me")
        assert taken is not None
        assert taken.job.name in NAMES
        await looked(seconds, one)  # while it runs no second one is begun
        assert len(await alive_of(desk.store, name=taken.job.name)) == 1
        await queue.end(taken.job, State.DONE)
        taken.hold.free()
        await looked(seconds, one)
        (again,) = await alive_of(desk.store, name=taken.job.name)
        assert again.due > clock.now()
        (told,) = [each for each in (await standing(desk)).orders if each.order.name == taken.job.name]
        assert told.last is not None
        assert (told.last.number, told.due) == (taken.job.number, again.due)


async def test_a_zone_that_is_none_is_told_and_stops_no_other_order(opened, seconds, caplog):
    async with opened("memory:", **ORDERS, **{"jobs_schedule.zone": "Mars/Base"}) as desk:
        await looked(seconds, Leader(desk, owner="one", host="here"))
        assert [job.name for job in await Queue(desk).all()] == ["clean"]
        told = (await standing(desk)).as_dict()["schedule"]
        assert "no time zone" in told[0]["words"]
        assert "score can't be carried out" in caplog.text
