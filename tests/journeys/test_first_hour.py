"""What somebody does in their first hour, as commands of their own process."""

import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def ara(tmp_path):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ARA_")}
    environ |= {"HOME": str(tmp_path), "ARA_HOME": str(tmp_path / "state"), "CI": "true"}

    def run(line):
        return subprocess.run(
            [sys.executable, "-m", "ara", *line.split()],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environ,
            timeout=900,
        )

    return run


def test_from_the_first_forecast_to_its_score(ara):
    first = ara("predict AAPL --days 7")
    assert first.returncode == 0
    assert first.stdout.startswith("AAPL  Apple Inc.")
    past = json.loads(ara("predict AAPL --as-of 2020-02-20 --json").stdout)
    assert past["last"] == "2020-02-20"
    listed = json.loads(ara("ledger list --json").stdout)["forecasts"]
    assert [one["last"] for one in listed] == ["2020-02-20", "2021-03-31"]
    receipt = json.loads(ara(f"ledger show {past['id'][:10]} --json").stdout)
    assert receipt["days"] == past["days"]
    score = json.loads(ara("score --json").stdout)
    assert (score["came_due"], score["replayed"]) == (5, 5)
    assert json.loads(ara("ledger verify --json").stdout)["entries"] == 2
    assert len(json.loads(ara("ledger anchor --json").stdout)["digest"]) == 64
    assert ara("doctor").returncode == 0


def test_settings_change_what_is_forecast(ara):
    assert ara("config init").returncode == 0
    assert ara("config set prediction.days 9").returncode == 0
    assert len(json.loads(ara("predict EURUSD --json").stdout)["days"]) == 9
    assert ara("config check").returncode == 0


def test_somebody_who_knows_the_old_version(ara):
    old = ara("AAPL --days 3")
    assert old.returncode == 0
    assert "it is now: ara predict AAPL --days 3" in old.stderr
    assert ara("--version").stdout.startswith("ara ")
    assert ara("--validate").returncode == 0
    assert ara("--system-info").returncode == 0


def test_somebody_who_mistypes(ara):
    wrong = ara("predict APPL")
    assert wrong.returncode == 2
    assert wrong.stdout == ""
    assert "AAPL" in wrong.stderr
    assert ara("predict AAPL --days 31").returncode == 2
    assert ara("predcit AAPL").returncode == 2
