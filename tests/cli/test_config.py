"""`ara config` as a user types it: real files, real exit codes, a real terminal where one is asked on."""

import json
import os
import pty
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from ara.cli.app import main
from ara.cli.words import width
from ara.settings.keys import keys


@pytest.fixture
def folders(tmp_path, monkeypatch):
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    for name in [name for name in os.environ if name.startswith("ARA_")]:
        monkeypatch.delenv(name)
    for name in ("CI", "GITHUB_ACTIONS", "TF_BUILD", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(project)
    return home, project


@pytest.fixture
def ara(folders, capsys):
    def run(line: str, *more: str) -> tuple[int, str, str]:
        code = main([*line.split(), *more])
        streams = capsys.readouterr()
        return code, streams.out, streams.err

    return run


@pytest.fixture
def typed(folders, monkeypatch):
    """Give the process a terminal on which these lines are typed."""
    opened = []

    def types(*lines: str) -> None:
        master, slave = pty.openpty()
        keyboard, picture = os.fdopen(os.dup(slave), "r"), os.fdopen(slave, "w")
        opened.extend([keyboard, picture])
        threading.Thread(target=_drain, args=(master,), daemon=True).start()
        os.write(master, "".join(f"{line}\n" for line in lines).encode() + b"\x04" * 9)
        monkeypatch.setattr(sys, "stdin", keyboard)
        monkeypatch.setattr(sys, "stderr", picture)

    yield types
    for stream in opened:
        stream.close()


def _drain(master: int) -> None:
    try:
        while os.read(master, 4096):
            pass
    except OSError:
        os.close(master)


def test_init_writes_a_commented_valid_file_and_never_over_another(ara, folders):
    _home, project = folders
    code, out, _ = ara("config init --template trader")
    assert code == 0
    assert "Wrote .ara.yaml." in out
    written = (project / ".ara.yaml").read_text()
    assert "# two weeks of trading" in written
    assert ara("config check")[0] == 0
    code, _, err = ara("config init")
    assert code == 2
    assert "is there already" in " ".join(err.split())
    assert (project / ".ara.yaml").read_text() == written
    code, out, _ = ara("config init --force")
    assert code == 0
    assert "The old one is .ara.yaml.bak." in out
    assert (project / ".ara.yaml.bak").read_text() == written


def test_init_for_the_user_writes_a_file_that_only_they_read(ara, folders):
    home, project = folders
    _code, out, _ = ara("config init --user --json")
    assert json.loads(out) == {"schema": 1, "file": str(home / ".ara.yaml"), "template": "minimal", "backup": None}
    assert (home / ".ara.yaml").stat().st_mode & 0o777 == 0o600
    assert not (project / ".ara.yaml").exists()


def test_a_file_that_gets_a_secret_is_the_user_s_alone(ara, folders):
    path = folders[1] / ".ara.yaml"
    ara("config init")
    path.chmod(0o644)
    code, _, err = ara("config set prediction.days 6")
    assert (code, err, path.stat().st_mode & 0o777) == (0, "", 0o644)
    code, _, err = ara("config set telemetry.sentry_dsn https://hunter2@x/1")
    assert (code, path.stat().st_mode & 0o777) == (0, 0o600)
    assert err == ".ara.yaml holds a secret and others could open it; from now on only you can (mode 600).\n"
    assert ara("config set prediction.days 7")[2] == ""


def test_init_without_a_user_s_folder_says_so(ara, monkeypatch):
    monkeypatch.delenv("HOME")
    code, _, err = ara("config init --user")
    assert code == 2
    assert "HOME is not set" in err


def test_init_with_an_unknown_template_names_the_nearest(ara, folders):
    code, _, err = ara("config init --template traider")
    assert code == 2
    assert "did you mean trader?" in err
    assert not (folders[1] / ".ara.yaml").exists()


def test_init_asks_nothing_without_a_terminal(ara, folders):
    code, _, err = ara("config init -i")
    assert code == 0
    assert "no terminal to ask on" in err
    assert (folders[1] / ".ara.yaml").exists()


def test_init_on_a_terminal_asks_three_questions(ara, folders, typed):
    typed("quant", "99", "7", "Asia/Tokyo")
    assert ara("config init --interactive")[0] == 0
    _code, out, _ = ara("config show --json")
    values = {name: row["value"] for name, row in json.loads(out)["settings"].items()}
    assert (values["prediction.days"], values["cli.timezone"], values["workers.threads"]) == (7, "Asia/Tokyo", 4)
    assert "# a month of trading" in (folders[1] / ".ara.yaml").read_text()


def test_init_on_a_terminal_takes_defaults_after_empty_and_after_wrong_answers(ara, folders, typed):
    typed("x", "y", "z", "", "Mars", "Mars", "Mars")
    assert ara("config init -i")[0] == 0
    from ara.settings.template import render

    assert (folders[1] / ".ara.yaml").read_text() == render("minimal")


def test_show_tells_every_value_and_where_it_comes_from(ara, folders, monkeypatch):
    home, project = folders
    (home / ".ara.yaml").write_text("telemetry:\n  sentry_dsn: https://hunter2@x/1\n")
    (project / ".ara.yaml").write_text("store: {url: 'postgresql://me:hunter2@h/n'}\n")
    monkeypatch.setenv("ARA_LOG_LEVEL", "warning")
    code, out, _ = ara("config show --set prediction.days=9")
    assert code == 0
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()[1:] if line}
    assert list(rows) == list(keys())
    assert rows["log.level"] == ["warning", "ARA_LOG_LEVEL"]
    assert rows["prediction.days"] == ["9", "the", "command", "line"]
    assert rows["telemetry.sentry_dsn"] == ["***", "~/.ara.yaml:2"]
    assert rows["store.url"] == ["postgresql://me:***@h/n", ".ara.yaml:1"]
    assert rows["log.file"] == ['""', "default"]
    assert "hunter2" not in out
    data = json.loads(ara("config show --json")[1])
    assert data["files"] == [str(home / ".ara.yaml"), str(project / ".ara.yaml")]
    assert data["settings"]["store.url"] == {
        "value": "postgresql://me:***@h/n",
        "origin": "file",
        "place": f"{project}/.ara.yaml:1",
    }
    assert data["settings"]["data.providers"]["value"] == ["sample"]
    assert list(data["settings"]) == list(keys())
    assert "hunter2" not in json.dumps(data)


