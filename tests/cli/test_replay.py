"""`ara replay` and `ara diff` on a terminal and as JSON."""

import json
import shutil

import pytest


def made(ara, *words):
    return json.loads(ara("predict", *words, "--json").out)["id"]


def test_a_replay_says_that_every_byte_is_the_same(ara):
    kept = made(ara, "AAPL", "--days", "2")
    outcome = ara("replay", kept[:8].upper())
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"AAPL from Wed 31 Mar 2021, {kept[:6]}: the same bytes again, entry 1 of the ledger.\n"
    found = json.loads(ara("replay", kept, "--json").out)
    assert (found["same"], found["ok"], found["again"], found["gap"]) == (True, True, kept, 0.0)
    assert (found["differences"], found["exit_code"]) == ([], 0)
    assert found["forecast"]["days"][1]["day"] == 2


def test_what_is_gone_is_named_by_exit_code_seven(ara, home):
    assert ara("models", "train", "AAPL", "--model", "har_t", "--period", "3y", "--no-validate").code == 0
    kept = made(ara, "AAPL", "--model", "har_t@1", "--days", "2")
    shutil.rmtree(home / "ara" / "models")
    outcome = ara("replay", kept)
    assert outcome.code == 7
    assert outcome.out.startswith(f"AAPL from Wed 31 Mar 2021, {kept[:6]}: it can't be computed again.\n  model: ")
    found = json.loads(ara("replay", kept, "--json").out)
    assert (found["ok"], found["forecast"], found["exit_code"]) == (False, None, 7)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_what_moved_it_adds_up_on_the_screen(ara, width):
    one = made(ara, "AAPL", "--days", "5", "--as-of", "2021-03-01")
    two = made(ara, "AAPL", "--days", "4", "--as-of", "2021-03-03", "--model", "ewma_t")
    outcome = ara("diff", one[:8], two[:8], "--width", str(width))
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= width
    rows = {line.split()[0]: line.split()[1] for line in lines if line[2:].startswith(("data ", "model ", "in all"))}
    assert float(rows["data"]) + float(rows["model"]) == pytest.approx(-7.04, abs=0.011)
    ends = [float(line.split()[1]) for line in lines if line[2:8] in (one[:6], two[:6])]
    assert ends[1] - ends[0] == pytest.approx(-7.04, abs=0.011)
    assert ", in USD: from" in lines[0] + lines[1]
    said = " ".join(outcome.out.split())
    assert "bars up to 2021-03-03 instead of 2021-03-01" in said
    found = json.loads(ara("diff", one, two, "--json").out)
    assert sum(step["price"] for step in found["steps"]) == pytest.approx(found["total"]["price"])


def test_a_forecast_and_itself(ara):
    kept = made(ara, "KO", "--days", "2")
    assert "They are the same forecast." in ara("diff", kept, kept).out


@pytest.mark.parametrize("words", [("replay", "zz"), ("diff", "zz", "yy")])
def test_an_id_that_is_not_there(ara, words):
    outcome = ara(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert "ara ledger list" in outcome.err


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ("platform_facts", 0, "the same figures again, to the last digits that another machine may differ in."),
        ("ENGINE", 7, "it comes out as something else."),
    ],
)
def test_another_machine_and_other_arithmetic_are_told_apart(ara, monkeypatch, changed, code, said):
    kept = made(ara, "KO", "--days", "1")
    other = "999" if changed == "ENGINE" else lambda: {"numpy": "9.9"}
    for module in ("replay", "outlook"):
        monkeypatch.setattr(f"ara.prediction.{module}.{changed}", other)
    outcome = ara("replay", kept)
    assert outcome.code == code
    assert said in " ".join(outcome.out.split())
