"""What is said where a venue sends what can't be, rests, knows nothing, or has grown old; and of dates without bars."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ara.testing import FakeClock
from tests.venues.binance import BinanceVenue
from tests.venues.polygon import PolygonVenue
from tests.venues.yahoo import YahooVenue

ROW = [1577836800000, "1", "1.2", "0.9", "1.1", "10", 1577923199999, "1", 1, "1", "1", "0"]


@pytest.fixture
def binance(home, monkeypatch):
    with BinanceVenue() as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_BINANCE_URL", venue.url)
        monkeypatch.setenv("ARA_DATA_ONLINE", "binance")
        monkeypatch.setenv("ARA_DATA_RETRIES", "0")
        yield venue


@pytest.fixture
def yahoo(home, monkeypatch):
    with YahooVenue() as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_YAHOO_URL", venue.url)
        monkeypatch.setenv("ARA_DATA_ONLINE", "yahoo,polygon,alpha_vantage")
        monkeypatch.setenv("ARA_DATA_RETRIES", "0")
        yield venue


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([ROW[0], "-1", "1", "-1", "1", *ROW[5:]], "binance sends the price -1 in open[0]"),
        ([ROW[0], "1", "1", "0", "1", *ROW[5:]], "binance sends the price 0 in low[0]"),
        ([1577836800, *ROW[1:]], "binance sends the time 1577836800 in $[...][0], which is before there were coins"),
        ([ROW[0] * 1000, *ROW[1:]], "in $[...][0], which is far ahead: is it in a smaller unit than milliseconds?"),
    ],
)
def test_what_cant_be_a_bar_is_quoted_and_not_kept(ara, binance, row, said):
    binance.on("/api/v3/klines", json=[row])
    outcome = ara("data", "fetch", "ETH-USDT", "--from", "2020-01-01", "--to", "2020-01-02")
    assert (outcome.code, outcome.out) == (3, "")
    assert said in words(outcome.err)
    assert "No bars of ETH-USDT are kept" in ara("data", "show", "ETH-USDT", "--raw").out


def test_a_venue_that_rests_says_until_when(ara, binance):
    binance.on("/api/v3/klines", status=429, headers={"Retry-After": "86400"}, body=b"slowly")
    first = ara("data", "fetch", "ETH-USDT", "--from", "2020-01-01")
    assert "Ask again in 1 d, or name another source" in words(first.err)
    (row,) = [one for one in json.loads(ara("data", "sources", "--json").out)["sources"] if one["source"] == "binance"]
    until = datetime.fromisoformat(row["rests_until"])
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(days=1)
    shown = next(line for line in ara("data", "sources", "--width", "160").out.splitlines() if "binance" in line)
    assert f"resting until {until:%Y-%m-%d %H:%M}" in shown
    again = words(ara("data", "fetch", "ETH-USDT", "--from", "2020-01-01").err)
    assert "binance wants to be left alone for 1 d more" in again
    assert "Wait a little" not in again


def test_a_symbol_that_nobody_has_needs_no_key(ara, yahoo):
    said = words(ara("data", "fetch", "ZZZZ", "--from", "2020-01-01").err)
    assert "yahoo: Yahoo has nothing under ZZZZ" in said
    assert said.count("ara config set") + said.count("Get a free key") + said.count("Get a key") == 0
    assert said.count("ara symbols") == 1


def test_one_hint_is_enough(ara, yahoo):
    yahoo.on("/v8/finance/chart/*", status=503)
    outcome = ara("data", "fetch", "AAPL", "--from", "2020-01-01", "--json")
    hint = json.loads(outcome.out or outcome.err)["hint"]
    assert ("polygon" in hint, "alpha" in hint) == (True, False)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (
            "2020-08-29",
            "2020-08-29 is a Saturday, and no session of XNYS; those beside it are 2020-08-28 and 2020-08-31",
        ),
        ("2020-11-26", "2020-11-26 is Thursday, a holiday, and no session of XNYS; those beside it are 2020-11-25 and"),
    ],
)
def test_a_day_without_a_session_is_named_as_such(ara, yahoo, day, said):
    assert ara("data", "fetch", "AAPL", "--from", "2020-08-01", "--to", "2020-12-05").code == 0
    outcome = ara("data", "why", "AAPL", day)
    assert (outcome.code, outcome.out) == (3, "")
    assert said in words(outcome.err)


def test_old_bars_say_how_old_they_are(ara, yahoo):
    yahoo.clock = FakeClock(datetime(2019, 1, 31, 23, tzinfo=UTC))
    told = ara("data", "fetch", "MSFT", "--from", "2019-01-01")
    old = "he newest bar of MSFT is of 2019-01-31: "
    assert f"T{old}" in words(told.out)
    assert "sessions have closed since by" in words(told.out)
    assert "ara data fetch MSFT --provider SOURCE" in words(told.out)
    again = ara("data", "update", "MSFT")
    assert "No new bar of MSFT." in again.out
    assert f"T{old}" in words(again.out)
    (one,) = json.loads(ara("data", "update", "MSFT", "--json").out)["fetched"]
    assert (one["behind"]["newest"], one["behind"]["stale"]) == ("2019-01-31T21:00:00Z", True)
    assert f"t{old}" in words(ara("data", "show", "MSFT", "-n", "1").out)
    shown = next(line for line in ara("data", "sources", "--width", "160").out.splitlines() if "yahoo" in line)
    assert "a week or more" in shown


def test_who_was_passed_over_is_told(ara, yahoo, monkeypatch):
    yahoo.clock = FakeClock(datetime(2019, 1, 31, 23, tzinfo=UTC))
    with PolygonVenue() as polygon:
        polygon.clock = FakeClock(datetime(2020, 3, 2, 23, tzinfo=UTC))
        monkeypatch.setenv("ARA_DATA_PROVIDERS_POLYGON_URL", polygon.url)
        monkeypatch.setenv("ARA_DATA_PROVIDERS_POLYGON_KEY", polygon.key)
        told = ara("data", "fetch", "MSFT", "--from", "2019-01-01", "--to", "2020-03-01")
        assert told.code == 0, told.err
        said = [line for line in told.err.splitlines() if "falls short of 1d bars of MSFT" in line]
        assert said
        assert not any(line.startswith("{") for line in said)
        passed = "the newest bar of MSFT is of 2019-01-31: 271 sessions have closed since by 2020-03-01"
        assert f"MSFT: yahoo was passed over: {passed}." in words(told.out)
        why = words(ara("data", "why", "MSFT", "2019-06-03").out)
        assert f"yahoo was passed over ({passed}); polygon answered." in why
        assert any(request.path.startswith("/v2/aggs") for request in polygon.requests)
