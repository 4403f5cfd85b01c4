"""Moves of old crises against real bars: the sample that ships, and where it is at hand, the market data beside it."""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ara.risk import SCENARIOS

DATA = os.environ.get("ARA_MARKET_DATA", "")
ETF = ("us_etf_daily_raw_av", "adj_close")
BARE = ("us_etf_daily_raw_av", "close")
BARS = {
    ("dotcom_2000", "SPY"): ETF, ("dotcom_2000", "QQQ"): ETF, ("crisis_2008", "SPY"): ETF, ("crisis_2008", "QQQ"): ETF,
    ("crisis_2008", "IWM"): BARE, ("crisis_2008", "XAUUSD"): ("fx_daily_oanda_bidask", "close"),
    ("covid_2020", "SPY"): ETF, ("covid_2020", "QQQ"): ETF, ("covid_2020", "IWM"): BARE,
    ("covid_2020", "XAUUSD"): ("fx_daily_mt5", "close"), ("covid_2020", "EURUSD"): ("fx_daily_mt5", "close"),
    ("covid_2020", "BTC-USD"): ("crypto_daily_yahoo", "close"),
    ("rates_2022", "SPY"): ETF, ("rates_2022", "QQQ"): ETF, ("rates_2022", "IWM"): BARE, ("rates_2022", "XAUUSD"): BARE,
    ("rates_2022", "BTC-USD"): ("crypto_daily_yahoo", "close"),
    ("crypto_2022", "BTC-USD"): ("crypto_daily_yahoo", "close"), ("crypto_2022", "SPY"): ETF,
    ("crypto_2022", "ETH-USD"): ("crypto_daily_yahoo", "close"), ("crypto_2022", "QQQ"): ETF,
    ("franc_2015", "SPY"): ETF, ("franc_2015", "USDCHF"): ("fx_daily_mt5", "close"),
    ("franc_2015", "EURUSD"): ("fx_daily_mt5", "close"), ("franc_2015", "XAUUSD"): ("fx_daily_mt5", "close"),
}  # fmt: skip
RATES = {("crisis_2008", "EURUSD"), ("crisis_2008", "USDJPY"), ("rates_2022", "EURUSD"), ("rates_2022", "USDJPY")}
PUBLISHED = {("crash_1987", "SPY"), ("crash_1987", "XAUUSD"), ("dotcom_2000", "XAUUSD")}
SAMPLED = {("covid_2020", "EEM")}  # tests/risk/test_stress.py holds the sample's against it
STANDING_IN = {("rates_2022", "XAUUSD"): "GLD"}
LAST = {("crypto_2022", "SPY"): date(2022, 6, 17), ("crypto_2022", "QQQ"): date(2022, 6, 17)}


def test_each_move_has_its_source_and_its_test():
    there = {(name, symbol) for name, one in SCENARIOS.items() for symbol in one.moves}
    assert there == set(BARS) | RATES | PUBLISHED | SAMPLED
    for one in SCENARIOS.values():
        assert set(one.sources) == set(one.moves)
        assert one.first < one.last
        assert all(one.sources.values())


def test_published_closes_say_the_same():
    crash = SCENARIOS["crash_1987"]
    assert crash.moves["SPY"] == pytest.approx(224.84 / 282.70 - 1, abs=5e-4)
    assert "282.70 and 224.84" in crash.sources["SPY"]
    assert crash.moves["XAUUSD"] == pytest.approx(481.0 / 465.0 - 1, abs=2e-3)
    assert SCENARIOS["dotcom_2000"].moves["XAUUSD"] == pytest.approx(317 / 286 - 1, abs=5e-4)


@pytest.mark.skipif(not DATA, reason="ARA_MARKET_DATA names no market data")
@pytest.mark.parametrize("where", sorted(BARS), ids="-".join)
def test_real_bars_say_the_same(where):
    crisis, symbol = SCENARIOS[where[0]], STANDING_IN.get(where, where[1])
    file, column = BARS[where]
    frame = pl.scan_parquet(Path(DATA) / "bars" / f"{file}.parquet").filter(pl.col("symbol") == symbol)
    found = dict(frame.select(pl.col("ts").dt.date(), pl.col(column)).collect().iter_rows())
    moved = found[LAST.get(where, crisis.last)] / found[crisis.first] - 1
    assert moved == pytest.approx(crisis.moves[where[1]], abs=1e-3)


@pytest.mark.skipif(not DATA, reason="ARA_MARKET_DATA names no market data")
@pytest.mark.parametrize("where", sorted(RATES), ids="-".join)
def test_reference_rates_say_the_same(where):
    crisis, pair = SCENARIOS[where[0]], where[1]
    frame = pl.read_parquet(Path(DATA) / "fx" / "ecb_reference_rates_daily.parquet")

    def euros(quote, day):
        row = frame.filter((pl.col("quote") == quote) & (pl.col("ts").dt.date() == day))["rate"]
        return float(row[0])

    def rate(day):
        return euros("USD", day) if pair == "EURUSD" else euros("JPY", day) / euros("USD", day)

    assert rate(crisis.last) / rate(crisis.first) - 1 == pytest.approx(crisis.moves[pair], abs=1e-3)
