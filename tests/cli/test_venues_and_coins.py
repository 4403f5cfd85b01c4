"""`ara market gaps` and `ara crypto compare` on a terminal and as JSON; what is wrong is said."""

import json
from datetime import date, timedelta

import pytest


@pytest.fixture
def venues(ara, home):
    days = [date(2020, 1, 1) + timedelta(days=one) for one in range(40)]
    for name, dearer in (("north", 1.0), ("south", 1.01)):
        closes = [(100 + n % 7) * (1.0 if n % 4 == 0 else dearer) for n in range(40)]
        rows = [f"TTT-USD,{day},{close:.4f},{9 + n}" for n, (day, close) in enumerate(zip(days, closes, strict=True))]
        (home / f"{name}.csv").write_text("symbol,date,close,volume\n" + "\n".join(rows))
        assert ara("data", "import", f"{name}.csv", "--source", name, "--basis", "raw").code == 0
    return ara


def test_gaps_between_venues_that_are_kept(venues):
    words = ("market", "gaps", "TTT-USD", "--cost", "north=0.1%,0.2%")
    found = json.loads(venues(*words, "--json").out)
    assert found["venues"] == ["file:north", "file:south"]
    assert found["costs"] == {"file:north": 0.001, "file:south": 0.002}
    best = found["gaps"][0]
    assert (best["buy"], best["sell"], best["bars"]) == ("file:north", "file:south", 40)
    assert best["paid"] == 30
    assert best["gain"] == pytest.approx(1.01 * 0.998 / 1.001 - 1, abs=1e-5)
    assert best["longest"] == 3
    assert best["at"] == found["last"]
    told = venues(*words, "--width", "60")
    assert "file:south" in told.out
    assert "'stayed' says how often it was still there" in " ".join(told.out.split())
    assert max(map(len, told.out.splitlines())) <= 60
    early = json.loads(venues(*words, "--as-of", "2020-01-20", "--json").out)
    assert early["last"].startswith("2020-01-20")
    dear = venues("market", "gaps", "TTT-USD", "--cost", "20%", "--last", "5")
    assert dear.out.startswith("No gap paid at the close of the bar of 2020-02-09")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("market", "gaps", "BTC-USD"), "No source has 1d bars of BTC-USD here; two venues are needed."),
        (("market", "gaps", "BTC-USD", "--cost", "much"), "--cost is much"),
        (("market", "gaps", "BTC-USD", "--last", "1"), "--last is 1"),
        (("market", "gaps", ","), "No instrument is named"),
        (("market", "gaps", *(f"A{n}" for n in range(11))), "11 instruments are named"),
        (("crypto", "compare", "BTC"), "1 coin is named"),
        (("crypto", "compare", "BTC", "btc-usd", "-m", "luck"), "--metric is 'luck'"),
        (("crypto", "compare", "BTC", "ETH", "--last", "7"), "--last is 7"),
        (("crypto", "compare", "BTC", "ETH", "--as-of", "2017-08-15"), "in common"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara(*words)
    assert (outcome.code, outcome.out) in {(2, ""), (3, "")}
    assert said in " ".join(outcome.err.split()) or outcome.code == 3


def test_a_venue_that_is_not_there_has_no_cost(venues):
    outcome = venues("market", "gaps", "TTT-USD", "--cost", "west=1%")
    assert "no venue is called 'west'. There are: north, south." in " ".join(outcome.err.split())


@pytest.mark.parametrize(
    ("metric", "first", "words"),
    [
        ("price", "BTC-USD", "BTC-USD did best"),
        ("volume", "BTC-USD", "BTC-USD is traded most"),
        ("volatility", "ETH-USD", "ETH-USD moves most"),
        ("correlation", "ETH-USD", "ETH-USD and BTC-USD move together most"),
    ],
)
def test_coins_side_by_side(ara, metric, first, words):
    typed = ("crypto", "compare", "ETH,BTC", "-m", metric, "--last", "60")
    found = json.loads(ara(*typed, "--json").out)
    assert (found["metric"], found["days"], found["coins"][0]["symbol"]) == (metric, 60, first)
    assert [one["first"] for one in found["correlations"]] == ["ETH-USD"]
    assert all(one["fall"] < 0 < one["traded_a_day"] for one in found["coins"])
    told = ara(*typed, "--width", "50")
    assert told.out.startswith(words)
    assert max(map(len, told.out.splitlines())) <= 50
