"""Dynamic correlations: found again in simulated markets whose truth is known, and always a valid covariance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.statistics.covariance import correlation, covariance
from ara.statistics.dcc import dcc_covariance, fit_dcc


def market(width=3, bars=1500, a=0.05, b=0.92, tie=0.4, seed=1):
    """Give returns, and the covariance of the next bar that made them."""
    dice = np.random.default_rng(seed)
    usual = np.full((width, width), tie) + (1 - tie) * np.eye(width)
    q, variance, out = usual.copy(), np.full(width, 1e-4), np.empty((bars, width))
    for bar in range(bars):
        size = np.sqrt(np.diag(q))
        z = np.linalg.cholesky(q / np.outer(size, size)) @ dice.standard_normal(width)
        out[bar] = np.sqrt(variance) * z
        variance = 2e-6 + 0.06 * out[bar] ** 2 + 0.92 * variance
        q = (1 - a - b) * usual + a * np.outer(z, z) + b * q
    return out, correlation(q) * np.sqrt(np.outer(variance, variance))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_truth_is_found_again(seed):
    returns, truth = market(seed=seed)
    found = fit_dcc(returns)
    assert found.a == pytest.approx(0.05, abs=0.03)
    assert found.b == pytest.approx(0.92, abs=0.07)
    ahead = found.covariance()
    assert correlation(ahead) == pytest.approx(correlation(truth), abs=0.12)
    assert np.diag(ahead) == pytest.approx(np.diag(truth), rel=0.3)
    # the sample knows nothing of now
    usual = np.abs(correlation(covariance(returns, "sample")) - correlation(truth)).max()
    assert np.abs(correlation(ahead) - correlation(truth)).max() < max(usual, 0.06)


def test_correlations_that_do_not_move_are_left_alone():
    still, _ = market(a=0.0, b=0.0, seed=4)
    found = fit_dcc(still)
    assert found.a < 0.02
    assert correlation(found.now) == pytest.approx(correlation(found.usual), abs=0.1)


def test_it_is_the_recursion_that_stands_in_the_formula():
    returns, _ = market(bars=400)
    found = fit_dcc(returns)
    z = []
    for series, model in zip(returns.T, found.models, strict=True):
        ahead = model.variances(series)
        before = np.concatenate(([model.omega + model.persistence * model.before], ahead[:-1]))
        own = (series - model.mu) / np.sqrt(before)
        z.append(own / np.sqrt(np.mean(own**2)))
    q = found.usual.copy()
    for bar in np.array(z).T:
        q = (1 - found.a - found.b) * found.usual + found.a * np.outer(bar, bar) + found.b * q
    assert found.now == pytest.approx(q, rel=1e-9)
    assert found.covariance() == pytest.approx(correlation(q) * np.sqrt(np.outer(found.variance, found.variance)))


def test_far_ahead_correlations_are_the_usual_ones():
    found = fit_dcc(market(bars=600)[0])
    near, far = found.covariance(1), found.covariance(5000)
    away = np.abs(correlation(near) - correlation(found.usual)).max()
    assert np.abs(correlation(far) - correlation(found.usual)).max() < away / 5 + 1e-6
    with pytest.raises(ValidationError, match="at least 1"):
        found.covariance(0)


@settings(max_examples=6, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(1, 4), st.sampled_from(["plain", "twice", "still", "opposite", "jump", "ramp"])
)
def test_there_is_never_a_negative_direction(seed, width, kind):
    dice = np.random.default_rng(seed)
    returns = dice.standard_t(3, (130, width)) * 0.01
    if kind == "still":
        returns[:, 0] = 0.0
    elif kind == "jump":
        returns[seed % 130] = 0.9
    elif kind == "ramp":
        returns *= np.linspace(0.01, 5, 130)[:, None]
    elif kind != "plain":
        returns = np.column_stack([returns, returns[:, 0] * (1 if kind == "twice" else -1)])
    fitted = fit_dcc(returns)
    for horizon in (1, 21):
        found = fitted.covariance(horizon)
        assert np.isfinite(found).all()
        assert found == pytest.approx(found.T)
        assert np.linalg.eigvalsh(found)[0] >= -1e-9 * max(np.trace(found), 1e-300)
    if kind == "still":
        assert not found[0].any()


def test_many_assets_share_what_a_few_teach():
    dice = np.random.default_rng(0)
    returns = (dice.standard_normal((110, 1)) + dice.standard_normal((110, 46))) * dice.uniform(0.002, 0.02, 46)
    returns[:, 7] = 0.0
    found = covariance(returns, "dcc")
    assert np.linalg.eigvalsh(found)[0] > -1e-15
    assert np.sqrt(np.diag(found)) == pytest.approx(returns.std(axis=0), rel=0.5)
    assert found[7, 7] == 0


@pytest.mark.parametrize(
    ("returns", "words"),
    [
        (np.zeros(5), "a table with a column"),
        (np.full((200, 2), np.inf), "without infinity"),
        (np.ones((99, 2)), "99 returns in common"),
        (np.where(np.arange(400).reshape(200, 2) < 300, np.nan, 1.0), "50 returns in common"),
    ],
)
def test_what_is_wrong(returns, words):
    with pytest.raises(ValidationError, match=words):
        fit_dcc(returns)


def test_what_never_moves_has_no_covariance():
    assert not dcc_covariance(np.zeros((120, 3))).any()
    assert not dcc_covariance(np.full((120, 2), 0.01)).any()
