"""Value at risk and the mean beyond it: closed forms, known distributions, what must hold of any."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ara.errors import ValidationError
from ara.risk import METHODS, fit_excess, over_horizon, tail


@pytest.fixture(scope="module")
def heavy():
    return np.random.default_rng(3).standard_t(4, 4000) * 0.01


def test_historical_is_the_quantile_and_the_mean_below_it():
    returns = np.arange(-50, 51) / 1000
    found = tail(returns, level=0.95)
    assert found.var == pytest.approx(0.045)
    assert found.cvar == pytest.approx(np.arange(45, 51).mean() / 1000)
    assert (found.observations, found.horizon, found.method) == (101, 1, "historical")


def test_gaussian_is_the_closed_form_and_grows_with_the_root_of_time():
    returns = np.random.default_rng(0).standard_normal(500) * 0.02 + 0.001
    mean, deviation = returns.mean(), returns.std()
    found = tail(returns, method="gaussian", level=0.99, horizon=4)
    z = stats.norm.ppf(0.01)
    assert found.var == pytest.approx(-(4 * mean + 2 * z * deviation))
    assert found.cvar == pytest.approx(-4 * mean + 2 * deviation * stats.norm.pdf(z) / 0.01)


def test_cornish_fisher_without_skew_and_excess_is_gaussian_and_feels_a_bad_tail():
    grid = stats.norm.ppf((np.arange(20001) + 0.5) / 20001) * 0.01
    plain, corrected = (tail(grid, method=m, level=0.99) for m in ("gaussian", "cornish_fisher"))
    assert corrected.var == pytest.approx(plain.var, rel=1e-2)
    assert corrected.cvar == pytest.approx(plain.cvar, rel=2e-2)
    bad = np.concatenate([grid, np.full(100, -0.06)])
    assert tail(bad, method="cornish_fisher", level=0.99).var > 1.2 * tail(bad, method="gaussian", level=0.99).var


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_extremes_find_the_tail_of_a_known_distribution(heavy, level):
    found = tail(heavy, method="evt", level=level)
    quantile = stats.t.ppf(1 - level, 4) * 0.01
    beyond = -stats.t.expect(lambda x: x, args=(4,), ub=quantile / 0.01, conditional=True) * 0.01
    assert found.var == pytest.approx(-quantile, rel=0.08)
    assert found.cvar == pytest.approx(beyond, rel=0.12)


def test_excesses_are_fitted():
    for shape in (0.25, -0.2, 0.0):
        drawn = stats.genpareto.rvs(shape, scale=2.0, size=5000, random_state=1)
        assert fit_excess(drawn) == pytest.approx((shape, 2.0), abs=0.08)
    assert fit_excess(np.full(20, 3.0)) == (0.0, 3.0)
    with pytest.raises(ValidationError, match="5 excesses"):
        fit_excess(np.ones(3))


def test_filtered_follows_the_volatility_of_now(heavy):
    calm = np.concatenate([heavy[:400] * 3, heavy[400:800]])
    wild = np.concatenate([heavy[:400], heavy[400:800] * 3])
    assert tail(wild, method="filtered").var > 2 * tail(calm, method="filtered").var
    plain = [tail(one).var for one in (wild, calm)]
    assert plain[0] == pytest.approx(plain[1], rel=0.15)


def test_filtered_draws_the_same_for_the_same_seed(heavy):
    once, again, other = (tail(heavy, method="filtered", horizon=5, seed=seed).var for seed in (1, 1, 2))
    assert once == again
    assert once != other
    assert once == pytest.approx(tail(heavy, method="filtered").var * math.sqrt(5), rel=0.25)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(METHODS), st.sampled_from([1, 5]))
def test_a_higher_level_and_the_mean_beyond_lose_more(seed, method, horizon):
    returns = np.random.default_rng(seed).standard_t(5, 300) * 0.01
    low, high = (tail(returns, method=method, level=level, horizon=horizon) for level in (0.95, 0.99))
    assert high.var >= low.var
    assert low.cvar >= low.var - 1e-12
    assert high.cvar >= high.var - 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_a_scale_scales_and_a_gap_is_left_out(heavy, method):
    some = heavy[:600]
    assert tail(2 * some, method=method).var == pytest.approx(2 * tail(some, method=method).var, rel=1e-9)
    gaps = np.insert(some, 100, np.nan)
    assert tail(gaps, method=method) == tail(some, method=method)


@pytest.mark.parametrize("method", METHODS)
def test_what_never_moves_loses_nothing(method):
    for horizon in (1, 10):
        found = tail(np.zeros(300), method=method, horizon=horizon)
        assert (found.var, found.cvar) == (0.0, 0.0)
    assert tail(np.full(300, 0.01), method=method, horizon=2).var == pytest.approx(1 - 1.01**2)


def test_days_that_follow_each_other_are_compounded():
    assert over_horizon(np.array([0.1, -0.5, 0.2]), 2) == pytest.approx([-0.45, -0.4])
    assert len(over_horizon(np.array([0.1]), 2)) == 0
    ruined = over_horizon(np.array([0.1, -1.0, 0.2]), 2)
    assert ruined == pytest.approx([-1, -1])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"method": "luck"}, "no method 'luck'"),
        ({"level": 0.5}, "level is 0.5"),
        ({"level": 1.0}, "level is 1.0"),
        ({"horizon": 0}, "horizon is 0"),
        ({"horizon": 251}, "horizon is 251"),
        ({"method": "evt"}, "evt needs 250"),
        ({"horizon": 60}, "returns over 60 bars; historical needs 50"),
    ],
)
def test_what_is_wrong_is_said(words, said):
    with pytest.raises(ValidationError, match=said):
        tail(np.linspace(-0.1, 0.1, 100), **words)


def test_returns_that_can_not_be_are_refused():
    for wrong in (np.full(100, np.inf), np.full(100, -1.5), np.zeros((100, 2))):
        with pytest.raises(ValidationError):
            tail(wrong)
