import os
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from ara.errors import PluginError, ValidationError
from ara.jobs import Job, Needs, Queue, Review, State, Train, Tune
from ara.jobs import queue as queues
from ara.jobs.hold import Hold
from ara.jobs.job import bytes_of, span_of
from ara.jobs.machine import Machine
from ara.models.tuning import Plan
from ara.prediction.training import Lesson
from ara.prediction.tuning import Quest
from ara.store import revision

TRAIN = Train(symbols=("AAPL",), lesson=Lesson(family="ewma_t", params={"decay": 0.97}, days=5))
TUNE = Tune(
    symbols=("AAPL", "MSFT"),
    quest=Quest(
        lesson=Lesson(family="drift", params={}, days=5), plan=Plan(family="drift", cut=0, trials=3, storage="")
    ),
)


def machine(desk, host="here"):
    return replace(Machine.of(desk.settings), host=host)


async def test_a_job_comes_back_as_it_was_kept(opened, url):
    async with opened(url) as desk:
        queue = Queue(desk)
        made = [
            await queue.add(work, needs=Needs(cpus=2, memory=1 << 30), every=timedelta(days=7))
            for work in (TRAIN, TUNE, Review(families=("har_t",), tune=True))
        ]
        assert [one.number for one in made] == [1, 2, 3]
        assert await queue.all() == made
        assert (await queue.get(2)).work == TUNE
        assert (await queue.get(2)).every == 7 * 86_400


async def test_the_highest_priority_goes_first_then_who_came_first(opened, url, clock):
    async with opened(url, jobs_cpus="16") as desk:
        queue = Queue(desk)
        for priority in (0, 5, 0, 5, -1):
            await queue.add(TRAIN, priority=priority)
            clock.on(seconds=1)
        await queue.add(TRAIN, priority=100, due=clock.now() + timedelta(hours=1))
        taken = [await queue.take(machine(desk), owner="me") for _ in range(6)]
        assert [one.job.number for one in taken if one] == [2, 4, 1, 3, 5]
        assert taken[-1] is None
        clock.on(hours=1)
        late = await queue.take(machine(desk), owner="me")
        assert late is not None
        assert late.job.number == 6
        for one in (*taken, late):
            if one:
                one.hold.free()


async def test_no_job_is_begun_that_does_not_fit_beside_those_that_run_and_none_overtakes_it(opened, url):
    async with opened(url) as desk:
        queue, here = Queue(desk), machine(desk)
        await queue.add(TRAIN, needs=Needs(cpus=1, memory=6 << 30, gpus=1))
        await queue.add(TRAIN, needs=Needs(cpus=1, memory=3 << 30))
        await queue.add(TRAIN, needs=Needs(cpus=1))
        first = await queue.take(here, owner="me")
        assert first is not None
        assert first.job.devices == (0,)
        assert await queue.take(here, owner="me") is None
        assert await queue.end(first.job, State.DONE) is not None
        first.hold.free()
        second = await queue.take(here, owner="me")
        third = await queue.take(here, owner="me")
        assert second is not None
        assert third is not None
        assert (second.job.number, third.job.number) == (2, 3)
        second.hold.free()
        third.hold.free()


async def test_cards_are_given_to_one_job_at_a_time_and_other_machines_have_their_own(opened, url):
    async with opened(url) as desk:
        queue = Queue(desk)
        for _ in range(3):
            await queue.add(TRAIN, needs=Needs(gpus=1))
        one = await queue.take(machine(desk), owner="me")
        two = await queue.take(machine(desk), owner="me")
        three = await queue.take(machine(desk, "there"), owner="you")
        assert [taken.job.devices for taken in (one, two, three) if taken] == [(0,), (1,), (0,)]
        for taken in (one, two, three):
            assert taken is not None
            taken.hold.free()


async def test_a_tuning_by_two_processes_needs_two_processors(opened):
    quest = replace(TUNE.quest, plan=replace(TUNE.quest.plan, processes=2))
    async with opened("memory:") as desk:
        made = await Queue(desk).add(msgspec.structs.replace(TUNE, quest=quest), needs=Needs(cpus=2))
        assert made.needs.cpus == 2


