"""Closes that stand a bar early are told by the opens after them; honest ones are left in peace."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ara.data
from ara.evidence.leaks.bars_tell import tell
from ara.evidence.leaks.opens import closes_ahead

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
PRICES = ["open", "high", "low", "close"]
LARGE_GAPS = {"EEM", "EURUSD"}
"""Of the sample's symbols those whose gaps may be as large as their bodies."""


@pytest.fixture(scope="module")
def real():
    bars = pl.read_parquet(SAMPLE).sort("symbol", "ts")
    return {str(symbol): own for (symbol,), own in bars.group_by(["symbol"], maintain_order=True)}


def early(own):
    """Move closes up by a bar, and make room for them between high and low."""
    moved = own.with_columns(close=pl.col("close").shift(-1)).head(-1)
    return moved.with_columns(high=pl.max_horizontal("high", "close"), low=pl.min_horizontal("low", "close"))


def ahead(own):
    return [one for one in tell("X", own) if one.rule == "ahead"]


def test_no_symbol_of_the_sample_is_suspected_and_nearly_all_are_found_once_moved(real):
    assert len(real) > 20
    for symbol, own in real.items():
        prices, at = own.select(PRICES).to_numpy(), own["ts"].to_list()
        assert list(closes_ahead(symbol, prices, at)) == [], symbol
        moved = early(own)
        found = list(closes_ahead(symbol, moved.select(PRICES).to_numpy(), moved["ts"].to_list()))
        assert found or symbol in LARGE_GAPS, symbol


def test_the_audit_of_bars_tells_it(real):
    (found,) = ahead(early(real["BTC-USD"]))
    assert (found.column, found.rule) == ("close", "ahead")
    assert found.was < 0.9 * found.now
    assert ahead(real["BTC-USD"]) == []


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 400),
    gap=st.sampled_from([0.0, 0.2, 1.0, 5.0]),
    tick=st.sampled_from([0.0, 0.05, 1.0]),
)
def test_honest_walks_are_left_in_peace_whatever_their_gaps(seed, count, gap, tick):
    random = np.random.default_rng(seed)
    body, jump = 0.01 * random.standard_t(4, count), 0.01 * gap * random.standard_normal(count)
    close = 100 * np.exp(np.cumsum(np.clip(body + jump, -0.5, 0.5)))
    opened = close * np.exp(-np.clip(body, -0.5, 0.5))
    prices = np.column_stack([opened, np.maximum(opened, close), np.minimum(opened, close), close])
    if tick:
        prices = np.maximum(np.round(prices / tick), 1) * tick
    at = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(count)]
    assert list(closes_ahead("X", prices, at)) == []