def test_show_parts_its_groups_by_one_empty_line(ara):
    lines = ara("config show --width 100")[1].splitlines()
    assert lines[1] == ""
    assert lines[2].startswith("profile ")
    assert lines[4] == ""
    assert not any(one == other == "" for one, other in pairwise(lines))
    assert ara("config show -s log --width 100")[1].splitlines()[1:3] == ["", "log.level   info  default"]


def test_show_keeps_to_a_section(ara):
    assert list(json.loads(ara("config show -s log --json")[1])["settings"]) == ["log.level", "log.format", "log.file"]
    assert list(json.loads(ara("config show --section profile --json")[1])["settings"]) == ["profile"]
    code, _, err = ara("config show --section logging")
    assert code == 2
    assert "did you mean log?" in err
    assert "there are log, store" in ara("config show --section zzzzz")[2]


@pytest.mark.parametrize("columns", [20, 40, 60, 100, 200])
def test_show_fits_the_terminal(ara, folders, columns):
    (folders[1] / ".ara.yaml").write_text(f"log: {{file: /{'long/' * 60}x}}\ncli: {{timezone: Asia/Tokyo}}\n")
    code, out, _ = ara(f"config show --width {columns}")
    assert code == 0
    longest = max(map(len, keys()))
    assert max(map(width, out.splitlines())) <= max(columns, longest if columns < 40 else 0)


def test_get_prints_the_value_alone(ara):
    assert ara("config get prediction.days")[:2] == (0, "5\n")
    assert ara("config get data.providers --set data.providers=a,b")[:2] == (0, "a, b\n")
    assert json.loads(ara("config get data.providers --json")[1]) == {
        "schema": 1,
        "key": "data.providers",
        "value": ["sample"],
        "origin": "default",
        "place": "",
    }
    code, _, err = ara("config get prediction.dayz")
    assert code == 2
    assert "did you mean prediction.days?" in err


def test_set_changes_the_project_s_file_where_there_is_one_and_else_the_user_s(ara, folders):
    home, project = folders
    assert "in ~/.ara.yaml" in ara("config set log.level warning")[1]
    (project / ".ara.yaml").write_text("# mine\nlog:\n  level: info  # why\n")
    assert "in .ara.yaml" in ara("config set log.level debug")[1]
    assert (project / ".ara.yaml").read_text() == "# mine\nlog:\n  level: debug  # why\n"
    assert (home / ".ara.yaml").read_text() == "log:\n  level: warning\n"
    assert json.loads(ara("config set log.level error --user --json")[1]) == {
        "schema": 1,
        "key": "log.level",
        "value": "error",
        "file": str(home / ".ara.yaml"),
    }


