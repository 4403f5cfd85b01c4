"""What is said of a bar as of its close doesn't change with what comes after it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from ara.data.merge import merge
from ara.data.quality import scores
from tests.data.quality.planted import PLANTERS, SAMPLE, Base, bases

PER_BAR = ("duplicate", "impossible", "nonpositive", "stale", "outlier", "unit", "off_calendar", "missing", "partial")
SERIES = {base.bars_symbol: base for base in bases(SAMPLE) if base.bars_symbol in ("AAPL", "EURUSD", "BTC-USD")}


def hurt(base: Base, rule: str, seed: int) -> pl.DataFrame:
    planted = PLANTERS[rule](base, np.random.default_rng(seed))
    return (base.bars if planted is None else planted.bars).sort("at", maintain_order=True)


@settings(max_examples=40, deadline=None)
@given(
    symbol=st.sampled_from(sorted(SERIES)),
    rule=st.sampled_from(PER_BAR),
    seed=st.integers(0, 1000),
    share=st.floats(0.02, 0.99),
)
def test_a_score_never_changes_with_later_bars(symbol, rule, seed, share):
    base = SERIES[symbol]
    bars = hurt(Base(base.file, symbol, base.instrument, base.timeframe, base.bars[:700]), rule, seed)
    cut = int(len(bars) * share)
    whole = scores(bars, base.instrument, base.timeframe)
    assert_series_equal(scores(bars[:cut], base.instrument, base.timeframe), whole[:cut])


@pytest.mark.parametrize("symbol", sorted(SERIES))
def test_a_score_looks_back_but_not_ahead(symbol):
    base = SERIES[symbol]
    bars = base.bars[:400]
    spike = pl.when(pl.int_range(pl.len()) == 300).then(pl.col("close") * 3).otherwise("close")
    given_scores = scores(bars.with_columns(close=spike), base.instrument)
    clean = scores(bars, base.instrument)
    assert_series_equal(given_scores[:300], clean[:300])
    assert given_scores[300] == 0.5


@settings(max_examples=25, deadline=None)
@given(
    symbol=st.sampled_from(sorted(SERIES)),
    rules=st.lists(st.sampled_from(PER_BAR), min_size=2, max_size=4),
    moved=st.booleans(),
    seed=st.integers(0, 1000),
    share=st.floats(0.02, 0.99),
)
def test_a_merged_bar_never_changes_with_later_bars(symbol, rules, moved, seed, share):
    base = SERIES[symbol]
    short = Base(base.file, symbol, base.instrument, base.timeframe, base.bars[:500])
    frames = {}
    for number, rule in enumerate(rules):
        frames[f"s{number}"] = hurt(short, rule, seed + number).unique("at", keep="first").sort("at")
    if moved:
        columns = ["open", "high", "low", "close"]
        frames["moved"] = short.bars.with_columns(pl.col(columns).shift(1)).drop_nulls("close")
    end = base.bars["at"][int(500 * share)]
    cut = {name: frame.filter(pl.col("at") <= end) for name, frame in frames.items()}
    weights = {name: 1 / (1 + number) for number, name in enumerate(frames)}
    whole = merge(frames, base.timeframe, weights=weights).drop("adjusted")
    part = merge(cut, base.timeframe, weights=weights).drop("adjusted")
    assert_frame_equal(part, whole.filter(pl.col("at") <= end))
