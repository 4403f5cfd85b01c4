"""Features of the desk's instruments: the same in threads, in processes and from gold, and every failure told."""

import logging
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.lake import Lake
from ara.desk import Desk
from ara.errors import FeatureEngineeringError, UnknownSymbolError, ValidationError
from ara.features import sets
from ara.features.build import build
from ara.prediction import features as room
from ara.prediction.features import Features
from ara.settings import Settings
from tests.features.made import cut, sample

SYMBOLS = ["AAPL", "BTC-USD", "EURUSD"]


class Market:
    """Bars of the bundled sample, cut where a test wants it."""

    def __init__(self, **counts):
        self.counts = counts
        self.asked = []

    async def instrument(self, text):
        if text == "NONE":
            raise UnknownSymbolError("There is no instrument NONE here.")
        return sample(text).instrument

    async def bars(self, instrument, timeframe=None, *, as_of=None, learned=None):
        self.asked.append(instrument.symbol)
        if instrument.symbol in self.counts and self.counts[instrument.symbol] is None:
            raise UnknownSymbolError(f"There are no bars of {instrument.symbol}.")
        return cut(sample(instrument.symbol), self.counts.get(instrument.symbol, 400))


@pytest.fixture
async def desk(tmp_path, workers):
    async with Desk.open(Settings.load({"home": str(tmp_path)}, environ={}), workers=workers) as desk:
        yield desk


def same(one, other):
    return (
        one.symbol == other.symbol
        and one.names == other.names
        and one.missing == other.missing
        and one.set == other.set
        and np.array_equal(one.x, other.x, equal_nan=True)
        and np.array_equal(one.at, other.at)
        and np.array_equal(one.known_at, other.known_at)
        and one.at.dtype == other.at.dtype
    )


def gold(desk):
    return Lake.at(room.Path(desk.settings.home) / "lake", clock=SystemClock()).golds()


async def test_blocks_are_those_of_the_one_path(desk):
    async with Features(desk, data=Market()) as features:
        blocks = await features.build("ara-default", SYMBOLS)
    for symbol, block in zip(SYMBOLS, blocks, strict=True):
        others = {"AAPL": {"market": cut(sample("SPY"), 400)}, "BTC-USD": {"market": cut(sample("BTC-USD"), 400)}}
        assert same(block, build(sets.get("ara-default"), cut(sample(symbol), 400), others=others.get(symbol, {})))
    assert {why for _, why in blocks[2].missing} == {"no instrument is given that stands for its market"}


async def test_what_was_computed_is_taken_from_gold(desk, monkeypatch):
    async with Features(desk, data=Market()) as features:
        first = await features.build("ara-default", SYMBOLS)
        monkeypatch.setattr(room, "_built", None)
        again = await features.build("ara-default", SYMBOLS)
    assert all(same(one, other) for one, other in zip(first, again, strict=True))
    kept = gold(desk)
    assert kept["name"].to_list() == ["features_ara_default"]
    assert kept["rows"].to_list() == [1200]


async def test_other_bars_or_another_set_are_another_version(desk):
    for market, chosen in [
        (Market(), "ara-fast"),
        (Market(AAPL=401), "ara-fast"),
        (Market(), "ara-default"),
        (Market(SPY=399), "ara-default"),
    ]:
        async with Features(desk, data=market) as features:
            await features.build(chosen, ["AAPL"])
    assert gold(desk)["version"].n_unique() == 4


async def test_the_same_features_under_another_name_are_kept_under_it(desk):
    chosen = replace(sets.get("ara-fast"), name="my-own")
    async with Features(desk, data=Market()) as features:
        await features.build(chosen, ["AAPL"])
    assert gold(desk)["name"].to_list() == ["features_my_own"]


async def test_nothing_is_kept_where_that_is_asked_for(desk):
    async with Features(desk, data=Market()) as features:
        await features.build("ara-fast", ["AAPL"], keep=False)
    assert gold(desk).is_empty()


async def test_gold_of_other_rows_is_not_believed(desk):
    async with Features(desk, data=Market()) as features:
        first = await features.build("ara-fast", SYMBOLS)
        panel = {symbol: cut(sample(symbol), 400) for symbol in SYMBOLS}
        lake = Lake.at(room.Path(desk.settings.home) / "lake", clock=SystemClock())
        version = lake.golds()["version"][0]
        chosen = sets.get("ara-fast")
        assert (
            room._kept(lake, "features_ara_fast", version, chosen, {**panel, "AAPL": cut(sample("AAPL"), 399)}) is None
        )
        assert room._kept(lake, "features_ara_fast", "other", chosen, panel) is None
        found = room._kept(lake, "features_ara_fast", version, chosen, panel)
        assert all(same(one, other) for one, other in zip(first, found, strict=True))


