"""What rounding leaves is no figure: lines without width, ties, bounds, and what a huge bar long past leaves behind."""

import math

import numpy as np
import pytest

from ara.features import catalogue
from ara.features.onward import averaged
from ara.features.stream import Stream
from tests.features.indicators.stepping import bars, meets

BAR = np.arange(420)


def flat(close):
    close = np.asarray(close, np.float64)
    return {name: close.copy() for name in ("open", "high", "low", "close")} | {"volume": np.full(len(close), 7.0)}


def stepped(name, columns, **params):
    thing, state, told = catalogue.get(name), None, []
    for row in zip(*(columns[one].tolist() for one in thing.spec.inputs), strict=True):
        state, values = thing.spec.step(state, *row, **thing.spec.resolve(params))
        told.append(values)
    return np.array(told).T


def tail(name, columns, end, **params):
    """Give the last values of what has seen no more than the memory."""
    thing = catalogue.get(name)
    start = max(end - thing.memory(**params), 0)
    return [one[-1] for one in thing.compute({key: line[start:end] for key, line in columns.items()}, **params)]


@pytest.mark.parametrize(("name", "params"), [("linreg_channel", {"window": 20}), ("standard_error_bands", {})])
@pytest.mark.parametrize("slope", [0.01, -0.0001, 3.0])
def test_a_channel_around_a_line_has_no_width(name, params, slope):
    columns = flat(50.0 + 200.0 * (slope < 0) + slope * BAR)
    upper, middle, lower = catalogue.compute(name, columns, **params)
    assert (upper[60:] == middle[60:]).all()
    assert (lower[60:] == middle[60:]).all()
    meets(name, columns, catalogue.get(name).spec.resolve(params), within=1e-12)


def test_the_alligators_mouth_does_not_open_on_a_line():
    columns = flat(50.0 + 0.01 * BAR)
    for found in (catalogue.compute("gator_phase", columns), stepped("gator_phase", columns)):
        for side in found:
            assert (side[-150:] == 0.0).all()


def test_an_impulse_is_no_rounding():
    close = bars("moves")["close"].copy()
    close[150] *= 1e6
    params = {"window": 2, "fast": 2, "slow": 26, "signal": 1}
    (whole,) = catalogue.compute("elder_impulse", flat(close), **params)
    np.testing.assert_array_equal(stepped("elder_impulse", flat(close), **params)[0], whole)
    assert (whole[-100:] == 0.0).all(), "without a signal line of its own the histogram is nothing"
    lines = flat(50.0 + 0.01 * BAR)
    for (line,) in (catalogue.compute("elder_impulse", lines), stepped("elder_impulse", lines)):
        assert set(line[-100:]) == {0.0}, "the mean rises, and its distance from the other doesn't"


def test_a_mean_of_one_value_is_that_value():
    assert averaged((1, 1e16), 1.1, 1, 1.0) == ((1, 1.1), 1.1)


def test_bands_as_wide_as_the_channel_are_not_squeezed():
    columns = {name: np.round(line) for name, line in bars("ties").items()}
    params = {"window": 5, "bands": 0.1, "channel": 0.1}
    on, ratio = catalogue.compute("squeeze", columns, **params)
    tied = np.abs(ratio - 1.0) < 1e-12
    assert tied.sum() > 3
    assert (on[tied] == 0.0).all()
    np.testing.assert_array_equal(stepped("squeeze", columns, **params)[0], on)


