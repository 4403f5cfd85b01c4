"""`ara market correlations` and `ara market pairs` on a terminal and as JSON."""

import json

import pytest

FOUR = ("AAPL", "MSFT", "SPY", "XAUUSD")


def test_correlations_breaks_and_groups(ara):
    outcome = ara("market", "correlations", *FOUR, "--as-of", "2020-03-25", "--width", "80")
    assert (outcome.code, outcome.err) == (0, "")
    text = " ".join(outcome.out.split())
    assert text.startswith("MSFT and SPY are tied most closely: 0.94 (0.92 to 0.96 with 95 %).")
    assert "  SPY     0.84  0.84  1.00    0.09" in outcome.out
    assert "AAPL and MSFT broke: 0.93 now, 0.45 before." in outcome.out
    assert "Groups that move together: AAPL, MSFT, SPY." in text


def test_the_document_of_correlations(ara):
    found = json.loads(ara("market", "correlations", "AAPL,MSFT,SPY,XAUUSD", "--window", "30", "--json").out)
    assert (found["schema"], found["window"], found["symbols"]) == (1, 30, list(FOUR))
    assert len(found["pairs"]) == 6
    for one in found["pairs"]:
        assert one["low"] < one["correlation"] < one["high"]
        assert abs(one["shrunk"]) <= abs(one["correlation"]) + 1e-9
        assert one["change"]["broken"] in (True, False)
    assert sorted(name for group in found["clusters"] for name in group) == sorted(FOUR)


def test_what_does_not_fit_is_a_list(ara):
    outcome = ara("market", "correlations", *FOUR, "EURUSD", "QQQ", "--width", "40")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 40
    assert any(line.split() == ["one", "other", "correlation"] for line in lines)
    short = ara("market", "correlations", "AAPL", "SPY", "--as-of", "2009-02-10", "--window", "20")
    assert "The past is too short to say whether a correlation changed." in " ".join(short.out.split())


def test_pairs_are_corrected_for_how_many_they_are(ara):
    found = json.loads(ara("market", "pairs", "EURUSD", "GBPUSD", "IWM", "--last", "750", "--json").out)
    assert found["days"] == 750
    assert len(found["pairs"]) == 3
    assert all(one["p_corrected"] >= one["p"] for one in found["pairs"])
    told = ara("market", "pairs", "EURUSD", "GBPUSD", "IWM", "--width", "60")
    assert told.out.startswith("GBPUSD and IWM stay together (p ")
    assert "deviations" in told.out
    assert max(map(len, told.out.splitlines())) <= 60
    none = ara("market", "pairs", "SPY", "XAUUSD")
    assert "No spread returns to its mean for sure of this pair" in none.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("correlations", "AAPL"), "1 instruments are named"),
        (("correlations", "AAPL", "AAPL"), "1 instruments are named"),
        (("correlations", *FOUR, "--window", "6"), "--window is 6"),
        (("correlations", *FOUR, "--window", "366"), "--window is 366"),
        (("correlations", "AAPL", "SPY", "--as-of", "2009-01-08"), "7 are needed"),
        (("pairs", "AAPL", "NOSUCH"), "NOSUCH"),
        (("pairs", *FOUR, "--last", "59"), "--last is 59"),
        (("pairs", "AAPL", "SPY", "--as-of", "2009-02-10"), "60 of each are needed"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara("market", *words)
    assert outcome.code == 2
    assert outcome.out == ""
    assert said in " ".join(outcome.err.split())
