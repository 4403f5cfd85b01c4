import json

import pytest

from tests.venues.binance import BinanceVenue
from tests.venues.kraken import KrakenVenue


def test_the_list_ranks_fifty_coins_and_says_who_trades_them(ara):
    lines = ara("crypto", "list", "--width", "100").out.splitlines()
    assert lines[0].split() == ["rank", "coin", "name", "binance", "coinbase", "kraken"]
    assert len(lines) == 51
    assert lines[1].split() == ["1", "BTC", "Bitcoin", "BTC-USDT", "BTC-USD", "BTC-USD"]
    assert len(json.loads(ara("crypto", "list", "-t", "70", "--json").out)["coins"]) == 70


def test_every_coin_of_the_table_trades_somewhere_and_is_spelled_as_elsewhere(ara):
    from ara.market.symbols import normalise

    coins = json.loads(ara("crypto", "list", "--top", "1000", "--json").out)["coins"]
    assert [coin["rank"] for coin in coins] == list(range(1, len(coins) + 1))
    assert len({coin["code"] for coin in coins}) == len(coins) >= 50
    for coin in coins:
        assert coin["venues"]
        assert all(normalise(symbol) == symbol for symbol in coin["venues"].values())
        assert all(symbol.partition("-")[0] == coin["code"] for symbol in coin["venues"].values())


@pytest.mark.parametrize("width", [40, 20])
def test_the_list_fits(ara, width):
    assert all(len(line) <= width for line in ara("crypto", "list", "--width", str(width)).out.splitlines())


@pytest.mark.parametrize("top", ["0", "-1", "x", "10001"])
def test_a_number_out_of_bounds(ara, top):
    outcome = ara("crypto", "list", "--top", top)
    assert outcome.code == 2
    assert "it is a whole number from 1 to 10000" in outcome.err


@pytest.mark.parametrize(
    ("name", "kind", "first"), [("kraken", KrakenVenue, "BTC-USD"), ("binance", BinanceVenue, "BTC-USDC")]
)
def test_an_exchange_is_asked(ara, name, kind, first):
    with kind() as venue:
        words = ("crypto", "list", "--provider", name, "--set", f"data.providers.{name}.url={venue.url}")
        found = json.loads(ara(*words, "--json").out)
        assert (found["provider"], found["count"], found["pairs"][0]["symbol"]) == (name, 3, first)
        outcome = ara(*words, "--top", "2")
        assert len(outcome.out.splitlines()) == 3
        assert "1 more; for them: --top 3" in outcome.err


def test_a_source_without_coins_and_one_that_is_not_there(ara):
    assert ara("crypto", "list", "--provider", "nobody").code == 8
    with KrakenVenue() as venue:
        venue.error = "EService:Unavailable"
        outcome = ara("crypto", "list", "--provider", "kraken", "--set", f"data.providers.kraken.url={venue.url}")
    assert (outcome.code, outcome.out) == (3, "")
    assert "EService:Unavailable" in outcome.err


def test_the_older_spelling_of_a_forecast_still_works(ara):
    outcome = ara("crypto", "predict", "BTC-USD", "--json")
    assert outcome.code == 0
    assert "it is now: ara predict BTC-USD --crypto" in outcome.err
    assert ara("crypto").code in {0, 2}
