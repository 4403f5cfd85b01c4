import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ara.data.feed import MarketData
from ara.errors import FeatureEngineeringError
from ara.features import catalogue
from ara.features.readings import FAMILIES, READINGS, chosen, read
from ara.testing import desk


async def bars_of(symbol):
    async with desk() as opened, MarketData(opened) as market:
        return await market.bars(await market.instrument(symbol))


def test_every_reading_names_an_output_and_orders_its_bands():
    for one in READINGS:
        spec = catalogue.get(one.indicator).spec
        lows = [band.low for band in one.bands]
        assert one.output in spec.outputs
        assert one.family in FAMILIES
        assert lows == sorted(set(lows))
        assert lows[0] == -math.inf
        assert all(spec.bounds[one.output][0] < low <= spec.bounds[one.output][1] for low in lows[1:])


async def test_a_value_its_band_and_how_common_it_is():
    bars = await bars_of("AAPL")
    (found,) = [one for one in read(bars, unit="day") if one.reading.indicator == "rsi"]
    (values,) = catalogue.compute("rsi", bars)
    known = values[np.isfinite(values)]
    assert found.value == values[-1]
    assert found.bars == len(known)
    low, high = {"overbought": (70, 101), "oversold": (-1, 30), "between": (30, 70)}[found.band.words.split()[0]]
    assert low <= found.value < high
    assert found.share == pytest.approx(((known >= low) & (known < high)).mean())


async def test_a_stay_in_a_band_is_one_case():
    bars = await bars_of("AAPL")
    (found,) = [one for one in read(bars, horizon=5) if one.reading.indicator == "roc"]
    (values,) = catalogue.compute("roc", bars)
    above = values >= 0
    entered = [
        bar
        for bar in range(len(values) - 5)
        if np.isfinite(values[bar])
        and above[bar] == above[-1]
        and (above[bar - 1] != above[-1] or np.isnan(values[bar - 1]))
    ]
    assert found.followed.count == len(entered)
    assert found.followed.direction == (1 if above[-1] else -1)


async def test_the_reading_of_a_day_knows_nothing_of_later_ones():
    bars = await bars_of("AAPL")
    cut = replace(bars, frame=bars.frame[:1500])
    whole = catalogue.compute("rsi", bars)[0]
    (found,) = [one for one in read(cut) if one.reading.indicator == "rsi"]
    assert found.value == whole[1499]


async def test_few_bars_have_no_reading():
    bars = await bars_of("AAPL")
    few = replace(bars, frame=bars.frame[:3])
    for one in read(few, readings=chosen("momentum")):
        assert one.band is None
        assert math.isnan(one.value)
        assert one.followed is None
    none = replace(bars, frame=bars.frame[:0])
    assert all(one.bars == 0 for one in read(none, readings=chosen("trend")))


async def test_without_volume_its_indicators_have_no_value():
    bars = await bars_of("AAPL")
    frame = bars.frame.with_columns(volume=pl.lit(math.nan))
    silent = replace(bars, frame=frame)
    assert all(one.band is None for one in read(silent, readings=chosen("volume")))


def test_an_unknown_family_is_refused():
    with pytest.raises(FeatureEngineeringError, match="no family 'luck'"):
        chosen("luck")
    assert set(chosen("all")) == set(READINGS)


async def test_why_a_reading_has_no_value():
    bars = await bars_of("AAPL")
    few = replace(bars, frame=bars.frame[:2])
    (one,) = [found for found in read(few, unit="day") if found.reading.indicator == "rsi"]
    assert (one.band, one.why) == (None, "2 days of the 15 that it needs")
    silent = replace(bars, frame=bars.frame.with_columns(volume=pl.lit(math.nan)))
    told = {found.reading.indicator: found.why for found in read(silent, unit="day")}
    assert told["mfi"] == "the bars have no volume"
    assert told["rsi"] == ""
    assert {found.why for found in read(bars, unit="day") if found.band is not None} <= {""}
