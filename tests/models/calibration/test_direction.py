import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.models import LEVELS, Quantiles
from ara.models.calibration import centred, leaning, trust


def shaped(middle: np.ndarray) -> np.ndarray:
    levels = np.array(LEVELS)
    return middle[:, None] + 0.02 * np.log(levels / (1 - levels))


def chance(values: np.ndarray) -> np.ndarray:
    return Quantiles(horizons=(1,), values=values[:, None]).above(0.0)[:, 0]


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


@settings(max_examples=40, deadline=None)
@given(middle=st.floats(-0.03, 0.03), own=st.floats(0.4, 0.65), believed=st.floats(0.05, 1.0))
def test_the_chance_is_drawn_to_that_of_its_class(middle: float, own: float, believed: float) -> None:
    values = shaped(np.array([middle]))
    raw = chance(values)
    moved = values + leaning(values, raw, believed=believed, centre=logit(own))[:, None]
    expected = 1 / (1 + np.exp(-(logit(own) + believed * (logit(float(raw[0])) - logit(own)))))
    assert chance(moved)[0] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(np.diff(moved), np.diff(values), atol=1e-15)


def test_currencies_rise_and_fall_alike() -> None:
    values = shaped(np.linspace(-0.02, 0.02, 9))
    moved = values + leaning(values, chance(values), believed=trust("forex", 21), centre=0.0)[:, None]
    np.testing.assert_allclose(chance(moved), 0.5, atol=1e-12)
    assert centred(np.array([0.7]), np.ones(1), believed=0.0) == 0


def test_what_can_only_rise_is_moved_to_the_last_level_at_most() -> None:
    values = shaped(np.array([5.0]))
    moved = values + leaning(values, chance(values), believed=0.7, centre=0.0)[:, None]
    assert np.isfinite(moved).all()
    assert chance(moved)[0] == pytest.approx(LEVELS[-1])


def test_a_class_s_own_chance_is_the_weighted_mean_of_its_forecasts() -> None:
    assert centred(np.array([0.5, 0.6]), np.array([1.0, 3.0]), believed=0.7) == pytest.approx(0.75 * logit(0.6))
    assert centred(np.array([0.6]), np.zeros(1), believed=0.7) == 0
    assert centred(np.empty(0), np.empty(0), believed=0.7) == 0


def test_more_is_believed_of_longer_horizons_and_nothing_of_currencies() -> None:
    assert [trust("equity", h) for h in (1, 5)] == [0.7, 0.7]
    assert 0.7 < trust("crypto", 10) < trust("crypto", 21) == trust("unheard", 30) == 1.0
    assert {trust("forex", h) for h in range(1, 31)} == {0.0}
