"""From bars to a block: equal to each indicator alone, one path for one and many, nothing missing in silence."""

from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import FeatureEngineeringError
from ara.features import catalogue, sets
from ara.features.blocks.inputs import fresh
from ara.features.build import Block, build, build_panel, compute
from ara.features.indicator import Param, Scale, indicator
from ara.features.sets import FeatureSet, Item
from ara.features.shared import shared
from ara.market.timeframe import DAY, WEEK, Timeframe
from tests.features.made import bars_of, cut, days, sample, walk


def chosen(*texts):
    return FeatureSet(name="mine", items=tuple(Item.parse(text) for text in texts))


def same(one, other):
    return one.names == other.names and np.array_equal(one.x, other.x, equal_nan=True) and one.missing == other.missing


def test_a_block_holds_what_each_indicator_gives_alone():
    bars, market = sample("AAPL"), sample("SPY")
    block = build(sets.get("ara-default"), bars, others={"market": market})
    assert block.x.dtype == np.float32
    assert block.x.flags["C_CONTIGUOUS"]
    assert block.x.shape == (len(bars), len(sets.get("ara-default").names))
    assert (block.symbol, block.timeframe, block.set) == ("AAPL", "1d", sets.get("ara-default").id)
    assert not block.missing
    place = 0
    for item in sets.get("ara-default").items:
        for column in item.columns:
            if not item.timeframe and "other" not in item.spec.inputs:
                alone = catalogue.compute(item.indicator, bars, **item.params)
                expected = alone[item.spec.outputs.index(column.output)].astype(np.float32)
                assert np.array_equal(block.x[:, place], expected, equal_nan=True), column.name
            place += 1
    assert np.isfinite(block.x[-1]).all()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rsi(window=50)", "it needs 51 bars, and there are 30"),
        ("rsi@1w", "it needs 15 bars of 1w, and there are "),
        ("1 / (close - close)", "no finite number in any of these bars"),
        ("close / 0 + rsi", "no finite number in any of these bars"),
    ],
)
def test_a_column_without_any_value_has_a_reason(text, why):
    bars = cut(sample("AAPL"), 30)
    block = build(chosen(text, "sma(window=5)"), bars)
    assert [name for name, _ in block.missing] == [block.names[0]]
    assert why in block.missing[0][1]
    values, told = compute(Item.parse(text), bars)
    assert told == block.missing[0][1]
    assert all(np.isnan(one).all() for one in values.values())


def test_one_item_is_computed_as_in_a_block_and_to_the_last_digit():
    bars, spy = sample("AAPL"), sample("SPY")
    for text in ("macd(fast=8)@1w", "macd.histogram", "beta:SPY", "ema(close, 12) - close"):
        item = Item.parse(text)
        values, why = compute(item, bars, others={"SPY": spy})
        assert not why
        assert list(values) == [column.output for column in item.columns]
        block = build(chosen(text), bars, others={"SPY": spy})
        assert np.array_equal(np.column_stack(list(values.values())).astype(np.float32), block.x, equal_nan=True)
        assert all(one.dtype == np.float64 for one in values.values())
    assert compute(Item.parse("beta"), bars)[1] == "no instrument is given that stands for its market"
    assert "only one is given" in compute(Item.parse("pca_loading"), bars)[1]
    assert compute(Item.parse("rsi"), cut(bars, 0)) == ({"rsi": pytest.approx([])}, "")


def test_the_frame_holds_time_and_columns():
    bars = cut(sample("AAPL"), 30)
    frame = build(chosen("rsi", "macd"), bars).frame()
    assert frame.columns == ["symbol", "at", "known_at", "rsi", "macd.line", "macd.signal", "macd.histogram"]
    assert frame["at"].equals(bars.frame["at"])
    assert frame["known_at"].equals(bars.frame["known_at"])
    assert frame.schema["rsi"] == pl.Float32()


def test_every_registered_feature_fits_into_one_block():
    bars = cut(sample("AAPL"), 600)
    block = build(sets.get("all"), bars, others={"market": sample("SPY")})
    assert block.x.shape == (600, len(sets.get("all").names))
    assert not np.isinf(block.x).any()
    crossed = {item.label for item in sets.get("all").items if item.crosses}
    assert all(why == "it compares instruments, and only one is given" for _, why in block.missing)
    assert len(block.missing) >= len(crossed)


def test_one_instrument_and_many_take_the_same_path():
    panel = {symbol: sample(symbol) for symbol in ("AAPL", "BTC-USD", "EURUSD")}
    found = list(build_panel(sets.get("ara-fast"), panel))
    assert [block.symbol for block in found] == list(panel)
    for block in found:
        assert same(block, build(sets.get("ara-fast"), panel[block.symbol]))


