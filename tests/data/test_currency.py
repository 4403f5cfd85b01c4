import asyncio
import csv
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.access import Access
from ara.data.currency import Preference, Rates, hedged_returns
from ara.data.lake import Lake
from ara.data.provider import SCHEMAS, Kind
from ara.data.providers.ecb import EURO, Ecb
from ara.errors import DataProviderError, ValidationError
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.codes import CURRENCIES
from ara.market.money import Currency
from ara.market.symbols import guess, resolve
from ara.market.timeframe import DAY
from ara.settings import Settings
from ara.testing import FakeClock
from tests.venues.ecb import RATES, EcbVenue

START = datetime(2023, 12, 1, 15, tzinfo=UTC)
LAST = datetime(2023, 12, 29, 16, tzinfo=UTC)


def frame(rows, learned=None):
    """Make rates of (base, quote, days after START, rate)."""
    known = [START + timedelta(days=days) for _, _, days, _ in rows]
    return pl.DataFrame(
        {
            "at": [moment - timedelta(hours=2) for moment in known],
            "known_at": known,
            "learned_at": known if learned is None else learned,
            "base": [row[0] for row in rows],
            "quote": [row[1] for row in rows],
            "rate": [row[3] for row in rows],
        },
        schema=SCHEMAS[Kind.RATES],
    )


@pytest.fixture(scope="module")
def published():
    """Give the euro's real rates of the excerpt, as the ECB's provider frames them."""
    rows = []
    with RATES.open(encoding="ascii", newline="") as file:
        for line in csv.DictReader(file):
            known = datetime.fromisoformat(line.pop("Date")).replace(hour=15, tzinfo=UTC)
            times = (known - timedelta(hours=2), known, known)
            rows += [(*times, "EUR", code, float(cell)) for code, cell in line.items() if code and cell != "N/A"]
    return Rates(pl.DataFrame(rows, schema=SCHEMAS[Kind.RATES], orient="row"))


@pytest.mark.parametrize(
    ("base", "quote", "rate"),
    [
        ("EUR", "USD", 1.105), ("USD", "EUR", 1 / 1.105), ("USD", "JPY", 156.33 / 1.105),
        ("GBP", "CHF", 0.926 / 0.86905), ("JPY", "JPY", 1.0), ("usd", "eur", 1 / 1.105),
        ("GBX", "USD", 1.105 / 0.86905 / 100),
        ("USD", "GBp", 0.86905 / 1.105 * 100), ("GBX", "GBP", 0.01),
    ],
)  # fmt: skip
def test_rates_are_led_over_the_euro(published, base, quote, rate):
    assert math.isclose(published.rate(base, quote, as_of=LAST), rate, rel_tol=1e-12)


def test_there_are_fifteen_currencies_and_more(published):
    assert len(published.currencies) >= 16
    for base in published.currencies:
        for quote in published.currencies:
            there, back = (published.rate(*pair, as_of=LAST) for pair in ((base, quote), (quote, base)))
            assert math.isclose(there * back, 1, rel_tol=1e-12)


def test_no_rate_is_used_before_it_was_published():
    rates = Rates(frame([("EUR", "USD", 0, 1.1), ("EUR", "USD", 1, 1.2)]))
    later = START + timedelta(days=1)
    tick = timedelta(microseconds=1)
    assert rates.rate("EUR", "USD", as_of=START) == 1.1
    assert rates.rate("EUR", "USD", as_of=later - tick) == 1.1
    assert rates.rate("EUR", "USD", as_of=later) == 1.2
    with pytest.raises(DataProviderError, match="no rate of EURUSD for 2023-12-01 14:59"):
        rates.rate("EUR", "USD", as_of=START - tick)


def test_an_old_rate_does_not_count_forever():
    rates = Rates(frame([("EUR", "RUB", 0, 117.2)]), oldest=timedelta(days=5))
    assert rates.rate("EUR", "RUB", as_of=START + timedelta(days=5)) == 117.2
    with pytest.raises(DataProviderError, match="run from 2023-12-01 to 2023-12-01 and count for 5 days") as caught:
        rates.rate("EUR", "RUB", as_of=START + timedelta(days=5, microseconds=1))
    assert "ara data update EUR" in caught.value.hint


