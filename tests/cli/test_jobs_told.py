"""What came of jobs, what they said, and what is done by itself, on a terminal."""

import json

import pytest

SHORT = ("backtest", "AAPL", "--strategy", "momentum", "--start", "2017-01-03", "--end", "2017-12-29", "--cuts", "0")


def test_a_back_test_by_a_job_is_the_one_of_its_command(ara):
    asked = (*SHORT, "--param", "window=60", "--cost", "spread=0.001")
    added = ara("jobs", "add", "--time-limit", "600", "--retries", "1", *asked)
    assert "Job 1: test momentum on AAPL, due" in added.plain
    assert ara("jobs", "result", "1").code == 2
    assert ara("jobs", "work", "--once", "--queues", "training").plain.strip() == "No job was due."
    assert ara("jobs", "work", "--once", "--queues", "backtests").plain.strip() == "Jobs: 1 done."
    told = json.loads(ara("jobs", "result", "1", "--json").out)
    direct = ara(*asked, "--json")
    assert told == json.loads(direct.out)
    shown = " ".join(ara("jobs", "show", "1").plain.split())
    assert "600 s at most" in shown
    assert "ara jobs result 1" in shown
    lines = ara("jobs", "logs", "1").plain.splitlines()
    assert "taken by " in lines[0]
    assert lines[-1].split()[-1] == "done"
    assert json.loads(ara("jobs", "logs", "1", "--json").out)["lines"][-1]["words"] == "done"


@pytest.mark.parametrize("width", [60, 100, 160])
def test_screens_keep_to_their_width(ara, width):
    ara("jobs", "add", "score")
    ara("jobs", "work", "--once", "-q")
    orders = ("--set", "jobs.schedule.update=MON-FRI 22:30", "--set", "jobs.schedule.zone=Europe/Berlin")
    for words in (("result", "1"), ("logs", "1"), ("schedule", *orders), ("schedule",), ("list",)):
        told = ara("jobs", *words, "--width", str(width))
        assert told.code == 0, told.err
        assert max(map(len, told.plain.splitlines())) <= width


def test_what_is_done_by_itself_is_told_with_who_sees_to_it(ara):
    assert "Nothing is done by itself" in ara("jobs", "schedule").plain
    told = ara("jobs", "schedule", "--set", "jobs.schedule.clean=1d", "--set", "jobs.schedule.score=06:00", "--json")
    found = json.loads(told.out)
    assert found["leader"] is None
    assert [(one["name"], one["when"], one["due"]) for one in found["schedule"]] == [
        ("score", "06:00", None),
        ("clean", "1d", None),
    ]
    wrong = ara("jobs", "schedule", "--set", "jobs.schedule.score=sometimes")
    assert wrong.code == 2
    assert "jobs.schedule.score" in wrong.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("jobs", "add", "predict", "AAPL", "--export", "x.csv"), "takes no --export"),
        (("jobs", "add", "backtest", "AAPL", "--monte-carlo", "10"), "takes no --monte-carlo"),
        (("jobs", "add", "backtest", "AAPL", "--strategy", "os:system"), "os"),
        (("jobs", "add", "predict", "AAPL", "--days", "31"), "--days"),
        (("jobs", "add", "backtest"), "1 to 1000 instruments"),
        (("jobs", "add", "--time-limit", "-1", "score"), "-1 seconds"),
        (("jobs", "add", "--retries", "99", "score"), "--retries is 99"),
        (("jobs", "add", "serve"), "A job can't be 'serve'"),
        (("jobs", "work", "--queues", "odd"), "there is no 'odd'"),
        (("worker", "--queues", "predictions,odd"), "there is no 'odd'"),
        (("jobs", "logs", "7"), "There is no job 7"),
        (("jobs", "result", "x"), "The job"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    told = ara(*words)
    assert told.code == 2
    assert said in " ".join(told.err.split())
    assert "Traceback" not in told.err


def test_a_worker_ends_where_nothing_is_due(ara):
    ara("jobs", "add", "predict", "AAPL", "--days", "1", "--as-of", "2020-02-20", "--model", "ewma_t")
    ara("jobs", "add", "data", "backup", "copies")
    told = ara("worker", "--once", "--queues", "predictions")
    assert told.plain.strip() == "Jobs: 1 done."
    assert json.loads(ara("jobs", "result", "1", "--json").out)["forecasts"].keys() == {"AAPL"}
    (left,) = json.loads(ara("jobs", "list", "--queues", "upkeep", "--json").out)["jobs"]
    assert (left["state"], left["what"]) == ("waiting", "back up the lake into copies")
