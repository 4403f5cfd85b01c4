"""Times at which jobs are done again, by clocks that are put forward and back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.jobs import Queue, State
from ara.jobs import queue as queues
from ara.jobs.schedule import Schedule
from tests.jobs.test_queue import TRAIN, machine

BERLIN = "Europe/Berlin"


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def following(text, begin, count, zone="UTC"):
    """Give so many moments of a schedule, as its zone's clocks show them."""
    schedule, moment, found = Schedule.read(text, zone), utc(begin), []
    for _ in range(count):
        moment = schedule.next(moment)
        found.append(f"{moment.astimezone(ZoneInfo(zone)):%a %m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("06:00", ["Wed 01-03 06:00", "Thu 01-04 06:00"]),
        ("6:00,18:30", ["Tue 01-02 18:30", "Wed 01-03 06:00"]),
        ("mon 06:00", ["Mon 01-08 06:00", "Mon 01-15 06:00"]),
        ("TUE 12:00", ["Tue 01-09 12:00", "Tue 01-16 12:00"]),  # not at once: it is 12:00
        ("TUE 12:01", ["Tue 01-02 12:01", "Tue 01-09 12:01"]),
        ("THU-FRI,sun 06:00", ["Thu 01-04 06:00", "Fri 01-05 06:00", "Sun 01-07 06:00", "Thu 01-11 06:00"]),
        ("SAT-MON 06:00", ["Sat 01-06 06:00", "Sun 01-07 06:00", "Mon 01-08 06:00", "Sat 01-13 06:00"]),
        ("1,15 06:00", ["Mon 01-15 06:00", "Thu 02-01 06:00"]),
        ("31 06:00", ["Wed 01-31 06:00", "Sun 03-31 06:00"]),
        ("LAST 23:59", ["Wed 01-31 23:59", "Thu 02-29 23:59"]),
        ("FRI,15 06:00", ["Fri 01-05 06:00", "Fri 01-12 06:00", "Mon 01-15 06:00"]),
    ],
)
def test_the_next_times_are_those_that_are_written(text, moments):
    assert following(text, "2024-01-02T12:00", len(moments)) == moments


def test_they_are_those_of_the_zone_in_winter_and_in_summer():
    found = Schedule.read("06:00", BERLIN)
    assert found.next(utc("2024-01-02T12:00")) == utc("2024-01-03T05:00")
    assert found.next(utc("2024-07-02T12:00")) == utc("2024-07-03T04:00")
    assert Schedule.read("MON 06:00", "Pacific/Auckland").next(utc("2024-01-02T12:00")) == utc("2024-01-07T17:00")


def test_a_time_that_clocks_skip_comes_as_much_later_and_one_that_they_show_twice_comes_once():
    assert following("02:30", "2024-03-29T12:00", 3, BERLIN) == [
        "Sat 03-30 02:30",
        "Sun 03-31 03:30",
        "Mon 04-01 02:30",
    ]
    assert following("02:30,03:30", "2024-03-31T00:00", 2, BERLIN) == ["Sun 03-31 03:30", "Mon 04-01 02:30"]
    twice = Schedule.read("02:30", BERLIN)
    first = twice.next(utc("2024-10-26T12:00"))
    assert first == utc("2024-10-27T00:30")
    assert twice.next(first) == utc("2024-10-28T01:30")


