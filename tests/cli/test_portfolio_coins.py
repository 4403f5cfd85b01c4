"""Coins that are priced in USDT beside instruments in dollars: converted where a rate is at hand, else said plainly."""

import json
from datetime import date, timedelta

import numpy as np
import pytest

LAST = date(2021, 3, 31)
RATE = 0.97
MISSING = "No close of USDT-USD is at hand for the last day: ara data fetch USDT-USD, or ara data import FILE"


def written(path, closes, last=LAST):
    days = [last - timedelta(days=len(closes) - 1 - number) for number in range(len(closes))]
    rows = [f"{day},{close},{close},{close},{close},1000" for day, close in zip(days, closes, strict=True)]
    path.write_text("\n".join(["date,open,high,low,close,volume", *rows]))
    return str(path)


@pytest.fixture
def coin(ara, home):
    closes = 50_000 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.03, 300)))
    assert ara("data", "import", written(home / "BTC-USDT.csv", closes)).code == 0
    return closes


def rate(ara, home, *, last=LAST, count=300):
    assert ara("data", "import", written(home / "USDT-USD.csv", [RATE] * count, last)).code == 0


def trade(ara, *words):
    return ara("portfolio", "rebalance", "--to", "AAPL=0.5,BTC-USDT=0.5", *words)


def total(past):
    return past["measures"]["total"]


def test_without_a_rate_nothing_is_traded_and_returns_say_what_they_are_in(ara, coin):
    for words in (("--cash", "10000"), ("--cash", "10000", "--what-if"), ("--current", "BTC-USDT=1")):
        outcome = trade(ara, *words)
        assert (outcome.code, outcome.out) == (2, "")
        assert MISSING in " ".join(outcome.err.split())
    bought = ara("portfolio", "optimize", "AAPL", "BTC-USDT", "--value", "10000")
    assert bought.code == 2
    assert "AAPL in USD and BTC-USDT in USDT: trades are counted in one currency." in bought.err
    chosen = json.loads(ara("portfolio", "optimize", "AAPL", "BTC-USDT", "--json").out)
    assert "BTC-USDT is priced in USDT; returns are those in USDT, not in dollars." in chosen["notes"][0]
    past = json.loads(ara("portfolio", "analyze", "--portfolio", "AAPL,BTC-USDT", "--json").out)
    assert any(MISSING in words for words in past["warnings"])


def test_with_a_rate_coins_are_told_in_dollars(ara, home, coin):
    rate(ara, home)
    outcome = trade(ara, "--cash", "10000", "--json")
    found = json.loads(outcome.out)
    assert found["warnings"] == ["BTC-USDT is told in dollars, by the closes of USDT-USD."]
    price = next(float(one["price"]) for one in found["trades"] if one["symbol"] == "BTC-USDT")
    assert price == pytest.approx(coin[-1] * RATE)
    held = json.loads(trade(ara, "--current", "BTC-USDT=1", "--capital", "10000", "--json").out)
    assert float(held["value"]) == pytest.approx(10_000, abs=1)
    chosen = json.loads(ara("portfolio", "optimize", "AAPL", "BTC-USDT", "--value", "10000", "--json").out)
    assert chosen["notes"] == ["BTC-USDT is told in dollars, by the closes of USDT-USD."]
    assert price == pytest.approx(next(float(o["price"]) for o in chosen["trades"] if o["symbol"] == "BTC-USDT"))


def test_a_rate_that_ended_long_ago_is_none_and_one_that_began_late_cuts_the_past(ara, home, coin):
    rate(ara, home, last=LAST - timedelta(days=30))
    assert MISSING in " ".join(trade(ara, "--cash", "10000").err.split())
    rate(ara, home, count=100)
    past = json.loads(ara("portfolio", "analyze", "--portfolio", "AAPL,BTC-USDT", "--json").out)
    assert past["first"] >= (LAST - timedelta(days=330)).isoformat()
    assert past["warnings"][-1] == "BTC-USDT is told in dollars, by the closes of USDT-USD."


