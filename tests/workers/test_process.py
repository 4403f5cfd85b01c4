import asyncio
import logging
import math
import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from ara.errors import CancelledError, ModelError, UnknownSymbolError, ValidationError, WorkerError
from ara.logs import current, with_correlation
from ara.settings import Secret, Settings, TelemetrySettings, WorkerSettings
from ara.workers import Progress, Workers, job, wire
from tests.workers import work


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    frame: pl.DataFrame
    array: NDArray[np.float64]
    day: date
    at: datetime
    price: Decimal
    secret: Secret
    path: Path
    scale: np.float32
    others: tuple["Load", ...] = ()


def same_load(load: Load) -> Load:
    assert isinstance(load, Load)
    return load


def wants_array(array: NDArray[np.float64]) -> None: ...


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(job, "GRACE", 0.3)


async def wait_for(condition):
    for _ in range(1000):
        if found := condition():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children() -> list[str]:
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [pid for file in found for pid in file.read_text().split()]


async def test_values_of_many_kinds_come_back_equal(workers):
    sent = Load(
        frame=pl.DataFrame({"at": [datetime(2020, 1, 1, tzinfo=UTC)], "close": [1.5], "word": ["é"], "none": [None]}),
        array=np.array([[1.0, math.nan], [-0.0, math.inf]]),
        day=date(2020, 2, 29),
        at=datetime(2020, 1, 1, 12, tzinfo=UTC),
        price=Decimal("1.10"),
        secret=Secret("s3cr\udce9t"),
        path=Path("a/b"),
        scale=np.float32(0.5),
    )
    sent = Load(**{name: getattr(sent, name) for name in Load.__slots__ if name != "others"}, others=(sent,))
    back = await workers.run(same_load, sent, where="process")
    for one, other in ((back, sent), (back.others[0], sent.others[0])):
        assert one.frame.equals(other.frame)
        assert one.frame.schema == other.frame.schema
        assert one.array.tobytes() == other.array.tobytes()
        assert [one.day, one.at, one.price, one.secret, one.path] == [
            other.day,
            other.at,
            other.price,
            other.secret,
            other.path,
        ]
        assert type(one.scale) is np.float32


async def test_plain_values_need_no_annotation(workers):
    sent = {"a": [1, -2.5, None, True, "é", b"\x00\xff"], "n": math.nan, "x": {"y": np.arange(3)}, "k": np.int64(3)}
    back = await workers.run(work.echo, sent, where="process")
    assert back["a"] == sent["a"]
    assert math.isnan(back["n"])
    assert back["x"]["y"].tolist() == [0, 1, 2]
    assert back["k"] == 3


async def test_settings_arrive_with_their_secrets(workers):
    settings = Settings(home="/nowhere", telemetry=TelemetrySettings(sentry_dsn=Secret("https://k@example.org/1")))
    assert await workers.run(work.home, settings, where="process") == "/nowherehttps://k@example.org/1"


async def test_every_way_of_passing_an_argument_is_typed(workers):
    got = await workers.run(work.collect, 1, date(2020, 1, 1), date(2020, 1, 2), x=Decimal("1.0"), where="process")
    assert got == ["1", "datetime.date(2020, 1, 1)", "datetime.date(2020, 1, 2)", "x=Decimal('1.0')"]


