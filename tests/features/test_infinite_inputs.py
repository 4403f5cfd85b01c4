"""What is infinite in the inputs is unknown: all at once, bar by bar, in formulas and for a stranger's code."""

import math

import numpy as np
import pytest

from ara.features import Scale, catalogue, indicator
from ara.features.expr import expr
from ara.features.guest import Guest
from ara.features.stream import Stream

BARS = 160


def worlds():
    """Give bars with infinite prices and volumes, and the same with unknown ones."""
    random = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, BARS)))
    columns = {
        "open": close * np.exp(random.normal(0, 0.002, BARS)),
        "high": close * 1.01,
        "low": close * 0.99,
        "close": close,
        "volume": np.floor(random.lognormal(9, 1, BARS)),
        "session": np.floor(np.arange(BARS) / 7),
        "other": 50 * np.exp(np.cumsum(random.normal(0, 0.01, BARS))),
    }
    endless = {name: values.copy() for name, values in columns.items()}
    for place, name in enumerate(("open", "high", "low", "close", "volume", "other")):
        endless[name][[90 + 5 * place, 130]] = np.inf
        endless[name][92 + 5 * place] = -np.inf
    return endless, {name: np.where(np.isinf(values), np.nan, values) for name, values in endless.items()}


@pytest.mark.parametrize("family", sorted(catalogue.families()))
def test_all_at_once_an_infinite_input_is_an_unknown_one(family):
    endless, unknown = worlds()
    for name, one in catalogue.families()[family].items():
        for told, wanted in zip(one.compute(endless), one.compute(unknown), strict=True):
            assert told.tobytes() == wanted.tobytes(), name


def test_bar_by_bar_an_infinite_input_is_an_unknown_one():
    names = [name for listed in catalogue.families().values() for name in listed] + ["ema(close,5) - low", "high / 2"]
    streams = Stream(names), Stream(names)
    late = ([values[85:] for values in world.values()] for world in worlds())
    for rows in zip(*(zip(*columns, strict=True) for columns in late), strict=True):
        told, wanted = (
            stream.push(dict(zip(worlds()[0], row, strict=True))) for stream, row in zip(streams, rows, strict=True)
        )
        assert all(not math.isinf(value) for found in told.values() for value in found)
        np.testing.assert_equal(told, wanted)


def test_a_formula_and_a_strangers_code_take_an_infinite_input_for_an_unknown_one():
    @indicator(
        inputs=["close"],
        warmup=0,
        memory=1,
        name="told",
        scale=Scale.FREE,
        bounds=(0.0, 1.0),
        formula="f",
        reference="r",
        words="w",
    )
    def told(close):
        return np.isnan(close).astype(float)

    endless, unknown = worlds()
    for one in (expr("close > 3"), Guest(told, "")):
        (found,), (wanted,) = one.compute(endless), one.compute(unknown)
        assert found.tobytes() == wanted.tobytes()
    assert Guest(told, "").compute(endless)[0].sum() == 3


def test_prices_whose_squares_are_endless_are_prices():
    close = np.array([1e200, 2e200, 3e200, 4e200])
    values = catalogue.compute("sma", {"close": close}, window=2)[0]
    np.testing.assert_allclose(values, [np.nan, 1.5e200, 2.5e200, 3.5e200], rtol=1e-12)


@pytest.mark.parametrize("bars", [300, 9000])
def test_short_and_long_columns_are_looked_at(bars):
    close = 100.0 + np.sin(np.arange(bars))
    close[200] = np.inf
    for name in ("cutler_rsi", "ulcer_index"):
        (told,), (wanted,) = (
            catalogue.compute(name, {"close": one}) for one in (close, np.where(np.isinf(close), np.nan, close))
        )
        assert np.isnan(told[200])
        assert told.tobytes() == wanted.tobytes(), name