def test_what_is_a_share_of_all_is_all_of_it_at_most():
    close = 100.0 * np.exp(np.cumsum(1e-5 * BAR * np.where(BAR % 2, 1.0, -1.0)))
    for found in (
        catalogue.compute("volatility_percentile", flat(close), window=5, lookback=22)[0],
        stepped("volatility_percentile", flat(close), window=5, lookback=22)[0],
    ):
        assert (found[60:] == 100.0).all()


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("pfe", {"window": 2, "smooth": 1}),
        ("pfe", {"window": 3, "smooth": 4}),
        ("qqe", {"window": 2, "smooth": 2, "factor": 0.1}),
        ("qqe", {"window": 5, "smooth": 2, "factor": 18.5}),
    ],
)
def test_no_step_leaves_the_bounds(name, params):
    low, high = catalogue.get(name).spec.bounds[catalogue.get(name).spec.outputs[0]]
    for close in (50.0 * 1.001**BAR, 50.0 * 0.99**BAR, bars("moves")["close"], 50.0 + 0.01 * BAR):
        for found in (stepped(name, flat(close), **params)[0], catalogue.compute(name, flat(close), **params)[0]):
            assert low <= np.nanmin(found)
            assert np.nanmax(found) <= high


@pytest.mark.parametrize("size", [1e6, 1e-12])
@pytest.mark.parametrize("name", ["sharpe", "information_ratio", "tracking_error", "sortino", "omega", "kst", "vwma"])
def test_a_huge_bar_that_has_left_the_window_leaves_nothing(name, size):
    columns = bars("moves")
    columns["close"] = columns["close"].copy()
    columns["close"][150] *= size
    columns["volume"] = columns["volume"].copy()
    columns["volume"][150] *= 1e9
    whole, *_ = catalogue.compute(name, columns)
    memory = catalogue.get(name).memory()
    for end in range(152 + memory, 420, 9):
        told, *_ = tail(name, columns, end)
        assert math.isfinite(told)
        assert whole[end - 1] == pytest.approx(told, rel=1e-9)


def test_a_price_that_rests_after_a_fall_is_at_its_mean():
    close = np.where(BAR < 150, 1e6 * np.exp(0.01 * np.sin(BAR)), 3.7)
    (whole,) = catalogue.compute("pgo", flat(close))
    assert (whole[170:] == 0.0).all()
    assert (stepped("pgo", flat(close))[0][170:] == 0.0).all()


def test_the_weighted_means_begin_anew_after_bars_without_trades():
    columns = bars("moves")
    columns["volume"] = np.where((BAR >= 200) & (BAR < 260), 0.0, columns["volume"])
    params = {"fast": 2, "slow": 4, "signal": 3}
    whole = catalogue.compute("vwmacd", columns, **params)
    anew = catalogue.compute("vwmacd", {name: line[260:] for name, line in columns.items()}, **params)
    for line, one in zip(whole, anew, strict=True):
        assert np.isnan(line[215:260]).all()
        assert np.isfinite(line[207])
        np.testing.assert_array_equal(line[260:], one)
    for end in range(205, 420, 5):
        np.testing.assert_allclose(tail("vwmacd", columns, end, **params), [one[end - 1] for one in whole], rtol=1e-9)


def test_means_of_a_price_that_rests_are_not_apart():
    line, signal, histogram = catalogue.compute(
        "vwmacd", flat(np.full(420, 100.1)) | {"volume": bars("moves")["volume"]}
    )
    for one in (line, signal, histogram):
        assert (one[-300:] == 0.0).all()


@pytest.mark.parametrize("growth", [1.001, 0.99, 1.0])
def test_steady_growth_goes_along_with_no_volume(growth):
    columns = flat(50.0 * growth**BAR) | {"volume": bars("moves")["volume"]}
    for found in (catalogue.compute("price_volume_correlation", columns), stepped("price_volume_correlation", columns)):
        assert (found[0][-300:] == 0.0).all()


def test_what_a_damaged_state_makes_of_a_value_is_a_number():
    stream = Stream(["fractal_chaos_bands"])
    rows = [{"high": 2.0 + math.sin(bar), "low": 1.0 + math.sin(bar)} for bar in range(60)]
    for row in rows:
        stream.push(row)
    state = stream.state()

    def whole(kept):
        return [*map(whole, kept)] if isinstance(kept, list) else int(kept) if isinstance(kept, float) else kept

    told = Stream.resume(state | {"states": [whole(one) for one in state["states"]]}).push(rows[0])
    assert [type(value) for value in told["fractal_chaos_bands"]] == [float, float]
