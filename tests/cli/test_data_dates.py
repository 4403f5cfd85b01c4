"""Dates and words of the data commands: one session has one date, and only what is split is called adjusted."""

import json
from datetime import UTC, datetime

import pytest

from tests.venues.yahoo import YahooVenue


@pytest.fixture
def yahoo(home, monkeypatch):
    with YahooVenue() as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_YAHOO_URL", venue.url)
        monkeypatch.setenv("ARA_DATA_ONLINE", "yahoo")
        monkeypatch.setenv("ARA_CLI_TIMEZONE", "UTC")
        yield venue


@pytest.mark.parametrize(
    ("symbol", "first"), [("AAPL", "2020-08-03"), ("EURUSD", "2020-08-03"), ("BTC-USD", "2019-08-01")]
)
def test_a_fetch_the_list_and_the_bars_show_the_same_dates(ara, yahoo, symbol, first):
    year = first[:4]
    span = ("--from", f"{year}-08-01", "--to", f"{year}-09-05")
    fetched = ara("data", "fetch", symbol, *span, "--width", "160")
    assert fetched.code == 0, fetched.err
    (row,) = (line.split() for line in fetched.out.splitlines() if line.split()[:2] == [symbol, "1d"])
    dates = [word for word in row if word.startswith(year)]
    (series,) = json.loads(ara("data", "list", symbol, "--json").out)["series"]
    assert dates == [series["first_date"], series["last_date"]]
    assert dates[0] == first
    listed = ara("data", "list", symbol, "--width", "160").out.splitlines()[-1].split()
    assert [word for word in listed if word.startswith(year)] == dates
    told = json.loads(ara("data", "show", symbol, "-n", "99", "--as-of", f"{year}-09-30", "--json").out)
    bars = told["bars"]
    assert [bars[0]["date"], bars[-1]["date"]] == dates
    assert datetime.fromisoformat(series["first"]) == datetime.fromisoformat(bars[0]["at"]).astimezone(UTC)


@pytest.mark.parametrize(("symbol", "said"), [("AAPL", True), ("EURUSD", False), ("BTC-USD", False), ("^GSPC", False)])
def test_only_what_is_split_is_called_adjusted(ara, symbol, said):
    outcome = ara("data", "show", symbol, "-n", "2")
    assert outcome.code == 0, outcome.err
    assert ("adjusted" in outcome.out) == said


def test_nor_is_it_where_it_is_listed(ara, yahoo):
    year = ("--from", "2019-08-01", "--to", "2019-09-05", "--width", "160")
    assert ara("data", "fetch", "EURUSD", "BTC-USD", *year).code == 0
    assert "split" not in ara("data", "list", "--width", "160").out
    assert "split" not in ara("data", "show", "EURUSD", "--raw", "--width", "160").out
    series = json.loads(ara("data", "list", "--json").out)["series"]
    assert {row["basis"] for row in series} == {"split"}