def test_the_step_that_has_no_rate_is_named():
    rates = Rates(frame([("EUR", "USD", 0, 1.1), ("EUR", "USD", 90, 1.1), ("EUR", "JPY", 0, 150.0)]))
    with pytest.raises(DataProviderError, match="no rate of EURJPY for 2024-03-01"):
        rates.rate("USD", "JPY", as_of=datetime(2024, 3, 1, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rows", "base", "quote", "rate"),
    [
        ([("USD", "JPY", 0, 150.0), ("EUR", "USD", 0, 1.1), ("EUR", "JPY", 0, 160.0)], "USD", "JPY", 150.0),  # its own
        ([("USD", "JPY", 0, 150.0)], "JPY", "USD", 1 / 150),
        ([("USD", "JPY", 0, 150.0), ("GBP", "USD", 0, 1.25)], "GBP", "JPY", 187.5),  # over the dollar
        ([("EUR", "SEK", 0, 11.0), ("EUR", "USD", 0, 1.1), ("USD", "KRW", 0, 1300.0)], "SEK", "KRW", 130.0),  # both
        ([("EUR", "SEK", 0, 11.0), ("EUR", "USD", 0, 1.1), ("USD", "KRW", 0, 1300.0)], "KRW", "SEK", 1 / 130),
    ],
)
def test_the_shortest_way_is_taken(rows, base, quote, rate):
    assert math.isclose(Rates(frame(rows)).rate(base, quote, as_of=START), rate, rel_tol=1e-12)


def test_where_no_way_leads_there_is_none():
    with pytest.raises(DataProviderError, match="No rate leads from PLN to USD") as caught:
        Rates(frame([("EUR", "USD", 0, 1.1)])).rate("PLN", "USD", as_of=START)
    assert "EUR USD" in caught.value.hint
    with pytest.raises(DataProviderError, match="leads"):
        Rates(frame([])).rate("EUR", "USD", as_of=START)


def test_a_correction_counts_from_when_it_was_learned():
    twice = pl.concat(
        [
            frame([("EUR", "USD", 0, 1.1)], learned=[START]),
            frame([("EUR", "USD", 0, 1.2)], learned=[START + timedelta(days=3)]),
        ]
    )
    assert Rates(twice).rate("EUR", "USD", as_of=START) == 1.2
    assert Rates(twice.reverse()).rate("EUR", "USD", as_of=START) == 1.2
    assert Rates(twice, learned=START + timedelta(days=2)).rate("EUR", "USD", as_of=START) == 1.1


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf, None])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(ValidationError, match="the rate of EURUSD"):
        Rates(frame([("EUR", "USD", 0, rate)]))


def test_bad_questions_are_answered():
    rates = Rates(frame([("EUR", "USD", 0, 1.1)]))
    with pytest.raises(ValidationError, match="no time zone"):
        rates.rate("EUR", "USD", as_of=datetime.fromisoformat("2023-12-02T00:00:00"))
    with pytest.raises(ValidationError, match="no currency 'EURO'"):
        rates.rate("EURO", "USD", as_of=START)
    with pytest.raises(ValidationError, match="rates have the columns"):
        Rates(pl.DataFrame({"rate": [1.0]}))


def amounts(days, **columns):
    known = [START + timedelta(days=day) for day in days]
    made = pl.DataFrame({"known_at": known, **columns})
    return made.with_columns(pl.col("known_at").cast(pl.Datetime("us", "UTC")))


def test_each_row_is_converted_by_the_rate_of_its_own_time():
    rates = Rates(frame([("EUR", "USD", 0, 2.0), ("EUR", "USD", 2, 4.0)]))
    given_ = amounts([0, 1, 2, 3], open=[1.0] * 4, close=[1.0, 1.0, 1.0, None], volume=[7.0] * 4, bid=[1.0] * 4)
    found = rates.convert(given_, "EUR", to="USD")
    assert found["open"].to_list() == [2.0, 2.0, 4.0, 4.0]
    assert found["close"].to_list() == [2.0, 2.0, 4.0, None]
    assert found["volume"].to_list() == [7.0] * 4
    assert found["bid"].to_list() == [1.0] * 4
    assert rates.convert(given_, "EUR", to="USD", columns=["bid"])["bid"].to_list() == [2.0, 2.0, 4.0, 4.0]
    assert rates.convert(given_.clear(), "EUR", to="USD").is_empty()


def test_gaps_are_refused_or_left():
    rates = Rates(frame([("EUR", "USD", 0, 2.0)]))
    given_ = amounts([-1, 0], close=[1.0, 1.0])
    with pytest.raises(DataProviderError, match="no rate of EURUSD for 2023-11-30 15:00"):
        rates.convert(given_, "EUR", to="USD")
    assert rates.convert(given_, "EUR", to="USD", gaps=True)["close"].to_list() == [None, 2.0]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pl.DataFrame({"close": [1.0]}), "no column known_at"),
        (amounts([0], volume=[1.0]), "no column of prices"),
        (amounts([0], close=[1.0]).with_columns(known_at=pl.lit(None, pl.Datetime("us", "UTC"))), "without a time"),
    ],
)
def test_what_can_t_be_converted_is_refused(table, words):
    with pytest.raises(ValidationError, match=words):
        Rates(frame([("EUR", "USD", 0, 2.0)])).convert(table, "EUR", to="USD")


