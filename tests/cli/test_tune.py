import json

import pytest


def tuned(ara, *more, trials="3", width="100"):
    return ara("tune", "run", "AAPL", "--period", "6y", "--days", "2", "--trials", trials, "--width", width, *more)


def test_a_run_tells_what_it_found_and_keeps_the_winner_as_a_candidate(ara):
    done = tuned(ara, "--model", "ewma_t", "--sensitivity")
    fits(done, "100")
    assert "3 trials on AAPL" in done.out
    assert "decay 0.94" in done.out
    few = "What the differences go with is told from 10 complete trials on; there are 3."
    assert few in " ".join(done.out.split())
    assert "ewma_t@1 is kept as a candidate" in done.out
    assert "one parameter a tenth lower and higher" in " ".join(done.out.split())
    listed = json.loads(ara("models", "list", "--json").out)["models"]
    assert [one["name"] for one in listed] == ["ewma_t@1"]
    assert listed[0]["stage"] == "candidate"


def test_json_has_each_trial_and_the_study_is_found_again(ara):
    told = json.loads(tuned(ara, "--model", "hist", "--no-keep", "--json").out)
    assert told["candidate"] is None
    assert told["made"] == 3
    assert [one["number"] for one in told["trials"]] == [0, 1, 2]
    assert told["trials"][0]["params"] == {"bars": 500}
    assert told["winner"]["ratio"] == min(one["ratio"] for one in told["trials"])
    found = json.loads(ara("tune", "status", "--json").out)["studies"]
    assert [one["study"] for one in found] == [told["study"]]
    assert json.loads(ara("tune", "status", "drift", "--json").out)["studies"] == []
    again = json.loads(ara("tune", "history", "hist", "--json").out)
    assert again["trials"] == told["trials"]
    assert json.loads(ara("tune", "history", "--json").out) == again


def test_a_whole_number_stays_one_when_the_winner_is_trained(ara):
    done = tuned(ara, "--model", "hist", trials="1")
    assert done.code == 0
    assert "None was better than hist as it comes." in done.out
    shown = json.loads(ara("models", "show", "hist@1", "--json").out)
    assert shown["params"] == {"bars": 500}


def fits(told, width):
    assert told.code == 0
    assert max(map(len, told.plain.splitlines())) <= int(width)


def test_screens_keep_to_their_width(ara):
    fits(tuned(ara, "--model", "drift", "--no-keep", trials="2", width="60"), "60")
    for width in ("60", "100", "160"):
        fits(ara("tune", "status", "--width", width), width)
        trials = ara("tune", "history", "drift", "--limit", "1", "--width", width)
        fits(trials, width)
        assert "1 more: --limit 2" in trials.out


def test_where_there_is_no_study_it_says_how_to_begin_one(ara):
    assert "ara tune run AAPL --model drift" in ara("tune", "status").out
    assert "no study of hist yet" in ara("tune", "status", "hist").out
    missing = ara("tune", "history", "hist")
    assert missing.code != 0
    assert "no study" in missing.err
    assert "Begin one: ara tune run" in ara("tune", "history").err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--model", "pooled_har"), "pooled_har has nothing to tune: its penalties and shares"),
        (("--model", "nothing"), "nothing"),
        (("--sampler", "luck"), "It is tpe or gp."),
        (("--goal", "profit"), "It is crps, or crps,latency."),
        (("--on", "moon"), "It is here or ray."),
        (("--at-once", "-1"), "--at-once is -1"),
        (("--at-once", "2"), "--at-once is for a cluster alone"),
        (("--on", "ray", "--processes", "2"), "--processes is for this machine alone"),
        (("--minutes", "-1"), "--minutes is '-1'"),
        (("--minutes", "soon"), "--minutes is 'soon'"),
        (("--hold-out", "2"), "--hold-out is 2"),
        (("--set", "models.studies=sqlite:////nowhere/x.db"), "can't be read or written"),
        (("--set", "models.studies=postgresql://ara@127.0.0.1:1/x"), "can't be read or written"),
        (("--set", "models.studies=mysql://x"), "models.studies"),
    ],
)
def test_bad_input_is_said_in_words(ara, more, words):
    done = tuned(ara, *more, trials="1")
    assert done.code != 0
    assert words in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_two_goals_show_the_milliseconds(ara):
    done = tuned(
        ara,
        "--model",
        "ewma_t",
        "--goal",
        "crps,latency",
        "--no-keep",
        "--minutes",
        "5",
        "--sampler",
        "gp",
        width="160",
    )
    fits(done, "160")
    assert " ms " in done.out
