import json
import os
import signal
import subprocess
import sys

import pytest


def queued(ara, *words):
    done = ara("jobs", "add", *words, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)["jobs"]


def test_what_is_put_into_the_line_stands_there_in_order_and_is_done(ara):
    assert "There is no job. Begin one: ara jobs add tune run AAPL --model drift" in ara("jobs", "list").plain
    done = ara("jobs", "add", "tune", "run", "AAPL", "--model", "ewma_t", "--trials", "2", "--days", "2", "--no-keep")
    assert done.code == 0
    assert "Job 1: tune ewma_t on AAPL, 2 trials, due" in " ".join(done.plain.split())
    made = queued(ara, "--priority", "7", "models", "train", "AAPL", "--model", "ewma_t,hist", "--days", "2")
    assert [(one["job"], one["what"], one["priority"]) for one in made] == [
        (2, "train ewma_t on AAPL", 7),
        (3, "train hist on AAPL", 7),
    ]
    line = json.loads(ara("jobs", "list", "--json").out)["jobs"]
    assert [one["job"] for one in line] == [2, 3, 1]
    assert ara("jobs", "cancel", "3").plain.strip() == "Job 3 is cancelled."
    worked = ara("jobs", "work", "--once", "--set", "jobs.cpus=2")
    assert worked.code == 0
    assert worked.plain.strip() == "Jobs: 2 done."
    assert "Job 2 begins: train ewma_t on AAPL" in worked.err
    assert "Job 2 is done: ewma_t@1" in worked.err
    assert ara("jobs", "work", "--once").plain.strip() == "No job was due."
    states = {one["job"]: one["state"] for one in json.loads(ara("jobs", "list", "--json").out)["jobs"]}
    assert states == {1: "done", 2: "done", 3: "cancelled"}
    assert len(json.loads(ara("jobs", "list", "--state", "done", "--json").out)["jobs"]) == 2
    shown = ara("jobs", "show", "1").plain
    assert "It is done." in shown
    assert "ara tune history ewma_t-" in shown
    assert "ara models show ewma_t@1" in ara("jobs", "show", "2").plain
    assert ara("jobs", "clear").plain.strip() == "3 jobs are forgotten."
    assert json.loads(ara("jobs", "clear", "--json").out)["cleared"] == 0


def test_a_job_that_fails_says_why_and_the_worker_says_so_by_its_code(ara):
    queued(ara, "models", "train", "NOSUCH")
    done = ara("jobs", "work", "--once", "--json")
    assert done.code == 1
    (job,) = json.loads(done.out)["jobs"]
    assert job["state"] == "failed"
    assert "NOSUCH" in job["words"]
    assert "NOSUCH" in ara("jobs", "show", "1").plain


def test_terms_are_kept_with_the_job(ara):
    (job,) = queued(
        ara, "--every", "1d", "--after", "2099-01-05T06:30Z", "--memory", "1.5G", "--cpus", "1", "--priority", "-3",
        "models", "review", "HAR_T", "--act", "--tune", "--older-than", "31",
    )  # fmt: skip
    assert job["work"] == {"what": "review", "families": ["har_t"], "days": 31, "tune": True}
    assert (job["every_seconds"], job["due"], job["memory"], job["priority"]) == (
        86_400,
        "2099-01-05T06:30:00Z",
        3 << 29,
        -3,
    )
    assert ara("jobs", "work", "--once").plain.strip() == "No job was due."
    words = " ".join(ara("jobs", "show", "1", "--set", "cli.timezone=UTC").plain.split())
    assert "It may use 1 processor, 1.5 GB of memory at most." in words
    assert "Priority -3, due 2099-01-05 06:30 UTC, then every 1 d." in words


@pytest.mark.parametrize("width", ["60", "100"])
def test_screens_keep_to_their_width(ara, width):
    added = ara("jobs", "add", "tune", "run", "AAPL", "MSFT", "SPY", "BTC-USD", "--model", "drift", "--width", width)
    for told in (added, ara("jobs", "list", "--width", width), ara("jobs", "show", "1", "--width", width)):
        assert told.code == 0
        assert max(map(len, told.plain.splitlines())) <= int(width)