async def test_what_could_never_run_or_only_fail_is_refused_in_words(opened):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        with pytest.raises(ValidationError, match=r"asks for 3 cpus, jobs may have 2 here"):
            await queue.add(TRAIN, needs=Needs(cpus=3))
        quest = replace(TUNE.quest, plan=replace(TUNE.quest.plan, processes=2))
        with pytest.raises(ValidationError, match=r"asks for 1 cpus, and its trials are made by 2 processes") as caught:
            await queue.add(msgspec.structs.replace(TUNE, quest=quest))
        assert caught.value.hint == "Give it as many: --cpus 2"
        with pytest.raises(ValidationError, match=r"asks for 3 gpus, jobs may have 2 here"):
            await queue.add(TRAIN, needs=Needs(gpus=3))
        with pytest.raises(ValidationError, match=r"asks for 9 GB of memory, jobs may have 8 GB"):
            await queue.add(TRAIN, needs=Needs(memory=9 << 30))
        with pytest.raises(ValidationError, match=r"can't have 0 processors"):
            Needs(cpus=0)
        with pytest.raises(ValidationError, match=r"The priority is 101"):
            await queue.add(TRAIN, priority=101)
        with pytest.raises(ValidationError, match=r"once a minute"):
            await queue.add(TRAIN, every=timedelta(seconds=59))
        with pytest.raises(ValidationError, match=r"no instrument"):
            await queue.add(Train(symbols=(), lesson=TRAIN.lesson))
        with pytest.raises(ValidationError, match=r"nothing to tune"):
            await queue.add(
                msgspec.structs.replace(
                    TUNE, quest=replace(TUNE.quest, plan=replace(TUNE.quest.plan, family="pooled_har"))
                )
            )
        with pytest.raises(PluginError):
            await queue.add(Train(symbols=("AAPL",), lesson=Lesson(family="nothing", params={}, days=5)))
        with pytest.raises(ValidationError, match=r"There is no job 1\."):
            await queue.get(1)
        assert await queue.all() == []


async def test_a_repetition_comes_when_a_job_ends_and_missed_ones_are_left_out(opened, url, clock):
    async with opened(url) as desk:
        queue = Queue(desk)
        begun = clock.now()
        await queue.add(TRAIN, every=timedelta(days=7), priority=3, needs=Needs(memory=1 << 30))
        clock.on(days=15)
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        await queue.end(taken.job, State.FAILED, words="no bars")
        taken.hold.free()
        again, ended = await queue.all()
        assert (ended.number, ended.state, ended.words) == (1, State.FAILED, "no bars")
        assert (again.number, again.state, again.due) == (2, State.WAITING, begun + timedelta(days=21))
        assert (again.priority, again.needs, again.work, again.every) == (3, ended.needs, TRAIN, ended.every)


async def test_a_waiting_job_is_cancelled_at_once_with_its_repetitions_and_a_running_one_is_asked(opened, url):
    async with opened(url) as desk:
        queue = Queue(desk)
        await queue.add(TRAIN, every=timedelta(days=1))
        assert (await queue.cancel(1)).state is State.CANCELLED
        with pytest.raises(ValidationError, match="Job 1 is cancelled already"):
            await queue.cancel(1)
        await queue.add(TRAIN, every=timedelta(days=1))
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        asked = await queue.cancel(2)
        assert (asked.state, asked.stop) == (State.RUNNING, True)
        assert await queue.end(taken.job, State.CANCELLED) is not None
        taken.hold.free()
        assert [one.state for one in await queue.all()] == [State.CANCELLED] * 2
        assert await queue.clear() == 2
        assert await queue.all() == []


async def test_the_same_work_waits_once_where_that_is_asked(opened, url):
    async with opened(url) as desk:
        queue = Queue(desk)
        one = await queue.add(TUNE, once=True)
        assert await queue.add(TUNE, once=True) == one
        assert (await queue.add(TUNE)).number == 2
        assert (await queue.add(TRAIN, once=True)).number == 3


async def test_a_job_whose_worker_lives_is_nobody_elses_and_one_whose_worker_died_is_taken_again(opened, url):
    async with opened(url) as desk:
        queue, here = Queue(desk), machine(desk)
        await queue.add(TRAIN)
        first = await queue.take(here, owner="first")
        assert first is not None
        assert await queue.take(here, owner="second") is None
        first.hold.free()  # as the system does where a process dies
        second = await queue.take(here, owner="second")
        assert second is not None
        assert (second.job.number, second.job.tries, second.job.owner) == (1, 2, "second")
        assert await queue.end(first.job, State.DONE) is None
        assert await queue.beat(first.job, done=1, total=2, said="") is None
        beaten = await queue.beat(second.job, done=1, total=2, said="half")
        assert beaten is not None
        assert (beaten.done, beaten.total, beaten.said) == (1, 2, "half")
        second.hold.free()


