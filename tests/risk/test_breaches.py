"""Whether numbers of risk were right: known p values, the traffic light, and numbers that are right or wrong."""

import numpy as np
import pytest
from scipy import stats

from ara.errors import ValidationError
from ara.risk import breaches, foreseen


def _hits(*places, days=250):
    returns = np.zeros(days)
    returns[list(places)] = -1.0
    return returns, np.full(days, 0.5)


def test_kupiec_is_the_likelihood_ratio():
    found = breaches(*_hits(*range(0, 250, 25)), level=0.99)
    n, x, p = 250, 10, 0.01
    ratio = -2 * (stats.binom.logpmf(x, n, p) - stats.binom.logpmf(x, n, x / n))
    assert found.count == 10
    assert found.expected == pytest.approx(2.5)
    assert found.coverage == pytest.approx(stats.chi2.sf(ratio, 1))
    assert found.conditional <= 1


def test_breaches_that_follow_each_other_are_noticed():
    apart = breaches(*_hits(*range(0, 250, 20)), level=0.95)
    close = breaches(*_hits(*range(100, 113)), level=0.95)
    assert apart.count == close.count == 13
    assert apart.coverage == close.coverage > 0.5
    assert close.independence < 1e-6 < 0.05 < apart.independence
    assert close.conditional < 1e-5


@pytest.mark.parametrize(("count", "light"), [(0, "green"), (4, "green"), (5, "yellow"), (9, "yellow"), (10, "red")])
def test_the_light_is_that_of_basel(count, light):
    assert breaches(*_hits(*range(0, 25 * count, 25)), level=0.99).light == light


def test_none_and_all():
    none = breaches(*_hits(), level=0.95)
    assert (none.count, none.light, none.independence) == (0, "green", 1.0)
    assert none.coverage < 1e-5
    assert breaches(*_hits(*range(250)), level=0.95).light == "red"
    assert set(none.as_dict()) >= {"kupiec_p", "christoffersen_p", "conditional_p", "light", "expected"}


def test_right_numbers_pass_and_small_ones_do_not():
    returns = np.random.default_rng(1).standard_normal(1500) * 0.01
    right = foreseen(returns, method="gaussian", window=250)
    assert np.isnan(right[:250]).all()
    assert np.isfinite(right[250:]).all()
    assert breaches(returns, right, level=0.95).coverage > 0.05
    wrong = breaches(returns, right * 0.6, level=0.95)
    assert wrong.coverage < 1e-6
    assert wrong.light == "red"


def test_what_is_foreseen_knows_the_past_alone():
    returns = np.random.default_rng(1).standard_normal(320) * 0.01
    whole = foreseen(returns, window=250)
    changed = returns.copy()
    changed[300:] *= 50
    assert (foreseen(changed, window=250)[:301] == whole[:301])[250:].all()


def test_what_is_wrong_is_said():
    with pytest.raises(ValidationError, match="level"):
        breaches(*_hits(), level=0.3)
    with pytest.raises(ValidationError, match="2 returns and 3"):
        breaches(np.zeros(2), np.zeros(3), level=0.95)
    with pytest.raises(ValidationError, match="No bar"):
        breaches(np.full(3, np.nan), np.zeros(3), level=0.95)
