"""A service whose disk fills up under load: database, heads of the ledger, models, log and what it says lie on it.

The disk is a small tmpfs of the test's own, which needs the right to mount; it is filled to the last byte by a file
beside, and emptied again. Nothing is started anew.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.clients import Clients
from tests.chaos.installation import wait_for
from tests.load.soak import begin

pytestmark = pytest.mark.slow

SIZE = "96m"
PATIENCE = 240.0
ROUNDS = 2
READS = ("kept forecast", "bars")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    told = mount and subprocess.run([mount, "-t", "tmpfs", "-o", f"size={SIZE}", "ara-test", str(folder)], check=False)
    if not told or told.returncode:
        pytest.skip("this user may mount nothing")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> int:
    """Take all room that is left, and give how much it was."""
    size = 0
    with (disk / "ballast").open("ab", buffering=0) as file:
        for piece in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    size += file.write(b"\0" * piece)
            except OSError:
                continue
    return size


def seen(load: Clients, since: Counter[tuple[str, str]]) -> dict[str, int]:
    told = Counter[str]()
    for (_, outcome), count in (load.told.answers - since).items():
        told[outcome] += count
    return dict(told)


def full_and_empty(disk: Path, client: httpx.Client, load: Clients) -> dict[str, Any]:
    """Fill the disk until requests fail, see that what reads goes on, empty it, and wait until all is answered."""
    before, began = load.told.answers.copy(), time.monotonic()
    size = fill(disk)
    wait_for(lambda: sum(seen(load, before).get(one, 0) for one in ("typed", "wrong")) >= 8, "requests fail", PATIENCE)
    fill(disk)
    now = time.monotonic()
    wait_for(lambda: all(load.told.last[one] > now for one in READS), "what reads is answered", PATIENCE)
    told = client.post("/api/v1/models/train", json={"symbol": "AAPL", "model_types": ["ewma_t"], "days": 5})
    assert (told.status_code, told.json()["code"]) == (503, "store"), told.text
    assert "room" in told.json()["hint"]
    live = client.get("/health/live").status_code
    while_full, lasted = seen(load, before), time.monotonic() - began
    (disk / "ballast").unlink()
    begun = time.monotonic()
    again = wait_for(lambda: load.again(begun), "all is answered", PATIENCE)
    return {
        "ballast_mb": round(size / 2**20, 1), "seconds full": round(lasted, 1), **while_full, "live": live,
        "seconds until all answer": round(again, 1),
    }  # fmt: skip


def whole_lines(file: Path) -> tuple[int, int]:
    """Count the lines of a log, and those that are no JSON: at the most one for each time the disk was full."""
    broken = 0
    lines = file.read_text("utf-8").splitlines()
    for line in lines:
        try:
            json.loads(line)
        except ValueError:
            broken += 1
    return len(lines), broken


def test_a_full_disk_is_said_and_everything_goes_on_when_there_is_room(disk: Path) -> None:
    log = disk / "ara.log"
    process, url, key = begin(disk, ARA_LOG_FILE=str(log), ARA_LOG_FORMAT="json")
    facts: dict[str, Any] = {}
    try:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
            load = Clients(url, key)
            try:
                wait_for(lambda: load.again(0.0) or load.told.wrong, "all kinds are answered", PATIENCE)
                facts["rounds"] = [full_and_empty(disk, client, load) for _ in range(ROUNDS)]
            finally:
                load.stop()
            jobs = {id: over(client, id) for id in load.told.jobs}
            there = [id for id in load.told.forecasts if client.get(f"/api/v1/predictions/{id}").status_code == 200]
            verified = client.get("/api/v1/ledger/verify").json()
            trained = client.post("/api/v1/models/train", json={"symbol": "AAPL", "model_types": ["ewma_t"], "days": 5})
            assert trained.status_code == 202, trained.text
            assert over(client, trained.json()["job_id"], "models/train") == "done"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    lines, broken = whole_lines(log)
    facts |= {
        "jobs": len(jobs), "forecasts": len(there), "passing errors": dict(load.told.errors), "lines of the log": lines,
        "lines cut short": broken,
    }  # fmt: skip
    print(json.dumps(facts, indent=1))
    assert load.told.wrong == []
    assert set(jobs.values()) == {"done"}
    assert len(there) == len(load.told.forecasts)
    assert verified["ok"] is True
    assert broken <= ROUNDS * 2
    assert "Traceback" not in (disk / "said.txt").read_text("utf-8")
    whole(disk)


def whole(disk: Path) -> None:
    """Look at what is left: SQLite finds no fault, no part of a file stands about, and `ara` reads it from without."""
    with sqlite3.connect(disk / "home" / "ara.db") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
    parts = [one for one in (disk / "home").rglob("*") if one.suffix in {".tmp", ".part", ".new"}]
    assert parts == []
    environ = {**{name: value for name, value in os.environ.items() if not name.startswith("ARA_")}}
    command = [sys.executable, "-m", "ara", "ledger", "verify"]
    told = subprocess.run(command, env={**environ, "ARA_HOME": str(disk / "home")}, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr


def over(client: httpx.Client, id: str, path: str = "backtest") -> str:
    """Wait for a job, and give its state."""
    found = ""

    def ended() -> bool:
        nonlocal found
        found = client.get(f"/api/v1/{path}/{id}").json().get("status", "")
        return found in {"done", "failed", "cancelled"}

    wait_for(ended, f"job {id} ends", PATIENCE)
    return found