def test_a_panel_is_built_one_after_the_other():
    made = build_panel(chosen("rsi"), {"AAPL": sample("AAPL"), "BAC": sample("BAC")})
    assert next(made).symbol == "AAPL"
    assert next(made).symbol == "BAC"
    assert next(made, None) is None


def test_what_is_missing_is_declared_with_the_reason():
    quiet = bars_of(
        sample("EURUSD").frame.with_columns(ts=pl.col("at").dt.date(), volume=0.0), symbol="EURUSD", asset_class="forex"
    )
    block = build(chosen("rsi", "mfi", "beta", "beta:QQQ", "rvol@1w"), quiet)
    assert dict(block.missing) == {
        "mfi": "EURUSD has no volume",
        "beta": "no instrument is given that stands for its market",
        "beta:QQQ": "no bars of QQQ are given to compare with",
        "rvol@1w": "EURUSD has no volume",
    }
    assert np.isnan(block.x[:, 1:]).all()
    assert np.isfinite(block.x[-1, 0])


def test_volume_counts_from_the_first_bar_that_has_one():
    bars = sample("AAPL")
    late = replace(
        bars, frame=bars.frame.with_columns(volume=pl.when(pl.int_range(pl.len()) < 500).then(0.0).otherwise("volume"))
    )
    whole = build(chosen("rvol", "cmf", "net_volume", "obv"), late).x
    assert np.isnan(whole[:500]).all()
    assert np.isfinite(whole[560:]).all()
    part = build(chosen("rvol", "cmf", "net_volume", "obv"), cut(late, 400))
    assert np.array_equal(part.x, whole[:400], equal_nan=True)
    assert len(part.missing) == 4


def test_another_instrument_is_seen_as_it_was_known_at_the_close():
    """A coin's day ends hours after New York's close, so beside that close stands the coin's day before."""
    bars, coin = sample("AAPL"), sample("BTC-USD")
    found = build(chosen("close / other:BTC-USD"), bars, others={"BTC-USD": coin}).x[:, 0]
    known = coin.frame.select("known_at", "close").rows()
    end = bars.frame["known_at"].search_sorted(coin.frame["known_at"][-1])
    for row in range(end - 50, end):
        moment, close = bars.frame["known_at"][row], bars.frame["close"][row]
        there = [value for when, value in known if when <= moment]
        assert found[row] == np.float32(close / there[-1])
    assert np.isnan(found[bars.frame["known_at"].search_sorted(coin.frame["known_at"][0]) - 1])


def test_the_market_of_an_asset_class_goes_before_the_market():
    bars, coin = sample("ETH-USD"), sample("BTC-USD")
    others = {"market": sample("SPY"), "market:crypto": coin}
    assert same(build(chosen("beta"), bars, others=others), build(chosen("beta"), bars, others={"market": coin}))
    stock = sample("BAC")
    assert same(
        build(chosen("beta"), stock, others=others), build(chosen("beta"), stock, others={"market": sample("SPY")})
    )


def test_nothing_known_of_the_other_is_declared():
    early = cut(sample("AAPL"), 100)
    block = build(chosen("beta"), early, others={"market": sample("BTC-USD")})
    assert block.missing == (("beta", "nothing was known of market at these bars"),)
    none = build(chosen("beta"), early, others={"market": cut(sample("BTC-USD"), 0)})
    assert none.missing == (("beta", "nothing was known of market at these bars"),)


def test_the_other_is_missing_a_week_after_its_last_bar():
    stock = cut(sample("AAPL"), 300)
    ended = {"SPY": cut(sample("SPY"), 200)}
    ratio = build(chosen("close / other:SPY"), stock, others=ended).x[:, 0]
    stale = stock.frame["known_at"] - ended["SPY"].frame["known_at"][-1] > timedelta(days=7)
    assert np.array_equal(np.isnan(ratio), stale.to_numpy())
    assert stale.sum() > 90
    beta = build(chosen("beta"), stock, others={"market": ended["SPY"]}).x[:, 0]
    assert np.isnan(beta[stale.to_numpy()]).all()
    assert np.isfinite(beta[60:200]).all()
    late = cut(sample("AAPL"), 300, 250)
    assert build(chosen("beta"), late, others={"market": cut(sample("SPY"), 200)}).missing


def test_a_price_of_long_bars_stands_for_four_of_them():
    assert fresh(WEEK) == 4 * 7 * 86_400_000_000
    assert fresh(Timeframe.parse("1h"), DAY) == 7 * 86_400_000_000


