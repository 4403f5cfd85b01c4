import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ara.cli.app import main

HEAVY = ("typer", "rich", "msgspec", "numpy", "polars", "asyncio", "dataclasses")


def test_help_and_completion_load_nothing_heavy(process):
    program = "import sys; from ara.cli.app import main; main({words!r}); print(*sys.modules, file=sys.stderr)"

    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}

    def loaded(*words):
        whole = [sys.executable, "-c", program.format(words=words)]
        done = subprocess.run(whole, capture_output=True, text=True, check=True, env=unmeasured)
        return {name.partition(".")[0] for name in done.stderr.split()}

    assert not loaded("--help") & set(HEAVY)
    assert not loaded("__complete", "1", "pre") & set(HEAVY)
    assert not loaded("version") & {"numpy", "polars", "rich", "msgspec", "asyncio"}
    assert not loaded("predict", "--help") & {"numpy", "polars", "rich", "msgspec", "asyncio"}
    assert not loaded("__complete", "2", "predict", "AAP") & {"numpy", "polars", "rich", "msgspec", "asyncio"}


def test_a_forecast_loads_no_library_that_it_doesnt_need(process):
    program = "import sys; from ara.cli.app import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program, "predict", "AAPL"], capture_output=True, text=True, check=True
    )
    heavy = {"sqlalchemy", "alembic", "pandas", "scipy", "duckdb", "pyarrow", "rich", "pydantic", "numba"}
    assert not {name.partition(".")[0] for name in done.stderr.split()} & heavy
    assert "ara.data.lake.lake" not in done.stderr.split()  # nothing is kept yet


def test_a_pipe_has_no_colours_and_one_result(process):
    outcome = process("predict", "AAPL")
    assert (outcome.code, outcome.err) == (0, "")
    assert "\x1b" not in outcome.out
    assert "\x1b[" in process("predict", "AAPL", FORCE_COLOR="1").out
    assert "\x1b[" not in process("predict", "AAPL", "--no-color", FORCE_COLOR="1").out
    assert json.loads(process("predict", "AAPL", "--json", FORCE_COLOR="1").out)["symbol"] == "AAPL"


@pytest.mark.parametrize("words", ["--help", "predict AAPL --days 30", "ledger list --json", "completion bash"])
def test_a_reader_that_goes_away_is_no_error(home, words):
    script = f"{sys.executable} -m ara {words} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("words", ["--help", "version", "version --json", "predict AAPL", "predcit --json"])
def test_a_full_disk_under_stdout_is_said(home, words):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "ara", *words.split()], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 5
    assert done.stderr.decode().splitlines() == [
        "The output could not be written: No space left on device",
        "Free some room or write somewhere else, then run it again.",
    ]


def shell(line):
    line = line.replace("ara ", f"{sys.executable} -m ara ", 1)
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True)


LINES = ("--help", "version", "predict AAPL", "ledger verify", "predcit", "version --json")


@pytest.mark.parametrize("words", LINES)
def test_a_closed_stdout_is_said(home, words):
    done = shell(f"ara {words} >&-")
    assert done.returncode == 5
    assert done.stderr.splitlines() == [
        "The output could not be written: stdout is closed",
        "Leave stdout open for writing; >/dev/null throws the output away.",
    ]


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_closed_stdin_or_stderr_keeps_nothing_from_the_result(home, closed):
    assert shell(f"ara predict AAPL {closed}").returncode == 0
    done = shell(f"ara ledger verify {closed}")
    assert done.returncode == 0
    assert done.stdout.startswith("The ledger is whole: 1 entry")
    assert done.stderr == ""
    assert shell(f"ara version {closed} >&-").returncode == 5


@pytest.mark.parametrize(("words", "code"), [("--help", 0), ("config init --interactive", 0), ("predcit", 2)])
def test_what_asks_or_fails_does_so_without_stdin_and_stderr(home, words, code):
    assert shell(f"ara {words} <&- 2>&-").returncode == code


def test_columns_that_are_no_number_are_passed_over(process):
    for said in ("²", "x", "-5", ""):
        assert process("--help", COLUMNS=said).out == process("--help", COLUMNS="80").out


