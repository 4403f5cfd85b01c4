import json

import pytest

from ara.cli.app import COMMANDS, GLOBAL_FLAGS, overview
from ara.cli.invocation import flags_of
from ara.errors import ValidationError

NAMES = [name for group in COMMANDS.values() for name in group]


def test_flags_count_at_any_position():
    line = "--json predict -q AAPL --profile test --set a.b=c --set=d.e=f=g --width 40 --no-color --debug --days 3"
    flags, rest = flags_of(line.split())
    assert rest == ["predict", "AAPL", "--days", "3"]
    assert (flags.json, flags.quiet, flags.debug, flags.colour) == (True, True, True, False)
    assert (flags.profile, flags.width) == ("test", 40)
    assert flags.settings == {"a.b": "c", "d.e": "f=g"}


def test_nothing_after_two_dashes_is_a_flag():
    flags, rest = flags_of(["predict", "--", "--json", "-q"])
    assert rest == ["predict", "--", "--json", "-q"]
    assert not flags.json


def test_flags_become_settings():
    flags, _ = flags_of(["--profile=prod", "--width", "90", "--no-color", "--debug", "--set", "prediction.days=9"])
    assert flags.as_settings() == {
        "profile": "prod",
        "cli.width": "90",
        "cli.colour": "never",
        "log.level": "debug",
        "prediction.days": "9",
    }
    assert flags_of([])[0].as_settings() == {}


@pytest.mark.parametrize("word", ["--profile", "--set", "--width"])
def test_a_flag_without_its_value_is_refused(word):
    with pytest.raises(ValidationError, match=f"{word} needs a value"):
        flags_of(["predict", word])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--width", "x"), "--width is x"),
        (("--width", "-3"), "--width is -3"),
        (("--width", "10001"), "--width is 10001"),
        (("--width", "9" * 5000), "--width is 999"),
        (("--set", "days"), "--set is days"),
        (("--set", "=5"), "--set is =5"),
    ],
)
def test_a_flag_with_a_wrong_value_is_refused(words, said):
    with pytest.raises(ValidationError, match=said) as caught:
        flags_of(words)
    assert len(caught.value.message) < 200


def test_the_overview_names_every_command_and_flag():
    for columns in (20, 60, 80, 200):
        page = overview(columns)
        assert all(f"\n  {name}" in page for name in NAMES)
        assert all(f"\n  {flag}" in page for flag, _ in GLOBAL_FLAGS)
        assert columns == 20 or all(len(line) <= columns for line in page.splitlines())
        assert columns > 20 or all(len(line) <= 20 or " " not in line.strip() for line in page.splitlines()[8:])
    assert "\x1b[1mForecast\x1b[0m" in overview(80, bold=True)


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_help_is_the_overview(ara, words):
    assert ara(*words).out == overview(80) + "\n"


def test_the_overview_is_as_wide_as_columns_say(ara, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert ara().out == overview(40) + "\n"


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("help",)])
def test_the_overview_is_as_wide_as_asked(ara, words):
    for line in ((*words, "--width", "40"), ("--width=40", *words), ("--no-color", "--width", "40", *words)):
        assert ara(*line).out == overview(40) + "\n"
    assert "\x1b[1mForecast\x1b[0m" in ara(*words, "--set", "cli.colour=always").out


def test_help_before_a_command_is_that_command_s(ara):
    assert ara("--help", "predict").out == ara("predict", "--help").out


def test_help_as_a_document(ara):
    whole = json.loads(ara("--help", "--json").out)
    assert [command["name"] for command in whole["commands"]] == NAMES
    assert whole["usage"] == "ara COMMAND"
    assert len(whole["options"]) == len(GLOBAL_FLAGS)
    page = json.loads(ara("--json", "predict", "--help").out)
    assert (page["name"], page["usage"]) == ("ara predict", "ara predict [OPTIONS] [SYMBOL…]")
    assert page["summary"].startswith("Forecast instruments")
    assert page["examples"][0] == "ara predict AAPL"
    assert {"flags": ["-d", "--days"], "value": "N", "summary": "Bars ahead, 1 to 30 (5)"} in page["options"]
    assert {"flags": ["-q", "--quiet"], "value": None, "summary": GLOBAL_FLAGS[1][1]} in page["options"]
    assert not any("--verbose" in option["flags"] for option in page["options"])
    assert [each["name"] for each in page["arguments"]] == ["SYMBOL…"]
    group = json.loads(ara("ledger", "--json").out)
    assert [each["name"] for each in group["commands"]] == ["list", "show", "receipt", "report", "verify", "anchor"]
    assert set(whole) == set(page) == set(group)


def test_a_default_is_told_once(ara):
    for name in NAMES:
        assert not [line for line in ara(name, "--help", "--width", "200").out.splitlines() if line.count(" (") > 1]
    assert ara("ledger", "list", "--help").out.count("(20)") == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself_with_examples_on_top(ara, name):
    page = ara(name, "--help").out
    lines = page.splitlines()
    assert lines[0]
    assert lines[1] == ""
    assert all(line.startswith(("  ara ", "  eval ")) for line in lines[2:5])
    assert f"Usage: ara {name}" in page
    assert ara("help", name).out == page


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("columns", ["40", "60", "100"])
def test_help_fits(ara, name, columns):
    for line in ara(name, "--help", "--width", columns).out.splitlines():
        assert len(line) <= int(columns) or line.startswith(("  ara ", "  eval "))


