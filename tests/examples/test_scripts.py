"""Each example runs as it stands, from a home of its own, and prints what it promises."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
PROMISED = {
    "judge_your_own": "CRPS skill over ewma_t",
    "own_strategy": "more than luck after 3 looks",
    "size_by_forecast": "one day in twenty loses",
}


def ran(home: Path, name: str, *words: str, **environment: str) -> str:
    command = [sys.executable, str(FOLDER / f"{name}.py"), *words]
    known = {**os.environ, "ARA_HOME": str(home), **environment}
    return subprocess.run(command, env=known, cwd=home, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.parametrize("name", PROMISED)
def test_it_runs_and_says_what_it_is_for(tmp_path, name):
    assert PROMISED[name] in ran(tmp_path, name)


@pytest.mark.slow
def test_the_program_of_a_service_asks_one_that_runs(tmp_path):
    command = [sys.executable, "-m", "ara", "serve", "--port", "0"]
    known = {**os.environ, "ARA_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as service:
        try:
            said = ""
            while "Listening" not in said:
                said += service.stdout.readline()
            url, key = (re.search(what, said)[0] for what in (r"http://[0-9.:]+", r"ara_\S+"))
            told = ran(tmp_path, "ask_the_service", "AAPL", ARA_URL=url, ARA_KEY=key)
            assert "2021-04-01" in told
            assert "such forecasts came true" in told
        finally:
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=60)


def test_each_is_in_the_table():
    named = set(re.findall(r"\]\(([\w-]+\.py)\)", (FOLDER / "README.md").read_text()))
    assert named == {path.name for path in FOLDER.glob("*.py")}
