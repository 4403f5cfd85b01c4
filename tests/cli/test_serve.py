import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest


def begun(home, *words):
    command = [sys.executable, "-m", "ara", "serve", "--port", "0", *words]
    environ = {**os.environ, "ARA_HOME": str(home / "ara")}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ, cwd=home)


def test_a_service_tells_its_key_once_answers_and_ends_by_ctrl_c(home):
    with begun(home) as first:
        key = re.search(r"^ara_\S+$", "".join(first.stdout.readline() for _ in range(2)), re.MULTILINE)
        place = re.search(r"http://127\.0\.0\.1:\d+", first.stderr.readline())
        told = httpx.get(f"{place[0]}/api/v1/auth/me", headers={"Authorization": f"Bearer {key[0]}"}, timeout=60)
        assert told.json()["email"] == "admin@localhost"
        first.send_signal(signal.SIGINT)
        said = first.communicate(timeout=60)
        assert first.returncode in {0, 130}, said
        assert "Traceback" not in said[1]
        assert key[0] not in said[1]
    with begun(home) as second:
        place = re.search(r"http://127\.0\.0\.1:\d+", second.stderr.readline())
        with httpx.Client(base_url=place[0], timeout=60) as kept_open:
            assert kept_open.get("/health").headers.get("connection") is None
            second.send_signal(signal.SIGTERM)
            # Who has a line open is answered on it until an answer says that it closes: no request meets a closed line.
            wait_for(lambda: kept_open.get("/health").headers.get("connection") == "close")
        assert "ara_" not in second.communicate(timeout=60)[0]
        assert second.returncode == 0


def test_a_port_that_is_taken_is_told_with_what_to_do(ara):
    with socket.create_server(("127.0.0.1", 0)) as ear:
        done = ara("serve", "--port", str(ear.getsockname()[1]))
    assert done.code == 6
    assert "Nobody can listen on 127.0.0.1" in done.err
    assert "ara serve --port 8080" in " ".join(done.err.split())
    assert ara("serve", "--port", "99999").code == 2
    assert ara("serve", "--host", "a b").code == 2


@pytest.mark.slow
def test_several_processes_answer_and_are_replaced_without_losing_a_request(home):
    with begun(home, "--workers", "2") as many:
        key = re.search(r"^ara_\S+$", "".join(many.stdout.readline() for _ in range(2)), re.MULTILINE)
        warned, said = many.stderr.readline(), many.stderr.readline()
        while "Listening" not in said:
            warned, said = warned + said, many.stderr.readline()
        assert "data.cache.redis" in warned
        url, processes, stop = re.search(r"http://127\.0\.0\.1:\d+", said)[0], set(), threading.Event()
        assert "2 processes" in said
        wrong: list[int] = []

        def ask() -> None:
            headers = {"Authorization": f"Bearer {key[0]}", "Connection": "close"}
            while not stop.is_set():
                told = httpx.get(f"{url}/health/detailed", headers=headers, timeout=120)
                wrong.extend([told.status_code] if told.status_code not in {200, 429} else [])
                if told.status_code == 200:
                    processes.add(told.json()["process"])

        asker = threading.Thread(target=ask)
        asker.start()
        wait_for(lambda: processes)
        before = set(processes)
        many.send_signal(signal.SIGHUP)
        wait_for(lambda: len(processes - before) >= 2)
        stop.set()
        asker.join(120)
        many.send_signal(signal.SIGTERM)
        assert "Traceback" not in many.communicate(timeout=120)[1]
        assert wrong == []


def wait_for(there, seconds=240):
    """Wait until it is so."""
    for _ in range(seconds * 10):
        if there():
            return
        time.sleep(0.1)
    raise AssertionError("It did not come to pass.")
