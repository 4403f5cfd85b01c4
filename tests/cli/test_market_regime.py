import json
import re

import pytest

MARKS = "▲▼─█"
EARLY = ("--as-of", "2012-12-31")
"""A moment with few years before it, which are told in a fifth of the time."""


def test_the_answer_comes_first_then_a_picture_and_what_followed(ara):
    outcome = ara("market", "regime", "AAPL", "--width", "100")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "AAPL  Apple Inc."
    assert lines[1] == "close 122.15 USD on Wed 31 Mar 2021"
    assert re.fullmatch(r"(Bull|Bear|Sideways|High volatility), 0\.\d\d sure, since .*; next .*, 0\.\d\d\.", lines[2])
    text = " ".join(outcome.out.split())
    assert re.search(r"Half of \d+ such states before lasted \d+ days? or less, the longest \d+ days", text)
    assert re.search(r"After such a state began: .* 21 days later in \d+ % of \d+ cases .*; any day \d+ %: ", text)
    assert "Last change told (at 0.80 or more): it entered " in text
    assert " ago, on " in text
    assert "Before that: " in text
    assert "No break: over the last 250 days" in text or "may no longer fit" in text


@pytest.mark.parametrize("width", [60, 100, 160])
def test_the_picture_fills_the_screen_and_needs_no_colour(ara, width):
    lines = ara("market", "regime", "SPY", *EARLY, "--width", str(width)).out.splitlines()
    assert max(len(line) for line in lines) <= width
    (strip,) = [line.strip() for line in lines if len(line) > 40 and set(line.strip()) <= set(MARKS)]
    assert width - 8 <= len(strip) <= width
    assert len(set(strip)) > 1
    assert any("▲ bull" in line for line in lines)
    dots = [line.rfind("•") for line in lines if "•" in line]
    assert len(dots) >= 5
    assert max(dots) == width - 1


def test_the_strip_is_of_the_states_in_the_document(ara):
    found = json.loads(ara("market", "regime", "SPY", *EARLY, "--json").out)
    lines = ara("market", "regime", "SPY", *EARLY, "--width", "160").out.splitlines()
    (strip,) = [line.strip() for line in lines if len(line) > 40 and set(line.strip()) <= set(MARKS)]
    assert strip[-1] == dict(zip(("bull", "bear", "sideways", "high volatility"), MARKS, strict=True))[found["state"]]


def test_json_has_the_figures(ara):
    found = json.loads(ara("market", "regime", "EURUSD", "--as-of", "2014-12-31", "--horizon", "10", "--json").out)
    assert (found["schema"], found["symbol"], found["timeframe"], found["horizon"]) == (1, "EURUSD", "1d", 10)
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert found["probability"] == max(found["probabilities"].values())
    assert found["since"] <= found["date"]
    assert set(found["missing"]) >= {"implied_volatility", "correlation", "breadth"}
    assert not set(found["missing"]) & set(found["features"])
    assert found["volatility"] in {"calm", "mid", "wild"}
    assert found["followed"]["low"] <= found["followed"]["share"] <= found["followed"]["high"]
    assert set(found["transition"]) == {"bull", "bear", "sideways", "high volatility"}
    assert found["changed"]["probability"] >= 0.8
    assert 0 <= found["break"]["probability"] <= 1


def test_others_give_correlation_and_breadth(ara):
    found = json.loads(ara("market", "regime", "SPY", "--among", "QQQ, IWM,spy,QQQ", *EARLY, "--json").out)
    assert 0.5 < found["features"]["correlation"] <= 1
    assert 3 * found["features"]["breadth"] == pytest.approx(round(3 * found["features"]["breadth"]))
    assert set(found["missing"]) == {"implied_volatility"}


def test_only_what_was_public_counts(ara):
    early = json.loads(ara("market", "regime", "AAPL", "--as-of", "2011-08-10", "--json").out)
    assert early["date"] == "2011-08-10"
    assert early["state"] == "high volatility"


def test_a_short_history_is_told_not_believed(ara):
    outcome = ara("market", "regime", "ETH-USD")
    text = " ".join(outcome.out.split())
    assert "days are known: the states rest on little." in text
    document = json.loads(ara("market", "regime", "ETH-USD", "--json").out)
    assert ("No regimes can be told here." in text) is not document["told"]


@pytest.mark.parametrize("width", [24, 40])
def test_it_fits(ara, width):
    outcome = ara("market", "regime", "BTC-USD", "--as-of", "2016-12-31", "--width", str(width))
    assert all(len(line) <= width for line in outcome.out.splitlines())


def test_a_plain_terminal_gets_plain_marks(ara, monkeypatch):
    from ara.cli.screen import Screen

    monkeypatch.setattr(Screen, "plain", property(lambda _: True))
    assert ara("market", "regime", "AAPL", *EARLY).out.isascii()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("AAPL", "--horizon", "0"), "--horizon"),
        (("NOSUCH",), "NOSUCH"),
        (("AAPL", "--among", "NOSUCH"), "NOSUCH"),
        (("AAPL", "--among", ",".join(f"S{i}" for i in range(51))), "At most 50"),
        (("AAPL", "--as-of", "2009-06-30"), "states need 250"),
        (("AAPL", "--as-of", "1980-01-01"), "AAPL"),
    ],
)
def test_what_is_wrong_is_said(ara, words, said):
    outcome = ara("market", "regime", *words)
    assert outcome.code != 0
    assert outcome.out == ""
    assert said in " ".join(outcome.err.split())