def test_set_without_a_user_s_folder_writes_beside_the_work(ara, folders, monkeypatch):
    monkeypatch.delenv("HOME")
    assert ara("config set log.level debug")[0] == 0
    assert (folders[1] / ".ara.yaml").exists()


def test_set_refuses_a_wrong_value_and_shows_no_secret(ara, folders):
    code, _, err = ara("config set prediction.days 99")
    assert code == 2
    assert 'prediction.days is "99"; allowed: a whole number from 1 to 30.' in err
    assert not (folders[0] / ".ara.yaml").exists()
    code, out, err = ara("config set telemetry.sentry_dsn hunter2")
    assert code == 0
    assert "hunter2" not in out + err
    assert "Set log.file to nothing" in ara("config set log.file", "")[1]


def test_set_warns_where_a_variable_goes_over_the_file(ara, monkeypatch):
    monkeypatch.setenv("ARA_LOG_LEVEL", "error")
    assert "ARA_LOG_LEVEL is set and goes over the file" in ara("config set log.level debug")[2]


def test_check_tells_all_problems_of_all_files(ara, folders):
    home, project = folders
    (home / ".ara.yaml").write_text("log: {level: loud}\n")
    (project / ".ara.yaml").write_text("prediction: {days: 99}\nlgo: {}\n")
    code, out, err = ara("config check --width 300")
    assert (code, err) == (2, "")
    assert out.startswith("3 problems in the settings; read ~/.ara.yaml, .ara.yaml.")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["wrong"] * 3
    assert max(map(len, ara("config check --width 60")[1].splitlines())) <= max(60, 11 + len(str(project)) + 15)
    code, out, _ = ara("config validate --json")
    data = json.loads(out)
    assert code == 2
    assert data["ok"] is False
    assert [problem["key"] for problem in data["problems"]] == ["log.level", "prediction.days", "lgo"]
    (home / ".ara.yaml").unlink()
    (project / ".ara.yaml").write_text("lgo: {}\n")
    assert ara("config check")[1].startswith("One problem")


def test_check_warns_of_what_no_package_offers(ara, monkeypatch):
    monkeypatch.setenv("ARA_LOG_LEVL", "x")
    code, out, _ = ara("config check --width 300 --set prediction.model=ewma --set data.providers=sample,zzzzz")
    assert code == 0
    assert out.startswith("All settings are good; read no settings file.")
    assert 'prediction.model is "ewma", which no installed package offers; did you mean ewma_t?' in out
    assert 'data.providers is "zzzzz", which no installed package offers; there are' in out
    assert "did you mean ARA_LOG_LEVEL?" in out


def test_a_broken_file_stops_everything_but_what_mends_it(ara, folders):
    path = folders[1] / ".ara.yaml"
    path.write_text("log: {\n")
    for line in ("config show", "config get log.level", "config set log.level info"):
        code, _, err = ara(line)
        assert code == 2
        assert "is not YAML" in " ".join(err.split())
    assert ara("config check")[0] == 2
    assert ara("config reset --yes")[0] == 0
    assert ara("config check")[0] == 0


def test_reset_puts_the_file_away_after_a_yes_only(ara, folders, typed):
    path = folders[1] / ".ara.yaml"
    path.write_text("profile: test\n")
    code, _, err = ara("config reset")
    assert code == 2
    assert "Add --yes." in err
    typed("n")
    assert ara("config reset")[0] == 10
    assert path.exists()
    typed("y")
    code, out, _ = ara("config reset")
    assert (code, out) == (0, "Put .ara.yaml away as .ara.yaml.bak.\n")
    assert not path.exists()
    assert (folders[1] / ".ara.yaml.bak").read_text() == "profile: test\n"


def test_reset_by_force_needs_no_yes(ara, folders):
    (folders[0] / ".ara.yaml").write_text("")
    data = json.loads(ara("config reset --user --force --json")[1])
    assert data == {"schema": 1, "file": f"{folders[0]}/.ara.yaml", "backup": f"{folders[0]}/.ara.yaml.bak"}
    code, _, err = ara("config reset --user --force")
    assert code == 2
    assert "There is no" in err