def test_a_group_alone_explains_itself(ara):
    page = ara("ledger").out
    assert "Commands\n  list     List the forecasts that were kept, newest first\n" in page
    assert "Usage: ara ledger verify" in ara("ledger", "verify", "--help").out


@pytest.mark.parametrize(
    ("words", "first", "second"),
    [
        (
            ("predcit", "AAPL"),
            "There is no command predcit.",
            "Did you mean predict or forecast",
        ),
        (("zzzz",), "There is no command zzzz.", "See what there is: ara --help"),
        (("--nonsense",), "There is no option --nonsense.", "See what there is: ara --help"),
        (("--json-ish",), "There is no option --json-ish.", "See what there is: ara --help"),
        (("--quiet",), "No command was given.", "See what there is: ara --help"),
        (("predict",), "SYMBOL… is missing.", "See what is allowed: ara predict --help"),
        (
            ("predict", "AAPL", "--dys", "3"),
            "ara predict has no option --dys.",
            "Did you mean --days? See what is allowed: ara predict --help",
        ),
        (
            ("ledger", "verfy"),
            "No such command 'verfy'.",
            "Did you mean verify? See what is allowed: ara ledger --help",
        ),
        (
            ("config", "sett"),
            "No such command 'sett'.",
            "Did you mean set or reset? See what is allowed: ara config --help",
        ),
        (("PREDICT", "AAPL"), "There is no command PREDICT.", "Did you mean predict"),
        (("predict", "AAPL", "--yyyyyy"), "ara predict has no option --yyyyyy.", "See what is allowed"),
        (("plugins", "check"), "NAME is missing.", "See what is allowed: ara plugins check --help"),
        (
            ("ledger", "list", "--limt", "3"),
            "ara ledger list has no option --limt.",
            "Did you mean --limit? See what is allowed: ara ledger list --help",
        ),
        (("forecast",), "--bars FILE is missing.", "See what is allowed: ara forecast --help"),
        (("version", "x"), "Got unexpected extra argument (x).", "See what is allowed: ara version --help"),
        (("predict", "AAPL", "--days"), "Option '--days' requires an argument.", "See what is allowed"),
    ],
)
def test_a_wrong_line_is_said_to_be_wrong_in_two_lines(ara, words, first, second):
    outcome = ara(*words)
    assert outcome.code == 2
    assert outcome.out == ""
    lines = outcome.err.splitlines()
    assert lines[0].startswith(first)
    assert lines[1].startswith(second)
    assert len(lines) == 2


def test_under_json_an_error_is_one_document_on_stdout(ara):
    outcome = ara("predcit", "--json")
    assert outcome.err == ""
    problem = json.loads(outcome.out)
    assert problem["type"] == "urn:ara:error:invalid"
    assert problem["detail"] == "There is no command predcit."
    assert problem["exit_code"] == outcome.code == 2


def test_under_json_even_a_wrong_global_flag_is_a_document(ara):
    assert json.loads(ara("version", "--width", "x", "--json").out)["status"] == 422


def test_quiet_keeps_errors(ara):
    assert "There is no command" in ara("-q", "predcit").err


def test_version(ara):
    assert ara("version").out.startswith("ara ")
    assert ara("--version").out == ara("version").out
    assert set(json.loads(ara("version", "--json").out)) == {"schema", "version", "python"}


@pytest.fixture
def broken(monkeypatch):
    """Makes `ara version` fail in a given way."""

    def fail_with(error):
        def fail():
            raise error

        monkeypatch.setattr("platform.python_version", fail)

    return fail_with


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RuntimeError("boom\nsecond line"), 1, "Ara failed unexpectedly: RuntimeError: boom\nThis is a fault of Ara."),
        (AssertionError(), 1, "Ara failed unexpectedly: AssertionError\nThis is a fault of Ara."),
        (PermissionError(13, "Permission denied", "/x"), 5, "The system refused: /x: Permission denied.\nCheck that"),
        (OSError("odd"), 5, "The system refused: odd.\nCheck that"),
        (EOFError(), 130, ""),
    ],
)
def test_a_fault_is_one_line_and_a_hint(ara, broken, error, code, said):
    broken(error)
    outcome = ara("version")
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.strip().startswith(said)
    assert "Traceback" not in outcome.err
    assert "Traceback" in ara("version", "--debug").err or code == 130


def test_a_fault_under_json(ara, broken):
    broken(RuntimeError("boom"))
    problem = json.loads(ara("version", "--json").out)
    assert (problem["code"], problem["status"], problem["exit_code"]) == ("internal", 500, 1)


def test_an_unknown_setting_is_refused_with_its_name(ara):
    outcome = ara("doctor", "--set", "no.such=1")
    assert outcome.code == 2
    assert "no.such" in outcome.out


def test_a_clash_with_the_other_package_is_named(ara, monkeypatch, tmp_path):
    import ara.cli.invocation as module

    folder = tmp_path / "site" / "ara"
    (folder / "setup").mkdir(parents=True)
    (folder / "setup" / "callback_plugins.py").touch()
    (folder / "cli").mkdir()
    monkeypatch.setattr(module, "__file__", str(folder / "cli" / "invocation.py"))
    outcome = ara("version")
    assert outcome.code == 0
    assert "ARA Records Ansible" in outcome.err
    assert ara("version", "-q").err == ""