def bars(symbol, closes):
    known = [START + timedelta(days=day) for day in range(len(closes))]
    made = {"at": [moment - timedelta(hours=6) for moment in known], "known_at": known, "learned_at": known}
    made |= dict.fromkeys(("open", "high", "low", "close"), closes)
    made |= {"volume": 5.0, "source": "test", "votes": 1, "quality": 1.0, "imputed": False}
    table = pl.DataFrame(made, schema_overrides=dict(SCHEMA), strict=False).select(SCHEMA.names())
    return Bars(instrument=guess(symbol), timeframe=DAY, basis=Basis.RAW, frame=table)


def test_bars_of_a_share_in_another_currency():
    rates = Rates.of_bars([bars("EURUSD", [2.0, 4.0]), bars("USDJPY", [100.0, 100.0])])
    assert rates.currencies == ("EUR", "JPY", "USD")
    toyota = bars("7203.T", [1000.0, 1000.0])
    assert toyota.instrument.currency == "JPY"
    found = rates.bars(toyota, to="eur")
    assert found.instrument.currency == "EUR"
    assert found.frame["close"].to_list() == [5.0, 2.5]
    assert found.frame["volume"].to_list() == [5.0, 5.0]
    assert found.frame.schema == SCHEMA


async def test_rates_are_collected_into_the_lake_and_read_from_it(tmp_path):
    clock = FakeClock(LAST)
    lake = Lake.at(tmp_path / "lake", clock=clock)
    assert Rates.of_store(lake).currencies == ()
    with EcbVenue() as venue:
        source = Ecb(Access(Ecb.venue, clock=clock, url=venue.url))
        whole = await source.history(Kind.RATES, EURO, DAY, start=datetime(1999, 1, 1, tzinfo=UTC), end=LAST)
        await source.close()
    await asyncio.to_thread(lake.append_facts, Kind.RATES, "EUR", "ecb", whole)
    await asyncio.to_thread(lake.append_facts, Kind.RATES, "EUR", "ecb", whole)
    kept = await asyncio.to_thread(Rates.of_store, lake)
    assert len(kept.currencies) == 16
    assert kept.rate("EUR", "USD", as_of=LAST) == 1.105
    assert lake.facts(Kind.RATES).height == whole.height
    assert Rates.of_store(lake, learned=LAST - timedelta(seconds=1)).currencies == ()
    lake.close()


def test_no_bars_make_no_rates():
    assert Rates.of_bars([]).currencies == ()


def test_the_moves_of_a_currency():
    rates = Rates(frame([("EUR", "USD", 0, 1.0), ("EUR", "USD", 1, 1.1), ("EUR", "USD", 2, 0.99)]))
    at = pl.Series([START + timedelta(days=day) for day in range(3)], dtype=pl.Datetime("us", "UTC"))
    found = rates.moves("EUR", "USD", at=at).to_list()
    assert found[0] is None
    assert np.allclose(found[1:], [0.1, -0.1])


prices = st.lists(st.floats(0.5, 2.0), min_size=3, max_size=20)


@given(prices, prices, st.floats(0, 1), st.floats(-0.01, 0.01))
def test_a_hedge_is_the_asset_and_a_forward_sold(asset, spot, share, carry):
    """Follow the money: one unit of home money buys the asset; a share of it is sold forward until the period's end."""
    count = min(len(asset), len(spot))
    p, s = np.array(asset[:count]), np.array(spot[:count])
    forward = s[:-1] * (1 + carry)
    value = s[1:] * p[1:] / (s[:-1] * p[:-1])
    paid = share * (forward - s[1:]) / s[:-1]
    local, moves = pl.Series(p[1:] / p[:-1] - 1), pl.Series(s[1:] / s[:-1] - 1)
    found = hedged_returns(local, moves, share=share, carry=carry)
    assert np.allclose(found, value + paid - 1)


