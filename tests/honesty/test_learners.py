"""Learners see nothing of the future when they are fitted, and give the same bytes on any threads and any BLAS."""

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from ara import plugins
from ara.models.checks import toy_panel
from ara.models.fits import fit_until
from ara.models.inputs import attached
from tests.honesty.asked import digests
from tests.models.panels import ranged

NAMES = ("ridge", "lasso", "quantile_regression", "lightgbm")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")


def test_neither_threads_nor_another_blas_change_a_byte() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.honesty.asked", "digests", *NAMES],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **dict.fromkeys(THREADS, "3"), "OPENBLAS_CORETYPE": "Prescott"},
        capture_output=True,
        check=True,
    )
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == list(NAMES)
    assert done.stdout == digests(*NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_knows_nothing_of_what_came_after_it(name: str) -> None:
    """Bins, medians, bounds, blocks and shapes come from what was known then: other bars later leave every byte."""
    model = plugins.load("models", name)()
    panel = ranged(toy_panel(bars=400))
    moment = int(panel.known_at[300])
    later = panel.known_at > moment
    bars = np.where(later[:, None], 5 * panel.bars + 0.3, panel.bars)
    targets = np.where(panel.y_known > moment, 100.0, panel.y)
    poisoned = replace(panel, bars=bars, y=targets, volume=np.where(later, 1e9, panel.volume))
    graphs = [
        sha256(fit_until(model, attached(one, model), moment, seed=0).graph).hexdigest() for one in (panel, poisoned)
    ]
    assert graphs[0] == graphs[1]
    earlier = fit_until(model, attached(panel, model), int(panel.known_at[280]), seed=0)
    assert sha256(earlier.graph).hexdigest() != graphs[0]