async def test_a_job_that_kills_its_workers_is_given_up(opened, url):
    async with opened(url) as desk:
        queue, here = Queue(desk), machine(desk)
        await queue.add(TRAIN)
        for number in range(queues.TRIES):
            taken = await queue.take(here, owner=f"{number}")
            assert taken is not None
            taken.hold.free()
        assert await queue.take(here, owner="last") is None
        assert (await queue.get(1)).state is State.FAILED
        assert (await queue.get(1)).words == "its worker was killed or crashed 3 times"


async def test_a_job_whose_end_was_wanted_is_not_begun_again(opened, url):
    async with opened(url) as desk:
        queue, here = Queue(desk), machine(desk)
        await queue.add(TRAIN)
        taken = await queue.take(here, owner="me")
        assert taken is not None
        await queue.cancel(1)
        taken.hold.free()
        assert await queue.take(here, owner="you") is None
        assert (await queue.get(1)).state is State.CANCELLED


async def test_a_worker_elsewhere_is_dead_once_it_was_silent_for_a_lease(opened, url, monkeypatch):
    async with opened(url) as desk, opened(url, home="other") as other:
        if url == "memory:":
            other = desk
        await Queue(desk).add(TRAIN)
        there = await Queue(desk).take(machine(desk, "there"), owner="there")
        assert there is not None
        there.hold.free()
        mine = Queue(other)
        seconds = [1000.0]
        monkeypatch.setattr(queues.time, "monotonic", lambda: seconds[0])
        assert await mine.take(machine(other), owner="me") is None
        seconds[0] += queues.LEASE - 1
        assert await mine.take(machine(other), owner="me") is None
        assert await Queue(desk).beat(there.job, done=0, total=0, said="") is not None
        seconds[0] += 2
        assert await mine.take(machine(other), owner="me") is None  # it beat meanwhile
        seconds[0] += queues.LEASE
        taken = await mine.take(machine(other), owner="me")
        assert taken is not None
        assert taken.job.tries == 2
        taken.hold.free()


async def test_a_job_that_is_put_back_stands_where_it_stood(opened, url):
    async with opened(url) as desk:
        queue = Queue(desk)
        before = await queue.add(TRAIN)
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        back = await queue.put_back(taken.job)
        taken.hold.free()
        assert back is not None
        assert (back.state, back.tries, back.place) == (State.WAITING, 0, before.place)


async def test_a_job_whose_last_worker_has_not_let_go_yet_is_left_alone(opened, url, tmp_path):
    async with opened(url) as desk:
        queue = Queue(desk)
        await queue.add(TRAIN)
        held = Hold.take(tmp_path / "home" / "jobs" / "1.worker")
        assert held is not None
        assert await queue.take(machine(desk), owner="me") is None
        held.free()
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        taken.hold.free()


async def test_an_endless_line_is_refused(opened, monkeypatch):
    monkeypatch.setattr(queues, "_MOST", 2)
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(TRAIN)
        await queue.add(TRAIN)
        with pytest.raises(ValidationError, match="2 jobs wait already"):
            await queue.add(TRAIN)


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("12 h", 43_200), ("7d", 604_800), ("2W", 1_209_600)])
def test_spans_are_read(text, seconds):
    assert span_of(text, what="--every").total_seconds() == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("", 0), ("0", 0), ("800M", 800 << 20), ("1.5 GiB", 3 << 29), ("1t", 1 << 40)]
)
def test_sizes_are_read(text, size):
    assert bytes_of(text, what="--memory") == size


@pytest.mark.parametrize("text", ["", "7", "0d", "7 days", "-1d", "daily"])
def test_other_spans_are_refused(text):
    with pytest.raises(ValidationError, match="--every is"):
        span_of(text, what="--every")


@pytest.mark.parametrize("text", ["2", "G", "-1G", "2 gigabytes"])
def test_other_sizes_are_refused(text):
    with pytest.raises(ValidationError, match="--memory is"):
        bytes_of(text, what="--memory")


