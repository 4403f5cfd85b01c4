"""Instruments that are priced in a coin in one book with others: by the closes of the coin that were known."""

import json
from datetime import timedelta

import pytest

from tests.cli.test_portfolio_coins import LAST, written

COUNT, RATE = 420, 0.5


@pytest.fixture
def coin(ara, home):
    closes = [100.0 + 0.25 * day for day in range(COUNT)]
    assert ara("data", "import", written(home / "BTC-USDT.csv", closes)).code == 0
    return closes


def rate(ara, home, closes):
    assert ara("data", "import", written(home / "USDT-USD.csv", closes)).code == 0


def played(ara, *words):
    from_day = (LAST - timedelta(days=COUNT - 10)).isoformat()
    return ara("backtest", *words, "--strategy", "buy_and_hold", "--start", from_day, "--cuts", "0")


def test_without_closes_of_the_coin_it_says_what_to_fetch(ara, coin):
    for named in (("AAPL", "BTC-USDT"), ("BTC-USDT", "AAPL")):
        outcome = played(ara, *named)
        said = " ".join(outcome.err.split())
        assert (outcome.code, outcome.out) != (0, "")
        assert "BTC-USDT is priced in USDT, of which no rate in USD is known" in said
        assert "ara data fetch USDT-USD, or ara data import FILE --symbol USDT-USD" in said


def test_a_book_of_dollars_pays_for_coins_by_the_closes_that_were_known(ara, home, coin):
    rate(ara, home, [1.0] * 200 + [RATE] * (COUNT - 200))
    for named in (("AAPL", "BTC-USDT"), ("BTC-USDT", "AAPL")):
        found = json.loads(played(ara, *named, "--json").out)
        assert found["currency"] == "USD"  # what is priced in a coin gives no book its currency beside others
        assert found["currencies"]["USDT"] < -1000
    words = " ".join(played(ara, "AAPL", "BTC-USDT").out.split())
    assert "the book is kept in USD; moves of other currencies brought USDT -" in words


def test_a_book_is_kept_in_the_coin_that_is_named(ara, home, coin):
    rate(ara, home, [RATE] * COUNT)
    assert json.loads(played(ara, "AAPL", "BTC-USDT", "--currency", "usdt", "--json").out)["currency"] == "USDT"
    alone = json.loads(played(ara, "BTC-USDT", "--json").out)
    assert alone["currency"] == "USDT"
    told = json.loads(played(ara, "BTC-USDT", "--currency", "USD", "--json").out)
    assert told["currency"] == "USD"
    assert told["buy_and_hold"]["total"] == pytest.approx(alone["buy_and_hold"]["total"], abs=0.01)


def test_a_mix_in_dollars_is_played_in_the_money_of_the_book(ara, home, coin):
    words = ("BTC-USDT", "--mix", "SPY=100", "--json")
    refused = json.loads(played(ara, *words).out)
    assert refused["detail"] == "the book is in USDT, of which no rate in USD is known"
    rate(ara, home, [1.0 + day / 100 for day in range(COUNT)])
    rising = json.loads(played(ara, *words).out)["mix"]["measures"]["total"]
    flat = json.loads(played(ara, "AAPL", "--mix", "SPY=100", "--json").out)["mix"]["measures"]["total"]
    assert rising < flat - 0.3


def test_a_coin_that_is_traded_too_is_its_own_rate(ara, home, coin):
    rate(ara, home, [RATE] * COUNT)
    found = json.loads(played(ara, "BTC-USDT", "USDT-USD", "--json").out)
    assert found["currency"] == "USD"


def test_a_walk_keeps_the_same_book(ara, home, coin):
    rate(ara, home, [RATE] * COUNT)
    grid = ("--strategy", "momentum", "--grid", "window=20,40", "--cuts", "0", "--start", "2020-06-01")
    outcome = ara("backtest", "AAPL", "BTC-USDT", *grid, "--walk-forward", "60")
    assert "the book is kept in USD" in outcome.out


def test_no_other_word_is_a_currency(ara):
    outcome = played(ara, "AAPL", "--currency", "DOGECASH")
    assert outcome.code == 2
    assert "there is no currency 'DOGECASH'" in outcome.err
