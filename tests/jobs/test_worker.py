import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ara.jobs import Needs, Queue, Review, State, Train, Tune, Worker, memory
from ara.jobs.work import do, words
from ara.models.registry import Registry, Stage
from ara.models.registry.stages import deploy
from ara.models.tuning import Plan
from ara.prediction.training import Lesson
from ara.prediction.tuning import Quest, kept_studies
from ara.store import revision

TRAIN = Train(symbols=("AAPL",), lesson=Lesson(family="ewma_t", params={}, days=2, period="6y"))
TUNE = Tune(
    symbols=("AAPL",),
    quest=Quest(
        lesson=Lesson(family="ewma_t", params={}, days=2, period="6y"),
        plan=Plan(family="ewma_t", cut=0, trials=2, storage=""),
    ),
)
KEPT = ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)]
LONG = Tune(symbols=("AAPL",), quest=replace(TUNE.quest, plan=replace(TUNE.quest.plan, trials=2000)))


@pytest.fixture
def today(clock):
    """A day on which all bars of the sample are public."""
    clock.instant = datetime(2024, 1, 2, 12, tzinfo=UTC)


async def until(queue, number, holds):
    """Wait until a job is as it should be."""
    while not holds(job := await queue.get(number)):  # noqa: ASYNC110 - another process changes it
        await asyncio.sleep(0.05)
    return job


async def test_jobs_are_done_by_priority_and_what_came_of_them_is_kept(opened, today):
    async with opened() as desk:
        queue, heard = Queue(desk), []
        await queue.add(TRAIN)
        await queue.add(TUNE, priority=1)
        await queue.add(msgspec.structs.replace(TRAIN, symbols=("NOSUCH",)))
        await Worker(desk, told=lambda job: heard.append((job.number, job.state.value))).run(once=True)
        done = {job.number: job for job in await queue.all()}
        assert [done[number].state for number in (1, 2, 3)] == [State.DONE, State.DONE, State.FAILED]
        assert heard[0] == (2, "running")
        assert {(2, "done"), (1, "running"), (1, "done"), (3, "failed")} <= set(heard)
        assert "NOSUCH" in done[3].words
        kept = {one.name: one for one in await Registry(desk).all()}
        assert done[1].result["model"] in kept
        assert (done[2].result["trials"], done[2].result["stage"]) == (2, "candidate")
        assert [one.study for one in await kept_studies(desk)] == [done[2].result["study"]]
        assert done[2].result["winner"]["number"] in {0, 1}


async def test_a_job_that_takes_more_memory_than_it_may_is_stopped_and_says_so(opened, today):
    async with opened() as desk:
        queue = Queue(desk)
        await queue.add(LONG, needs=Needs(memory=20 << 20))
        await queue.add(TRAIN)
        await Worker(desk).run(once=True)
        stopped = await queue.get(1)
        assert stopped.state is State.FAILED
        assert "0.0195 GB are allowed" in stopped.words
        assert "--memory" in stopped.words
        assert (await queue.get(2)).state is State.DONE


async def test_a_running_job_that_is_cancelled_ends_and_keeps_its_trials(opened, today, monkeypatch):
    monkeypatch.setattr("ara.jobs.course._BEAT", 0.1)  # how often it tells how far it is
    async with opened() as desk:
        queue = Queue(desk)
        await queue.add(LONG)
        work = asyncio.create_task(Worker(desk).run(once=True))
        await until(queue, 1, lambda job: job.done > 0 or job.ended)
        await queue.cancel(1)
        await work
        assert (await queue.get(1)).state is State.CANCELLED
        assert len((await kept_studies(desk))[0].tried) > 0


async def test_a_worker_that_ends_puts_its_job_back_and_takes_no_other(opened, today):
    async with opened() as desk:
        queue = Queue(desk)
        await queue.add(LONG)
        worker = Worker(desk)
        work = asyncio.create_task(worker.run())
        await until(queue, 1, lambda job: job.state is State.RUNNING)
        worker.stop()
        await work
        assert [(one.state, one.tries) for one in await queue.all()] == [(State.WAITING, 0)]


async def test_a_worker_whose_job_was_given_to_another_lets_it_be(opened, today):
    async with opened() as desk:
        queue = Queue(desk)
        await queue.add(LONG)
        work = asyncio.create_task(Worker(desk).run(once=True))
        job = await until(queue, 1, lambda job: job.state is State.RUNNING)
        await desk.store.put(msgspec.structs.replace(job, owner="another", host="elsewhere"), replaces=revision(job))
        await work
        assert ((await queue.get(1)).owner, (await queue.get(1)).state) == ("another", State.RUNNING)


def begin(tmp_path: Path, url: str, name: str) -> tuple[subprocess.Popen[bytes], Path]:
    said = tmp_path / f"{name}.txt"
    words = [sys.executable, str(Path(__file__).parent / "workman.py"), str(tmp_path / "home"), url, str(said)]
    return subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL), said


