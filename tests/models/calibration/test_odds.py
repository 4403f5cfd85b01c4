import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from ara.errors import ValidationError
from ara.models.calibration.odds import Isotonic, Platt, believed


def drawn(true, *, seed=1):
    random = np.random.default_rng(seed)
    return (random.random(len(true)) < true).astype(float)


def chances(count, *, seed=2):
    return np.random.default_rng(seed).uniform(0.05, 0.95, count)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=80))
def test_isotonic_is_what_scikit_learn_gives(pairs):
    stated = np.array([one for one, _ in pairs]) / 20
    happened = np.array([float(up) for _, up in pairs])
    ours = Isotonic.fit(stated, happened)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(stated, happened)
    asked = np.linspace(0, 1, 101)
    np.testing.assert_allclose(ours(asked), theirs.predict(asked), rtol=0, atol=1e-9)


def test_platt_finds_the_line_that_was_planted():
    stated = chances(50_000)
    logit = np.log(stated / (1 - stated))
    true = 1 / (1 + np.exp(-(0.5 * logit + 0.3)))
    found = Platt.fit(stated, drawn(true))
    assert found.slope == pytest.approx(0.5, abs=0.02)
    assert found.shift == pytest.approx(0.3, abs=0.02)
    np.testing.assert_allclose(found(stated), true, atol=0.01)


@pytest.mark.parametrize("happened", [np.zeros(30), np.ones(30)])
def test_one_side_alone_gives_a_chance_that_is_not_certain(happened):
    for made in (Platt.fit(chances(30), happened),):
        told = made(np.array([0.1, 0.5, 0.9]))
        assert ((told > 0) & (told < 1)).all()
    assert Isotonic.fit(chances(30), happened)(np.array([0.5])) == pytest.approx(happened[0])


def test_one_stated_chance_alone_becomes_its_rate():
    happened = np.array([1.0, 0.0, 0.0, 0.0] * 25)
    stated = np.full(100, 0.6)
    assert Platt.fit(stated, happened)(stated)[0] == pytest.approx(0.25, abs=0.01)
    assert Isotonic.fit(stated, happened)(stated)[0] == pytest.approx(0.25)


def test_what_is_true_is_believed_and_what_is_noise_is_not():
    true, when = chances(4000), np.arange(4000) // 10
    usual = np.full(4000, 0.5)
    assert believed(true, usual, drawn(true), when) >= 0.9
    assert believed(0.5 + 2 * (true - 0.5).clip(-0.25, 0.25), usual, drawn(true.clip(0.25, 0.75)), when) < 0.8
    noise = [believed(chances(4000, seed=s), usual, drawn(np.full(4000, 0.5), seed=s + 50), when) for s in range(10)]
    assert noise == [0.0] * 10


def test_few_moments_are_no_reason_to_fail():
    assert believed(np.array([0.5]), np.array([0.5]), np.array([1.0]), np.array([0])) == 0.0
    assert 0 <= believed(chances(6), np.full(6, 0.5), np.array([0.0, 1, 0, 1, 0, 1]), np.arange(6) // 3) <= 1


@pytest.mark.parametrize(
    ("stated", "happened"),
    [([0.5], [0.0, 1.0]), ([], []), ([1.2], [1.0]), ([np.nan], [1.0]), ([0.5], [0.3])],
)
def test_odd_input_is_refused(stated, happened):
    for make in (Isotonic.fit, Platt.fit):
        with pytest.raises(ValidationError):
            make(np.array(stated), np.array(happened))
