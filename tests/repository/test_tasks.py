"""The tasks of the repository: one list of them, the same everywhere."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

from tools.check import CHECKS

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def steps(name: str) -> list[dict[str, object]]:
    jobs = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def made(name: str) -> list[str]:
    return [line for step in steps(name) for line in str(step.get("run", "")).splitlines() if line.startswith("make ")]


def test_every_push_runs_what_the_gate_runs():
    gate = re.findall(r"^make .*$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert gate == ["make check", "make test"]
    assert made("ci.yml") == gate
    triggers = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())[True]
    assert {"push", "pull_request"} <= set(triggers)


@pytest.mark.parametrize(
    ("name", "tasks", "days"),
    [("benchmarks.yml", ["make bench", "make coverage"], "* * 1"), ("backtests.yml", ["make slow"], "1 * *")],
)
def test_benchmarks_and_coverage_run_weekly_and_backtests_monthly(name, tasks, days):
    assert made(name) == tasks
    (schedule,) = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())[True]["schedule"]
    assert schedule["cron"].endswith(days)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_may_only_read(path):
    for step in steps(path.name):
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", str(step.get("uses", "actions/checkout@v4")))
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_make_alone_explains_itself():
    listed = dict(re.findall(r"^  make (\w+) +(\S.*)$", make().stdout, re.MULTILINE))
    assert {"demo", "test", "coverage", "slow", "check", "bench", "docs", "lock"} <= set(listed)
    assert max(map(len, listed.values())) < 90


@pytest.mark.parametrize(
    "task", ["demo", "test", "coverage", "slow", "check", "bench", "docs", "lock", "examples", "reference", "clean"]
)
def test_every_task_is_sound(task, tmp_path):
    done = make("--dry-run", f"VENV={tmp_path}/venv", task)
    assert done.returncode == 0, done.stderr
    assert ("-m venv" in done.stdout) == (task != "clean")


@pytest.mark.parametrize(("task", "threads"), [("test", "1 1 1"), ("coverage", "1 1 1"), ("slow", "")])
def test_test_processes_that_fill_the_cores_have_no_pools_of_threads(task, threads, tmp_path, monkeypatch):
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")
    for pool in pools:
        monkeypatch.delenv(pool, raising=False)
    shown = " ".join(f"$({pool})" for pool in pools)
    printed = make("--dry-run", f"VENV={tmp_path}/venv", f"ARGS=-k '{shown}'", task).stdout
    assert f"-k '{threads or '  '}'" in printed


def test_properties_are_tried_with_many_examples_where_there_is_time(tmp_path):
    commands = make("--dry-run", f"VENV={tmp_path}/venv", "slow").stdout.splitlines()
    (many,) = (line for line in commands if "--hypothesis-profile many" in line)
    assert '-m "hypothesis and not slow"' in many
    assert settings.get_profile("many").max_examples >= 10 * settings.get_profile("ara").max_examples
    assert not settings.get_profile("many").derandomize


def test_the_demo_needs_the_core_alone(tmp_path):
    printed = make("--dry-run", f"VENV={tmp_path}/venv", "demo").stdout
    assert "requirements/core.txt" in printed
    assert "-r requirements/dev.txt" not in printed
    assert "ara predict AAPL --days 7" in printed


def test_every_tool_with_a_check_is_in_make_check():
    tools = {path.stem for path in (ROOT / "tools").glob("*.py") if "\ndef check(" in path.read_text()}
    assert tools == {command[-1].removeprefix("tools.") for command in CHECKS.values() if "-m" in command}


def missing(tmp_path: Path, *, user: int) -> subprocess.CompletedProcess[str]:
    """Run the script that looks for servers and shells where there is neither zsh nor fish."""
    for name in ("bash", "env", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    for name, words in {
        "id": f"echo {user}",
        "initdb": "true",
        "redis-server": "true",
        "apt-get": f"echo apt-get $* >> {tmp_path}/asked",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / name).chmod(0o755)
    command = [str(ROOT / "tools/servers.sh")]
    return subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)


def test_what_the_tests_need_is_asked_for_by_name(tmp_path):
    done = missing(tmp_path, user=1000)
    assert done.returncode == 1
    assert "The tests need zsh fish." in done.stderr
    assert "sudo apt-get install zsh fish" in done.stderr
    assert not (tmp_path / "asked").exists()


def test_what_the_tests_need_is_installed_by_root(tmp_path):
    done = missing(tmp_path, user=0)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["apt-get update -qq", "apt-get install -qq -y --no-install-recommends zsh fish"]
