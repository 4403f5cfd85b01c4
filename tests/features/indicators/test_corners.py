"""Every indicator at the ends of what its parameters may be, and what stands still, agrees or lies on a line."""

import itertools
import math

import numpy as np
import pytest

from ara.features import catalogue, sets
from ara.features.expr import expr
from ara.features.indicator import Scale
from ara.features.stream import Item, Stream
from tests.features.indicators.stepping import bars

FAMILIES = catalogue.families()
NAMES = [name for listed in FAMILIES.values() for name, one in listed.items() if one.spec.params]


def corners(params):
    """Give all at their lowest, all at their highest, each alone at either end, and of two all four pairs."""
    ends = {name: (one.low, one.high) for name, one in params.items()}
    found = [{name: ends[name][end] for name in ends} for end in (0, 1)]
    found += [{name: value} for name in ends for value in ends[name]]
    if len(ends) == 2:
        found += [dict(zip(ends, pair, strict=True)) for pair in itertools.product(*ends.values())]
    return [{name: math.ceil(value) if params[name].whole else value for name, value in one.items()} for one in found]


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_allowed_gives_numbers_within_the_bounds(name):
    one, given = catalogue.get(name), bars("moves", 160)
    for params in corners(one.spec.params):
        chosen = one.spec.resolve(params)
        memory = one.memory(**params)
        assert 0 <= one.spec.warmup(**chosen) < 1e8
        assert memory is None or 0 < memory < 1e8, params
        for output, line in zip(one.spec.outputs, one.compute(given, **params), strict=True):
            low, high = one.spec.bounds[output]
            room = 1e-9 * max([abs(end) for end in (low, high) if math.isfinite(end)] + [1.0])
            known = line[~np.isnan(line)]
            assert len(line) == 160
            assert np.all((known >= low - room) & (known <= high + room) & np.isfinite(known)), (params, output)


@pytest.mark.parametrize("name", NAMES)
def test_what_moves_with_no_unit_moves_with_none_at_any_parameter(name):
    one, given = catalogue.get(name), bars("moves", 300)
    for params in corners(one.spec.params):
        scale = one.spec.scale_of(params)
        if scale is not Scale.FREE:
            continue
        for price, volume in ((8.0, 1.0), (1.0, 8.0)):
            units = dict.fromkeys(given, price) | {"volume": volume, "session": 1.0}
            other = one.compute({column: values * units[column] for column, values in given.items()}, **params)
            for line, moved in zip(one.compute(given, **params), other, strict=True):
                size = np.abs(moved[np.isfinite(moved)]).max(initial=0.0)
                np.testing.assert_allclose(moved, line, rtol=1e-6, atol=1e-6 * size, err_msg=f"{params}")


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("variance", "free"),
        ("variance(returns=0)", "mixed"),
        ("covariance(returns=0):QQQ", "mixed"),
        ("linreg_angle(relative=0)", "mixed"),
        ("emv(unit=1).average", "mixed"),
        ("marketfi(unit=1)", "mixed"),
    ],
)
def test_a_column_says_how_it_moves_with_its_own_parameters(text, scale):
    assert [column.scale for column in sets.Item.parse(text).columns] == [scale]
    if ":" not in text and "emv" not in text:
        assert expr(f"{text} + 0 * rsi").spec.scale == scale


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("band_power", {"window": 16}),
        ("hurst_rs", {"window": 66}),
        ("hurst_rs", {"window": 142}),
        ("fractal_chaos_bands", {"span": 60, "window": 60}),
    ],
)
def test_the_first_value_stands_after_the_warm_up_and_needs_no_more_than_the_memory(name, params):
    one, given = catalogue.get(name), bars("moves")
    whole = one.compute(given, **params)
    warmup = one.spec.warmup(**one.spec.resolve(params))
    for line in whole:
        assert np.isnan(line[:warmup]).all()
        assert np.isfinite(line[warmup])
    tail = one.compute({key: values[-one.memory(**params) :] for key, values in given.items()}, **params)
    np.testing.assert_allclose([line[-1] for line in tail], [line[-1] for line in whole], rtol=1e-9)


def test_a_mean_that_is_slow_at_its_fastest_remembers_as_long():
    one, params, given = catalogue.get("mama"), {"fast": 0.036, "slow": 0.246, "early": 1}, bars("moves", 4000)
    tail = one.compute({key: values[-one.memory(**params) :] for key, values in given.items()}, **params)
    whole = one.compute(given, **params)
    np.testing.assert_allclose([line[-1] for line in tail], [line[-1] for line in whole], rtol=1e-9)


