from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.statistics import minimise


def valley(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Give Rosenbrock's valley: lowest, 0, where both are 1."""
    value = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    slope = np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])
    return float(value), slope


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_it_finds_the_end_of_a_bent_valley(x: float, y: float) -> None:
    np.testing.assert_allclose(minimise(valley, np.array([x, y])), [1, 1], atol=1e-6)


def test_a_known_curvature_leads_there_at_once() -> None:
    matrix = np.array([[1e6, 10.0], [10.0, 1e-3]])
    calls = []

    def bowl(x: np.ndarray) -> tuple[float, np.ndarray]:
        calls.append(1)
        return float(x @ matrix @ x / 2), matrix @ x

    found = minimise(bowl, np.array([1e-3, 1.5]), metric=np.linalg.inv(matrix))
    np.testing.assert_allclose(found, 0, atol=1e-8)
    assert len(calls) <= 4


def test_where_there_is_no_value_it_does_not_go() -> None:
    def walled(x: np.ndarray) -> tuple[float, np.ndarray]:
        if x[0] <= 0:
            return float("nan"), np.array([np.nan])
        return float(x[0] - np.log(x[0])), 1 - 1 / x

    assert minimise(walled, np.array([0.01]))[0] == pytest.approx(1, abs=1e-6)


def test_at_the_lowest_point_and_on_a_plain_it_stays() -> None:
    assert np.array_equal(minimise(valley, np.ones(2)), np.ones(2))
    flat = np.array([3.0, 4.0])
    assert np.array_equal(minimise(lambda x: (1.0, np.zeros(2)), flat), flat)


def test_a_wrong_metric_is_left_behind() -> None:
    np.testing.assert_allclose(minimise(valley, np.array([-1.0, 2.0]), metric=-np.eye(2)), [1, 1], atol=1e-6)


def test_a_slope_that_lies_ends_the_way() -> None:
    assert minimise(lambda x: (float(x[0] ** 2), -2 * x), np.array([1.0]))[0] == 1.0


def test_a_slope_is_asked_for_only_where_it_goes_and_what_is_known_of_the_start_is_not() -> None:
    looked, asked = [], []

    def late(x: np.ndarray) -> tuple[float, Callable[[], np.ndarray]]:
        looked.append(x)

        def slope() -> np.ndarray:
            asked.append(x)
            return valley(x)[1]

        return valley(x)[0], slope

    start = np.array([-1.2, 1.0])
    found = minimise(late, start, begun=valley(start))
    assert np.array_equal(found, minimise(valley, start))
    assert not any(np.array_equal(x, start) for x in looked)
    assert 0 < len(asked) < len(looked)
