import numpy as np
import pytest
from scipy import stats

from ara.models.quantiles import LEVELS
from ara.performance import crps, inside, pinball

NORMAL = stats.norm.ppf(LEVELS)


def test_the_crps_of_a_normal_forecast_is_near_its_closed_form() -> None:
    outcome = np.array([-2.5, -1.0, 0.0, 0.3, 1.7])
    got = crps(np.tile(NORMAL, (5, 1)), outcome, LEVELS)
    closed = outcome * (2 * stats.norm.cdf(outcome) - 1) + 2 * stats.norm.pdf(outcome) - 1 / np.sqrt(np.pi)
    assert got == pytest.approx(closed, rel=0.03)


def test_pinball_is_asymmetric_as_its_level_says() -> None:
    got = pinball(np.array([[0.0, 0.0]]), np.array([2.0]), (0.1, 0.9))
    assert got.tolist() == [[pytest.approx(0.2), pytest.approx(1.8)]]
    got = pinball(np.array([[0.0, 0.0]]), np.array([-2.0]), (0.1, 0.9))
    assert got.tolist() == [[pytest.approx(1.8), pytest.approx(0.2)]]


def test_a_sharper_true_forecast_scores_better_and_a_shifted_one_worse() -> None:
    outcome = np.random.default_rng(0).standard_normal(4000)
    score = {
        name: crps(np.tile(q, (4000, 1)), outcome, LEVELS).mean()
        for name, q in {"true": NORMAL, "wide": 2 * NORMAL, "narrow": NORMAL / 2, "off": NORMAL + 0.5}.items()
    }
    assert min(score, key=score.__getitem__) == "true"


@pytest.mark.parametrize(("share", "edge"), [(0.5, 0.6745), (0.8, 1.2816), (0.95, 1.96)])
def test_inside_is_the_central_band(share: float, edge: float) -> None:
    outcome = np.array([-edge - 0.01, -edge + 0.01, edge - 0.01, edge + 0.01])
    assert inside(np.tile(NORMAL, (4, 1)), outcome, LEVELS, share).tolist() == [False, True, True, False]