@pytest.mark.parametrize("order", [[1, 0, 2], [0, 0, 1]])
def test_bars_out_of_order_or_twice_are_refused(order):
    bars = cut(sample("AAPL"), 3)
    with pytest.raises(FeatureEngineeringError, match=r"AAPL are not ascending in time: the bar of 2009-01"):
        build(chosen("rsi"), replace(bars, frame=bars.frame[order]))


def test_a_shorter_timeframe_than_the_bars_is_refused():
    with pytest.raises(FeatureEngineeringError, match="Bars of 1d can't be made into bars of 1h"):
        build(chosen("rsi@1h"), sample("AAPL"))


def test_the_bars_own_timeframe_is_no_other():
    bars = cut(sample("AAPL"), 200)
    assert np.array_equal(build(chosen("rsi@1d"), bars).x, build(chosen("rsi"), bars).x, equal_nan=True)
    assert build(chosen("rsi@1d"), bars).names == ("rsi@1d",)


@pytest.mark.parametrize("length", [0, 1, 2, 13])
def test_few_bars_give_few_rows(length):
    block = build(sets.get("ara-default"), cut(sample("AAPL"), length), others={"market": sample("SPY")})
    assert block.x.shape == (length, len(block.names))
    assert len(block) == length
    assert block.frame().height == length


@pytest.mark.parametrize("price", [0.0, 1e-12, 1e12, 1e300, float("nan")])
def test_strange_prices_give_numbers_or_none_never_infinity(price):
    bars = cut(sample("AAPL"), 400)
    moved = bars.frame.with_columns(
        (pl.lit(price) if price == 0 or price != price else pl.col(name) * price).alias(name)
        for name in ("open", "high", "low", "close")
    )
    block = build(sets.get("ara-default"), replace(bars, frame=moved), others={"market": sample("SPY")})
    assert not np.isinf(block.x).any()
    if price != price:
        assert {why for _, why in block.missing} >= {"AAPL has no close"}


@given(end=st.integers(1, 900))
@settings(deadline=None, max_examples=25)
def test_features_of_cut_bars_are_those_of_all_bars(end):
    bars, market = cut(sample("AAPL"), 900), sample("SPY")
    whole = build(sets.get("ara-default"), bars, others={"market": market})
    known = bars.frame["known_at"][end - 1]
    part = build(
        sets.get("ara-default"),
        cut(bars, end),
        others={"market": replace(market, frame=market.frame.filter(pl.col("known_at") <= known))},
    )
    assert np.allclose(part.x, whole.x[:end], rtol=1e-5, atol=1e-6, equal_nan=True)


@indicator(
    inputs=["close"],
    params={"fault": Param(default=0, low=0, high=3, whole=True, words="Which.")},
    warmup=0,
    memory=1,
    scale=Scale.FREE,
    bounds=(-np.inf, np.inf),
    formula="none",
    reference="none",
    words="none",
)
def stranger(close, *, fault):
    if fault == 1:
        raise RuntimeError("out of order")
    if fault == 2:
        return close[1:]
    return np.where(fault == 3, np.inf, close)


class Unfinished:
    """A stranger's indicator that no decorator protects."""

    spec: ClassVar = stranger.spec

    def compute(self, inputs, **params):
        return [inputs["close"] / 0.0] if params["fault"] == 0 else (inputs["close"] * np.inf,)

    def memory(self, **_):
        return 1


@pytest.fixture
def offered(monkeypatch):
    def offer(found):
        monkeypatch.setattr(catalogue, "get", lambda name: found)
        from ara.features.sets import item

        item._find.cache_clear()

    yield offer
    from ara.features.sets import item

    item._find.cache_clear()


def test_what_the_features_of_one_instrument_have_in_common_is_computed_once(offered):
    calls = []

    @shared
    def halved(close):
        calls.append(len(close))
        return close / 2.0

    offered(replace(stranger, function=lambda close, *, fault: halved(close) + fault))
    panel = {"A": cut(sample("AAPL"), 20), "B": cut(sample("AAPL"), 30)}
    one, other = build_panel(chosen("stranger", "stranger(fault=1)", "stranger(fault=2)"), panel)
    assert calls == [20, 30]
    assert np.array_equal(one.x[:, 2], panel["A"].frame["close"].to_numpy().astype(np.float32) / 2 + 2)
    assert len(other) == 30


