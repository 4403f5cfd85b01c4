"""The patterns that were there lately, each with what followed its like."""

import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features.patterns import candles, charts, elliott, harmonics
from ara.features.patterns.followed import followed
from ara.features.patterns.recent import FAMILIES, recent


@pytest.fixture(scope="module")
def bars():
    random = np.random.default_rng(11)
    close = 100 * np.exp(np.cumsum(0.012 * random.standard_t(4, 1500)))
    opened = close * np.exp(random.normal(0, 0.005, 1500))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, 1500)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, 1500)))
    return {"open": opened, "high": high, "low": low, "close": close, "volume": random.lognormal(10, 1, 1500)}


def found_by(family, bars):
    prices = [bars[name] for name in ("high", "low", "close")]
    if family == "candle":
        return candles.find(bars["open"], *prices, volume=bars["volume"])
    return {"chart": charts, "harmonic": harmonics, "elliott": elliott}[family].find(*prices)


@pytest.mark.parametrize("family", FAMILIES)
def test_all_that_a_finder_finds_in_the_last_bars_is_there(bars, family):
    found = recent(bars, last=400, families=[family])
    wanted = [one for one in found_by(family, bars) if one.known_at >= 1100]
    assert wanted
    assert sorted((one.pattern.known_at, one.pattern.name) for one in found) == sorted(
        (one.known_at, one.name) for one in wanted
    )
    assert {one.pattern.family for one in found} == {family}


def test_the_newest_stand_first_and_in_a_bar_the_clearest(bars):
    found = [(-one.pattern.known_at, -one.pattern.quality) for one in recent(bars, last=30)]
    assert found == sorted(found)
    assert {-at for at, _ in found} <= set(range(1470, 1500))


@pytest.mark.parametrize(("family", "last"), [("candle", 5), ("chart", 300), ("elliott", 300)])
def test_each_is_told_what_followed_its_name_and_direction(bars, family, last):
    every = found_by(family, bars)
    found = recent(bars, last=last, families=[family], horizon=3, unit="day")
    assert found
    for one in found:
        kind = (one.pattern.name, one.pattern.direction)
        cases = sorted({other.known_at for other in every if (other.name, other.direction) == kind})
        side = {"bullish": 1, "bearish": -1, "neutral": 0}[one.pattern.direction]
        assert one.followed == followed(cases, side, bars["close"], horizon=3, unit="day")


def test_no_volume_is_needed(bars):
    without = {name: values for name, values in bars.items() if name != "volume"}
    assert len(recent(without, last=20)) == len(recent(bars, last=20))


def test_a_family_that_is_none(bars):
    with pytest.raises(FeatureEngineeringError, match="no family of patterns 'fibs'"):
        recent(bars, families=["fibs"])


@pytest.mark.parametrize("count", [0, 1, 5])
def test_hardly_any_bars_have_none(bars, count):
    assert recent({name: values[:count] for name, values in bars.items()}) == []
