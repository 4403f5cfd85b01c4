"""`ara performance --compare`: files or columns on one grid, a recommendation, a preference that is kept."""

import json
from datetime import date, timedelta

import numpy as np
import pytest


@pytest.fixture
def files(home):
    dice = np.random.default_rng(3)
    for name, mean in (("good", 0.002), ("poor", -0.001), ("other", -0.0012)):
        days = [date(2020, 1, 1) + timedelta(days=one + (name == "poor")) for one in range(400)]
        rows = [f"{day},{value:.6f}" for day, value in zip(days, dice.normal(mean, 0.01, 400), strict=True)]
        (home / f"{name}.csv").write_text("date,return\n" + "\n".join(rows))
    both = dice.normal(0.0, 0.01, (100, 2))
    rows = [f"{date(2020, 1, 1) + timedelta(days=n)},{a:.5f},{b:.5f}" for n, (a, b) in enumerate(both)]
    (home / "both.csv").write_text("date,trend,carry\n" + "\n".join(rows))
    return home


def test_files_are_ranked_and_a_preference_stays(ara, files):
    words = ("performance", "good.csv", "poor.csv", "other.csv", "--compare")
    found = json.loads(ara(*words, "--json").out)
    assert (found["bars"], found["first"], found["preferred"]) == (399, "2020-01-02", None)
    assert (found["recommended"], found["entries"][0]["name"]) == ("good", "good")
    kept = json.loads(ara(*words, "--prefer", "poor", "--json").out)["preferred"]
    assert kept["name"] == "poor"
    assert json.loads(ara(*words, "--prefer", "best", "--trials", "50", "--json").out)["trials"] == 50
    turned = ara("performance", "poor.csv", "other.csv", "good.csv", "--width", "60")
    text = " ".join(turned.out.split())
    assert text.startswith("Take good: it is told from all others")
    assert text.endswith(": good.")
    assert max(map(len, turned.out.splitlines())) <= 60
    assert json.loads(ara(*words, "--metric", "return", "--json").out)["preferred"] is None


def test_the_best_is_held_against_a_benchmark(ara, files):
    words = ("performance", "good.csv", "other.csv", "--compare", "--benchmark")
    found = json.loads(ara(*words, "poor.csv", "--json").out)
    assert (found["bars"], found["recommended"], found["benchmark"]["name"]) == (399, "good", "poor.csv")
    assert found["benchmark"]["p"] < 0.05 > found["benchmark"]["reality_check"]
    assert found["benchmark"]["measures"]["sharpe"] < 0
    told = " ".join(ara(*words, "poor.csv").out.split())
    assert "The best is better than poor.csv, though picked among 2 (p 0.0" in told
    assert "test of superior predictive ability" in told
    turned = ara("performance", "poor.csv", "other.csv", "--compare", "--benchmark", "good.csv", "--width", "60")
    assert "None is shown to be better than good.csv (p 1.00)." in " ".join(turned.out.split())
    assert max(map(len, turned.out.splitlines())) <= 60


def test_an_instrument_is_held_over_the_same_days(ara, files):
    ara("data", "export", "AAPL", "--out", "aapl.csv")
    words = ("performance", "aapl.csv", "--column", "open,close", "--compare", "--json", "--benchmark")
    by_name, by_file = (json.loads(ara(*words, one).out)["benchmark"] for one in ("AAPL", "aapl.csv"))
    assert by_name["measures"] == by_file["measures"]
    assert by_name["p"] == by_file["p"] > 0.2


def test_columns_of_one_file(ara, files):
    outcome = ara("performance", "both.csv", "--column", "trend,carry", "--compare", "--json")
    assert outcome.err == ""
    found = json.loads(outcome.out)
    assert {one["name"] for one in found["entries"]} == {"trend", "carry"}
    told = ara("performance", "both.csv", "--column", "trend,carry", "--compare")
    assert "Keep what you prefer by --prefer NAME." in told.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("good.csv", "--compare"), "1 returns are named"),
        (("good.csv", "good.csv"), "Two of the returns are the same"),
        (("good.csv", "poor.csv", "--prefer", "x"), "--prefer: there is no 'x'. There are: good, poor."),
        (("good.csv", "poor.csv", "--metric", "luck"), "What ranks is 'luck'"),
        (("good.csv", "poor.csv", "--report", "all.pdf"), "--compare goes without --report"),
        (("good.csv", "poor.csv", "--benchmark", "late.csv"), "have 0 moments in common"),
        (("good.csv", "--prefer", "good"), "--prefer chooses among several"),
        (("good.csv", "late.csv"), "have 0 moments in common"),
        (("good.csv", "lost.csv"), "loses more than all"),
    ],
)
def test_what_is_wrong_is_said(ara, files, words, said):
    (files / "late.csv").write_text("date,return\n2024-01-01,0.01\n2024-01-02,0.02\n")
    (files / "lost.csv").write_text("date,return\n2020-01-01,-1.5\n2020-01-02,0.02\n2020-01-03,0.01\n")
    outcome = ara("performance", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in " ".join(outcome.err.split())