def test_a_stranger_that_fails_is_named(offered):
    offered(stranger)
    bars = cut(sample("AAPL"), 20)
    with pytest.raises(
        FeatureEngineeringError, match=r"The indicator stranger\(fault=1\) failed: RuntimeError: out of order"
    ):
        build(chosen("stranger(fault=1)"), bars)
    with pytest.raises(FeatureEngineeringError, match=r"stranger\(fault=2\) did not give 1 arrays of 20 numbers"):
        build(chosen("stranger(fault=2)"), bars)
    assert np.isnan(build(chosen("stranger(fault=3)"), bars).x).all()


def test_a_stranger_s_own_words_and_needs_are_passed_on(offered):
    def refuse(close, **_):
        raise FeatureEngineeringError("No moon today.")

    bars = cut(sample("AAPL"), 20)
    offered(replace(stranger, function=refuse))
    with pytest.raises(FeatureEngineeringError, match=r"^No moon today\.$"):
        build(chosen("stranger"), bars)
    offered(replace(stranger, spec=replace(stranger.spec, inputs=("moon",))))
    assert build(chosen("stranger"), bars).missing == (("stranger", "bars have no moon"),)


def test_a_stranger_s_infinity_is_no_number(offered):
    offered(Unfinished())
    bars = cut(sample("AAPL"), 20)
    assert np.isnan(build(chosen("stranger(fault=3)"), bars).x).all()
    with pytest.raises(FeatureEngineeringError, match="did not give 1 arrays of 20"), np.errstate(all="ignore"):
        build(chosen("stranger"), bars)


class Breadth:
    """What share of the panel rose, the rank of each one's return, and who is there: a figure of many instruments."""

    spec: ClassVar = replace(
        stranger.spec,
        name="breadth",
        outputs=("share", "rank"),
        params={"bars": Param(default=1, low=1, high=9, whole=True, words="Back.")},
        bounds={"share": (0, 1), "rank": (0, 1)},
    )
    shapes: ClassVar[list] = []
    groups: ClassVar[list] = []
    fault = ""

    def compute_panel(self, inputs, *, groups=(), **params):
        close = inputs["close"]
        self.shapes.append(close.shape)
        self.groups.append(groups)
        if self.fault == "raises":
            raise RuntimeError("out of order")
        if self.fault == "refuses":
            raise FeatureEngineeringError("No moon today.")
        if self.fault == "shape":
            return (close[1:], close)
        past = np.full_like(close, np.nan)
        back = int(params["bars"])
        past[back:] = close[:-back]
        rose = np.where(np.isnan(close) | np.isnan(past), np.nan, close > past)
        with np.errstate(all="ignore"):
            share = np.nansum(rose, axis=1) / np.isfinite(rose).sum(axis=1)
        return np.broadcast_to(share[:, None], close.shape).copy(), close / past


@pytest.fixture
def breadth(monkeypatch):
    from ara.features import cross
    from ara.features.sets import item

    one = Breadth()
    one.shapes.clear()
    one.groups.clear()
    monkeypatch.setattr(cross, "names", lambda: ("breadth",), raising=False)
    monkeypatch.setattr(cross, "get", lambda name: one, raising=False)
    item._find.cache_clear()
    yield one
    item._find.cache_clear()


def test_figures_of_many_instruments_see_each_as_it_was_known(breadth):
    panel = {symbol: sample(symbol) for symbol in ("AAPL", "BAC", "BTC-USD")}
    blocks = {block.symbol: block for block in build_panel(chosen("breadth", "log_return"), panel)}
    for symbol in ("AAPL", "BTC-USD"):
        bars = panel[symbol]
        rows = range(len(bars) - 40, len(bars))
        for row in rows:
            moments = bars.frame["known_at"][row - 1], bars.frame["known_at"][row]
            rose, there = 0, 0
            for other in panel.values():
                known = other.frame.filter(pl.col("known_at") <= moments[1])
                before = other.frame.filter(pl.col("known_at") <= moments[0])
                fresh = known.height and moments[1] - known["known_at"][-1] <= timedelta(days=7)
                if symbol == "AAPL" and not fresh:
                    continue
                if not fresh or not before.height:
                    continue
                there += 1
                rose += known["close"][-1] > before["close"][-1]
            if symbol == "AAPL":
                assert blocks[symbol].x[row, 0] == np.float32(rose / there), row
    assert breadth.groups[0] == ("stock", "stock", "crypto")
    assert len(breadth.shapes) == 2
    assert blocks["AAPL"].names == ("breadth.share", "breadth.rank", "log_return")
    alone = catalogue.compute("log_return", panel["AAPL"])[0].astype(np.float32)
    assert np.array_equal(blocks["AAPL"].x[:, 2], alone, equal_nan=True)


