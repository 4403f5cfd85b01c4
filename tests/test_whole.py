"""Files written whole: with processes that are killed, disks that are full, and others that write the same."""

import fcntl
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ara.whole import sync, write, writing

DIE_AT = """
import os, sys
from pathlib import Path
from ara.whole import write

def dying(function):
    def run(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return function(*args, **kwargs)
    return run

def at(step):
    global left
    left = step
    for name in ("scandir", "open", "fsync", "replace", "link", "unlink", "close"):
        setattr(os, name, dying(getattr(os, name)))
    write(goal, "new", new=sys.argv[2] == "new")
    os._exit(0)

goal, code, step = Path(sys.argv[1]), -9, 0
while code == -9:
    goal.unlink(missing_ok=True)
    if sys.argv[2] == "replace":
        goal.write_text("old")
    child = os.fork() or at(step)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, goal.read_text() if goal.exists() else "none")
    step += 1
"""

HALF = """
import sys
from pathlib import Path
from ara.whole import writing

with writing(Path(sys.argv[1])) as file:
    file.write(b"x" * 100_000)
    print("half", flush=True)
    sys.stdin.read()
    file.write(b"y")
"""

FULL = """
import resource, sys
from pathlib import Path
from ara.whole import write

_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, most))
try:
    write(Path(sys.argv[1]), b"x" * int(sys.argv[2]))
except OSError as error:
    sys.exit(error.strerror)
finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
"""


@pytest.fixture
def goal(tmp_path: Path) -> Path:
    place = tmp_path / "figures [1] (a+b).json"
    place.write_text("old")
    return place


