"""A step tells what the batch does, with any parameters, over gaps and rests, and after it was saved."""

import numpy as np
import pytest

from ara.features import catalogue
from ara.features.indicators.statistical.terms import settle, settled
from tests.features.indicators.stepping import bars, chosen, meets

STEPPED = [name for name in catalogue.names() if catalogue.get(name).spec.step and catalogue.get(name).spec.params]
KINDS = ("moves", "rests", "ties", "gaps")
CASES = [(name, kind) for name in STEPPED for kind in KINDS]


@pytest.mark.parametrize("share", [0.6, 1.5])
@pytest.mark.parametrize(("name", "kind"), CASES, ids=[f"{name}-{kind}" for name, kind in CASES])
def test_a_step_tells_what_the_batch_does_with_other_parameters(name, kind, share):
    found = bars(kind)
    if kind == "ties":
        found["other"] = np.round(found["other"], -1)
    meets(name, found, chosen(catalogue.get(name).spec, share))


@pytest.mark.parametrize("begins_still", [False, True])
@pytest.mark.parametrize(
    ("name", "params"),
    [
        *(("adf", {"window": window, "lags": lags}) for window in (20, 60, 100) for lags in (0, 1, 2)),
        ("adf", {"window": 60, "lags": 5}),
        *(("half_life", {"window": window}) for window in (10, 60, 100)),
        *(("beta_up_down", {"window": window}) for window in (20, 40, 72, 120)),
        *(("wavetrend", {"window": window}) for window in (11, 19, 23)),
    ],
)
def test_a_window_in_which_a_bar_or_two_moved_is_told_the_same(name, params, begins_still):
    meets(name, bars("rests", begins_still=begins_still), catalogue.get(name).spec.resolve(params), within=1e-9)


def moved_once(bar, count=60):
    """Give bars that stand still but for one leap."""
    close = np.full(count, 100.1)
    close[bar:] *= 1.07
    return {"close": close, "other": np.roll(close, 3)}


@pytest.mark.parametrize("lags", [0, 1])
def test_what_moved_once_has_no_rest_to_compare_a_slope_with(lags):
    line = catalogue.compute("adf", moved_once(30), window=20, lags=lags)[0]
    assert np.isnan(line[[29, 30, 50, 51, 52, 55]]).all()
    assert np.isfinite(line[[35, 40, 45]]).all()


def test_what_leapt_at_the_start_of_a_window_and_stood_still_since_came_back_at_once():
    line = catalogue.compute("half_life", moved_once(30), window=20)[0]
    assert line[49] == 0.0
    assert line[48] == pytest.approx(1.0)
    assert np.isnan(line[[30, 50]]).all()
    nearly = moved_once(30)
    nearly["close"][36:] *= 1.0 + 1e-11
    assert catalogue.compute("half_life", nearly, window=20)[0][49] == 0.0, "what is left is too little to be told"


def test_moves_of_the_other_that_agree_tell_of_no_beta():
    rises, falls = 1.01 + 1e-6 * (np.arange(80) % 3), 0.99 - 1e-3 * (np.arange(80) % 5 == 0)
    other = 100.0 * np.cumprod(np.where(np.arange(80) % 2, rises, falls))
    up, down = catalogue.compute("beta_up_down", {"close": np.sqrt(other) + 3.0, "other": other}, window=40)
    assert np.isnan(up).all()
    assert np.isfinite(down[45:]).all()


def test_what_rounding_leaves_of_a_variance_is_told_from_the_largest_square_so_far():
    variances, squares, most, told = [1e-5, 0.5, 1e-13, 1e-5, 1e-27], [1e-4, 1.0, 1e-4, 1e-4, 1e-27], 0.0, []
    for variance, square in zip(variances, squares, strict=True):
        most, kept = settle(most, variance, square)
        told.append(kept)
    assert told == settled(np.array(variances), np.array(squares)).tolist() == [1e-5, 0.5, 0.0, 1e-5, 0.0]
