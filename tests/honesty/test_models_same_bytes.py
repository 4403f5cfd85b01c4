"""Models of one series give the same bytes on any threads and any BLAS, and nearly the same without SIMD."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ara import plugins
from ara.models.series import SeriesModel
from tests.honesty.asked import answers

LIBRARY = ("auto_ets", "auto_theta")
"""Those that a library fits whose import takes longer than all else here."""

SINGLE = [name for name in plugins.names("models") if issubclass(plugins.load("models", name), SeriesModel)]
OWN = [name for name in SINGLE if name not in LIBRARY]
KERNELS = ["Prescott", "Haswell", "Zen"]
PLAIN = "AVX512F AVX512CD AVX512_SKX AVX2 FMA3"


def asked(*words: str, **environ: str) -> np.ndarray:
    done = subprocess.run(
        [sys.executable, "-m", "tests.honesty.asked", *words],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **environ},
        capture_output=True,
        check=True,
    )
    return np.frombuffer(done.stdout)


@pytest.fixture(scope="module")
def first() -> np.ndarray:
    return asked("models", *OWN, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", POLARS_MAX_THREADS="1")


def test_every_model_of_one_series_is_asked() -> None:
    assert {"garch_t", "har_t", "weekday"} < set(OWN)
    assert set(LIBRARY) < set(SINGLE)


def test_threads_change_no_byte(first: np.ndarray) -> None:
    assert len(first) > 0
    other = asked("models", *OWN, OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", POLARS_MAX_THREADS="2")
    assert other.tobytes() == first.tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
def test_another_blas_changes_no_byte(first: np.ndarray, kernel: str) -> None:
    assert asked("models", *OWN, OPENBLAS_CORETYPE=kernel).tobytes() == first.tobytes()


def test_plain_arithmetic_without_simd_agrees_to_a_millionth(first: np.ndarray) -> None:
    other = asked("models", *OWN, NPY_DISABLE_CPU_FEATURES=PLAIN)
    np.testing.assert_allclose(other, first, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "kernel", [pytest.param(one, marks=[] if one == "Prescott" else pytest.mark.slow) for one in KERNELS]
)
def test_neither_threads_nor_another_blas_change_a_byte_of_what_a_library_fits(kernel: str) -> None:
    other = asked("answers", *LIBRARY, OMP_NUM_THREADS="3", OPENBLAS_NUM_THREADS="3", OPENBLAS_CORETYPE=kernel)
    assert len(other) > 0
    assert other.tobytes() == answers(*LIBRARY)


@pytest.mark.slow
def test_plain_arithmetic_agrees_to_a_millionth_in_what_a_library_fits() -> None:
    other = asked("answers", *LIBRARY, NPY_DISABLE_CPU_FEATURES=PLAIN)
    np.testing.assert_allclose(other, np.frombuffer(answers(*LIBRARY)), rtol=1e-6, atol=1e-9)
