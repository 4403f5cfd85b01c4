import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ara.clock import FixedClock, SystemClock
from ara.desk import Desk
from ara.prediction import PredictionEngine
from ara.settings import Settings
from ara.testing import desk as memory_desk


async def test_a_desk_opens_its_parts_and_closes_them(tmp_path: Path) -> None:
    settings = Settings.load({"home": str(tmp_path), "prediction.seed": "7"}, environ={}, folder=tmp_path)
    async with Desk.open(settings) as desk:
        assert desk.settings is settings
        assert desk.seed == 7
        assert isinstance(desk.clock, SystemClock)
        await desk.store.log("ledger").append([b"x"])
        assert await desk.workers.run(sum, [1, 2]) == 3
    async with Desk.open(settings) as desk:
        assert [entry.body async for entry in desk.store.log("ledger").read()] == [b"x"]


async def test_parts_that_are_given_stay_the_callers(tmp_path: Path) -> None:
    settings = Settings.load({"home": str(tmp_path), "store.url": "memory:"}, environ={}, folder=tmp_path)
    clock = FixedClock(datetime(2020, 1, 1, tzinfo=UTC))
    async with Desk.open(settings, clock=clock) as outer:
        parts = {name: getattr(outer, name) for name in ("store", "vault", "workers", "telemetry")}
        async with Desk.open(settings, clock=clock, **parts) as inner:
            assert all(getattr(inner, name) is part for name, part in parts.items())
            await inner.store.log("a").append([b"1"])
        assert [entry.at async for entry in outer.store.log("a").read()] == [clock.now()]
        assert await outer.workers.run(sum, [2, 3]) == 5


async def test_what_was_opened_is_closed_when_a_later_part_fails(tmp_path: Path) -> None:
    (tmp_path / "ara.db").write_bytes(b"this is no database" * 100)
    settings = Settings.load({"home": str(tmp_path)}, environ={}, folder=tmp_path)
    with pytest.raises(Exception, match=r"ara\.db"):
        async with Desk.open(settings) as desk:
            await desk.store.log("a").append([b"1"])


def test_a_fork_of_a_used_process_is_refused_instead_of_hanging(tmp_path: Path) -> None:
    program = """
import os, sys, ara
ara.predict("AAPL", 1)
child = os.fork()
if not child:
    try:
        ara.predict("IBM", 1)
    except ara.WorkerError as error:
        os._exit(9 if "spawn" in error.hint else 1)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    environ = {**os.environ, "ARA_HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 9


async def test_a_forecast_can_stand_in_a_set() -> None:
    async with memory_desk() as one:
        first = await PredictionEngine(one).predict("AAPL")
        again = await PredictionEngine(one).predict("AAPL")
    assert len({first, again}) == 1
