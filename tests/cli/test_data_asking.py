"""Whom the commands ask, how often, and what they say while they wait."""

import json

import pytest

from tests.venues.kraken import KrakenVenue
from tests.venues.yahoo import YahooVenue


@pytest.fixture
def yahoo(home, monkeypatch):
    with YahooVenue() as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_YAHOO_URL", venue.url)
        monkeypatch.setenv("ARA_DATA_PROVIDERS", "yahoo,sample")
        monkeypatch.setenv("ARA_DATA_ONLINE", "yahoo")
        yield venue


def test_a_second_process_does_not_ask_for_what_the_first_has_asked(process, yahoo):
    first = process("data", "show", "AAPL", "-n", "1", "--json")
    assert first.code == 0, first.err
    count = len(yahoo.requests)
    assert count
    second = process("data", "show", "AAPL", "-n", "1", "--json")
    assert json.loads(second.out)["bars"] == json.loads(first.out)["bars"]
    assert process("data", "why", "AAPL", "2020-08-28", "--json").code == 0
    assert process("data", "show", "AAPL", "--as-of", "2021-06-01").code == 0
    assert len(yahoo.requests) == count
    assert process("data", "update", "AAPL").code == 0  # who asks for it is not held up
    assert len(yahoo.requests) > count


@pytest.mark.parametrize(("flags", "said"), [((), True), (("--json",), False), (("--quiet",), False)])
def test_a_wait_is_said_on_the_screen(ara, yahoo, flags, said):
    yahoo.on("/v8/finance/chart/AAPL", status=429, headers={"Retry-After": "1.2"}, body=b"slowly")
    outcome = ara("data", "fetch", "AAPL", "--from", "2020-08-01", "--to", "2020-09-05", *flags)
    assert outcome.code == 0, outcome.err
    assert ("Waiting 2 s for yahoo: it was asked too often." in outcome.err) is said
    assert "Waiting" not in outcome.out


@pytest.fixture
def kraken(home, monkeypatch):
    with KrakenVenue() as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_KRAKEN_URL", venue.url)
        monkeypatch.setenv("ARA_DATA_ONLINE", "kraken")
        yield venue


def test_what_the_venue_does_not_have_is_said_with_what_to_do(ara, kraken):
    words = ("data", "fetch", "BTC-USD", "--from", "2017-01-01")
    (one,) = json.loads(ara(*words, "--json").out)["fetched"]
    assert one["asked"] == {"from": "2017-01-01T00:00:00Z", "to": None}
    assert (one["missing"]["from"], one["missing"]["to"]) == ("2017-01-01T00:00:00Z", one["first"])
    assert one["missing"]["sessions"] > 300
    said = " ".join(ara(*words).out.split())
    assert "BTC-USD was asked for from 2017-01-01 on and begins at" in said
    assert (
        "kraken keeps no older 1d bars. Ask another source for them: ara data fetch BTC-USD --from 2017-01-01" in said
    )


@pytest.mark.parametrize(
    ("start", "code", "said"),
    [
        ("2098-01-01", 2, "which is in the future"),
        ("2025-01-01", 3, "kraken gave no closed 1d bar of BTC-USD from 2025"),
    ],
)
def test_no_bar_is_no_success(ara, kraken, start, code, said):
    outcome = ara("data", "fetch", "BTC-USD", "--from", start)
    assert outcome.code == code
    assert outcome.out == ""
    assert said in " ".join(outcome.err.split())
    told = json.loads(ara("data", "fetch", "BTC-USD", "--from", start, "--json").out)
    assert told["exit_code"] == code


def test_an_update_without_a_bar_has_no_quality(ara, yahoo):
    ara("data", "fetch", "AAPL", "--from", "2020-08-01", "--to", "2020-09-05")
    yahoo.daily = lambda symbol: []
    (one,) = json.loads(ara("data", "update", "AAPL", "--json").out)["fetched"]
    assert (one["bars"], one["quality"], one["missing"]) == (0, None, None)
    assert "0.00" not in ara("data", "update", "AAPL").out
