"""An ensemble gives the same bytes on any threads and any BLAS."""

import os
import subprocess
import sys

import pytest

ASK = """
import sys
import numpy as np
from ara.models.checks import toy_panel
from ara.models.ensemble import Fast

panel = toy_panel(bars=460)
past = panel.until(int(panel.known_at[430]))
rows = np.arange(len(past))
fitted = Fast().fit(past, rows, rows[:0], seed=0, watch=lambda _: True)
asked = np.flatnonzero(panel.known_at > panel.known_at[430])
sys.stdout.write(fitted.state.id + fitted.predict(panel, asked).values.tobytes().hex())
"""


def told(**environ: str) -> str:
    done = subprocess.run([sys.executable, "-c", ASK], env={**os.environ, **environ}, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture(scope="module")
def first() -> str:
    return told(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", POLARS_MAX_THREADS="1")


@pytest.mark.parametrize("kernel", ["Prescott", pytest.param("Haswell", marks=pytest.mark.slow)])
def test_threads_and_another_blas_change_no_byte(first: str, kernel: str) -> None:
    assert len(first) > 64
    assert told(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", OPENBLAS_CORETYPE=kernel) == first
