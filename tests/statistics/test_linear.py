"""Least squares against numpy's LAPACK, which the product itself may not use."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.statistics import least_squares, products, solve_positive


@given(st.integers(1, 12), st.integers(0, 10_000), st.floats(-6, 6))
def test_it_solves_what_lapack_solves(size: int, seed: int, power: float) -> None:
    random = np.random.default_rng(seed)
    x = random.standard_normal((3 * size + 5, size)) * 10.0**power
    matrix, right = x.T @ x, random.standard_normal((size, 2)) * 10.0**power
    got = solve_positive(matrix, right)
    np.testing.assert_allclose(got, np.linalg.solve(matrix, right), rtol=1e-6, atol=1e-9 * np.abs(got).max())
    np.testing.assert_allclose(
        solve_positive(matrix, right[:, 0]), got[:, 0], rtol=1e-9, atol=1e-12 * np.abs(got).max()
    )


def test_products_are_the_sums_with_weights_and_without() -> None:
    random = np.random.default_rng(3)
    x, y, weights = random.standard_normal((50, 4)), random.standard_normal((50, 3)), random.random(50)
    np.testing.assert_allclose(products(x), x.T @ x, rtol=1e-12)
    np.testing.assert_allclose(products(x, weights=weights), (x * weights[:, None]).T @ x, rtol=1e-12)
    np.testing.assert_allclose(products(x, y), x.T @ y, rtol=1e-12)
    np.testing.assert_allclose(products(x, y[:, 1], weights=weights), x.T @ (weights * y[:, 1]), rtol=1e-12)


def test_weights_count_rows() -> None:
    random = np.random.default_rng(4)
    x, y = random.standard_normal((40, 3)), random.standard_normal(40)
    counts = random.integers(0, 4, 40)
    repeated = least_squares(np.repeat(x, counts, axis=0), np.repeat(y, counts))
    np.testing.assert_allclose(least_squares(x, y, weights=counts.astype(float)), repeated, rtol=1e-10)


def test_a_penalty_of_each_column_shrinks_that_column() -> None:
    random = np.random.default_rng(5)
    x = np.column_stack([np.ones(300), random.standard_normal(300)])
    y = 5 + x[:, 1] + random.standard_normal(300)
    level, slope = least_squares(x, y, penalty=np.array([0.0, 1e9]))
    assert slope == pytest.approx(0, abs=1e-6)
    assert level == pytest.approx(y.mean())


def test_a_column_that_says_nothing_new_gets_no_weight() -> None:
    random = np.random.default_rng(6)
    first, second = random.standard_normal((2, 200))
    x = np.column_stack([first, second, first + second, np.zeros(200), first * 1e8])
    weights = least_squares(x, 2 * first - second)
    np.testing.assert_allclose(weights, [2, -1, 0, 0, 0], atol=1e-9)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        solve_positive(np.array([[wrong]]), np.ones(1))
    with pytest.raises(ValueError, match="NaN or infinity"):
        solve_positive(np.eye(1), np.array([wrong]))


@pytest.mark.parametrize("matrix", [[[-1.0]], [[1.0, 2.0], [2.0, 1.0]]])
def test_a_matrix_with_a_negative_direction_is_refused(matrix: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="negative direction"):
        solve_positive(np.array(matrix), np.ones(len(matrix)))


def test_no_unknowns_have_no_solution_to_find() -> None:
    assert solve_positive(np.empty((0, 0)), np.empty(0)).shape == (0,)


ASK = """
import sys
import numpy as np
from ara.statistics import least_squares
random = np.random.default_rng(1)
x = random.standard_normal((5000, 17))
y = random.standard_normal((5000, 2))
sys.stdout.write(least_squares(x, y, weights=random.random(5000), penalty=3.0).tobytes().hex())
"""


def test_threads_and_kinds_of_blas_change_no_byte() -> None:
    def asked(**environ: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", ASK], env={**os.environ, **environ}, capture_output=True, check=True, text=True
        )
        return done.stdout

    first = asked(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    assert asked(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", OPENBLAS_CORETYPE="Prescott") == first