def test_debug_shows_no_control_character(process):
    outcome = process("predict", "AAPL", "--model", "\x1b[31mred", "--debug")
    assert "Traceback" in outcome.err
    assert "\x1b" not in outcome.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_under_stderr_keeps_nothing_from_the_result(home):
    done = shell("ara predict AAPL --no-cache 2>/dev/full")
    assert (done.returncode, done.stdout[:4]) == (0, "AAPL")
    assert shell("ara predcit 2>/dev/full").returncode == 2
    assert shell("ara version >/dev/full 2>&1").returncode == 5


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_unicode_gets_ascii(process, encoding):
    outcome = process("predict", "AAPL", "--width", "100", PYTHONIOENCODING=encoding)
    assert outcome.code == 0
    assert outcome.out.isascii()
    assert "|--o--|" in outcome.out.replace("---", "--") or "|" in outcome.out
    assert json.loads(process("predict", "AAPL", "--json", PYTHONIOENCODING=encoding).out)["symbol"] == "AAPL"


def test_a_fault_is_one_line_and_debug_shows_more(process, home):
    broken = home / "broken"
    (broken / "ara_fault").mkdir(parents=True)
    (broken / "sitecustomize.py").write_text(
        "import platform\n\ndef fail():\n    raise RuntimeError('boom')\n\nplatform.python_version = fail\n"
    )
    outcome = process("version", PYTHONPATH=str(broken))
    assert outcome.code == 1
    assert outcome.err.splitlines() == [
        "Ara failed unexpectedly: RuntimeError: boom",
        "This is a fault of Ara. Run again with --debug and report what it prints.",
    ]
    debug = process("version", "--debug", PYTHONPATH=str(broken))
    assert debug.code == 1
    assert debug.err.count("Traceback (most recent call last)") == 1
    assert 'raise RuntimeError("boom")' in debug.err.replace("'", '"')


@pytest.fixture
def stdout(monkeypatch):
    """Puts another file in stdout's place; the test's own comes back at the end."""
    kept = os.dup(1)
    yield lambda file: monkeypatch.setattr(sys, "stdout", file)
    monkeypatch.undo()
    os.dup2(kept, 1)
    os.close(kept)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("words", [("--help",), ("version",)])
def test_the_door_tells_what_the_system_said(home, stdout, capsys, words):
    with contextlib.suppress(OSError), Path("/dev/full").open("w") as full:
        stdout(full)
        assert main(words) == 5
    assert "No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--help",), ("version",)])
def test_the_door_is_silent_when_the_reader_is_gone(home, stdout, capsys, words):
    reader, writer = os.pipe()
    os.close(reader)
    with contextlib.suppress(OSError), os.fdopen(writer, "w") as pipe:
        stdout(pipe)
        assert main(words) == 141
    assert capsys.readouterr().err == ""


def test_the_door_says_that_stdout_is_closed(home, stdout, capsys):
    stdout(None)
    assert main(["version"]) == 5
    assert "stdout is closed" in capsys.readouterr().err


def test_the_door_is_silent_after_ctrl_c(home, stdout, capsys, monkeypatch):
    def interrupted(*_words, **_rest):
        raise KeyboardInterrupt

    stdout(sys.stdout)
    monkeypatch.setattr("ara.cli.invocation.invoke", interrupted)
    assert main(["version"]) == 130
    assert capsys.readouterr() == ("", "")


def test_debug_shows_where_an_error_came_from(process):
    outcome = process("predict", "NOSUCH", "--debug")
    assert outcome.code == 2
    assert "Traceback (most recent call last)" in outcome.err
    assert outcome.err.splitlines()[-3:] != []


def test_a_home_that_cant_be_written_is_an_error_of_the_store(process, home):
    (home / "file").touch()
    outcome = process("predict", "AAPL", ARA_HOME=str(home / "file" / "below"))
    assert outcome.code in {5, 11}
    assert "Traceback" not in outcome.err
    assert str(home / "file") in outcome.err.replace("\n", "")


def test_without_a_home_it_still_answers(home):
    environ = {name: value for name, value in os.environ.items() if name not in {"HOME", "ARA_HOME"}}
    environ["ARA_HOME"] = str(home / "state")
    done = subprocess.run([sys.executable, "-m", "ara", "predict", "AAPL"], capture_output=True, env=environ)
    assert done.returncode == 0


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.2])
def test_ctrl_c_ends_quietly_with_130_and_a_whole_ledger(process, home, wait, sampled):
    running = subprocess.Popen(
        [sys.executable, "-m", "ara", "predict", *sampled, "--days", "30", "-a", "full"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not (home / "ara").exists():
        assert running.poll() is None
    time.sleep(wait)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=900)
    assert (running.returncode, out, err) == (130, b"", b"")
    outcome = process("ledger", "verify")
    assert outcome.code == 0
