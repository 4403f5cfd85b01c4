import asyncio
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.data.feed import MarketData
from ara.features import catalogue
from ara.market.symbols import resolve
from ara.testing import desk


def test_the_catalogue_lists_what_is_registered():
    assert {"ewma_volatility", "volatility_ratio"} <= set(catalogue.names())


def _walk(count, seed=0):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, count)))


def _by_hand(close, decay=0.94):
    """Compute the volatility with one loop over the definition."""
    returns = [math.log(close[i] / close[i - 1]) for i in range(1, len(close))]
    out = [math.nan] * min(20, len(close))
    variance = sum(r * r for r in returns[:20]) / 20
    for number, r in enumerate(returns[19:]):
        variance = variance if number == 0 else decay * variance + (1 - decay) * r * r
        out.append(math.sqrt(variance))
    return out


@given(count=st.integers(0, 90), decay=st.floats(0.5, 0.999))
def test_volatility_is_its_definition(count, decay):
    close = _walk(count)
    (found,) = catalogue.compute("ewma_volatility", {"close": close}, decay=decay)
    np.testing.assert_allclose(found, _by_hand(close, decay), rtol=1e-12)


def test_the_ratio_is_volatility_over_its_own_median():
    close = _walk(400)
    (volatility,) = catalogue.compute("ewma_volatility", {"close": close})
    (ratio,) = catalogue.compute("volatility_ratio", {"close": close})
    assert np.isnan(ratio[:269]).all()
    for bar in (269, 300, 399):
        assert ratio[bar] == pytest.approx(volatility[bar] / np.median(volatility[bar - 249 : bar + 1]), rel=1e-12)
    (short,) = catalogue.compute("volatility_ratio", {"close": close}, window=2)
    assert short[21] == pytest.approx(volatility[21] / np.mean(volatility[20:22]), rel=1e-12)


def test_twice_the_volatility_gives_about_twice_the_ratio():
    steps = np.random.default_rng(1).normal(0, 0.01, 600)
    steps[-60:] *= 3
    (ratio,) = catalogue.compute("volatility_ratio", {"close": 100 * np.exp(np.cumsum(steps))})
    assert 0.6 < ratio[500] < 1.6
    assert 2.2 < ratio[-1] < 4


def test_where_no_price_moved_there_is_no_ratio():
    (ratio,) = catalogue.compute("volatility_ratio", {"close": np.full(300, 5.0)})
    assert np.isnan(ratio).all()


@pytest.mark.parametrize("bad", [math.nan, 0.0, -3.0, math.inf])
def test_a_price_that_cannot_be_leaves_the_volatility_as_it_was(bad):
    close = _walk(100)
    close[60] = bad
    (found,) = catalogue.compute("ewma_volatility", {"close": close})
    assert found[59] == found[60] == found[61]
    assert np.isfinite(found[20:]).all()


def test_bars_of_the_sample_go_in_as_they_are():
    async def bars():
        async with desk() as opened:
            return await MarketData(opened).bars(resolve("AAPL"), as_of=datetime(2020, 3, 20, tzinfo=UTC))

    found = asyncio.run(bars())
    (ratio,) = catalogue.compute("volatility_ratio", found)
    assert len(ratio) == len(found)
    assert ratio[-1] > 2.5, "March 2020 was no ordinary month"
    (same,) = catalogue.compute("volatility_ratio", {"close": found.frame["close"].to_numpy()})
    assert ratio.tobytes() == same.tobytes()