@given(
    st.integers(0, 37 * 365 * 24 * 60).map(lambda minutes: utc("2000-01-01T00:00") + timedelta(minutes=minutes)),
    st.sampled_from(
        ["02:30", "MON-FRI 00:00", "1 02:15", "LAST 23:45", "31 03:00", "30 12:00", "SUN 02:00,02:30,03:00"]
    ),
    st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_the_next_is_later_and_none_is_between(moment, text, zone):
    schedule, begin = Schedule.read(text, zone), moment
    found = schedule.next(begin)
    assert found > begin
    assert found - begin <= timedelta(days=63)
    middle = begin + (found - begin) / 2
    assert schedule.next(middle) == found
    assert schedule.next(found) > found


@pytest.mark.parametrize(
    "text",
    ["", "MON", "06", "24:00", "06:60", "6:0", "MON 06:00 07:00", "MOO 06:00", "MON-MOO 06:00", "0 06:00", "32 06:00",
     "1-5 06:00", "MON, 06:00", "LAST", "LAST-MON 06:00", "² 06:00", "06:00,", "-5 06:00", "001 06:00"],
)  # fmt: skip
def test_other_words_are_refused(text):
    with pytest.raises(ValidationError, match="--at is") as caught:
        Schedule.read(text)
    assert "MON-FRI 06:00" in caught.value.hint


@pytest.mark.parametrize("zone", ["", "Moon", "../../etc/passwd", "/etc/localtime", "Europe"])
def test_zones_that_are_not_there_are_refused(zone):
    with pytest.raises(ValidationError, match="There is no time zone"):
        Schedule.read("06:00", zone)


async def done(queue, desk):
    """Do the job that is due, and give its repetition; None where none is due."""
    taken = await queue.take(machine(desk), owner="me")
    if taken is None:
        return None
    assert await queue.end(taken.job, State.DONE) is not None
    taken.hold.free()
    return next(one for one in await queue.all(state=State.WAITING))


async def test_a_job_comes_again_at_its_times_and_what_was_missed_is_made_up_once(opened, url, clock):
    async with opened(url) as desk:
        queue = Queue(desk)
        first = await queue.add(TRAIN, at=Schedule.read("MON-FRI 06:00", BERLIN))
        assert (first.due, first.at, first.zone) == (utc("2024-01-03T05:00"), "MON-FRI 06:00", BERLIN)
        assert await queue.get(1) == first
        assert await done(queue, desk) is None
        clock.instant = utc("2024-01-03T05:00")
        second = await done(queue, desk)
        assert (second.number, second.due, second.last) == (2, utc("2024-01-04T05:00"), first.due)
        clock.instant = utc("2024-01-20T05:00")  # the machine slept for two weeks, and it is Saturday
        third = await done(queue, desk)
        assert (third.number, third.due) == (3, utc("2024-01-22T05:00"))
        assert await done(queue, desk) is None


async def test_the_first_is_not_before_a_moment_and_may_be_at_it(opened):
    async with opened("memory:") as desk:
        queue, daily = Queue(desk), Schedule.read("06:00")
        assert (await queue.add(TRAIN, at=daily, due=utc("2024-05-05T06:00"))).due == utc("2024-05-05T06:00")
        assert (await queue.add(TRAIN, at=daily, due=utc("2024-05-05T06:01"))).due == utc("2024-05-06T06:00")
        assert (await queue.add(TRAIN, at=daily, due=utc("2023-05-05T06:00"))).due == utc("2024-01-03T06:00")
        with pytest.raises(ValidationError, match="not both"):
            await queue.add(TRAIN, at=daily, every=timedelta(days=1))


@pytest.mark.parametrize("rule", [{"at": Schedule.read("12:00")}, {"every": timedelta(days=1)}])
async def test_a_clock_that_goes_back_a_little_does_nothing_twice(opened, clock, rule):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(TRAIN, due=utc("2024-01-03T12:00"), **rule)
        clock.instant = utc("2024-01-03T12:00:05")
        again = await done(queue, desk)
        assert again.due == utc("2024-01-04T12:00")
        for back in ("2024-01-03T11:59:50", "2024-01-03T12:00:20", "2024-01-02T13:00"):
            clock.instant = utc(back)
            assert await queue.take(machine(desk), owner="me") is None
        clock.instant = utc("2024-01-04T12:00")
        assert (await done(queue, desk)).due == utc("2024-01-05T12:00")


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ({"at": Schedule.read("MON 12:00")}, "2024-01-08T12:00"),
        ({"every": timedelta(days=1)}, "2024-01-03T12:00"),
    ],
)
async def test_a_clock_that_was_years_ahead_does_not_keep_a_job_from_coming_again(opened, url, clock, rule, due):
    async with opened(url) as desk:
        queue = Queue(desk)
        await queue.add(TRAIN, **rule)
        clock.instant = utc("2031-01-06T12:00")
        assert (await done(queue, desk)).due > utc("2031-01-06T12:00")
        clock.instant = utc("2024-01-02T12:00")
        assert await queue.take(machine(desk), owner="me") is None
        assert (await queue.get(2)).due == utc(due)
        clock.instant = utc(due)
        assert (await done(queue, desk)).due > utc(due)


async def test_what_was_to_be_done_at_once_or_much_later_keeps_its_place_where_the_clock_goes_back(opened, clock):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        clock.instant = utc("2031-01-06T12:00")
        await queue.add(TRAIN)
        await queue.add(TRAIN, due=utc("2032-01-06T12:00"), every=timedelta(days=1))
        clock.instant = utc("2024-01-02T12:00")
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        assert taken.job.number == 1
        taken.hold.free()
        assert (await queue.get(2)).due == utc("2032-01-06T12:00")


async def test_a_repeated_job_that_workers_die_over_comes_again(opened, url, clock):
    async with opened(url) as desk:
        queue, here = Queue(desk), machine(desk)
        await queue.add(TRAIN, every=timedelta(days=1))
        for number in range(3):
            taken = await queue.take(here, owner=f"{number}")
            assert taken is not None
            taken.hold.free()
        assert await queue.take(here, owner="last") is None
        assert (await queue.get(1)).state is State.FAILED
        assert (await queue.get(2)).due == clock.now() + timedelta(days=1)


async def test_a_worker_that_dies_as_it_notes_the_end_loses_no_repetition(opened, url, monkeypatch):
    async with opened(url) as desk:
        queue = Queue(desk)
        await queue.add(TRAIN, every=timedelta(days=1))
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None

        async def dies(store, job):
            raise OSError("killed")

        with monkeypatch.context() as broken:
            broken.setattr(queues, "numbered", dies)
            with pytest.raises(OSError, match="killed"):
                await queue.end(taken.job, State.DONE)
        assert (await queue.get(1)).state is State.RUNNING
        assert await queue.end(taken.job, State.DONE) is not None
        taken.hold.free()
        assert (await queue.get(2)).state is State.WAITING


async def test_a_cancelled_job_comes_at_no_time_again(opened, clock):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(TRAIN, at=Schedule.read("06:00"))
        clock.on(days=2)
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        await queue.cancel(1)
        assert await queue.end(taken.job, State.CANCELLED) is not None
        taken.hold.free()
        assert await queue.all(state=State.WAITING) == []


@pytest.mark.parametrize("rule", [{"at": Schedule.read("12:00")}, {"every": timedelta(days=1)}])
async def test_a_clock_that_goes_back_while_it_is_done_does_not_have_it_done_again(opened, clock, rule):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(TRAIN, due=utc("2024-01-03T12:00"), **rule)
        clock.instant = utc("2024-01-03T12:00:01")
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        clock.instant = utc("2024-01-03T11:59")
        assert await queue.end(taken.job, State.DONE) is not None
        taken.hold.free()
        assert (await queue.get(2)).due == utc("2024-01-04T12:00")
