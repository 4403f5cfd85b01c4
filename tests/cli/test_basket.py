"""`ara basket` on a terminal and as JSON."""

import json

import pytest

HELD = ("AAPL=0.5", "MSFT=30%", "BTC-USD=0.1", "--as-of", "2020-01-15")


def test_the_document_adds_up(ara):
    found = json.loads(ara("basket", *HELD, "--days", "3", "--json").out)
    assert found["weights"] == {"AAPL": 0.5, "MSFT": 0.3, "BTC-USD": 0.1}
    assert found["cash"] == pytest.approx(0.1)
    assert [one["date"] for one in found["days"]] == ["2020-01-16", "2020-01-17", "2020-01-21"]
    for place, day in enumerate(found["days"]):
        assert sum(one["shares"][place] for one in found["members"]) == pytest.approx(day["shortfall"])
        assert len(day["quantiles"]) == 25
    assert sum(found["even"].values()) == pytest.approx(1.0)
    assert found["even"]["BTC-USD"] < found["even"]["AAPL"] < found["even"]["MSFT"]
    kept = json.loads(ara("ledger", "list", "--json").out)["forecasts"]
    assert {one["id"] for one in kept} == {one["forecast"] for one in found["members"]}


@pytest.mark.parametrize("width", [60, 100, 160])
def test_the_screen_says_what_may_be_lost_and_who_brings_it(ara, width):
    outcome = ara("basket", *HELD, "--width", str(width))
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= width
    said = " ".join(outcome.out.split())
    assert said.startswith("50 % AAPL, 30 % MSFT, 10 % BTC-USD, 10 % cash, from closes of Wed 15 Jan 2020")
    assert "the worst 5 % of outcomes lose" in said
    assert "that they do not move as one spares" in said
    assert ("95 % band" in said) == (width > 60)


def test_one_alone_spares_nothing(ara):
    said = " ".join(ara("basket", "AAPL", "--days", "1").out.split())
    assert "spares" not in said
    assert "100 % AAPL" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "names nothing"),
        (("AAPL=x",), "is no weight"),
        (("AAPL=0.5", "MSFT"), "has no weight"),
        (("AAPL", "--days", "31"), "--days is 31"),
        (("AAPL", "BTC-USD"), "--as-of 2020-01-16"),
        (("AAPL", "--as-of", "x"), "which is no date"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara("basket", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in " ".join(outcome.err.split())


def test_what_the_reader_must_know_stands_below(ara):
    said = " ".join(ara("basket", "SPY=0.5", "USDJPY=0.5", "--as-of", "2021-03-31", "--days", "2").out.split())
    assert said.endswith("Note: returns are in JPY and USD, each in its own: what exchange rates do is not in them.")