def half(goal: Path) -> "subprocess.Popen[str]":
    """Start a process that has written half of the goal's next content, and goes on when its input ends."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", HALF, str(goal)], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    return process


def beside(goal: Path) -> list[Path]:
    return [one for one in goal.parent.iterdir() if one != goal]


def test_the_new_file_takes_the_old_ones_place(goal: Path):
    write(goal, b"new")
    assert goal.read_bytes() == b"new"
    write(goal, memoryview(b"newer"))
    assert goal.read_bytes() == b"newer"
    write(goal, "ü\r\n")
    assert goal.read_bytes() == b"\xc3\xbc\r\n"
    assert beside(goal) == []


@pytest.mark.parametrize(("mode", "mask", "given"), [(0o666, 0o022, 0o644), (0o666, 0o077, 0o600), (0o600, 0, 0o600)])
def test_permissions_are_those_asked_for_less_the_mask(mode: int, mask: int, given: int, goal: Path):
    before = os.umask(mask)
    try:
        write(goal, b"new", mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE(goal.stat().st_mode) == given


def test_a_link_is_replaced_and_what_it_names_stays(goal: Path, tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to(goal)
    write(link, b"new")
    assert (link.is_symlink(), link.read_bytes(), goal.read_text()) == (False, b"new", "old")


def test_a_new_file_takes_no_others_place(goal: Path):
    with pytest.raises(FileExistsError):
        write(goal, b"new", new=True)
    assert (goal.read_text(), beside(goal)) == ("old", [])
    goal.unlink()
    write(goal, b"new", new=True)
    assert (goal.read_bytes(), goal.stat().st_nlink, beside(goal)) == (b"new", 1, [])


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_where_the_block_fails_the_old_file_stays_alone(fault: type[BaseException], goal: Path):
    def fail() -> None:
        with writing(goal) as file:
            file.write(b"ne")
            raise fault

    with pytest.raises(fault):
        fail()
    assert (goal.read_text(), beside(goal)) == ("old", [])


def test_where_it_can_not_stand_nothing_is_left_over(tmp_path: Path):
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write(tmp_path / "folder", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "gone" / "file", b"new")


@pytest.mark.parametrize("size", [60_000, 10_000_000])
def test_a_full_disk_leaves_the_old_file_alone(size: int, goal: Path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(goal), str(size)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "File too large\n")
    assert (goal.read_text(), beside(goal)) == ("old", [])


@pytest.mark.parametrize("how", ["replace", "new"])
def test_killed_at_any_step_the_old_or_the_new_one_is_whole(how: str, goal: Path):
    call = [sys.executable, "-c", DIE_AT, str(goal), how]
    lines = subprocess.run(call, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) > 5
    assert lines.pop() == "0 new"
    assert set(lines) == {"-9 old" if how == "replace" else "-9 none", "-9 new"}
    write(goal, "last")
    assert (goal.read_text(), beside(goal)) == ("last", [])


def test_what_a_killed_process_left_goes_with_the_next_one(goal: Path):
    process = half(goal)
    process.kill()
    process.communicate()
    assert goal.read_text() == "old"
    assert len(beside(goal)) == 1
    write(goal, b"new")
    assert (goal.read_bytes(), beside(goal)) == (b"new", [])


def test_what_another_process_writes_now_stays(goal: Path):
    process = half(goal)
    write(goal, b"new")
    assert goal.read_bytes() == b"new"
    assert len(beside(goal)) == 1
    process.communicate()
    assert process.returncode == 0
    assert (goal.read_bytes(), beside(goal)) == (b"x" * 100_000 + b"y", [])


def test_what_is_not_its_own_stays(goal: Path):
    name = goal.name
    others = [
        f".{name}.part",
        f".{name}.0123456789abcde.part",
        f".{name}.0123456789abcdeF.part",
        f".{name}.0123456789abcdef.parts",
        f".figures [1] (aab).json.{'0' * 16}.part",
        f"{name}.{'0' * 16}.part",
    ]
    for one in others:
        goal.with_name(one).touch()
    folder = goal.with_name(f".{name}.{'1' * 16}.part")
    folder.mkdir()
    link = goal.with_name(f".{name}.{'2' * 16}.part")
    link.symlink_to(goal)
    os.mkfifo(goal.with_name(f".{name}.{'3' * 16}.part"))
    write(goal, b"new")
    assert len(beside(goal)) == len(others) + 3


def test_a_part_that_was_taken_for_a_dead_ones_is_begun_again(goal: Path, monkeypatch: pytest.MonkeyPatch):
    real, taken = fcntl.flock, []

    def late(descriptor: int, how: int) -> None:
        if not taken:
            taken.extend(beside(goal))
            taken[0].unlink()
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    write(goal, b"new")
    assert len(taken) == 1
    assert (goal.read_bytes(), beside(goal)) == (b"new", [])


def test_on_a_disk_without_locks_nothing_is_cleared(goal: Path, monkeypatch: pytest.MonkeyPatch):
    def none(descriptor: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    left = goal.with_name(f".{goal.name}.{'0' * 16}.part")
    left.touch()
    monkeypatch.setattr(fcntl, "flock", none)
    write(goal, b"new")
    assert (goal.read_bytes(), beside(goal)) == (b"new", [left])


@pytest.mark.parametrize("name", ["a" * 255, "ü" * 127, "字" * 85, "\udc80" * 3, "-rf", ".hidden"])
def test_any_name_a_file_may_have_will_do(name: str, tmp_path: Path):
    write(tmp_path / name, b"new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(name, b"new")]


def test_many_may_write_the_same_at_once(goal: Path):
    whole = [bytes([number]) * 200_000 for number in range(8)]

    def often(content: bytes) -> None:
        for _ in range(10):
            write(goal, content)

    threads = [threading.Thread(target=often, args=(content,)) for content in whole]
    for one in threads:
        one.start()
    while any(one.is_alive() for one in threads):
        assert goal.read_bytes() in [b"old", *whole]
    for one in threads:
        one.join()
    assert goal.read_bytes() in whole
    assert beside(goal) == []


def test_it_is_durable_before_it_takes_its_place(goal: Path, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []

    def noting(name: str):
        real = getattr(os, name)

        def run(*args: object) -> object:
            if name != "fsync":
                done.append(name)
            else:
                done.append("sync folder" if stat.S_ISDIR(os.fstat(args[0]).st_mode) else "sync file")
            return real(*args)

        monkeypatch.setattr(os, name, run)

    for name in ("fsync", "replace", "link"):
        noting(name)
    write(goal, b"new")
    write(goal.with_name("other"), b"new", new=True)
    sync(goal)
    assert done == ["sync file", "replace", "sync folder", "sync file", "link", "sync folder", "sync file"]


def test_a_reader_of_the_old_file_keeps_it(goal: Path):
    with goal.open() as file:
        write(goal, b"new")
        assert file.read() == "old"
