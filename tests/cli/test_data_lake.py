"""The lake as people meet it: what is lost is said, and put back."""

import json
import shutil

import pytest

BARS = "symbol,ts,open,high,low,close,volume\n" + "".join(
    f"AAPL,2020-02-{day:02},10,11,9,10.{day},100\n" for day in (3, 4, 5, 6, 7, 10, 11, 13, 14, 18, 19, 20, 21)
)


@pytest.fixture
def imported(ara, home):
    """A lake with the bars of one file, and a back-up of it."""
    (home / "aapl.csv").write_text(BARS)
    outcome = ara("data", "import", "aapl.csv")
    assert outcome.code == 0, outcome.err
    assert ara("data", "backup", "safe").code == 0
    return home


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "AAPL"),
        ("data", "show", "AAPL"),
        ("data", "list"),
        ("data", "why", "AAPL", "2020-02-14"),
        ("data", "check", "AAPL"),
        ("data", "import", "aapl.csv"),
        ("data", "backup", "safe"),
        ("data", "query", "select 1"),
        ("data", "export", "AAPL", "--out", "x.csv"),
    ],
)
def test_a_lake_whose_log_is_lost_is_not_empty(ara, imported, words):
    shutil.rmtree(imported / "ara/lake/silver/bars/_delta_log")
    outcome = ara(*words)
    assert (outcome.code, outcome.out) == (7, "")
    assert "_delta_log is missing" in " ".join(outcome.err.split())
    assert "ara data restore FOLDER" in " ".join(outcome.err.split())
    assert not (imported / "x.csv").exists()


def test_a_file_where_the_lake_should_be(ara, home):
    (home / "ara").mkdir()
    (home / "ara/lake").write_text("")
    for words in (("predict", "AAPL"), ("data", "list"), ("data", "show", "AAPL")):
        outcome = ara(*words)
        assert (outcome.code, "no folder stands in its place" in " ".join(outcome.err.split())) == (7, True), words


def test_the_doctor_and_the_back_up_help(ara, imported):
    shutil.rmtree(imported / "ara/lake/silver/bars/_delta_log")
    rows = json.loads(ara("doctor", "--json").out)
    assert "_delta_log is missing" in json.dumps(rows)
    refused = ara("data", "restore", "safe")
    assert (refused.code, "--yes" in refused.err) == (10, True)
    assert ara("data", "restore", "safe", "--yes").code == 0
    assert "AAPL" in ara("data", "list").out


def test_the_hints_of_back_ups_can_be_typed(ara, imported):
    unknown = ara("data", "restore", "safe", "--name", "none", "--yes")
    assert (unknown.code, "ara data restore safe --list" in unknown.err) == (5, True)
    assert ara("data", "restore", "safe", "--list").code == 0
    missing = ara("data", "restore", "nowhere")
    assert (missing.code, "ara data backup nowhere" in missing.err) == (2, True)
    assert ara("data", "backup", "nowhere").code == 0
