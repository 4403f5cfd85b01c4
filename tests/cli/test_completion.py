import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ara.cli.completion import FILES, SCRIPTS, candidates, serve


def values(*words):
    return [value for value, _ in candidates(words[:-1], words[-1])]


def test_commands_come_first():
    assert values("pr") == ["predict"]
    assert values("led") == ["ledger"]
    assert {"predict", "doctor", "version"} <= set(values(""))
    assert "predict" in values("--json", "--width", "80", "")


def test_global_flags_everywhere():
    assert values("--no") == ["--no-color"]
    assert "--json" in values("predict", "AAPL", "--")
    assert values("version", "--q") == ["--quiet"]


def test_options_of_a_command():
    assert values("predict", "AAPL", "--da") == ["--days"]
    assert "--no-cache" not in values("predict", "--")
    assert values("ledger", "list", "--li") == ["--limit"]


def test_symbols_in_any_case():
    assert values("predict", "aap") == ["AAPL"]
    assert values("predict", "AAPL", "--days", "7", "btc") == ["BTC-USD"]
    assert ("AAPL", "Apple Inc.") in list(candidates(["predict"], "AA"))
    assert "EURUSD" in values("score", "AAPL", "EUR")


def test_values_of_options():
    assert values("predict", "-a", "") == ["minimal", "basic", "standard", "full"]
    assert "ewma_t" in values("predict", "--model", "e")
    assert values("predict", "--export", "x") == [FILES]
    assert values("predict", "--days", "") == []
    assert values("--profile", "") == ["dev", "test", "staging", "prod"]
    assert "prediction.days=" in values("predict", "--set", "prediction.d")
    assert "prediction.days" in values("config", "get", "prediction.d")


def test_groups_offer_their_commands():
    assert values("ledger", "") == ["list", "show", "receipt", "report", "verify", "anchor"]
    assert values("ledger", "verify", "") == []
    assert values("completion", "") == ["bash", "zsh", "fish"]
    assert values("completion", "bash", "") == []
    assert values("nothing", "") == []


def test_the_answer_is_one_line_each():
    assert serve(["2", "predict", "AAP"]) == "AAPL\tApple Inc.\n"
    assert serve(["2", "completion"]) == "bash\nzsh\nfish\n"
    assert serve(["1"]).count("\n") > 5


def test_the_command_prints_the_script(ara):
    for shell, script in SCRIPTS.items():
        assert ara("completion", shell).out == script
    outcome = ara("completion", "tcsh")
    assert (outcome.code, outcome.err.splitlines()[0]) == (
        2,
        "There is no completion for 'tcsh'; there is for bash, zsh, fish.",
    )


def test_a_senseless_question_is_answered_by_nothing(ara):
    outcome = ara("__complete", "x")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "")
    assert ara("__complete", "1", "vers").out == "version\tPrint the version\n"


@pytest.fixture
def shell(home, tmp_path):
    """Real shells with `ara` on their path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "ara"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m ara "$@"\n')
    command.chmod(0o755)

    def run(name, program):
        place = shutil.which(name)
        if place is None:
            if os.environ.get("ARA_ALL_SHELLS"):
                pytest.fail(f"{name} is not installed")
            pytest.skip(f"{name} is not installed")
        flags = {"bash": ["--norc", "--noprofile", "-c"], "zsh": ["-f", "-c"], "fish": ["--no-config", "-c"]}[name]
        environ = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        done = subprocess.run([place, *flags, program], capture_output=True, text=True, env=environ, timeout=900)
        assert done.stderr == ""
        return done.stdout.split("\n")[:-1]

    return run


BASH = """
eval "$(ara completion bash)"
complete -p ara >/dev/null || exit 1
compopt() { echo "compopt $*"; }
ask() { COMP_WORDS=(ara "$@"); COMP_CWORD=$#; _ara; printf '%s\\n' "${COMPREPLY[@]}"; }
"""


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("pre", ["predict"]),
        ("predict AAP", ["AAPL"]),
        ("predict AAPL --da", ["--days"]),
        ("predict --export ''", ["compopt -o default", ""]),
        ("predict --set workers.th", ["compopt -o nospace", "workers.threads="]),
        ("predict nothing", [""]),
    ],
)
def test_in_bash(shell, words, answer):
    assert shell("bash", f"{BASH}ask {words}") == answer


def test_in_fish(shell):
    ask = "ara completion fish | source; complete -C"
    assert shell("fish", f"{ask} 'ara predict AAP'") == ["AAPL\tApple Inc."]
    assert shell("fish", f"{ask} 'ara ledger ver'")[0].startswith("verify\t")
    assert shell("fish", f"{ask} 'ara predict AAPL --da'")[0].startswith("--days\t")
    Path("bars.parquet").touch()
    assert shell("fish", f"{ask} 'ara predict --export ba'") == ["bars.parquet"]


ZSH = """
autoload -Uz compinit && compinit -u -d {dump}
eval "$(ara completion zsh)"
PS1='ready> '
LISTMAX=0
"""


def test_in_zsh(terminal, shell, tmp_path):
    shell("zsh", "true")
    (tmp_path / ".zshrc").write_text(ZSH.format(dump=tmp_path / "dump"))
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    zsh = terminal(program=(shutil.which("zsh"), "-i"), ZDOTDIR=str(tmp_path), PATH=path, columns=100)
    zsh.read("ready> ")
    zsh.type("ara predict AAP\t")
    zsh.read("AAPL")
    zsh.type("--da\t")
    zsh.read("--days")
    zsh.type("\x15ara ledger \t")
    zsh.read("verify")
    assert "Check that nothing in the ledger was changed" in zsh.read("Check that nothing in the ledger was changed")


def test_parts_of_plug_ins_are_completed():
    assert {"sample", "ewma_t"} <= {value for value, _ in candidates(["plugins", "check"], "")}


def test_indicators_and_feature_sets_are_completed():
    for line in (["indicators", "show"], ["indicators", "compute"], ["audit", "features"]):
        assert {"super_smoother", "supertrend"} <= dict(candidates(line, "super")).keys()
    for line in (["features", "show"], ["features", "build"], ["features", "drift"], ["audit", "features"]):
        assert {"ara-default", "ara-fast"} <= dict(candidates(line, "ara-")).keys()
    assert dict(candidates(["features", "build"], "ara-fast"))["ara-fast"]
    assert "planted" in dict(candidates(["audit", "features"], "pl"))
    assert "AAPL" in dict(candidates(["features", "build", "ara-fast"], "AAP"))


def test_a_place_beyond_the_line_has_no_completion(ara):
    for index in ("9" * 10, "٠١٢٣٤٥٦٧٨٩", "3"):
        assert (ara("__complete", index, "predict").code, ara("__complete", index, "predict").out) == (1, "")
