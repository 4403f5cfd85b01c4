import asyncio
import threading
from contextlib import contextmanager

import pytest

from ara.errors import CancelledError, ModelError, ValidationError, WorkerError
from ara.logs import current, with_correlation
from ara.settings import Settings, WorkerSettings
from ara.workers import Progress, Workers


async def test_a_thread_gives_the_result(workers):
    def work(a, *, b):
        return a + b, threading.current_thread() is threading.main_thread()

    assert await workers.run(work, 1, b=2) == (3, False)


async def test_what_is_raised_arrives_as_it_is(workers):
    error = ModelError("no", hint="try again", rows=3)

    def work():
        raise error

    with pytest.raises(ModelError) as caught:
        await workers.run(work)
    assert caught.value is error


async def test_stop_iteration_arrives_as_a_runtime_error(workers):
    def work():
        return next(iter(()))

    with pytest.raises(RuntimeError, match="work raised StopIteration"):
        await workers.run(work)


async def test_the_correlation_id_goes_along(workers):
    with with_correlation("abc-1"):
        assert await workers.run(current) == "abc-1"


async def test_no_more_work_runs_at_once_than_there_are_threads(tmp_path):
    crew = Workers(Settings(home=str(tmp_path), workers=WorkerSettings(threads=2)))
    both, third = threading.Barrier(2), threading.Event()
    running, most, guard = 0, 0, threading.Lock()

    def work(number):
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        if number < 2:
            both.wait(10)
        else:
            third.set()
        with guard:
            running -= 1

    await asyncio.gather(*(crew.run(work, number) for number in range(6)))
    await crew.close()
    assert third.is_set()
    assert most == 2


async def test_watch_hears_of_progress_and_ends_the_work(workers):
    heard = []

    def work(count, watch):
        for done in range(count):
            if not watch(Progress(done, count, "counting")):
                return done
        return count

    def watch(progress):
        heard.append(progress)
        return progress.done < 2

    assert await workers.run(work, 5, watch=watch) == 2
    assert heard == [Progress(0, 5, "counting"), Progress(1, 5, "counting"), Progress(2, 5, "counting")]
    assert await workers.run(work, 5) == 5


async def test_watch_answers_false_once_the_task_was_cancelled(workers):
    begun, answers, ended = threading.Event(), [], threading.Event()
    go_on = threading.Event()

    def work(watch):
        answers.append(watch(Progress(0)))
        begun.set()
        go_on.wait(10)
        answers.append(watch(Progress(1)))
        ended.set()

    heard = []
    task = asyncio.create_task(workers.run(work, watch=lambda progress: heard.append(progress) or True))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await asyncio.to_thread(ended.wait, 10)
    assert answers == [True, False]
    assert heard == [Progress(0)]


async def test_a_function_without_watch_refuses_one(workers):
    def work():
        return 1

    with pytest.raises(ValidationError, match=r"work has no parameter 'watch'"):
        await workers.run(work, watch=lambda _: True)
    with pytest.raises(ValidationError, match=r"builtins.max has no parameter 'watch'"):
        await workers.run(max, 1, 2, watch=lambda _: True)
    assert await workers.run(max, 1, 2) == 2


async def test_work_runs_in_a_thread_or_a_process_and_nowhere_else(workers):
    with pytest.raises(ValidationError, match="where is 'moon'; work runs in a 'thread' or a 'process'"):
        await workers.run(max, 1, 2, where="moon")


async def test_closed_workers_refuse_work(workers):
    await workers.close()
    with pytest.raises(WorkerError, match="are closed"):
        await workers.run(max, 1, 2)


async def test_closing_ends_what_watches_and_tells_what_waits(workers):
    begun = threading.Event()

    def work(watch):
        begun.set()
        count = 0
        while watch(Progress(count)):
            count += 1
        return "asked to end"

    def never():
        raise AssertionError("it waited its turn, so it must not run")

    running = asyncio.create_task(workers.run(work))
    await asyncio.to_thread(begun.wait, 10)
    waiting = asyncio.create_task(workers.run(never))
    await asyncio.sleep(0)
    await workers.close()
    assert await running == "asked to end"
    with pytest.raises(CancelledError, match="closed before this work began"):
        await waiting


async def test_a_task_that_waits_its_turn_can_be_cancelled(workers):
    begun, go_on = threading.Event(), threading.Event()

    def work():
        begun.set()
        go_on.wait(10)

    def never():
        raise AssertionError("it was cancelled before its turn")

    running = asyncio.create_task(workers.run(work))
    await asyncio.to_thread(begun.wait, 10)
    waiting = asyncio.create_task(workers.run(never))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await running


async def test_each_run_is_a_stage_of_telemetry(tmp_path):
    stages = []

    class Told:
        @contextmanager
        def stage(self, name, **labels):
            stages.append((name, labels))
            yield

    crew = Workers(Settings(home=str(tmp_path)), telemetry=Told())
    await crew.run(max, 1, 2)
    await crew.close()
    assert stages == [("worker", {"function": "builtins.max", "where": "thread"})]


def test_one_crew_serves_one_event_loop_after_another(tmp_path):
    crew = Workers(Settings(home=str(tmp_path)))
    assert [asyncio.run(crew.run(max, 1, 2)) for _ in range(2)] == [2, 2]
    asyncio.run(crew.close())
