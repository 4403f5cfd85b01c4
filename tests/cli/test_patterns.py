"""`ara patterns`: which are there, when each was known, and what followed their like."""

import json
from datetime import date

import numpy as np
import polars as pl
import pytest

import ara.data
from ara.features.patterns.recent import FAMILIES, recent

SAMPLE = f"{ara.data.__path__[0]}/sample/sample.parquet"


@pytest.fixture
def shown(ara):
    def call(*words):
        outcome = ara("patterns", *words)
        assert outcome.code == 0, outcome.err
        return outcome

    return call


def test_the_answer_comes_first_and_says_what_it_is_worth(shown):
    lines = shown("AAPL", "--last", "5", "--width", "100").out.splitlines()
    assert lines[0].startswith("AAPL  Apple Inc.  NASDAQ, USD")
    assert lines[0].endswith("close 122.15 on Wed 31 Mar 2021")
    assert "became known in the last 5 days." in lines[1]
    words = " ".join(lines[1:4])
    assert "no edge was found" in words or "chance alone makes" in words
    assert any(line.startswith("Known on ") for line in lines)
    told = [line for line in lines if " days later in " in line]
    assert told
    assert all("any day" in line for line in told)


@pytest.mark.parametrize("width", [40, 72, 120])
def test_it_fits(shown, width):
    lines = shown("BTC-USD", "--last", "30", "--width", str(width)).out.splitlines()
    assert all(len(line) <= width for line in lines)


def test_the_document_is_what_was_found(shown):
    found = json.loads(shown("AAPL", "--last", "40", "--horizon", "7", "--json").out)
    assert (found["schema"], found["symbol"], found["date"], found["close"]) == (1, "AAPL", "2021-03-31", 122.15)
    assert (found["horizon"], found["timeframe"], found["currency"]) == (7, "1d", "USD")
    assert {one["family"] for one in found["patterns"]} >= {"candle", "chart", "elliott"}
    for one in found["patterns"]:
        assert one["began"] <= one["completed"] <= one["known_at"] <= "2021-03-31"
        assert 0 <= one["quality"] <= 1
        past = one["followed"]
        assert past["low"] <= past["high"]
        assert (past["share"] is None) == (past["count"] == 0)
        assert past["verdict"] in {"chance", "more", "less", "unknown"}
        assert date.fromisoformat(one["known_at"]).weekday() < 5
    newest = [one["known_at"] for one in found["patterns"]]
    assert newest == sorted(newest, reverse=True)


def test_the_figures_are_those_of_the_bars(shown):
    frame = pl.read_parquet(SAMPLE).filter(pl.col("symbol") == "EURUSD")
    bars = {name: frame[name].to_numpy().astype(np.float64) for name in ("open", "high", "low", "close", "volume")}
    wanted = recent(bars, last=9, families=["candle"], unit="day")
    found = json.loads(shown("EURUSD", "--last", "9", "--family", "candle", "--json").out)["patterns"]
    assert [one["name"] for one in found] == [one.pattern.name for one in wanted]
    assert [one["followed"]["words"] for one in found] == [one.followed.words for one in wanted]
    assert [one["quality"] for one in found] == [round(one.pattern.quality, 4) for one in wanted]


@pytest.mark.parametrize("family", FAMILIES)
def test_one_family_alone(shown, family):
    found = json.loads(shown("AAPL", "--family", family, "--last", "1500", "--json").out)["patterns"]
    assert {one["family"] for one in found} == {family}
    assert shown("AAPL", "--family", family.upper(), "--last", "400").out.count("Known on ") > 1


def test_what_was_not_known_then_is_not_told(shown):
    then = json.loads(shown("AAPL", "--as-of", "2020-02-21", "--last", "20", "--json").out)
    assert then["date"] == "2020-02-21"
    assert all(one["known_at"] <= "2020-02-21" for one in then["patterns"])
    later = json.loads(shown("AAPL", "--last", "400", "--json").out)["patterns"]
    names = {(one["name"], one["known_at"]) for one in later}
    missing = {(one["name"], one["known_at"]) for one in then["patterns"]} - names
    assert missing == set()


def test_targets_and_what_refutes_them_are_told_by_the_tick(shown):
    text = shown("AAPL", "--family", "chart", "--last", "250", "--width", "200").out
    assert "Its rule aims at " in text
    assert "refuted below " in text
    assert "complete on " in text


def test_nothing_there(shown):
    found = shown("AAPL", "--family", "harmonic", "--last", "1")
    assert "No pattern became known in the last day." in found.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--last", "0"), "it is a whole number from 1 to 5000"),
        (("--horizon", "999"), "it is a whole number from 1 to 250"),
        (("--family", "fibs"), "There is no family 'fibs'."),
        (("--as-of", "2020-02-30"), "--as-of"),
    ],
)
def test_words_that_make_no_sense(ara, words, said):
    outcome = ara("patterns", "AAPL", *words)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err


def test_a_symbol_that_nobody_knows(ara):
    outcome = ara("patterns", "APPL")
    assert outcome.code != 0
    assert "Did you mean" in outcome.err


def test_a_kind_that_stands_out_is_no_reason_to_trade(shown):
    text = shown("AAPL", "--last", "400", "--width", "200").out
    if "stand out among" in text or "stands out among" in text:
        assert "chance alone makes" in text
        assert "not to trade it" in text


def test_patterns_without_a_known_outcome(shown):
    first = pl.read_parquet(SAMPLE).filter(pl.col("symbol") == "AAPL")["ts"].dt.date().sort()[40]
    text = shown("AAPL", "--as-of", f"{first}", "--last", "30", "--horizon", "250").out
    assert "Nothing is known of what follows them here." in text
    assert "No case before whose outcome is known 250 days later: nothing can be said." in text


def test_before_the_first_bar(ara):
    outcome = ara("patterns", "AAPL", "--as-of", "1950-01-01")
    assert outcome.code != 0
    assert "Traceback" not in outcome.err
