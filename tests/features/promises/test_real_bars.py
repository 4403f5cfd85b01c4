"""Every registered indicator keeps its promises on real bars: those of the sample, and more where there are some."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ara.features import catalogue
from ara.features.checks import check_indicator
from ara.market.timeframe import Timeframe
from tests.features.made import bars_of, cut, sample
from tests.features.promises.worlds import columns, differing, within_reach

MARKET = os.environ.get("ARA_MARKET_DATA", "")
FAMILIES = sorted(catalogue.families())
SAMPLE = {"AAPL": ("SPY", 700, True), "BTC-USD": ("ETH-USD", 535, True), "EURUSD": ("USDCHF", 560, False)}
STREAMED = {"AAPL": 320, "BTC-USD": 220, "EURUSD": 220}
WIDER = {
    "coin by the hour": ("bars/crypto_hourly_binance.parquet", "ETH-USDT", "BTC-USDT", "crypto", "1h"),
    "currencies by the hour": ("bars/fx_hourly_mt5.parquet", "GBPUSD", "USDCHF", "forex", "1h"),
    "share by the minute": ("intraday/us_equity_1min_trade_lean.parquet", "AAPL", "SPY", "stock", "1m"),
    "coin by the minute": ("intraday/crypto_1min_btc_perp_2022_01.parquet", "", "", "crypto", "1m"),
    "share as traded": ("bars/us_equity_daily_raw_lean.parquet", "BAC", "SPY", "stock", "1d"),
    "fund without its splits": ("bars/us_etf_daily_raw_av.parquet", "EFA", "SPY", "stock", "1d"),
}


@cache
def told(symbol):
    other, count, volume = SAMPLE[symbol]
    bars = sample(symbol)
    return columns(cut(bars, len(bars), max(len(bars) - count, 0)), sample(other), volume=volume)


@cache
def wider(name, count=1500):
    path, symbol, other, asset_class, step = WIDER[name]
    frame = pl.read_parquet(Path(MARKET) / path).sort("ts")
    bars, beside = (
        bars_of(
            frame.filter(pl.col("symbol") == (one or frame["symbol"][0])),
            symbol=(one or frame["symbol"][0]).replace("USDT", "USD"),
            asset_class=asset_class,
            timeframe=Timeframe.parse(step),
        )
        for one in (symbol, other)
    )
    assert len(bars) >= count
    found = columns(cut(bars, count), beside)
    return found if other else {column: line for column, line in found.items() if column != "other"}


def failed(names, found):
    tried = {name: [one for one in check_indicator(catalogue.get(name), found) if not one.ok] for name in names}
    return {name: [(one.name, one.words) for one in broken] for name, broken in tried.items() if broken}


@pytest.mark.parametrize("symbol", sorted(SAMPLE))
@pytest.mark.parametrize("family", FAMILIES)
def test_promises_hold_on_the_sample(family, symbol):
    names = within_reach(told(symbol), family)
    assert names
    assert failed(names, told(symbol)) == {}


@pytest.mark.parametrize("symbol", ["AAPL", "EURUSD"])
def test_the_warm_up_is_exact_where_every_bar_moves_and_trades(symbol):
    found = told(symbol)
    for name in within_reach(found):
        thing = catalogue.get(name)
        expected = np.arange(thing.spec.warmup(**thing.spec.resolve({})))
        for output, line in zip(thing.spec.outputs, thing.compute(found), strict=True):
            assert np.array_equal(np.flatnonzero(np.isnan(line)), expected), (name, output)


@pytest.mark.parametrize("symbol", sorted(SAMPLE))
def test_a_stream_of_all_tells_what_the_batch_does(symbol):
    found = {name: line[-STREAMED[symbol] :] for name, line in told(symbol).items()}
    assert differing(within_reach(found), found) == {}


def test_a_stream_of_what_warms_up_long_tells_what_the_batch_does():
    found = {name: line[-600:] for name, line in told("AAPL").items()}
    names = [name for name in within_reach(found) if catalogue.get(name).warmup() >= 200]
    assert len(names) > 10
    assert differing(names, found) == {}


def test_a_pair_without_volume_lacks_no_more_than_what_needs_volume():
    names = set(within_reach(told("EURUSD")))
    assert all("volume" in catalogue.get(name).spec.inputs for name in set(catalogue.names()) - names)
    assert len(names) > 380


@pytest.mark.skipif(not MARKET, reason="ARA_MARKET_DATA names no folder")
@pytest.mark.parametrize("name", sorted(WIDER))
@pytest.mark.parametrize("family", FAMILIES)
def test_promises_hold_on_more_bars(family, name):
    assert failed(within_reach(wider(name), family), wider(name)) == {}


@pytest.mark.skipif(not MARKET, reason="ARA_MARKET_DATA names no folder")
@pytest.mark.parametrize("name", sorted(WIDER))
def test_a_stream_of_more_bars_tells_what_the_batch_does(name):
    found = {column: line[:900] for column, line in wider(name).items()}
    assert differing(within_reach(found), found) == {}