def test_figures_of_many_instruments_need_several(breadth):
    block = build(chosen("breadth"), sample("AAPL"))
    assert {why for _, why in block.missing} == {"it compares instruments, and only one is given"}
    assert not breadth.shapes


def test_figures_of_many_instruments_on_longer_bars(breadth):
    panel = {symbol: cut(sample(symbol), 300) for symbol in ("AAPL", "BAC", "IBM")}
    block = next(build_panel(chosen("breadth(bars=2)@1w"), panel))
    weeks = build(chosen("lag(close, 1) * 0 + close@1w"), panel["AAPL"]).x[:, 0]
    told = block.x[np.isfinite(block.x[:, 1]), 1]
    assert 40 < np.count_nonzero(np.diff(told)) < 70
    assert np.isfinite(weeks[-1])
    assert breadth.shapes[0][0] < 70


@given(end=st.integers(10, 400))
@settings(deadline=None, max_examples=8)
def test_figures_of_many_instruments_know_nothing_of_later_bars(end):
    with pytest.MonkeyPatch.context() as patch:
        from ara.features import cross
        from ara.features.sets import item

        patch.setattr(cross, "names", lambda: ("breadth",), raising=False)
        patch.setattr(cross, "get", lambda name: Breadth(), raising=False)
        item._find.cache_clear()
        found = chosen("breadth", "breadth@1w")
        panel = {symbol: sample(symbol) for symbol in ("ETH-USD", "LTC-USD", "MSFT", "EURUSD")}
        whole = {block.symbol: block.x for block in build_panel(found, panel)}
        moment = panel["ETH-USD"].frame["known_at"][end]
        known = {
            symbol: replace(bars, frame=bars.frame.filter(pl.col("known_at") <= moment))
            for symbol, bars in panel.items()
        }
        for block in build_panel(found, known):
            assert np.array_equal(block.x, whole[block.symbol][: len(block)], equal_nan=True)
        item._find.cache_clear()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuses", "^No moon today"),
        ("raises", "The feature breadth failed: RuntimeError: out of order"),
        ("shape", "did not give arrays of"),
    ],
)
def test_a_figure_of_many_that_fails_is_named(breadth, fault, words):
    breadth.fault = fault
    panel = {symbol: cut(sample(symbol), 30) for symbol in ("AAPL", "BAC")}
    with pytest.raises(FeatureEngineeringError, match=words):
        list(build_panel(chosen("breadth"), panel))


def test_a_figure_of_many_without_its_input_is_declared(breadth, monkeypatch):
    monkeypatch.setattr(Breadth, "spec", replace(Breadth.spec, inputs=("close", "volume")))
    panel = {
        symbol: bars_of(
            walk(days(40).frame["at"], seed=n).with_columns(volume=0.0), symbol=symbol, asset_class="crypto"
        )
        for n, symbol in enumerate(("BTC-USD", "ETH-USD"))
    }
    found = list(build_panel(chosen("breadth"), panel))
    assert dict(found[1].missing)["breadth.rank"] == "BTC-USD has no volume"
    assert np.isnan(found[0].x).all()


def test_a_panel_with_an_empty_instrument_goes_on(breadth):
    panel = {"AAPL": cut(sample("AAPL"), 50), "BAC": cut(sample("BAC"), 0), "IBM": cut(sample("IBM"), 50)}
    found = list(build_panel(chosen("breadth", "rsi", "rsi@1w"), panel))
    assert [len(block) for block in found] == [50, 0, 50]
    assert np.isfinite(found[0].x[-1, 0])


def test_a_block_is_what_it_says():
    block = build(chosen("rsi"), cut(sample("AAPL"), 5))
    assert isinstance(block, Block)
    assert block.at.dtype == block.known_at.dtype == np.dtype("datetime64[us]")
    assert str(WEEK) == "1w"
    assert date(2009, 1, 2) == block.at[0].astype(object).date()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"known_at": pl.col("at") - pl.duration(days=3)}, "is known before it opened"),
        ({"known_at": pl.col("at")}, "or as it opened"),
        ({"high": pl.col("low") * 0.9}, "has a high below its low"),
    ],
)
def test_bars_that_no_market_makes_are_refused(change, words):
    bars = cut(sample("AAPL"), 60)
    changed = [
        pl.when(pl.int_range(pl.len()) == 7).then(one).otherwise(pl.col(name)).alias(name)
        for name, one in change.items()
    ]
    wrong = replace(bars, frame=bars.frame.with_columns(changed))
    with pytest.raises(FeatureEngineeringError, match=f"The bar of AAPL at 2009-01-13.* {words}"):
        build(FeatureSet(name="one", items=(Item("rsi"),)), wrong)