def test_coins_alone_stay_in_what_they_are_priced_in(ara, home, coin):
    rate(ara, home)
    outcome = ara("portfolio", "rebalance", "--to", "BTC-USDT=1", "--cash", "10000")
    assert outcome.out.startswith("10,000.00 USDT; ")
    assert "in dollars" not in outcome.out


def test_two_currencies_are_told_apart_before_risk_is_looked_at(ara):
    words = ("--to", "AAPL=0.5,USDJPY=0.5", "--held", "USDJPY=10", "--what-if")
    outcome = ara("portfolio", "rebalance", *words)
    assert outcome.code == 2
    assert outcome.err == (
        "USDJPY in JPY and AAPL in USD: trades are counted in one currency.\n"
        "Trade those in JPY apart from those in USD.\n"
    )


def test_a_method_that_is_not_there_names_all_that_are(ara):
    said = " ".join(ara("portfolio", "optimize", "AAPL", "SPY", "--method", "wrong").err.split())
    assert said.startswith("--method is 'wrong'. There are: equal,")
    assert said.endswith("kelly, black_litterman.")
    assert ara("portfolio", "optimize", "AAPL", "SPY", "--method", "black_litterman", "--quiet").code == 0


def test_a_benchmark_in_dollars_brings_coins_into_dollars(ara, home, coin):
    words = ("portfolio", "analyze", "--portfolio", "BTC-USDT", "--benchmark", "SPY", "--json")
    without = json.loads(ara(*words).out)
    assert without["warnings"][0].startswith("BTC-USDT is priced in USDT; returns are those in USDT, not in dollars.")
    falling = np.linspace(1, 0.5, 300)
    assert ara("data", "import", written(home / "USDT-USD.csv", falling)).code == 0
    told = json.loads(ara(*words).out)
    assert told["warnings"] == ["BTC-USDT is told in dollars, by the closes of USDT-USD."]
    first = (LAST - timedelta(days=299)).isoformat()
    assert told["first"] >= first
    assert total(told) < 0.6 * (1 + total(without)) - 1
    alone = json.loads(ara("portfolio", "analyze", "--portfolio", "BTC-USDT", "--json").out)
    assert alone["warnings"] == []
    turned = ara("portfolio", "analyze", "--portfolio", "SPY", "--benchmark", "BTC-USDT")
    assert "BTC-USDT is told in dollars, by the closes of USDT-USD." in turned.out


def test_factors_in_dollars_bring_coins_into_dollars(ara, home, coin):
    words = ("portfolio", "optimize", "BTC-USDT", "--factors", "SPY,XAUUSD", "--json")
    assert MISSING in json.loads(ara(*words).out)["notes"][0]
    rate(ara, home)
    told = json.loads(ara(*words).out)
    assert told["notes"] == ["BTC-USDT is told in dollars, by the closes of USDT-USD."]


def test_scenarios_follow_factors_in_dollars(ara, home, coin):
    words = ("risk", "stress", "--portfolio", "BTC-USDT", "--scenario", "covid_2020", "--json")
    assert MISSING in json.loads(ara(*words).out)["warnings"][0]
    rate(ara, home)
    assert json.loads(ara(*words).out)["warnings"] == ["BTC-USDT is told in dollars, by the closes of USDT-USD."]


def test_an_own_currency_takes_the_rate_of_a_coin(ara, home, coin):
    words = ("risk", "contributions", "--portfolio", "BTC-USDT", "--currency", "USD")
    assert "No rate between USDT and USD is at hand." in ara(*words).err
    rate(ara, home)
    assert ara(*words).code == 0


def test_another_currency_beside_dollars_is_said(ara, home):
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(6).normal(0, 0.01, 300)))
    assert ara("data", "import", written(home / "VOD.L.csv", closes)).code == 0
    found = json.loads(ara("portfolio", "analyze", "--portfolio", "AAPL,VOD.L", "--json").out)
    assert found["warnings"] == ["VOD.L is priced in GBP; what the rate of GBP to the dollar does is not in returns."]