async def test_a_child_leads_its_group_and_computes_on_one_thread(workers, monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.chdir(tmp_path)
    seen = await workers.run(work.whereabouts, where="process")
    assert seen["pid"] == seen["group"] != os.getpgrp()
    assert {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"} <= set(seen["threads"])
    assert seen["place"] == str(tmp_path)


async def test_a_child_is_kept_until_the_environment_changes(workers, monkeypatch):
    first = await workers.run(work.whereabouts, where="process")
    second = await workers.run(work.whereabouts, where="process")
    monkeypatch.setenv("ARA_SOMETHING", "new")
    third = await workers.run(work.whereabouts, where="process")
    assert first["pid"] == second["pid"] != third["pid"]
    assert not alive(first["pid"])


async def test_an_idle_child_that_died_is_replaced(workers):
    first = await workers.run(work.whereabouts, where="process")
    os.kill(first["pid"], signal.SIGKILL)
    await wait_for(lambda: not alive(first["pid"]))
    assert (await workers.run(work.whereabouts, where="process"))["pid"] != first["pid"]


async def test_a_working_folder_that_is_gone_stops_nothing(workers, monkeypatch, tmp_path):
    place = tmp_path / "gone"
    place.mkdir()
    monkeypatch.chdir(place)
    await workers.run(work.echo, 1, where="process")
    place.rmdir()
    assert await workers.run(work.echo, 2, where="process") == 2


async def test_what_is_printed_goes_to_the_log(workers, caplog):
    caplog.set_level(logging.DEBUG, "ara.workers")
    assert await workers.run(work.noise, where="process") == ""
    lines = [record.getMessage() for record in caplog.records if record.name == "ara.workers"]
    assert [line.rpartition(": ")[2] for line in lines] == ["printed", "\x00ara worker\x00 written", "from a child"]
    assert all("work.noise printed" in line for line in lines)
    caplog.clear()
    await workers.run(work.echo, 1, where="process")
    assert [record for record in caplog.records if record.name == "ara.workers"] == []


async def test_noise_while_python_starts_is_skipped(workers, monkeypatch, tmp_path):
    tmp_path.joinpath("sitecustomize.py").write_text("print('x' * 5000)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert await workers.run(work.echo, 1, where="process") == 1


async def test_logs_of_the_child_are_told_in_the_parent_under_the_same_id(workers, caplog):
    caplog.set_level(logging.INFO, "ara")
    heard = []

    class Ear(logging.Handler):
        def emit(self, record):
            heard.append((record.name, record.levelname, record.getMessage(), current()))

    ear = Ear()
    logging.getLogger("ara.somewhere").addHandler(ear)
    try:
        with with_correlation("job-7"):
            assert await workers.run(work.logged, where="process") == "job-7"
    finally:
        logging.getLogger("ara.somewhere").removeHandler(ear)
    assert heard == [("ara.somewhere", "WARNING", "half of it ?", "job-7")]
    assert await workers.run(work.logged, where="process") == ""


@pytest.mark.parametrize(
    ("function", "argument", "words"),
    [
        (work.leave, 3, "with exit code 3"),
        (work.leave, 0, "with exit code 0"),
        (work.kill_self, signal.SIGKILL, r"by signal 9 \(SIGKILL\), as it does where memory runs out"),
        (work.kill_self, signal.SIGUSR1, r"by signal 10 \(SIGUSR1\)\."),
        (work.kill_self, 40, r"by signal 40\."),
    ],
)
async def test_a_crash_names_the_function_and_how_it_ended(workers, function, argument, words):
    with pytest.raises(WorkerError, match=rf"work\.{function.__name__} crashed: its worker process ended {words}"):
        await workers.run(function, int(argument), where="process")
    assert await workers.run(work.echo, 1, where="process") == 1


async def test_a_crash_quotes_what_the_child_printed_last(workers):
    with pytest.raises(WorkerError) as caught:
        await workers.run(work.leave, 3, where="process")
    assert caught.value.context["exit_code"] == 3
    assert caught.value.context["function"].endswith("work.leave")
    assert any("last words" in note for note in caught.value.__notes__)
    with pytest.raises(WorkerError, match="SIGSEGV") as caught:
        await workers.run(work.crash, where="process")
    assert any("Segmentation fault" in note and "in crash" in note for note in caught.value.__notes__)


async def test_errors_of_ara_arrive_as_they_were(workers):
    with pytest.raises(work.UnluckyError) as caught:
        await workers.run(work.unlucky, where="process")
    error = caught.value
    assert (error.message, error.hint) == ("3 rows are unlucky", "take more")
    assert error.context == {"rows": 3, "at": "2020-01-01T00:00:00Z"}
    assert "in unlucky" in error.__notes__[0]
    with pytest.raises(UnknownSymbolError) as caught:
        await workers.run(work.unknown, where="process")
    assert caught.value.message == "no such symbol ?"
    assert caught.value.context == {"nearest": "['AAPL']", "odd": str(2**100)}


async def test_a_class_of_error_that_only_the_child_knows_arrives_as_its_base(workers, tmp_path, monkeypatch):
    tmp_path.joinpath("faraway.py").write_text(
        "from ara.errors import ModelError\n"
        "def raises() -> None:\n"
        "    class Local(ModelError): pass\n"
        "    raise Local('too far')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import faraway

    with pytest.raises(ModelError, match="too far") as caught:
        await workers.run(faraway.raises, where="process")
    assert type(caught.value) is ModelError


async def test_other_errors_become_a_worker_error_that_names_them(workers):
    with pytest.raises(WorkerError, match=r"work\.stranger failed in a worker process: LookupError: nothing"):
        await workers.run(work.stranger, where="process")
    with pytest.raises(WorkerError, match=r"quits failed in a worker process: SystemExit: enough"):
        await workers.run(work.quits, where="process")
    assert await workers.run(work.echo, 1, where="process") == 1


async def test_a_result_that_cannot_leave_is_an_error(workers):
    with pytest.raises(WorkerError, match=r"The result of .*gives_an_object can't leave .*: a builtins.object"):
        await workers.run(work.gives_an_object, where="process")
    with pytest.raises(WorkerError, match=r"work.lies returned what its annotation doesn't describe: Expected"):
        await workers.run(work.lies, where="process")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "a builtins.object can't be sent"),
        (2**70, "an integer has more than 64 bits"),
        (np.array([object()]), "a ndarray of dtype object can't be sent"),
        (np.ma.masked_array([1.0], mask=[True]), "a MaskedArray of dtype float64 can't be sent"),
        (pl.DataFrame({"a": [object()]}, schema={"a": pl.Object}), "a frame with a column of Python objects"),
        (pl.LazyFrame({"a": [1]}), "LazyFrame can't be sent"),
        ("\ud800", "surrogates not allowed"),
    ],
    ids=["object", "int", "objects", "masked", "object frame", "lazy", "surrogate"],
)
async def test_what_cannot_travel_is_named(workers, value, words):
    with pytest.raises(
        ValidationError, match=rf"The argument 'value' of .*echo can't go to a worker process: .*{words}"
    ):
        await workers.run(work.echo, value, where="process")


async def test_a_value_that_holds_itself_is_refused(workers):
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValidationError, match="it contains itself"):
        await workers.run(work.echo, value, where="process")


