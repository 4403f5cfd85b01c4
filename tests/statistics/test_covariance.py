"""Covariances against independent implementations, closed forms, and what must hold of any of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import OAS, LedoitWolf

from ara.errors import ValidationError
from ara.statistics.covariance import (
    METHODS,
    correlation,
    covariance,
    ewma_covariance,
    factor_covariance,
    ledoit_wolf,
    nearest_psd,
    oas,
    sample_covariance,
)


def _returns(bars=60, width=5, seed=0):
    dice = np.random.default_rng(seed)
    return (dice.standard_normal((bars, 1)) + dice.standard_normal((bars, width))) * 0.01 + 0.001


def test_shrinkage_is_that_of_scikit_learn():
    given_ = _returns(40, 12)
    theirs = LedoitWolf().fit(given_)
    ours, share = ledoit_wolf(given_)
    assert share == pytest.approx(theirs.shrinkage_, rel=1e-9)
    assert ours == pytest.approx(theirs.covariance_, rel=1e-9)
    theirs = OAS().fit(given_)
    ours, share = oas(given_)
    assert share == pytest.approx(theirs.shrinkage_, rel=1e-9)
    assert ours == pytest.approx(theirs.covariance_, rel=1e-9)


def test_sample_is_numpys_and_gaps_take_each_pair_by_its_own_bars():
    given_ = _returns()
    assert sample_covariance(given_) == pytest.approx(np.cov(given_, rowvar=False), rel=1e-9)
    gaps = given_.copy()
    gaps[:5, 0] = np.nan
    gaps[30:33, 3] = np.nan
    both = np.isfinite(gaps[:, 0]) & np.isfinite(gaps[:, 3])
    assert sample_covariance(gaps)[0, 3] == pytest.approx(np.cov(gaps[both, 0], gaps[both, 3])[0, 1], rel=1e-9)


def test_ewma_halves_the_weight_after_its_half_life():
    rows = np.zeros((11, 2))
    rows[0], rows[10] = (1.0, 0.0), (0.0, 1.0)
    found = ewma_covariance(rows, half_life=10)
    assert found[0, 0] / found[1, 1] == pytest.approx(0.5)
    assert found[0, 1] == 0


def test_factors_find_the_common_one_and_keep_the_variances():
    given_ = _returns(2000, 6)
    found = factor_covariance(given_)
    sample = sample_covariance(given_)
    assert np.diag(found) == pytest.approx(np.diag(sample), rel=1e-9)
    assert correlation(found)[0, 1:] == pytest.approx(0.5, abs=0.08)
    assert factor_covariance(given_, factors=6) == pytest.approx(sample, rel=1e-3)


def test_the_nearest_correlation_is_highams():
    given_ = np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]])
    found = nearest_psd(given_)
    assert found[0] == pytest.approx([1.0, 0.7607, 0.1573], abs=2e-4)
    assert found[1, 2] == pytest.approx(0.7607, abs=2e-4)
    scale = np.diag([2.0, 0.1, 3.0])
    assert nearest_psd(scale @ given_ @ scale) == pytest.approx(scale @ found @ scale, rel=1e-6)


def test_a_valid_covariance_comes_back_as_it_is():
    own = sample_covariance(_returns())
    assert (nearest_psd(own) == own).all()


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 2**31),
    st.integers(2, 8),
    st.integers(3, 30),
    st.sampled_from([one for one in METHODS if one != "dcc"]),
)
def test_any_method_gives_a_symmetric_matrix_without_negative_directions(seed, width, bars, method):
    # dcc, the last of them, needs more bars: test_dcc.py
    given_ = _returns(bars, width, seed)
    given_[:, 0] = given_[:, -1]
    found = covariance(given_, method)
    assert found == pytest.approx(found.T, abs=1e-18)
    assert np.linalg.eigvalsh(found)[0] >= -1e-12 * np.abs(found).max()


def test_pairs_that_contradict_each_other_are_repaired():
    dice = np.random.default_rng(2)
    gaps = dice.standard_normal((30, 3))
    gaps[:10, 1] = gaps[:10, 0]
    gaps[10:20, 2] = gaps[10:20, 1]
    gaps[20:, 2] = -gaps[20:, 0]
    gaps[:10, 2] = gaps[10:20, 0] = gaps[20:, 1] = np.nan
    found = sample_covariance(gaps)
    assert np.linalg.eigvalsh(found)[0] >= -1e-12
    assert np.diag(found) == pytest.approx(np.nanvar(gaps, axis=0, ddof=1))


def test_what_never_moves_has_no_correlation():
    given_ = _returns(120)
    given_[:, 2] = 0.0
    for method in METHODS:
        found = correlation(covariance(given_, method))
        assert np.isfinite(found).all()
        assert abs(found[2, 0]) < 1e-12
        assert found[2, 2] == 1


@pytest.mark.parametrize(
    ("returns", "said"),
    [
        (np.zeros((1, 2)), "1 returns"),
        (np.zeros((0, 2)), "0 returns"),
        (np.zeros((5, 0)), "column"),
        (np.full((5, 2), np.inf), "infinity"),
        (np.array([[0.1, np.nan], [0.2, np.nan], [np.nan, 0.1], [np.nan, 0.2]]), "in common"),
    ],
)
def test_what_can_not_be_estimated_is_said(returns, said):
    for method in METHODS:
        with pytest.raises(ValidationError, match=said):
            covariance(returns, method)


def test_unknown_names_and_bounds():
    with pytest.raises(ValidationError, match="no covariance 'best'"):
        covariance(_returns(), "best")
    with pytest.raises(ValidationError, match="half_life"):
        ewma_covariance(_returns(), half_life=0)
    with pytest.raises(ValidationError, match="factors is 9"):
        factor_covariance(_returns(), factors=9)
    with pytest.raises(ValidationError, match="variance below 0"):
        nearest_psd(np.array([[-1.0, 0], [0, 1]]))
