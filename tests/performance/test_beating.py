"""The best of many beside a benchmark: planted skill is found, luck and boldness aren't, poor trials hide nothing."""

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.performance import beating, reality_check, spa


def noise(width, bars=500, seed=0):
    return np.random.default_rng(seed).normal(0, 0.01, (bars, width))


def test_planted_skill_is_found_among_many():
    held = noise(1, seed=1)[:, 0]
    tried = held[:, None] + noise(30, seed=2)
    luck = beating(tried, held)
    tried[:, 17] += 0.003
    found = beating(tried, held)
    assert (found.best, found.trials, found.told, luck.told) == (17, 30, True, False)
    assert found.gain == pytest.approx((tried[:, 17] - held).mean())
    assert 0 < found.low <= found.p <= found.high <= 0.05


def test_both_tests_are_of_what_was_gained_beyond_it():
    held, tried = noise(1, seed=3)[:, 0], noise(5, seed=4)
    found = beating(tried, held, seed=7)
    gains = tried - held[:, None]
    assert found.p == spa(gains, seed=7).p
    assert found.reality_check == reality_check(gains, seed=7).p


def test_poor_trials_blind_the_reality_check_alone():
    held, good = noise(1, seed=5)[:, 0], noise(1, seed=6) + 0.0025
    poor = (noise(40, seed=7) - 0.003) * 6
    found = beating(np.column_stack([good + held[:, None], poor]), held)
    assert found.told
    assert found.reality_check > 0.05


def test_boldness_is_no_skill_where_each_is_scaled():
    held = noise(1, seed=8)[:, 0] + 0.002
    bold = held[:, None] * 3
    assert beating(bold, held).told
    assert not beating(bold, held, scaled=True).told


def test_the_benchmark_itself_does_not_beat_it():
    held = noise(1, seed=9)[:, 0]
    found = beating(held[:, None], held)
    assert (found.p, found.gain, found.told) == (1.0, 0.0, False)
    still = beating(np.zeros((500, 1)), np.zeros(500), scaled=True)
    assert (still.p, still.told) == (1.0, False)


@pytest.mark.parametrize("shape", [(499,), (500, 1)])
def test_other_bars_are_refused(shape):
    with pytest.raises(ValidationError, match="are not of the same bars"):
        beating(noise(2), np.zeros(shape))
