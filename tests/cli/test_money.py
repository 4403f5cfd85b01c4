"""Amounts in the currency that was chosen, by the rates that were known then."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from ara.cli.money import Purse, converted, in_currency
from ara.data.currency import Preference, Rates
from ara.data.provider import SCHEMAS, Kind
from ara.market.instrument import AssetClass
from ara.market.money import Currency
from ara.market.symbols import guess, resolve
from tests.venues.ecb import EcbVenue

AT = datetime(2021, 3, 31, 20, tzinfo=UTC)


def rates(*rows):
    """Rates of the euro: how much before `AT` they were known, in what, how many."""
    known = [AT - before for before, _, _ in rows]
    columns = {"at": known, "known_at": known, "learned_at": known, "base": ["EUR"] * len(rows)}
    return Rates(
        pl.DataFrame({**columns, "quote": [row[1] for row in rows], "rate": [row[2] for row in rows]}).cast(
            dict(SCHEMAS[Kind.RATES])
        )
    )


def purse(code, *known):
    return Purse(wanted=Preference(currency=Currency(code)), rates=[(each, name) for name, each in known])


HOUR = timedelta(hours=1)


def test_never_by_a_later_rate():
    one = purse("EUR", ("ecb", rates((5 * HOUR, "USD", 1.25), (-HOUR, "USD", 9.0))))
    rate, said = one.rate(resolve("AAPL"), AT)
    assert (rate.value, rate.known_at) == (0.8, AT - 5 * HOUR)
    assert said == "In EUR, by 1 USD = 0.8 EUR of 2021-03-31 (ecb). It is traded in USD."


def test_led_over_the_euro_it_is_as_old_as_its_oldest_step():
    one = purse("JPY", ("ecb", rates((5 * HOUR, "USD", 1.25), (29 * HOUR, "JPY", 125.0))))
    rate, _ = one.rate(resolve("AAPL"), AT)
    assert (rate.value, rate.way, rate.known_at) == (100.0, ("USD", "EUR", "JPY"), AT - 29 * HOUR)


def test_the_first_that_knows_is_believed_and_named():
    one = purse("EUR", ("ecb", rates((400 * HOUR, "USD", 1.6))), ("closes of sample", rates((HOUR, "USD", 1.25))))
    rate, said = one.rate(resolve("AAPL"), AT)
    assert rate.value == 0.8
    assert "(closes of sample)" in said


def test_where_none_is_known_it_is_said_in_one_line():
    rate, said = purse("EUR", ("ecb", rates((-HOUR, "USD", 1.25)))).rate(resolve("AAPL"), AT)
    assert rate is None
    assert said.startswith("In USD: no rate from USD to EUR is known for 2021-03-31.")


@pytest.mark.parametrize("symbol", ["EURUSD", "^GSPC", "BTC-EUR"])
def test_rates_points_and_what_is_in_it_already_stay_as_they_are(symbol):
    assert purse("EUR", ("ecb", rates((HOUR, "USD", 1.25)))).rate(resolve(symbol), AT) == (None, "")


@pytest.mark.parametrize(
    ("symbol", "code", "tick"), [("AAPL", "EUR", "0.01"), ("AAPL", "JPY", "1"), ("ETH-GBP", "EUR", "0.00000001")]
)
def test_steps_are_those_of_the_currency_or_finer(symbol, code, tick):
    one = in_currency(guess(symbol), code)
    assert (one.currency, one.tick) == (code, Decimal(tick))


def test_a_forecast_keeps_its_returns_and_its_id(make_forecast):
    before = make_forecast()
    rate, _ = purse("EUR", ("ecb", rates((HOUR, "USD", 1.25)))).rate(before.instrument, before.as_of)
    after = converted(before, rate)
    assert after.close == before.close * 0.8
    assert after.id == before.id
    for old, new in zip(before.days, after.days, strict=True):
        assert (new.quantiles, new.p_up, new.confidence) == (old.quantiles, old.p_up, old.confidence)
        assert new.band_95 == pytest.approx([edge * 0.8 for edge in old.band_95])


def document(outcome):
    assert outcome.out, outcome.err
    return json.loads(outcome.out)


def test_a_forecast_is_shown_in_it_and_its_document_means_what_it_did(ara):
    plain, other = (document(ara("predict", "AAPL", "--json", *more)) for more in ((), ("--currency", "eur")))
    shown = other.pop("shown")
    assert {**other, "kept": 0} == {**plain, "kept": 0}
    assert (shown["currency"], shown["over"]) == ("EUR", ["USD", "EUR"])
    assert shown["rate_known_at"] <= plain["as_of"]
    said = ara("predict", "AAPL", "--currency", "EUR").out
    assert "NASDAQ, EUR" in said
    assert f"close {plain['close'] * shown['rate']:.2f} on" in said
    assert " ".join(said.split()).count("In EUR, by 1 USD = 0.853468 EUR of 2021-03-30 (closes of sample).") == 1


def test_the_setting_counts_where_somebody_set_it(ara):
    assert "In EUR" not in ara("predict", "AAPL").out
    assert "shown" not in document(ara("data", "show", "AAPL", "--json"))
    assert ara("config", "set", "data.currency", "EUR").code == 0
    assert "In EUR, by 1 USD" in ara("predict", "AAPL").out
    assert document(ara("data", "show", "AAPL", "--json"))["shown"]["currency"] == "EUR"
    assert "In GBP, by 1 USD" in ara("predict", "AAPL", "--currency", "GBP").out
    assert "In " not in ara("predict", "EURUSD").out


def test_bars_are_shown_each_by_the_rate_of_its_time(ara):
    words = ("data", "show", "AAPL", "-n", "3", "--currency", "EUR")
    data = document(ara(*words, "--json"))
    pairs = zip(data["bars"], data["shown"]["bars"], strict=True)
    factors = [after["close"] / before["close"] for before, after in pairs]
    assert factors[-1] == pytest.approx(data["shown"]["rate"])
    assert len({round(factor, 9) for factor in factors}) == 3
    shown = ara(*words).out
    assert f"{data['shown']['bars'][-1]['close']:.2f}" in shown
    assert "In EUR, each bar by the rate known at its close" in " ".join(shown.split())
    assert "In USD: no rate from USD to THB" in " ".join(ara("data", "show", "AAPL", "--currency", "THB").out.split())


def test_what_the_bank_publishes_goes_before_pairs(ara, monkeypatch):
    with EcbVenue(until=date(2021, 12, 31)) as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_ECB_URL", venue.url)
        venue.table = "Date,USD,THB,\n2021-03-31,1.1725,36.658,\n1999-01-04,1.1789,N/A,\n"
        assert ara("data", "fetch", "EUR").code == 0
    said = " ".join(ara("predict", "AAPL", "--currency", "EUR").out.split())
    assert "In EUR, by 1 USD = 0.852878 EUR of 2021-03-31 (ecb)." in said
    assert "1 USD = 31.2648 THB of 2021-03-31 (ecb)" in ara("predict", "AAPL", "--currency", "THB").out


def test_a_rate_that_was_received_later_is_not_used_for_what_was_known_before(ara, monkeypatch):
    with EcbVenue(until=date(2021, 12, 31)) as venue:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_ECB_URL", venue.url)
        venue.table, venue.tag = "Date,USD,\n2021-03-31,1.25,\n1999-01-04,1.1789,\n", '"first"'
        assert ara("data", "fetch", "EUR").code == 0
        then = datetime.now(UTC).isoformat()
        venue.table, venue.tag = "Date,USD,\n2021-03-31,1.60,\n1999-01-04,1.1789,\n", '"second"'
        assert ara("data", "fetch", "EUR").code == 0
    assert "1 USD = 0.625 EUR" in ara("predict", "AAPL", "--currency", "EUR").out
    for command in (("predict", "AAPL"), ("data", "show", "AAPL", "-n", "1")):
        assert "1 USD = 0.8 EUR" in ara(*command, "--currency", "EUR", "--learned", then).out


@pytest.mark.parametrize("command", [("predict", "AAPL"), ("data", "show", "AAPL")])
def test_no_such_currency(ara, command):
    outcome = ara(*command, "--currency", "BITS")
    assert (outcome.code, "there is no currency 'BITS'" in outcome.err) == (2, True)


def test_of_what_is_kept_in_no_known_currency_nothing_is_made_up():
    one = guess("BTC-USDT", "crypto")
    assert one.asset_class is AssetClass.CRYPTO
    rate, said = purse("EUR", ("ecb", rates((HOUR, "USD", 1.25)))).rate(one, AT)
    assert rate is None
    assert said.startswith("In USDT: no rate")
