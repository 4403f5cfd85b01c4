"""Whom the commands ask, how often, and what they say while they wait."""

import json

import pytest

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
