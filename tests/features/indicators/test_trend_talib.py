import numpy as np
import pytest

from ara.features.families import TREND
from ara.features.library import talib

ALL = TREND.indicators()


def _bars(count=600, seed=3):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.standard_t(4, count) * 0.01))
    opened = close * np.exp(random.normal(0, 0.002, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    volume = random.lognormal(12, 0.5, count)
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume, "middle": (high + low) / 2}


BARS = _bars()

CASES = [
    ("sma", {"window": 14}, "SMA", ["close"], [14], {0: 0}),
    ("ema", {"window": 14}, "EMA", ["close"], [14], {0: 0}),
    ("wma", {"window": 14}, "WMA", ["close"], [14], {0: 0}),
    ("dema", {"window": 14}, "DEMA", ["close"], [14], {0: 0}),
    ("tema", {"window": 14}, "TEMA", ["close"], [14], {0: 0}),
    ("trima", {"window": 15}, "TRIMA", ["close"], [15], {0: 0}),
    ("t3", {"window": 6, "volume_factor": 0.6}, "T3", ["close"], [6, 0.6], {0: 0}),
    ("hma", {"window": 16}, "HMA", ["close"], [16], {0: 0}),
    ("zlema", {"window": 14}, "ZLEMA", ["close"], [14], {0: 0}),
    ("smma", {"window": 14}, "RMA", ["close"], [14], {0: 0}),
    ("lsma", {"window": 14}, "LINEARREG", ["close"], [14], {0: 0}),
    ("vwma", {"window": 14}, "VWMA", ["close", "volume"], [14], {0: 0}),
    ("midpoint", {"window": 14}, "MIDPOINT", ["close"], [14], {0: 0}),
    ("midprice", {"window": 14}, "MIDPRICE", ["high", "low"], [14], {0: 0}),
    ("kama", {"window": 12}, "KAMA", ["close"], [12], {0: 0}),
    ("kama", {"window": 12, "fast": 2.0, "slow": 30}, "KAMA", ["close"], [12], {0: 0}),
    ("efficiency_ratio", {"window": 12}, "ER", ["close"], [12], {0: 0}),
    ("mama", {"fast": 0.5, "slow": 0.05}, "MAMA", ["middle"], [0.5, 0.05], {0: 0, 1: 1}),
    ("ht_trendline", {}, "HT_TRENDLINE", ["middle"], [], {0: 0}),
    ("ht_trendmode", {}, "HT_TRENDMODE", ["middle"], [], {0: 0}),
    ("donchian", {"window": 20}, "DONCHIAN", ["high", "low"], [20], {0: 0, 1: 1, 2: 2}),
    ("heikin_ashi", {}, "HA", ["open", "high", "low", "close"], [], {0: 0, 1: 1, 2: 2, 3: 3}),
    ("macd", {}, "MACD", ["close"], [12, 26, 9], {0: 0, 1: 1, 2: 2}),
    ("macd", {"fast": 26, "slow": 12}, "MACD", ["close"], [12, 26, 9], {0: 0, 1: 1, 2: 2}),
    ("trix", {"window": 10, "signal": 1}, "TRIX", ["close"], [10], {0: 0}),
    ("adx", {}, "ADX", ["high", "low", "close"], [14], {0: 0}),
    ("adxr", {}, "ADXR", ["high", "low", "close"], [14], {0: 0}),
    ("dx", {}, "DX", ["high", "low", "close"], [14], {0: 0}),
    ("di", {}, "PLUS_DI", ["high", "low", "close"], [14], {0: 0}),
    ("di", {}, "MINUS_DI", ["high", "low", "close"], [14], {1: 0}),
    ("dm", {}, "PLUS_DM", ["high", "low"], [14], {0: 0}),
    ("dm", {}, "MINUS_DM", ["high", "low"], [14], {1: 0}),
    ("aroon", {}, "AROON", ["high", "low"], [25], {0: 1, 1: 0}),
    ("aroon", {}, "AROONOSC", ["high", "low"], [25], {2: 0}),
    ("vortex", {}, "VORTEX", ["high", "low", "close"], [14], {0: 0, 1: 1}),
    ("mass_index", {}, "MASSI", ["high", "low"], [9, 25], {0: 0}),
    ("qstick", {}, "QSTICK", ["open", "close"], [10], {0: 0}),
    ("vhf", {}, "VHF", ["close"], [28], {0: 0}),
    ("parabolic_sar", {}, "SAR", ["high", "low"], [0.02, 0.2], {0: 0}),
    ("supertrend", {}, "SUPERTREND", ["high", "low", "close"], [10, 3.0], {0: 0}),
    ("supertrend_direction", {}, "SUPERTREND", ["high", "low", "close"], [10, 3.0], {0: 1}),
]


@pytest.mark.parametrize(("name", "params", "function", "inputs", "options", "pairs"), CASES)
def test_what_talib_has_is_equal(name, params, function, inputs, options, pairs):
    one = ALL[name]
    theirs = getattr(talib(), function)(*(BARS[key] for key in inputs), *options)
    theirs = theirs if isinstance(theirs, tuple) else (theirs,)
    ours = one.compute(BARS, **params)
    start = max(one.warmup(**params), int(np.isnan(theirs[0].astype(float)).sum()))
    for mine, other in pairs.items():
        np.testing.assert_allclose(ours[mine][start:], theirs[other][start:], rtol=1e-9, atol=1e-9)


def test_measuring_the_cycle_early_leads_to_the_same_lines():
    for name in ("mama", "ht_trendline"):
        for late, early in zip(ALL[name].compute(BARS), ALL[name].compute(BARS, early=1), strict=True):
            np.testing.assert_allclose(early[400:], late[400:], rtol=1e-9)
    late, early = ALL["ht_period"].compute(BARS)[0], ALL["ht_period"].compute(BARS, early=1)[0]
    assert (late[400:] == early[400:]).all()


def test_unseeded_means_forget_how_they_began():
    for name in ("ema", "dema", "tema", "macd", "trix"):
        for seeded, plain in zip(ALL[name].compute(BARS), ALL[name].compute(BARS, seeded=0), strict=True):
            np.testing.assert_allclose(plain[500:], seeded[500:], rtol=1e-6, atol=1e-7)


def test_kama_of_its_own_speeds_is_the_same_recursion():
    slow = ALL["kama"].compute(BARS, slow=31)[0]
    usual = ALL["kama"].compute(BARS)[0]
    assert 0 < np.nanmax(np.abs(slow - usual) / usual) < 0.01
