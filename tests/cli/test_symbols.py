import json

import pytest

from ara.market.symbols import coin, spellings
from tests.venues.kraken import KrakenVenue
from tests.venues.yahoo import YahooVenue


def found(outcome):
    return [one["symbol"] for one in json.loads(outcome.out)["instruments"]]


def test_by_symbol_and_by_name(ara):
    assert found(ara("symbols", "apple", "--json"))[0] == "AAPL"
    assert found(ara("symbols", "BITCOIN", "--json"))[0] == "BTC-USD"
    assert found(ara("symbols", "btc", "--json"))[0] == "BTC-USD"
    assert found(ara("symbols", "eur/usd", "--json"))[0] == "EURUSD"
    text = ara("symbols", "apple").out.splitlines()
    assert text[0].split() == ["symbol", "name", "kind", "venue", "in", "from"]
    assert text[1].split()[:3] == ["AAPL", "Apple", "Inc."]


def test_there_may_be_more(ara):
    outcome = ara("symbols", "a", "--limit", "2")
    assert len(outcome.out.splitlines()) == 3
    assert "more; for them" in outcome.err
    assert json.loads(ara("symbols", "a", "-n", "1", "--json").out)["count"] > 1


@pytest.mark.parametrize("search", ["zzqqzz", "%", "'; drop table", "\x1b[31m", "漢字", "../../etc"])
def test_nothing_found_names_the_nearest(ara, search):
    outcome = ara("symbols", search)
    assert (outcome.code, outcome.out) == (2, "")
    assert "Nearest: " in outcome.err
    assert "\x1b[31m" not in outcome.err


@pytest.mark.parametrize("search", ["", "   ", "x" * 65])
def test_a_search_has_bounds(ara, search):
    assert ara("symbols", search).code == 2


def test_a_coin_by_a_code_that_exchanges_have():
    assert coin("xbt").symbol == "BTC-USD"
    assert spellings("btc/usdt") == ("btc/usdt", "BTC-USDT")
    assert spellings("apple") == ("apple",)
    assert spellings("漢") == ("漢",)


def test_what_is_kept_and_what_a_source_has(ara, monkeypatch):
    with YahooVenue() as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_YAHOO_URL", venue.url)
        monkeypatch.setenv("ARA_DATA_ONLINE", "yahoo")
        assert found(ara("symbols", "MSFT", "--provider", "yahoo", "--json")) == ["MSFT"]
        told = json.loads(ara("symbols", "MSFT", "--online", "--json").out)
        assert told["instruments"][0]["from"] == "known"
        asked = len(venue.requests)
        ara("symbols", "MSFT")
        assert len(venue.requests) == asked
    outcome = ara("symbols", "MSFT", "--provider", "nobody")
    assert (outcome.code, "nobody" in outcome.err) == (8, True)


def test_in_the_spelling_of_exchanges(ara, monkeypatch):
    assert "BTC-USD" in found(ara("symbols", "XBT", "--json"))
    assert found(ara("symbols", "btcusdt", "--json")) == ["BTC-USDT"]
    with KrakenVenue() as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_KRAKEN_URL", venue.url)
        assert "BTC-USD" in found(ara("symbols", "xbt", "--provider", "kraken", "--json"))
        assert found(ara("symbols", "XBTUSD", "--provider", "kraken", "--json")) == ["BTC-USD"]


def test_what_was_imported_is_named_where_a_symbol_is_unknown(ara, home):
    rows = "".join(f"2021-03-0{day},10,11,9,10.{day},100\n" for day in range(1, 6))
    for name in ("QQQX", "BTC-USDT"):
        (home / f"{name}.csv").write_text("date,open,high,low,close,volume\n" + rows)
        assert ara("data", "import", f"{name}.csv", "--quiet").code == 0
    said = " ".join(ara("predict", "QQQXX").err.split())
    assert "Did you mean QQQX, QQQ (Invesco QQQ)," in said
    assert said.endswith("XOM ^GSPC BTC-USDT QQQX")
    assert "Nearest: QQQX, QQQ (Invesco QQQ" in " ".join(ara("symbols", "QQQXX").err.split())
    said = " ".join(ara("predict", "DOGE-USDT").err.split())
    assert said.startswith("The bundled sample has no bars of DOGE-USDT. It has: AAPL")
    assert said.endswith("^GSPC. Kept too: BTC-USDT QQQX")


def test_of_very_many_names_the_first_are_told_and_how_many_more():
    from ara.market.symbols import listed

    assert listed(["A", "B"]) == "A B"
    assert listed([f"A{number}" for number in range(1_062)], most=2) == "A0 A1 and 1,060 more"
