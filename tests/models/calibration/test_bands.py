import numpy as np
import pytest

from ara.models.calibration import stretches
from ara.models.calibration.pooling import pooled

MONTHS = 24
FADING = 0.5 ** (np.arange(MONTHS)[::-1] / 12)


def missed(shares: tuple[float, ...], count: float, noise: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    counts = np.full((MONTHS, len(shares)), count)
    return counts * (np.array(shares) + noise * random.standard_normal(counts.shape)), counts


def test_bands_that_keep_their_promise_stay_as_they_are() -> None:
    assert np.abs(stretches(*missed((0.2, 0.2, 0.2), 400.0), FADING, overlap=0.05)).max() < 0.02


def test_too_many_misses_widen_and_too_few_narrow_each_state_by_itself() -> None:
    calm, usual, wild = stretches(*missed((0.28, 0.2, 0.12), 400.0), FADING, overlap=0.05)
    assert calm > 0.03 > abs(usual)
    assert wild < -0.03


def test_months_that_differ_much_say_little() -> None:
    sure = stretches(*missed((0.26, 0.26, 0.26), 400.0, noise=0.01), FADING, overlap=0.05)
    unsure = stretches(*missed((0.26, 0.26, 0.26), 400.0, noise=0.2), FADING, overlap=0.05)
    assert (np.abs(unsure) < 0.5 * np.abs(sure)).all()


def test_a_state_that_never_was_gets_what_its_class_gets() -> None:
    misses, counts = missed((0.3, 0.3, 0.3), 400.0)
    misses[:, 2] = counts[:, 2] = 0
    calm, _, wild = stretches(misses, counts, FADING, overlap=0.05)
    assert 0 < wild <= calm


def test_nothing_known_stretches_nothing_and_there_is_a_limit() -> None:
    nothing = np.zeros((MONTHS, 3))
    np.testing.assert_array_equal(stretches(nothing, nothing, FADING, overlap=0.05), np.zeros(3))
    assert stretches(*missed((0.99, 0.99, 0.99), 4000.0, noise=1e-4), FADING, overlap=0.05).max() <= 0.15


def test_pooling_weighs_by_certainty() -> None:
    assert pooled(1.0, 4.0, 3.0, 2.0) == pytest.approx((2.0, 2.0))
    assert pooled(1.0, 4.0, 3.0, np.inf) == (1.0, 4.0)


def test_forecasts_that_overlap_say_less() -> None:
    near, far = (stretches(*missed((0.26,), 400.0, noise=0.05), FADING, overlap=overlap)[0] for overlap in (0.0, 1.0))
    assert 0 < far < near
