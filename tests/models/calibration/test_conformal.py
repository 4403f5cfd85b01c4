import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.models.calibration.conformal import METHODS, conformal
from ara.models.quantiles import LEVELS
from ara.performance.forecasts import crps, inside
from ara.statistics.distributions import student_t_quantiles

UNIT = 0.01 * student_t_quantiles(LEVELS, 5.0)
SIZE = 0.01


def world(truth, *, count=2000, seed=1):
    """Forecasts that are always the same, and returns that are as wide as `truth` says."""
    random = np.random.default_rng(seed)
    wide = np.broadcast_to(truth, count)
    return np.tile(UNIT, (count, 1)), SIZE * wide * random.standard_t(5, count) * np.sqrt(3 / 5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("truth", [0.5, 1.0, 1.8])
def test_bands_that_are_too_wide_or_too_narrow_come_to_hold_what_they_promise(method, truth):
    values, outcome = world(truth)
    raw, told = (
        inside(one, outcome, LEVELS, 0.8)[1000:].mean()
        for one in (values, conformal(values, outcome, lag=1, method=method))
    )
    assert abs(told - 0.8) < 0.03
    assert abs(told - 0.8) <= abs(raw - 0.8) + 0.02


@pytest.mark.parametrize("method", METHODS)
def test_after_a_break_the_score_is_better_than_that_of_the_raw_forecast(method):
    values, outcome = world(np.where(np.arange(2000) < 1000, 1.0, 2.5))
    told = conformal(values, outcome, lag=1, method=method)
    raw, mine = (crps(one, outcome, LEVELS)[1050:].mean() for one in (values, told))
    assert mine < 0.95 * raw


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(METHODS), st.integers(1, 21), st.integers(60, 200), st.integers(0, 5))
def test_nothing_is_learned_of_an_outcome_before_it_is_known(method, lag, cut, seed):
    values, outcome = world(1.5, count=240, seed=seed)
    later = outcome.copy()
    later[cut - lag + 1 :] = 9.0
    one, two = (conformal(values, some, lag=lag, method=method) for some in (outcome, later))
    assert one[: cut + 1].tobytes() == two[: cut + 1].tobytes()
    part = conformal(values[: cut + 1], outcome[: cut + 1], lag=lag, method=method)
    assert part.tobytes() == one[: cut + 1].tobytes()


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(METHODS), st.integers(0, 99), st.floats(1e-3, 1.0))
def test_levels_never_cross_and_the_median_stays(method, seed, rate):
    values, outcome = world(2.0, count=150, seed=seed)
    told = conformal(values, outcome, lag=1, method=method, rate=rate)
    assert np.isfinite(told).all()
    assert (np.diff(told, axis=1) >= 0).all()
    assert told[:, 12].tobytes() == values[:, 12].tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_calm_and_wild_days_teach_each_other(method):
    values, outcome = world(1.8)
    wild = np.where(np.arange(2000) % 100 < 50, 1.0, 10.0)
    one = conformal(values, outcome, lag=1, method=method)
    two = conformal(values * wild[:, None], outcome * wild, lag=1, method=method)
    np.testing.assert_allclose(two, one * wild[:, None], rtol=1e-9, atol=1e-12)


def test_split_takes_the_rank_that_promises_coverage_of_one_more():
    values, outcome = world(1.0, count=101)
    told = conformal(values, outcome, lag=1, method="split", window=99)
    width = (UNIT[20] - UNIT[4]) / 2
    past = np.sort((outcome[1:100] - UNIT[4]) / width)  # the newest 99 that are known at row 100
    rank = int(np.floor(100 * 0.1))
    assert told[100, 4] == pytest.approx(min(UNIT[4] + width * past[rank - 1], told[100, 5]))


def test_too_few_outcomes_and_unknown_ones_correct_nothing():
    values, outcome = world(3.0, count=120)
    assert conformal(values, outcome, lag=1)[:50].tobytes() == values[:50].tobytes()
    for method in METHODS:
        blind = conformal(values, np.full(120, np.nan), lag=1, method=method)
        np.testing.assert_allclose(blind, values, rtol=0, atol=1e-15)


@pytest.mark.parametrize("method", METHODS)
def test_a_forecast_that_is_missing_is_missing_alone(method):
    values, outcome = world(1.8, count=600)
    holes = np.arange(100, 200, 10)
    values[holes] = np.nan
    told = conformal(values, outcome, lag=3, method=method)
    assert np.isnan(told[holes]).all()
    assert np.isfinite(np.delete(told, holes, axis=0)).all()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"lag": 0}, "known after 0 rows"),
        ({"method": "luck"}, "There are: split, aci, pid"),
        ({"rate": 0.0}, "rate lies between"),
        ({"rate": 2.0}, "rate lies between"),
        ({"window": 0}, "1 outcome or more"),
    ],
)
def test_odd_questions_are_refused(asked, words):
    values, outcome = world(1.0, count=60)
    with pytest.raises(ValidationError) as refused:
        conformal(values, outcome, **{"lag": 1, **asked})
    assert words in f"{refused.value} {refused.value.hint}"
    with pytest.raises(ValidationError, match="do not fit together"):
        conformal(values[:, :3], outcome, lag=1)
