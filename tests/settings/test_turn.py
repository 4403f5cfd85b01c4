"""Several processes change one settings file: nothing is lost, nothing is half-written, nobody waits forever."""

import fcntl
import os
import subprocess
import sys
import threading

import pytest

from ara.errors import StoreError
from ara.settings.document import parse
from ara.settings.edit import put, remove, write
from ara.settings.turn import turn

WRITER = """
import sys
from pathlib import Path
from ara.settings.edit import put
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    put(Path(sys.argv[1]), sys.argv[2], str(number + 1))
"""


def test_two_processes_at_once_lose_nothing(tmp_path):
    path, rounds = tmp_path / ".ara.yaml", 40
    path.write_text("# mine\nprofile: dev\n", encoding="utf-8")
    names = ["prediction.days", "data.timeout", "workers.threads"]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name, str(min(rounds, 30))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for one in running:
        assert one.stdout.readline() == "ready\n"
    for one in running:
        one.stdin.write("go\n")
        one.stdin.flush()
    while any(one.poll() is None for one in running):
        parse(path.read_text(encoding="utf-8"), path)  # whole at every moment
    for one in running:
        assert one.communicate()[1] is None
        assert one.returncode == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert text.count(": 30\n") == len(names)
    assert [name.name for name in tmp_path.iterdir()] == [".ara.yaml"]


def test_threads_wait_for_each_other_too(tmp_path):
    path = tmp_path / ".ara.yaml"
    keys = ["prediction.days", "data.retries", "workers.threads", "data.timeout"]
    threads = [threading.Thread(target=put, args=(path, key, "3")) for key in keys]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert path.read_text(encoding="utf-8").count(": 3\n") == len(keys)


@pytest.mark.parametrize("change", [lambda path: put(path, "profile", "prod"), lambda path: write(path, ""), remove])
def test_whoever_changes_it_waits(tmp_path, change, monkeypatch):
    path = tmp_path / ".ara.yaml"
    path.write_text("profile: dev\n", encoding="utf-8")
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    monkeypatch.setattr("ara.settings.turn._PAUSE", 0.001)
    done = threading.Event()
    working = threading.Thread(target=lambda: (change(path), done.set()))
    working.start()
    assert not done.wait(0.2)
    assert path.read_text(encoding="utf-8") == "profile: dev\n"
    os.close(handle)
    working.join()
    assert done.is_set()


def test_nobody_waits_forever(tmp_path):
    path = tmp_path / ".ara.yaml"
    with (
        turn(path),
        pytest.raises(StoreError, match=r"is being changed by another process, for more than 0\.05 seconds"),
        turn(path, patience=0.05),
    ):
        pass  # pragma: no cover
    with turn(path, patience=0):
        pass


def test_a_file_system_without_locks_goes_on_and_other_faults_are_told(tmp_path, monkeypatch):
    def refused(number):
        def flock(handle, how):
            raise OSError(number, os.strerror(number))

        return flock

    import errno

    monkeypatch.setattr(fcntl, "flock", refused(errno.ENOLCK))
    assert put(tmp_path / ".ara.yaml", "profile", "prod") is False
    monkeypatch.setattr(fcntl, "flock", refused(errno.EIO))
    with pytest.raises(StoreError, match="can't be written: Input/output error"), turn(tmp_path / ".ara.yaml"):
        pass  # pragma: no cover
