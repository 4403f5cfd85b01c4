import numpy as np
import pytest

from ara.features.families import MOMENTUM
from ara.features.library import talib

ALL = MOMENTUM.indicators()
SETTLED = 400


def _bars(count=1000, seed=3):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.standard_t(4, count) * 0.01))
    opened = close * np.exp(random.normal(0, 0.002, count))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, count)))
    return {"open": opened, "high": high, "low": low, "close": close, "middle": (high + low) / 2}


BARS = _bars()
HLC = ["high", "low", "close"]

EQUAL = [
    ("rsi", {"window": 9}, "RSI", ["close"], [9], {0: 0}),
    ("cmo", {"window": 9, "smoothed": 1}, "CMO", ["close"], [9], {0: 0}),
    ("cmo", {"window": 9}, "CMOU", ["close"], [9], {0: 0}),
    ("imi", {"window": 9}, "IMI", ["open", "close"], [9], {0: 0}),
    ("stoch_rsi", {"window": 10, "span": 8, "signal": 4}, "STOCHRSI", ["close"], [10, 8, 4, 0], {0: 0, 1: 1}),
    ("stoch", {"window": 9, "smooth": 4, "signal": 2}, "STOCH", HLC, [9, 4, 0, 2, 0], {0: 0, 1: 1}),
    ("stoch_fast", {"window": 9, "signal": 4}, "STOCHF", HLC, [9, 4, 0], {0: 0, 1: 1}),
    ("kdj", {"window": 8, "smooth": 3, "signal": 4}, "KDJ", HLC, [8, 3, 13, 4, 13], {0: 0, 1: 1, 2: 2}),
    ("williams_r", {"window": 9}, "WILLR", HLC, [9], {0: 0}),
    ("ultimate", {"fast": 5, "middle": 9, "slow": 21}, "ULTOSC", HLC, [5, 9, 21], {0: 0}),
    ("cci", {"window": 9}, "CCI", HLC, [9], {0: 0}),
    ("mom", {"window": 7}, "MOM", ["close"], [7], {0: 0}),
    ("roc", {"window": 7}, "ROC", ["close"], [7], {0: 0}),
    ("roc", {"window": 7, "factor": 1}, "ROCP", ["close"], [7], {0: 0}),
    ("rocr", {"window": 7}, "ROCR", ["close"], [7], {0: 0}),
    ("rocr", {"window": 7, "factor": 100}, "ROCR100", ["close"], [7], {0: 0}),
    ("coppock", {"window": 8, "fast": 9, "slow": 12}, "COPPOCK", ["close"], [8, 9, 12], {0: 0}),
    ("ao", {"fast": 4, "slow": 21}, "AO", ["high", "low"], [4, 21], {0: 0}),
    ("ac", {"fast": 4, "slow": 21, "signal": 6}, "AC", ["high", "low"], [4, 21, 6], {0: 0}),
    ("dpo", {"window": 15}, "DPO", ["close"], [15], {0: 0}),
    ("dpo", {"window": 14}, "DPO", ["close"], [14], {0: 0}),
    ("cfo", {"window": 9}, "FOSC", ["close"], [9], {0: 0}),
    ("elder_ray", {"window": 9}, "ERI", HLC, [9], {0: 0, 1: 1}),
    ("bop", {}, "BOP", ["open", *HLC], [], {0: 0}),
    ("wad", {}, "WAD", HLC, [], {0: 0}),
    ("ht_phase", {}, "HT_DCPHASE", ["middle"], [], {0: 0}),
    ("ht_phasor", {}, "HT_PHASOR", ["middle"], [], {0: 0, 1: 1}),
    ("ht_sine", {}, "HT_SINE", ["middle"], [], {0: 0, 1: 1}),
]

ONCE_SETTLED = [
    ("apo", {"fast": 6, "slow": 15}, "APO", ["close"], [6, 15, 1], {0: 0}),
    ("ppo", {"fast": 6, "slow": 15, "signal": 4}, "PPO", ["close"], [6, 15, 1], {0: 0}),
    ("tsi", {"slow": 15, "fast": 6}, "TSI", ["close"], [15, 6], {0: 0}),
    ("smi", {"window": 9, "slow": 12, "fast": 3, "signal": 5}, "SMI", HLC, [9, 3, 12, 5], {0: 0, 1: 1}),
]


def _both(name, params, function, columns, given):
    theirs = getattr(talib(), function)(*(BARS[column] for column in columns), *given)
    return ALL[name].compute(BARS, **params), theirs if isinstance(theirs, list | tuple) else [theirs]


@pytest.mark.parametrize(("name", "params", "function", "columns", "given", "outputs"), EQUAL)
def test_what_the_library_has_is_equal_from_the_first_value_on(name, params, function, columns, given, outputs):
    ours, theirs = _both(name, params, function, columns, given)
    for mine, other in outputs.items():
        np.testing.assert_allclose(ours[mine], theirs[other], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "params", "function", "columns", "given", "outputs"), ONCE_SETTLED)
def test_what_begins_in_another_way_is_equal_once_it_has_settled(name, params, function, columns, given, outputs):
    ours, theirs = _both(name, params, function, columns, given)
    for mine, other in outputs.items():
        np.testing.assert_allclose(ours[mine][SETTLED:], theirs[other][SETTLED:], rtol=1e-8, atol=1e-8)


def test_where_nothing_moves_ours_says_the_middle_and_the_library_an_end():
    flat = dict.fromkeys(("open", "high", "low", "close"), np.full(60, 5.0))
    assert talib().RSI(flat["close"], 14)[-1] == 0.0
    assert ALL["rsi"].compute(flat)[0][-1] == 50.0
    assert ALL["stoch"].compute(flat)[0][-1] == 50.0
    assert ALL["williams_r"].compute(flat)[0][-1] == -50.0


def test_after_a_gap_ours_has_no_value_where_the_library_has_a_wrong_one():
    close = BARS["close"][:100].copy()
    close[50] = np.nan
    assert talib().RSI(close, 14)[60] == 0.0
    found = ALL["rsi"].compute({"close": close})[0]
    assert np.isnan(found[50:65]).all()
    np.testing.assert_allclose(found[65:], talib().RSI(close[51:], 14)[14:], rtol=1e-12)
