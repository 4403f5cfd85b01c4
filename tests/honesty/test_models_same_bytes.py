"""Models of one series give the same bytes on any threads and any BLAS, and nearly the same without SIMD."""

import os
import subprocess
import sys

import numpy as np
import pytest

ASK = """
import sys
import numpy as np
from ara import plugins
from ara.models.checks import toy_panel
from ara.models.regimes import Inputs, regimes
from ara.models.series import SeriesModel

panel = toy_panel(horizons=(1, 5, 21))
rows = np.arange(len(panel))
for name in plugins.names("models"):
    family = plugins.load("models", name)
    if issubclass(family, SeriesModel):
        fitted = family().fit(panel, rows, rows[:0], seed=0, watch=lambda _: True)
        sys.stdout.buffer.write(fitted.predict(panel, rows[-30::3]).values.tobytes())

volatility = np.log(0.001 + np.abs(panel.bars[:500, 3]))
values = np.stack([panel.bars[:500, 3], np.cumsum(np.nan_to_num(panel.bars[:500, 3])), volatility], axis=1)
inputs = Inputs(
    known_at=panel.known_at[:500], names=("return", "momentum_50", "realised_volatility"), values=values, missing={}
)
told = regimes(inputs).probabilities
assert np.isfinite(told[300:]).all()
sys.stdout.buffer.write(np.nan_to_num(told).tobytes())
"""


def asked(**environ: str) -> np.ndarray:
    done = subprocess.run([sys.executable, "-c", ASK], env={**os.environ, **environ}, capture_output=True, check=True)
    return np.frombuffer(done.stdout)


@pytest.fixture(scope="module")
def first() -> np.ndarray:
    return asked(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", POLARS_MAX_THREADS="1")


def test_threads_change_no_byte(first: np.ndarray) -> None:
    assert len(first) > 0
    other = asked(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", POLARS_MAX_THREADS="2")
    assert other.tobytes() == first.tobytes()


@pytest.mark.parametrize("kernel", ["Prescott", "Haswell", "Zen"])
def test_another_blas_changes_no_byte(first: np.ndarray, kernel: str) -> None:
    assert asked(OPENBLAS_CORETYPE=kernel).tobytes() == first.tobytes()


def test_plain_arithmetic_without_simd_agrees_to_a_millionth(first: np.ndarray) -> None:
    other = asked(NPY_DISABLE_CPU_FEATURES="AVX512F AVX512CD AVX512_SKX AVX2 FMA3")
    np.testing.assert_allclose(other, first, rtol=1e-6, atol=1e-9)