def test_hedging_takes_the_currency_out():
    random = np.random.default_rng(7)
    local, moves = pl.Series("r", random.normal(0, 0.01, 2000)), pl.Series(random.normal(0, 0.01, 2000))
    assert np.allclose(hedged_returns(local, moves, share=0), (1 + local) * (1 + moves) - 1)
    hedged = hedged_returns(local, moves)
    assert hedged.name == "r"
    assert abs(np.corrcoef(hedged, moves)[0, 1]) < 0.05
    assert np.abs(hedged - local).max() < 0.002
    with_carry = hedged_returns(local, moves, carry=pl.Series(np.full(2000, 0.001)))
    assert np.allclose(with_carry - hedged, 0.001)


def test_hedges_that_make_no_sense_are_refused():
    with pytest.raises(ValidationError, match="1 returns and 2 moves"):
        hedged_returns(pl.Series([0.1]), pl.Series([0.1, 0.2]))
    for share in (-0.1, 1.1, math.nan):
        with pytest.raises(ValidationError, match="the share hedged"):
            hedged_returns(pl.Series([0.1]), pl.Series([0.1]), share=share)


def test_amounts_are_shown_in_the_currency_of_the_settings(published):
    wanted = Preference.of(Settings.load(flags={"data.currency": "JPY"}))
    assert wanted.currency == Currency("JPY")
    assert wanted.shown(1000, "EUR", rates=published, as_of=LAST) == "156,330 JPY"
    assert Preference.of(Settings.load()).shown(2, "EUR", rates=published, as_of=LAST) == "2.21 USD"


def test_old_names_work_and_warn():
    import ara.data.currency as room

    with pytest.warns(DeprecationWarning, match="CurrencyConverter is now"):
        assert room.CurrencyConverter is Rates
    with pytest.warns(DeprecationWarning, match="CurrencyPreferenceManager is now"):
        assert room.CurrencyPreferenceManager is Preference
    with pytest.raises(AttributeError):
        _ = room.Nothing


def test_real_rates_of_a_quarter_of_a_century():
    folder = os.environ.get("ARA_MARKET_DATA")
    if not folder:
        pytest.skip("ARA_MARKET_DATA names no folder")
    raw = pl.read_parquet(Path(folder) / "fx" / "ecb_reference_rates_daily.parquet")
    known = (pl.col("ts") + pl.duration(hours=15)).alias("known_at")
    table = raw.select("base", "quote", "rate", known, at=known, learned_at=known).select(SCHEMAS[Kind.RATES].names())
    rates = Rates(table)
    assert len(rates.currencies) == 16
    asked = table.filter(pl.col("quote") == "USD").select("known_at", close=pl.lit(1.0))
    yen = rates.convert(asked, "USD", to="JPY")
    assert yen["close"].is_between(70, 155).all()
    pounds = table.filter(pl.col("quote") == "GBP").select("known_at", close="rate")
    assert np.allclose(rates.convert(pounds, "GBP", to="EUR")["close"], 1.0)


def test_every_code_is_a_currency_with_a_name():
    for code in CURRENCIES:
        one = Currency(code.lower())
        assert one == Currency(code)
        assert (str(one), one.code) == (code, code)
        assert one.name
        assert one.digits in {0, 2, 3}
    assert Currency("USD").told(-1234.567) == "-1,234.57 USD"
    assert resolve("XAUUSD").currency == "USD"


def test_what_is_found_says_since_when_and_by_which_way():
    rates = Rates(frame([("EUR", "USD", 0, 1.25), ("EUR", "USD", 2, 2.0), ("EUR", "JPY", 1, 125.0)]))
    found = rates.found("USD", "JPY", as_of=START + timedelta(days=1, hours=1))
    assert (found.value, found.way) == (100.0, ("USD", "EUR", "JPY"))
    assert found.known_at == START
    assert rates.found("JPY", "USD", as_of=START + timedelta(days=3)).known_at == START + timedelta(days=1)
    same = rates.found("USD", "USD", as_of=START)
    assert (same.value, same.known_at, same.way) == (1.0, START, ("USD",))


def test_a_preference_is_one_that_somebody_stated(tmp_path):
    assert Preference.chosen(Settings.load(environ={}, folder=tmp_path)) is None
    stated = Settings.load(flags={"data.currency": "USD"}, environ={}, folder=tmp_path)
    assert Preference.chosen(stated) == Preference.of(stated)


@pytest.mark.parametrize(
    ("symbol", "wanted"),
    [("AAPL", True), ("SPY", True), ("BTC-USD", True), ("^GSPC", False), ("EURUSD", False), ("ETH-EUR", False)],
)
def test_only_amounts_of_another_currency_are_converted(symbol, wanted):
    assert Preference(currency=Currency("EUR")).wanted(resolve(symbol)) is wanted
