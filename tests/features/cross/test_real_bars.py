"""On real bars, through sets and `build_panel`: no later bar matters, nor who stands where; holidays are bridged."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ara.features import cross, sets
from ara.features.build import build, build_panel
from ara.features.sets import FeatureSet, Item
from tests.features.made import cut, sample

SYMBOLS = ("AAPL", "BAC", "IBM", "SPY", "BTC-USD", "EURUSD", "ETH-USD")


def recent(symbol):
    """Bars from 2017 on, where the sample has them."""
    bars = sample(symbol)
    return replace(bars, frame=bars.frame.filter(pl.col("known_at").dt.year() >= 2017)[:760])


@pytest.fixture(scope="module")
def others():
    return {"market": sample("SPY"), "market:crypto": sample("BTC-USD")}


@pytest.fixture(scope="module")
def whole(others):
    panel = {symbol: recent(symbol) for symbol in SYMBOLS}
    return panel, {block.symbol: block for block in build_panel(sets.get("cross"), panel, others=others)}


def test_the_shipped_set_is_built_for_many(whole):
    panel, blocks = whole
    assert list(blocks) == list(SYMBOLS)
    for symbol, block in blocks.items():
        assert block.x.shape == (len(panel[symbol]), len(sets.get("cross").names))
        assert not block.missing
        assert not np.isinf(block.x).any()
    known = np.isfinite(blocks["AAPL"].x)
    assert known[-1].all()
    places = {name: place for place, name in enumerate(blocks["AAPL"].names)}
    for item in sets.get("cross").items:
        for column in item.columns:
            low, high = column.bounds
            values = blocks["AAPL"].x[:, places[column.name]]
            assert (np.isnan(values) | ((values >= np.float32(low)) & (values <= np.float32(high)))).all(), column.name


@pytest.mark.parametrize("row", [255, 500, 655])
def test_no_later_bar_matters(whole, others, row):
    panel, blocks = whole
    moment = panel["BTC-USD"].frame["known_at"][row]
    known = {
        symbol: replace(bars, frame=bars.frame.filter(pl.col("known_at") <= moment)) for symbol, bars in panel.items()
    }
    for block in build_panel(sets.get("cross"), known, others=others):
        assert np.allclose(block.x, blocks[block.symbol].x[: len(block)], rtol=1e-6, atol=1e-7, equal_nan=True)


def test_the_order_of_instruments_does_not_matter(whole, others):
    panel, blocks = whole
    turned = {symbol: panel[symbol] for symbol in reversed(SYMBOLS)}
    for block in build_panel(sets.get("cross"), turned, others=others):
        assert np.allclose(block.x, blocks[block.symbol].x, rtol=1e-4, atol=1e-6, equal_nan=True)


def test_the_same_panel_gives_the_same_bytes(whole, others):
    panel, blocks = whole
    from ara.features.cross import pairs, principal

    principal._principal.cache_clear()
    pairs._leads.cache_clear()
    pairs._together.cache_clear()
    for block in build_panel(sets.get("cross"), panel, others=others):
        assert block.x.tobytes() == blocks[block.symbol].x.tobytes()


def test_coins_have_btc_for_a_leader_and_shares_spy(whole):
    panel, blocks = whole
    names = blocks["ETH-USD"].names
    column = names.index("leader_return")
    coin = panel["BTC-USD"].frame["close"].log().diff().to_numpy()
    assert np.allclose(blocks["BTC-USD"].x[1:, column], coin[1:], atol=1e-6)
    beta = names.index("leader_beta")
    assert np.nanmin(blocks["BTC-USD"].x[70:, beta]) == pytest.approx(1.0)
    assert np.nanmedian(blocks["ETH-USD"].x[:, beta]) > 0.5
    spy = sample("SPY").frame.filter(pl.col("known_at").is_in(panel["AAPL"].frame["known_at"].implode()))
    assert np.allclose(blocks["AAPL"].x[1:, column], np.diff(np.log(spy["close"].to_numpy())), atol=1e-6)


def test_an_item_names_another_leader_and_other_parameters():
    chosen = FeatureSet(
        name="mine", items=tuple(map(Item.parse, ("leader_beta(window=30):SPY", "pca_share.first", "breadth@1w")))
    )
    panel = {symbol: recent(symbol) for symbol in ("AAPL", "BAC", "IBM")}
    block = next(build_panel(chosen, panel, others={"SPY": sample("SPY")}))
    assert block.names == ("leader_beta(window=30):SPY", "pca_share.first", "breadth@1w")
    assert np.isfinite(block.x[-1]).all()
    missing = next(build_panel(chosen, panel))
    assert dict(missing.missing) == {"leader_beta(window=30):SPY": "no bars of SPY are given to compare with"}


def test_one_instrument_alone_is_told_why():
    block = build(sets.get("cross"), cut(sample("AAPL"), 300))
    assert {why for _, why in block.missing} == {"it compares instruments, and only one is given"}
    assert len(block.missing) == len(sets.get("cross").names)


def test_groups_are_asset_classes(whole):
    _, blocks = whole
    place = blocks["AAPL"].names.index("sector_momentum")
    one, two = blocks["AAPL"].x[200:, place], blocks["BAC"].x[200:, place]
    assert np.array_equal(one, two, equal_nan=True)
    assert cross.get("sector_momentum").grouped