@pytest.mark.parametrize("part", ["features_ara_fast", "versions"])
@pytest.mark.parametrize("ending", [".parquet", ".json"])
async def test_damaged_gold_is_computed_anew_and_told(desk, caplog, part, ending):
    async with Features(desk, data=Market()) as features:
        first = await features.build("ara-fast", SYMBOLS)
        folder = room.Path(desk.settings.home) / "lake" / "gold" / part
        for path in [one for one in folder.rglob(f"*{ending}") if one.is_file()]:
            path.write_bytes(b"PAR1 damaged")
        with caplog.at_level(logging.WARNING, "ara.features"):
            again = await features.build("ara-fast", SYMBOLS)
        assert "are damaged and are computed anew" in caplog.text
        assert all(same(one, other) for one, other in zip(first, again, strict=True))
        caplog.clear()
        if part != "versions":
            with caplog.at_level(logging.WARNING, "ara.features"):
                third = await features.build("ara-fast", SYMBOLS)
            assert not caplog.text
            assert all(same(one, other) for one, other in zip(first, third, strict=True))
            assert gold(desk).height == 1


async def test_processes_give_what_threads_give(desk, monkeypatch):
    async with Features(desk, data=Market()) as features:
        threads = await features.build("ara-default", SYMBOLS, keep=False)
        monkeypatch.setattr(room, "_LARGE", 0)
        processes = await features.build("ara-default", SYMBOLS, keep=False)
    assert all(same(one, other) for one, other in zip(threads, processes, strict=True))


async def test_a_lake_that_can_t_be_written_costs_nothing_but_time(desk, caplog):
    (room.Path(desk.settings.home) / "lake").write_text("not a folder")
    async with Features(desk, data=Market()) as features:
        with caplog.at_level(logging.WARNING, "ara.features"):
            blocks = await features.build("ara-fast", ["AAPL"])
    assert blocks[0].x.shape[0] == 400
    assert "The features were not kept" in caplog.text


async def test_a_market_that_can_t_be_had_is_missing_and_told(desk, caplog):
    async with Features(desk, data=Market(SPY=None)) as features:
        with caplog.at_level(logging.WARNING, "ara.features"):
            blocks = await features.build("ara-default", ["AAPL"])
    assert len(blocks[0].missing) == 4
    assert "SPY is not there to compare with" in caplog.text


async def test_a_named_instrument_is_fetched_to_compare_with(desk):
    market = Market(AAPL=3000, QQQ=2500)
    chosen = sets.FeatureSet(name="mine", items=(sets.Item.parse("beta:QQQ"), sets.Item.parse("rsi")))
    async with Features(desk, data=market) as features:
        blocks = await features.build(chosen, ["AAPL"])
    assert "QQQ" in market.asked
    assert "SPY" not in market.asked
    assert not blocks[0].missing


async def test_a_named_instrument_that_nobody_knows_is_refused(desk):
    chosen = sets.FeatureSet(name="mine", items=(sets.Item.parse("beta:NONE"), sets.Item.parse("rsi")))
    async with Features(desk, data=Market()) as features:
        with pytest.raises(UnknownSymbolError, match="There is no instrument NONE here"):
            await features.build(chosen, ["AAPL"])


async def test_failures_are_raised_or_told(desk):
    async with Features(desk, data=Market(AAPL=None)) as features:
        with pytest.raises(UnknownSymbolError, match="There are no bars of AAPL"):
            await features.build("ara-fast", ["AAPL", "BTC-USD"])
        told = []
        blocks = await features.build(
            "ara-fast", ["AAPL", "BTC-USD"], failed=lambda one, error: told.append((one.symbol, error.message))
        )
        assert [block.symbol for block in blocks] == ["BTC-USD"]
        assert told == [("AAPL", "There are no bars of AAPL.")]
        assert await features.build("ara-fast", ["AAPL"], failed=lambda *_: None) == []
        with pytest.raises(ValidationError, match="No symbol is given"):
            await features.build("ara-fast", [])
        with pytest.raises(UnknownSymbolError):
            await features.build("ara-fast", ["NONE"])
        with pytest.raises(FeatureEngineeringError, match="There is no feature set"):
            await features.build("nope", ["AAPL"])


async def test_figures_of_many_instruments_see_the_whole_panel(desk, monkeypatch):
    from ara.features import cross
    from ara.features.sets import item
    from tests.features.test_build import Breadth

    one = Breadth()
    one.shapes.clear()
    monkeypatch.setattr(cross, "names", lambda: ("breadth",), raising=False)
    monkeypatch.setattr(cross, "get", lambda name: one, raising=False)
    item._find.cache_clear()
    chosen = sets.FeatureSet(name="mine", items=(sets.Item("breadth"),))
    monkeypatch.setattr(room, "SIZE", 1)
    async with Features(desk, data=Market()) as features:
        blocks = await features.build(chosen, ["AAPL", "BAC", "IBM"])
    item._find.cache_clear()
    assert [shape[1] for shape in one.shapes] == [3]
    assert np.isfinite(blocks[2].x[-1]).all()


async def test_the_desk_s_own_market_is_opened_and_closed(desk):
    features = Features(desk)
    blocks = [block async for block in features.blocks("ara-fast", ["AAPL"], as_of="2020-02-20")]
    assert str(blocks[0].known_at[-1])[:10] == "2020-02-20"
    assert features._market is not None
    await features.close()
    assert features._market is None
    frame = blocks[0].frame()
    assert frame["known_at"].dtype == pl.Datetime("us", "UTC")