async def test_arguments_must_fit_the_signature_and_the_annotations(workers):
    with pytest.raises(ValidationError, match="echo can't be called so: missing a required argument: 'value'"):
        await workers.run(work.echo, where="process")
    with pytest.raises(ValidationError, match=r"The argument 'code' of .*leave doesn't fit: Expected `int`, got `str`"):
        await workers.run(work.leave, "x", where="process")
    with pytest.raises(ValidationError, match=r"The argument 'path' of .*wants_path doesn't fit"):
        await workers.run(work.wants_path, 3, where="process")
    with pytest.raises(ValidationError, match=r"expected ndarray, got list"):
        await workers.run(wants_array, [1.0], where="process")


def test_annotations_must_be_there_at_run_time(tmp_path, monkeypatch):
    tmp_path.joinpath("absent.py").write_text("def work(value: 'Missing') -> None: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import absent

    crew = Workers(Settings(home=str(tmp_path)))
    with pytest.raises(ValidationError, match=r"The annotations of absent.work can't be read: name 'Missing'"):
        asyncio.run(crew.run(absent.work, 1, where="process"))
    asyncio.run(crew.close())


async def test_only_top_level_functions_of_modules_can_be_called(workers, monkeypatch):
    def inner():
        return 1

    for function, words in (
        (inner, "is not the top-level function of that name"),
        (lambda: 1, "is not the top-level function"),
        (partial(work.echo, 1), "has no name that a worker process could import"),
        (work.Kept().method, "has no name|is not the top-level function"),
    ):
        with pytest.raises(ValidationError, match=words):
            await workers.run(function, where="process")
    script = partial(work.echo)
    script.__module__, script.__qualname__ = "__main__", "echo"
    with pytest.raises(ValidationError, match="echo stands in the script itself"):
        await workers.run(script, where="process")


async def test_functions_without_a_signature_run_too(workers):
    assert await workers.run(math.sqrt, 4.0, where="process") == 2.0


async def test_progress_is_told_and_false_ends_the_work(workers):
    heard = []

    def watch(progress):
        heard.append(progress)
        return progress.done < 3

    assert await workers.run(work.count, 10, where="process", watch=watch) == 3
    assert heard[0] == Progress(0, 10, "half ?")
    assert await workers.run(work.count, 10, where="process") == 10


async def test_a_watch_that_fails_ends_the_work_with_its_error(workers):
    with pytest.raises(ZeroDivisionError):
        await workers.run(work.count, 10, where="process", watch=lambda progress: 1 // progress.done)
    assert await workers.run(work.count, 10, where="process") == 10


async def test_a_watch_that_meets_a_closed_pipe_is_no_crash_of_the_child(workers):
    def watch(progress):
        raise BrokenPipeError("stderr is closed")

    with pytest.raises(BrokenPipeError, match="stderr is closed"):
        await workers.run(work.count, 10, where="process", watch=watch)


async def test_a_watch_that_outlives_its_call_answers_false(workers):
    await workers.run(work.keep_watch, where="process")
    assert await workers.run(work.watch_late, where="process") is False


@pytest.mark.parametrize("deaf", [False, True], ids=["by SIGTERM", "by SIGKILL"])
async def test_cancelling_kills_the_child_and_all_that_it_started(workers, tmp_path, folders, hasty, deaf):
    mark = tmp_path / "mark"
    task = asyncio.create_task(workers.run(work.begin_and_hang, mark, deaf=deaf, begets=True, where="process"))
    await wait_for(mark.exists)
    pids = [int(word) for word in mark.read_text().split()]
    assert all(map(alive, pids))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait_for(lambda: not any(map(alive, pids)))
    assert list(folders.iterdir()) == []
    assert await workers.run(work.echo, 1, where="process") == 1


async def test_a_timeout_is_a_timeout(workers, tmp_path):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await workers.run(work.begin_and_hang, tmp_path / "mark", where="process")


async def test_work_that_watches_may_wind_up_when_it_is_cancelled(workers, tmp_path):
    mark = tmp_path / "mark"
    task = asyncio.create_task(workers.run(work.wind_up, mark, where="process"))
    await wait_for(mark.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert mark.with_suffix(".wound").exists()


async def test_a_task_that_waits_its_turn_leaves_without_a_child(workers, tmp_path):
    mark = tmp_path / "mark"
    running = asyncio.create_task(workers.run(work.begin_and_hang, mark, where="process"))
    await wait_for(mark.exists)
    waiting = asyncio.create_task(workers.run(work.leave, 3, where="process"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_closing_kills_what_runs_and_leaves_no_process_behind(workers, tmp_path):
    mark = tmp_path / "mark"
    before = set(children())
    task = asyncio.create_task(workers.run(work.begin_and_hang, mark, where="process"))
    await wait_for(mark.exists)
    await workers.close()
    with pytest.raises(CancelledError, match=r"begin_and_hang was cancelled"):
        await task
    assert set(children()) <= before


async def test_closing_ends_idle_children_without_force(workers, tmp_path):
    mark = tmp_path / "mark"
    await workers.run(work.at_exit, mark, where="process")
    await workers.close()
    assert mark.exists()


async def test_a_child_that_does_not_end_is_killed(workers, hasty):
    pid = await workers.run(work.linger, where="process")
    await workers.close()
    assert not alive(pid)


async def test_python_that_cannot_start_is_an_error(workers, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(WorkerError, match=r"A worker process can't be started: .*No such file"):
        await workers.run(work.echo, 1, where="process")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(WorkerError, match=r"echo crashed: its worker process ended with exit code 1"):
        await workers.run(work.echo, 1, where="process")


async def test_a_disk_that_cannot_be_written_is_an_error(workers, folders, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(folders / "missing"))
    with pytest.raises(WorkerError, match=r"The files of a worker process can't be written or read: .*missing"):
        await workers.run(work.echo, 1, where="process")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
async def test_a_disk_that_is_full_is_told_with_what_to_do(workers):
    with pytest.raises(WorkerError, match="No space left") as caught:
        await workers.run(work.fills_the_disk, where="process")
    assert caught.value.hint.startswith("Make room on the disk of ")
    with pytest.raises(WorkerError, match="No space left") as caught, job._files():
        work.fills_the_disk()
    assert caught.value.hint.startswith("Make room on the disk of ")
    with pytest.raises(WorkerError) as caught:
        await workers.run(work.stranger, where="process")
    assert caught.value.hint == WorkerError.default_hint


@pytest.mark.parametrize("busy", [True, False], ids=["working", "idle"])
def test_no_orphan_and_no_folder_is_left_when_the_parent_is_killed(tmp_path, busy):
    script = f"""
import asyncio, sys, tempfile
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
tempfile.tempdir = {str(tmp_path)!r}
from ara.settings import Settings
from ara.workers import Workers
from tests.workers import work

async def main():
    crew = Workers(Settings(home={str(tmp_path)!r}))
    if {busy}:
        await crew.run(work.begin_and_hang, Path({str(tmp_path / "mark")!r}), True, True, where="process")
    seen = await crew.run(work.whereabouts, where="process")
    Path({str(tmp_path / "part")!r}).write_text(str(seen["pid"]))
    Path({str(tmp_path / "part")!r}).rename({str(tmp_path / "mark")!r})
    await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", script])
    mark = tmp_path / "mark"
    asyncio.run(wait_for(mark.exists))
    pids = [int(word) for word in mark.read_text().split()]
    assert all(map(alive, pids))
    parent.kill()
    parent.wait()
    asyncio.run(wait_for(lambda: not any(map(alive, pids))))
    assert [place.name for place in tmp_path.glob("ara-worker-*")] == []


def test_the_module_is_of_no_use_by_hand():
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "ara.workers"], stdin=follower, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(leader)
    os.close(follower)
    assert done.returncode == 1
    assert "ara --help" in done.stderr


def test_a_child_whose_parent_never_spoke_ends_in_peace():
    command = [sys.executable, "-m", "ara.workers"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, wire.MARK, b"")


async def test_two_processes_run_side_by_side(tmp_path, folders):
    crew = Workers(Settings(home=str(tmp_path), workers=WorkerSettings(processes=2)))
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    pids = await asyncio.gather(*(crew.run(work.meet, meeting, where="process") for _ in range(2)))
    await crew.close()
    assert len(set(pids)) == 2


async def test_work_that_is_cancelled_while_it_is_packed_never_begins(workers, tmp_path):
    packing, go_on = threading.Event(), threading.Event()

    class Slow(pl.DataFrame):
        def write_ipc(self, *args, **kwargs):
            packing.set()
            go_on.wait(10)
            return super().write_ipc(*args, **kwargs)

    task = asyncio.create_task(workers.run(work.echo, Slow({"a": [1]}), where="process"))
    await asyncio.to_thread(packing.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await workers.run(work.echo, 1, where="process")) == 1


async def test_callables_that_are_no_functions_run_too(workers):
    assert await workers.run(np.sqrt, 4.0, where="process") == 2.0