@pytest.mark.parametrize("window", [20, 52])
def test_bands_of_a_price_at_rest_are_as_wide_as_their_channel_bar_by_bar_too(window):
    given = bars("rests")
    given["close"][230:380] = given["high"][230:380] = given["low"][230:380] = given["close"][230]
    params = {"window": window, "bands": 1.55298, "channel": 4.321}
    on, ratio = catalogue.compute("squeeze", given, **params)
    assert on[300:379].tolist() == [0.0] * 79
    assert ratio[300:379].tolist() == [1.0] * 79
    stream = Stream([Item("squeeze", params)])
    for bar in range(400):
        (told,) = stream.push({name: float(given[name][bar]) for name in ("high", "low", "close")}).values()
        np.testing.assert_allclose(told, (on[bar], ratio[bar]), rtol=1e-9)


@pytest.mark.parametrize("window", [3, 4])
def test_closes_on_a_line_have_no_rest_to_compare_its_slope_with(window):
    close = np.round(bars("moves")["close"], 0)
    line, stream = catalogue.compute("linreg_tstat", {"close": close}, window=window)[0], None
    exact = [bar for bar in range(window - 1, 420) if not np.diff(close[bar - window + 1 : bar + 1], 2).any()]
    assert len(exact) > 3
    assert np.isnan(line[exact]).all()
    assert np.nanmax(np.abs(line)) < 1e4
    stream = Stream([Item("linreg_tstat", {"window": window})])
    for bar, value in enumerate(close.tolist()):
        (told,) = stream.push({"close": value}).values()
        np.testing.assert_allclose(told[0], line[bar], rtol=1e-8)


def test_a_session_without_a_range_leaves_a_band_without_width():
    price = np.concatenate([np.full(14, 197.1253), np.full(7, 198.0)])
    given = dict.fromkeys(("open", "high", "low", "close"), price) | {"session": np.arange(21) // 7.0}
    width, position = catalogue.compute("central_pivot_width", given, whole=0)
    assert width[7:].tolist() == [0.0] * 14
    assert position[7:].tolist() == [0.5] * 14


def test_holders_pay_no_other_price_while_nothing_is_traded():
    given = bars("moves", 900)
    given["volume"][40:] = 0.0
    line, stream = catalogue.compute("evwma", given)[0], Stream(["evwma"])
    for bar in range(900):
        told = stream.push({name: float(given[name][bar]) for name in ("close", "volume")})["evwma"]
    assert told == (line[-1],) == (line[39],)


LINES = {
    "line": 50.0 + 0.01 * np.arange(170),
    "steep": 100.0 + 0.25 * np.arange(170),
    "bend": 100.0 + 0.001 * np.arange(170) ** 2,
    "rate": 100.0 * np.exp(0.001 * np.arange(170)),
}
OF_A_LINE = ("jarque_bera", "kurtosis", "linreg_stderr", "modified_var", "partial_autocorrelation", "schaff", "skew")


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("name", OF_A_LINE)
def test_of_a_price_that_keeps_to_a_line_rounding_tells_nothing(name, kind):
    close, stream = LINES[kind], Stream([name])
    line = catalogue.compute(name, {"close": close})[0]
    told = [stream.push({"close": value})[name][0] for value in close.tolist()]
    np.testing.assert_allclose(told, line, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, math.nan) for name in OF_A_LINE if name not in ("linreg_stderr", "schaff")]
    + [("linreg_stderr", 0.0), ("schaff", 50.0)],
)
def test_of_a_straight_line_there_is_nothing_beside_its_slope(name, value):
    line = catalogue.compute(name, {"close": LINES["line"]})[0]
    assert np.array_equal(line[-90:], np.full(90, value), equal_nan=True)
    assert not np.array_equal(catalogue.compute(name, bars("moves"))[0][-90:], np.full(90, value), equal_nan=True)


def test_what_grows_with_the_volume_grows_with_nothing_else_and_money_is_mixed():
    given, found = bars("moves", 300), []
    dearer = {name: values * (1.0 if name in ("volume", "session") else 8.0) for name, values in given.items()}
    for one in (one for listed in FAMILIES.values() for one in listed.values()):
        if one.spec.scale_of({}) is not Scale.VOLUME:
            continue
        found.append(one.spec.name)
        for line, other in zip(
            *(one.compute({key: x[key] for key in one.spec.inputs}) for x in (given, dearer)), strict=True
        ):
            np.testing.assert_allclose(other, line, rtol=1e-9, err_msg=one.spec.name)
    assert "obv" in found
    for name in ("dollar_volume", "force_index", "tsv", "amihud_depth", "amivest"):
        assert sets.Item.parse(name).columns[0].scale == "mixed" == expr(f"{name} * 2").spec.scale
        assert expr(f"{name} / (close * volume)").spec.scale == "free"
