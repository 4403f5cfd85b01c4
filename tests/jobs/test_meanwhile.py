"""What changed while a worker, a leader or a look had its mind elsewhere."""

import signal
import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest

from ara.accounts import Accounts
from ara.alerts import Webhooks
from ara.errors import ValidationError
from ara.jobs import Backup, Clean, Needs, Predict, Queue, Score, State, Update, memory
from ara.jobs.announced import announced
from ara.jobs.course import Course
from ara.jobs.entering import alive_of
from ara.jobs.job import Job
from ara.jobs.journal import Journal
from ara.jobs.leader import Leader, leading
from ara.jobs.machine import Machine
from ara.jobs.work import do, words
from tests.jobs.test_leader import looked, seconds

__all__ = ["seconds"]


def hear(progress):
    return True


async def test_who_was_followed_while_it_was_silent_takes_the_lead_from_nobody_by_leaving(opened, seconds):
    async with opened("memory:") as desk:
        one, two = (Leader(desk, owner=name, host=f"host {name}") for name in ("one", "two"))
        await looked(seconds, one, two)
        assert await looked(seconds, two, after=30) == [True]
        assert one.leads  # it has not looked since
        await one.leave()
        assert not one.leads
        assert (await leading(desk))[0] == "host two"
        await one.leave()
        assert (await leading(desk))[0] == "host two"


async def test_an_order_that_changes_while_it_is_carried_out_is_ended_first(opened, seconds, tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'ara.db'}"
    async with opened(url, **{"jobs_schedule.score": "1h"}) as desk:
        await looked(seconds, Leader(desk, owner="one", host="here"))
        clock.on(hours=2)
        taken = await Queue(desk).take(Machine.of(desk.settings), owner="me")
        assert taken is not None
    async with opened(url, **{"jobs_schedule.score": "2h"}) as desk:
        one, queue = Leader(desk, owner="one", host="here"), Queue(desk)
        for _ in range(2):  # it is asked to end, and waited for
            await looked(seconds, one)
            (running,) = await alive_of(desk.store, name="score")
            assert (running.state, running.stop) == (State.RUNNING, True)
        await queue.end(running, State.CANCELLED)
        taken.hold.free()
        await looked(seconds, one)
        (fresh,) = await alive_of(desk.store, name="score")
        assert (fresh.number > running.number, fresh.every) == (True, 7200.0)


async def test_a_job_that_another_worker_has_by_now_is_not_put_back(opened):
    async with opened("memory:") as desk:
        queue = Queue(desk)
        await queue.add(Score())
        taken = await queue.take(Machine.of(desk.settings), owner="me")
        assert taken is not None
        taken.hold.free()
        other = await queue.take(Machine.of(desk.settings), owner="other")  # it takes the first for dead
        assert other is not None
        assert await queue.put_back(taken.job) is None
        assert (await queue.get(taken.job.number)).owner == "other"
        other.hold.free()


async def test_forecasts_of_the_installation_are_told_to_administrators_who_may_come_in(opened, clock):
    clock.instant = datetime(2021, 3, 31, 22, tzinfo=UTC)
    async with opened("memory:", data_providers="sample", webhooks_networks="127.0.0.0/8") as desk:
        users, hooks, heard = Accounts(desk).users, Webhooks(desk), {}
        for name, role in (("chief", "admin"), ("gone", "admin"), ("ada", "trader")):
            user = await users.add(f"{name}@x.org", role=role)
            heard[user.id], _ = await hooks.add(user.id, "http://127.0.0.1:9/", ["prediction_complete"])
        chief, gone, ada = heard
        await users.disable(gone)

        async def told():
            return [len(await hooks.log(heard[one])) for one in (chief, gone, ada)]

        work = Predict(symbols=("AAPL",), days=1, model="hist")
        job = Job(id="7", number=7, work=work, due=clock.now(), made_at=clock.now())
        made = await do(desk, work, watch=hear)
        lost = {"forecasts": {**made["forecasts"], "MSFT": "0" * 64}}
        for _ in range(2):
            await announced(desk, job, State.DONE, lost, "")
            assert await told() == [1, 0, 0]
        await announced(desk, msgspec.structs.replace(job, account=ada), State.DONE, made, "")
        assert await told() == [1, 0, 1]


async def test_an_empty_lake_is_not_backed_up(opened, tmp_path):
    folder = tmp_path / "copies"
    async with opened("memory:", data_providers="sample") as desk:
        told = await do(desk, Backup(folder=str(folder)), watch=hear)
        assert (told["name"], told["files"], told["copied"]) == (None, 0, 0)
        assert (await do(desk, Update(), watch=hear))["instruments"] == 0
    assert not folder.exists()


def test_a_process_that_ends_while_memory_is_counted_is_left_out(tmp_path, monkeypatch):
    rest = " ".join("0" for _ in range(30))
    for name, parent in (("self", 1), ("12", 1), ("13", 12), ("14", 12)):
        (tmp_path / name).mkdir()
        fields = f"{parent} {rest}".split()
        fields[20] = "3"
        (tmp_path / name / "stat").write_text(f"{name} (a) name) S {' '.join(fields)}")
    (tmp_path / "13" / "stat").unlink()
    (tmp_path / "meminfo").write_text("")
    monkeypatch.setattr(memory, "_PROC", tmp_path)
    assert sorted(memory.family(12)) == [12, 14]
    assert memory.taken(12) == 2 * 3 * memory.os.sysconf("SC_PAGE_SIZE")


async def test_a_job_is_killed_beyond_its_bounds_not_within_and_a_stranger_by_its_old_number_never(opened, tmp_path):
    lock = tmp_path / "1.work"
    async with opened("memory:") as desk:
        job = await Queue(desk).add(Score(), needs=Needs(seconds=100, memory=1 << 30))
        course = Course(
            desk=desk,
            queue=Queue(desk),
            workers=desk.workers,
            owner="me",
            job=job,
            journal=Journal(job.number, desk.clock),
        )
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:  # noqa: ASYNC220
            lock.write_text(str(child.pid))
            course._bound(lock)
            assert (course._over, child.poll()) == ("", None)
            course._began -= 101
            lock.write_text("4194305")  # no number of a process
            course._bound(lock)
            assert (course._over, child.poll()) == ("", None)
            lock.write_text(str(child.pid))
            course._bound(lock)
            assert "longer than the 100 s" in course._over
            assert child.wait(60) == -signal.SIGKILL


def test_a_job_is_given_no_time_that_there_is_not():
    for seconds_ in (-1, 10**9):
        with pytest.raises(ValidationError, match="seconds"):
            Needs(seconds=seconds_)
    assert Needs(seconds=0).seconds == 0


def test_what_is_cleaned_up_is_said_in_a_line():
    assert words(Clean(days=3)) == "forget jobs that ended 3 days ago"
