"""Forecasts as views: means and doubts from quantiles, and how far they move what equal parts imply."""

from datetime import UTC, date, datetime
from statistics import NormalDist

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.models.quantiles import LEVELS
from ara.portfolio import believed, views
from ara.portfolio.optimise import equilibrium
from ara.prediction.forecast import Day


def forecast(mean, deviation, ahead):
    spread = NormalDist(mean, deviation)
    return Day(
        number=ahead, date=date(2020, 1, 2), at=datetime(2020, 1, 2, 21, tzinfo=UTC), close=100.0,
        quantiles=tuple(spread.inv_cdf(level) for level in LEVELS), p_up=0.5, confidence=0.8, usual_move=0.02,
    )  # fmt: skip


def test_means_and_doubts_are_those_of_the_distribution():
    mean, doubt = views([forecast(0.01, 0.03, 5), forecast(-0.02, 0.06, 20)])
    true = np.expm1(np.array([0.01 + 0.03**2 / 2, -0.02 + 0.06**2 / 2]))
    assert mean == pytest.approx(true / [5, 20], rel=0.03)
    assert np.sqrt(doubt) == pytest.approx(np.array([0.03, 0.06]) / [5, 20], rel=0.05)


def test_a_sure_forecast_moves_more_and_its_kin_with_it():
    covariance = np.array([[4.0, 2.0], [2.0, 4.0]]) * 1e-4
    prior = equilibrium(covariance, np.array([0.5, 0.5]))
    still = forecast(float(prior[1]), 10.0, 1)
    sure, unsure = (believed([forecast(0.05, width, 1), still], covariance).expected for width in (1e-4, 0.02))
    assert sure[0] == pytest.approx(np.expm1(0.05), rel=0.01)
    assert prior[0] < unsure[0] < sure[0]
    assert prior[1] < unsure[1] < sure[1] < sure[0]


def test_views_of_others_are_refused():
    with pytest.raises(ValidationError, match="no forecast"):
        views([])
    with pytest.raises(ValidationError, match="1 forecasts of 2"):
        believed([forecast(0, 0.01, 1)], np.eye(2))
