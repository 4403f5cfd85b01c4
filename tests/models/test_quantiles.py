import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from ara.models import LEVELS, Quantiles


def of(*rows: np.ndarray) -> Quantiles:
    return Quantiles(horizons=(1,), values=np.stack(rows)[:, None, :])


ascending = arrays(np.float64, len(LEVELS), elements=st.floats(-0.5, 0.5)).map(np.sort)


@given(ascending, st.floats(-2, 2))
def test_below_is_a_probability_that_never_falls(values: np.ndarray, x: float) -> None:
    belief = of(values)
    low, high = belief.below(x)[0, 0], belief.below(x + 0.1)[0, 0]
    assert 0 <= low <= high <= 1


@given(arrays(np.float64, len(LEVELS), elements=st.floats(0.001, 0.1)))
def test_below_gives_each_level_at_its_own_quantile(steps: np.ndarray) -> None:
    values = np.cumsum(steps) - steps.sum() / 2
    belief = of(values)
    got = [belief.below(float(x))[0, 0] for x in values]
    assert got == pytest.approx(list(LEVELS), abs=1e-9)


def test_the_tails_fall_and_never_end() -> None:
    belief = of(stats.norm.ppf(LEVELS))
    chances = [belief.below(x)[0, 0] for x in (-8.0, -5.0, -3.0)]
    assert 0 < chances[0] < chances[1] < chances[2] < 0.005
    assert belief.above(8.0)[0, 0] == pytest.approx(chances[0])


def test_sigma_is_that_of_the_distribution() -> None:
    assert of(2 * stats.norm.ppf(LEVELS) + 1).sigma[0, 0] == pytest.approx(2, rel=0.02)
    sample_values = stats.t.ppf(LEVELS, 5)
    assert of(sample_values).sigma[0, 0] == pytest.approx(np.sqrt(5 / 3), rel=0.05)


def test_all_is_derived_from_one_vector() -> None:
    belief = of(0.01 * stats.norm.ppf(LEVELS) + 0.002)
    low, high = belief.band(0.8)
    assert low[0, 0] == pytest.approx(0.002 - 0.012816, abs=1e-6)
    assert high[0, 0] == pytest.approx(0.002 + 0.012816, abs=1e-6)
    assert belief.price(np.array([100.0]))[0, 0] == pytest.approx(100 * np.exp(0.002))
    assert belief.above(0.0)[0, 0] == pytest.approx(stats.norm.cdf(0.2), abs=2e-3)
    assert belief.within(np.array([[0.01]]))[0, 0] == pytest.approx(0.6827, abs=3e-3)


def test_a_flat_belief_has_a_coin_at_its_price() -> None:
    belief = of(np.zeros(len(LEVELS)))
    assert belief.above(0.0)[0, 0] == 0.5
    assert belief.below(-0.01)[0, 0] == 0
    assert belief.below(0.01)[0, 0] == 1
    assert belief.sigma[0, 0] == 0


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Quantiles(horizons=(1, 2), values=np.zeros((1, 1, len(LEVELS))))
