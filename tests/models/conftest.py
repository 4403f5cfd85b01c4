"""A real Ray cluster of two processors for the tests that need one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ara.jobs import memory


@pytest.fixture(scope="module")
def ray_head() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process that has the cluster, and the cluster's address; a test may kill it."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "ray_head.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(Path.cwd())},
    )
    said = next((line for line in process.stdout or () if line.startswith("at ")), "")
    yield process, said.removeprefix("at ").strip()
    for one in reversed(memory.family(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.communicate()