async def test_without_limits_in_the_settings_a_machine_gives_what_it_has(opened):
    async with opened("memory:", jobs_cpus="0", jobs_memory="", jobs_gpus="-1") as desk:
        found = Machine.of(desk.settings)
        assert found.cpus == os.cpu_count()
        assert 0 < found.memory < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        assert found.gpus >= 0


def test_a_job_has_a_kind_of_its_own():
    assert Job.kind == "job"


class Swift:
    """A store on which somebody else changes something just before the first change that is made by it."""

    def __init__(self, store, *, before):
        self._store, self._before = store, [before]

    def __getattr__(self, name):
        return getattr(self._store, name)

    @asynccontextmanager
    async def tx(self):
        await self._others()
        async with self._store.tx():
            yield

    async def put(self, document, **named):
        await self._others()
        return await self._store.put(document, **named)

    async def _others(self):
        if self._before:
            await self._before.pop()()


def beside(desk, change):
    """Give a queue whose next change of a job meets one that was made meanwhile."""
    return Queue(replace(desk, store=Swift(desk.store, before=change)))


async def test_whoever_is_slower_looks_again(opened):
    async with opened("memory:") as desk:
        queue, here = Queue(desk), machine(desk)
        await queue.add(TRAIN)

        async def taken_meanwhile():
            found = await queue.take(here, owner="swift")
            assert found is not None
            found.hold.free()

        slow = beside(desk, taken_meanwhile)
        asked = await slow.cancel(1)
        assert (asked.state, asked.stop) == (State.RUNNING, True)

        async def beaten_meanwhile():
            await queue.beat(asked, done=1, total=2, said="swift")

        slow = beside(desk, beaten_meanwhile)
        ended = await slow.end(asked, State.DONE)
        assert ended is not None
        assert (ended.state, ended.said, ended.beats) == (State.DONE, "swift", 2)


async def test_a_job_that_somebody_else_takes_first_is_left_to_him(opened):
    async with opened("memory:") as desk:
        queue, here = Queue(desk), machine(desk)
        made = await queue.add(TRAIN)

        async def changed_meanwhile():
            await desk.store.put(msgspec.structs.replace(made, priority=7), replaces=revision(made))

        slow = beside(desk, changed_meanwhile)
        assert await slow.take(here, owner="slow") is None
        taken = await queue.take(here, owner="me")
        assert taken is not None
        assert taken.job.priority == 7

        async def beaten_meanwhile():
            await queue.beat(taken.job, done=1, total=2, said="")

        taken.hold.free()
        slow = beside(desk, beaten_meanwhile)
        assert await slow.take(here, owner="slow") is None  # what was beaten meanwhile is not put back
        assert (await queue.get(1)).state is State.RUNNING


async def test_a_moment_that_somebody_else_sets_first_is_his(opened, clock):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(TRAIN, every=timedelta(days=1))
        clock.on(days=900)
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        await queue.end(taken.job, State.DONE)
        taken.hold.free()
        clock.on(days=-900)
        again = await queue.get(2)

        async def changed_meanwhile():
            await desk.store.put(msgspec.structs.replace(again, priority=7), replaces=revision(again))

        slow = beside(desk, changed_meanwhile)
        assert await slow.take(machine(desk), owner="slow") is None
        assert (await queue.get(2)).priority == 7
        assert await queue.take(machine(desk), owner="me") is None
        assert (await queue.get(2)).due == clock.now() + timedelta(days=1)


async def test_a_job_whose_taking_fails_is_free_again(opened, monkeypatch):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(TRAIN)

        async def fails(self, job, machine, **named):
            raise OSError("the store is gone")

        with monkeypatch.context() as broken:
            broken.setattr(Queue, "_claimed", fails)
            with pytest.raises(OSError, match="the store is gone"):
                await queue.take(machine(desk), owner="me")
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        taken.hold.free()


async def test_the_files_of_jobs_that_are_forgotten_go(opened, tmp_path):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(TRAIN)
        taken = await queue.take(machine(desk), owner="me")
        assert taken is not None
        await queue.end(taken.job, State.DONE)
        taken.hold.free()
        assert (tmp_path / "home" / "jobs" / "1.worker").exists()
        assert await queue.clear() == 1
        assert list((tmp_path / "home" / "jobs").iterdir()) == []
        with pytest.raises(ValidationError, match="There is no job 1"):
            await queue.get(1)