def test_a_bare_config_explains_itself(ara):
    code, out, _ = ara("config")
    assert code == 0
    assert all(word in out for word in ("init", "show", "get", "set", "check", "reset", "ara config show"))
    assert "validate" not in out


def test_hostile_values_and_keys_are_answered_in_one_voice(ara):
    hostile = (
        "\x1b[31m",
        "\u202eabc",
        "{{7*7}}",
        "'; DROP TABLE x",
        "../../etc/passwd",
        "😀",
        "a\nb",
        "x" * 9000,
        "\udcff",
    )
    for text in hostile:
        for words in (
            ("config set log.level", text),
            ("config get", text),
            ("config set", text, "x"),
            ("config show -s", text),
        ):
            code, out, err = ara(*words)
            assert code == 2
            assert "Traceback" not in err
            assert "\x1b" not in err
            assert out == ""


def test_ctrl_c_in_a_question_leaves_nothing_half_written(folders):
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "ara", "config", "init", "-i"]
    process = subprocess.Popen(command, stdin=slave, stderr=slave, stdout=subprocess.PIPE, start_new_session=True)
    os.close(slave)
    seen = b""
    while b"start from?" not in seen:
        seen += os.read(master, 4096)
    process.send_signal(2)
    assert process.wait(timeout=900) == 130
    process.stdout.close()
    os.close(master)
    assert list(Path(folders[1]).iterdir()) == []


def test_settings_are_told_where_their_profile_needs_a_package_that_is_not_there(ara, monkeypatch):
    monkeypatch.setitem(sys.modules, "structlog", None)
    code, out, err = ara("config show --profile prod")
    assert (code, err) == (0, "")
    assert "json" in out
    code, out, _ = ara("config check --profile prod --width 300")
    assert code == 0
    assert "log.format is json (profile prod), which needs a package that is not installed: pip install 'ara-ai[" in out
    assert ara("predict AAPL --profile prod")[0] == 8


def test_check_tells_the_first_of_many_problems(ara, folders):
    (folders[1] / ".ara.yaml").write_text("".join(f"zzzzz{number}: 1\n" for number in range(500)))
    code, out, _ = ara("config check --width 200")
    assert code == 2
    assert len(out.splitlines()) < 60
    assert out.splitlines()[-1] == "  and 480 more; all of them: ara config check --json"
    data = json.loads(ara("config check --json")[1])
    assert (len(data["problems"]), data["exit_code"]) == (500, 2)


def test_no_control_character_of_a_folder_s_name_is_printed(ara, folders, monkeypatch):
    place = folders[1] / "\x1b[31mred"
    place.mkdir()
    monkeypatch.chdir(place)
    assert "\x1b" not in ara("config init")[1]
    (place / ".ara.yaml").write_text("lgo: 1\n")
    for line in ("config check", "config show", "config set log.level info", "config reset --yes"):
        _code, out, err = ara(line)
        assert "\x1b" not in out + err


def test_the_settings_of_a_source_are_set_shown_and_checked(ara, folders):
    (folders[1] / ".ara.yaml").write_text("data:\n  providers: [sample] # mine\n")
    assert ara("config set data.providers.polygon.key hunter2")[0] == 0
    assert ara("config set data.providers.polygon.url http://127.0.0.1:9")[0] == 0
    assert "# mine" in (folders[1] / ".ara.yaml").read_text()
    assert ara("config get data.providers.polygon.url")[:2] == (0, "http://127.0.0.1:9\n")
    assert ara("config get data.providers")[:2] == (0, "sample\n")
    assert json.loads(ara("config get data.providers.polygon.key --json")[1])["value"] == "***"
    shown = json.loads(ara("config show --section data.providers --json")[1])["settings"]
    assert list(shown) == [
        "data.providers",
        *(f"data.providers.polygon.{n}" for n in ("url", "socket", "key", "per_minute")),
    ]
    assert next(iter(json.loads(ara("config show -s data.cache --json")[1])["settings"])) == "data.cache.memory_mb"
    code, out, _ = ara("config check --set data.providers.zzzzz.url=http://h --set data.online=yyyyy --width 300")
    assert code == 0
    assert 'data.providers.zzzzz is "zzzzz", which no installed package offers' in out
    assert 'data.online is "yyyyy", which no installed package offers' in out
    assert "hunter2" not in ara("config show")[1]