@pytest.mark.parametrize("kept_url", KEPT, indirect=True)
async def test_a_job_of_a_killed_worker_is_taken_again_and_goes_on(opened, kept_url, tmp_path, today):
    async with opened(kept_url) as desk:
        queue = Queue(desk)
        await queue.add(LONG)
        process, _ = begin(tmp_path, kept_url, "killed")
        lock = tmp_path / "home" / "jobs" / "1.work"
        while not (lock.exists() and lock.read_text() and len(await kept_studies(desk)) == 1):
            assert process.poll() is None
            await asyncio.sleep(0.05)
        family = memory.family(process.pid)
        assert len(family) > 2
        process.kill()
        process.wait()
        job = await queue.get(1)
        assert job.state is State.RUNNING
        shorter = replace(LONG.quest, plan=replace(LONG.quest.plan, trials=10))
        await desk.store.put(
            msgspec.structs.replace(job, work=msgspec.structs.replace(LONG, quest=shorter)), replaces=revision(job)
        )
        again, said = begin(tmp_path, kept_url, "again")
        await asyncio.to_thread(again.wait)
        assert said.read_text().split("\n")[:2] == ["1 running 2", "1 done 2"]
        while set(family) & set(memory.family(1)):  # what it had started ends within moments  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        job = await queue.get(1)
        assert (job.state, job.tries, job.result["trials"] >= 10) == (State.DONE, 2, True)


@pytest.mark.parametrize("kept_url", KEPT, indirect=True)
async def test_two_workers_share_a_line_and_each_job_is_begun_once(opened, kept_url, tmp_path, today):
    async with opened(kept_url) as desk:
        for period in ("5y", "6y", "7y"):
            await Queue(desk).add(msgspec.structs.replace(TRAIN, lesson=replace(TRAIN.lesson, period=period)))
        workers = [begin(tmp_path, kept_url, name) for name in ("one", "two")]
        for process, _ in workers:
            await asyncio.to_thread(process.wait)
        lines = [line for _, said in workers if said.exists() for line in said.read_text().splitlines()]
        assert sorted(lines) == sorted(f"{number} {state} 1" for number in range(1, 4) for state in ("done", "running"))


async def test_a_champion_that_grew_old_is_tuned_anew_by_a_job_and_the_winner_goes_into_its_shadow(opened, clock):
    clock.instant = datetime(2020, 2, 3, tzinfo=UTC)
    async with opened() as desk:
        queue, registry = Queue(desk), Registry(desk)
        await do(desk, TRAIN, watch=lambda progress: True)
        await deploy(registry, (await registry.all())[0], force=True)
        clock.instant = datetime(2021, 3, 1, tzinfo=UTC)
        for _ in range(2):
            told = await do(desk, Review(tune=True, days=30), watch=lambda progress: True)
            assert (told["reviews"][0]["deed"], told["reviews"][0]["job"]) == ("tune", 1)
            assert told["reviews"][0]["done"]
        job = (await queue.all())[0]
        assert isinstance(job.work, Tune)
        assert (job.work.shadow, job.work.symbols, job.work.quest.lesson.days) == (True, ("AAPL",), 2)
        fewer = replace(job.work.quest, plan=replace(job.work.quest.plan, trials=2))
        result = await do(desk, msgspec.structs.replace(job.work, quest=fewer), watch=lambda progress: True)
        assert result["stage"] == "shadow"
        stages = {one.name: one.stage for one in await registry.all()}
        assert stages == {"ewma_t@1": Stage.CHAMPION, result["model"]: Stage.SHADOW}


@pytest.mark.slow
async def test_a_champion_with_nothing_to_tune_is_trained_anew_instead(opened, clock):
    clock.instant = datetime(2020, 2, 3, tzinfo=UTC)
    async with opened() as desk:
        registry = Registry(desk)
        lesson = Lesson(family="pooled_har", params={}, days=2, period="3y", validate=False)
        await do(desk, Train(symbols=("AAPL",), lesson=lesson), watch=lambda progress: True)
        await deploy(registry, (await registry.all())[0], force=True)
        clock.instant = datetime(2021, 3, 1, tzinfo=UTC)
        told = await do(desk, Review(tune=True, days=30, families=("pooled_har", "hist")), watch=lambda progress: True)
        assert [one.get("deed") for one in told["reviews"]] == ["train", None]
        assert "no champion" in told["reviews"][1]["error"]
        assert await Queue(desk).all() == []
        assert {one.stage for one in await registry.all()} == {Stage.CHAMPION, Stage.SHADOW}


async def test_a_review_without_a_champion_fails_in_words(opened, today):
    async with opened() as desk:
        await Queue(desk).add(Review())
        await Worker(desk).run(once=True)
        job = await Queue(desk).get(1)
        assert job.state is State.FAILED
        assert "no champion" in job.words


def test_memory_is_that_of_a_process_and_all_that_it_started():
    block = "x = bytearray(60 << 20); print(1, flush=True); input()"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {block!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", nested], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.read(1) == b"1"
        family = memory.family(process.pid)
        assert len(family) == 2
        assert family[0] == process.pid
        assert memory.taken(process.pid) > 60 << 20
        told = memory._from_ps() if Path("/bin/ps").exists() else memory._from_proc()
        assert told[family[1]][0] == process.pid
        assert abs(told[family[1]][1] - memory._from_proc()[family[1]][1]) < 8 << 20
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    while memory.family(process.pid):
        time.sleep(0.01)
    assert memory.taken(process.pid) == 0


def test_a_job_is_said_in_a_line():
    assert words(TRAIN) == "train ewma_t on AAPL"
    assert words(msgspec.structs.replace(TUNE, symbols=tuple("ABCDE"))) == "tune ewma_t on A B C and 2 more, 2 trials"
    cluster = replace(TUNE.quest, plan=replace(TUNE.quest.plan, on="ray"))
    assert words(msgspec.structs.replace(TUNE, quest=cluster)) == "tune ewma_t on AAPL, 2 trials on Ray"
    assert words(Review()) == "review all champions"
    assert words(Review(families=("har_t", "fast"))) == "review har_t, fast"