def test_a_job_is_done_at_times_by_the_clocks_of_a_zone(ara):
    done = ara(
        "jobs", "add", "--at", "mon-fri 06:30", "--zone", "Europe/Berlin", "--after", "2099-01-05", "models", "review",
        "--act",
    )  # fmt: skip
    assert "due 2099-01-05 05:30 UTC, then MON-FRI 06:30 by the clocks of Europe/Berlin." in " ".join(done.out.split())
    (job,) = json.loads(ara("jobs", "list", "--json").out)["jobs"]
    assert (job["at"], job["zone"], job["every_seconds"]) == ("MON-FRI 06:30", "Europe/Berlin", 0)
    assert job["due"].startswith("2099-01-05T05:30")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("data", "fetch", "AAPL"), "A job can't be 'data fetch'."),
        (("tune",), "A job can't be 'tune'."),
        (("tune", "run", "AAPL", "--modle", "drift"), "ara tune run has no option --modle."),
        (("tune", "run", "--model", "drift"), "SYMBOL"),
        (("tune", "run", "AAPL", "--model", "pooled_har"), "pooled_har has nothing to tune"),
        (("tune", "run", "AAPL", "--as-of", "2020-01-31"), "Leave out --as-of."),
        (("models", "review"), "Add --act."),
        (("models", "train", "AAPL", "--model", "nothing"), "nothing"),
        (("--every", "daily", "models", "review", "--act"), "--every is 'daily'."),
        (("--at", "MON", "models", "review", "--act"), "--at is 'MON'."),
        (("--at", "06:00", "--zone", "Moon", "models", "review", "--act"), "There is no time zone 'Moon'."),
        (("--at", "06:00", "--every", "1d", "models", "review", "--act"), "not both"),
        (("--memory", "much", "models", "review", "--act"), "--memory is 'much'."),
        (("--cpus", "two", "models", "review", "--act"), "--cpus is 'two'; it is a whole number."),
        (("--cpus", "0", "models", "review", "--act"), "0 processors"),
        (("--gpus", "4000", "models", "review", "--act"), "The job asks for 4000 gpus"),
        (("--priority", "101", "models", "review", "--act"), "The priority is 101"),
        (("--after", "tomorrow", "models", "review", "--act"), "--after is 'tomorrow'."),
    ],
)
def test_bad_input_is_said_in_words_and_nothing_is_put_into_the_line(ara, words, said):
    done = ara("jobs", "add", *words)
    assert done.code != 0
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert json.loads(ara("jobs", "list", "--json").out)["jobs"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "1"), "There is no job 1."),
        (("cancel", "1"), "There is no job 1."),
        (("show", "one"), "one"),
        (("list", "--state", "lost"), "It is waiting, running, done, failed, cancelled or all."),
    ],
)
def test_what_is_not_there_is_said_in_words(ara, words, said):
    done = ara("jobs", *words)
    assert done.code != 0
    assert said in " ".join(done.err.split())


def test_a_worker_that_the_system_ends_puts_its_job_back(ara, home):
    queued(ara, "tune", "run", "AAPL", "--model", "ewma_t", "--trials", "5000", "--days", "2")
    words = [sys.executable, "-m", "ara", "jobs", "work"]
    process = subprocess.Popen(words, env=dict(os.environ), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "Job 1 begins" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert out.strip() == "No job was due."
    (job,) = json.loads(ara("jobs", "list", "--json").out)["jobs"]
    assert (job["state"], job["tries"]) == ("waiting", 0)
    assert ara("jobs", "cancel", "1").code == 0


def test_a_review_may_have_an_old_champion_tuned_by_a_job(ara):
    trained = ara("models", "train", "AAPL", "--model", "ewma_t", "--days", "2", "--as-of", "2020-01-31", "--json")
    assert ara("models", "deploy", json.loads(trained.out)["models"][0]["name"], "--force").code == 0
    seen = ara("models", "review", "--tune", "--json")
    assert json.loads(seen.out)["reviews"][0]["done"] is False
    done = ara("models", "review", "--act", "--tune")
    assert "ewma_t@1 is tuned anew by job 1: bars of 424 days" in " ".join(done.plain.split())
    again = json.loads(ara("models", "review", "--act", "--tune", "--json").out)["reviews"][0]
    assert (again["job"], again["done"]) == (1, True)
    (job,) = json.loads(ara("jobs", "list", "--json").out)["jobs"]
    assert (job["what"], job["work"]["shadow"]) == ("tune ewma_t on AAPL, 20 trials", True)
