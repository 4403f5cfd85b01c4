"""Learners see nothing of the future when they are fitted, and give the same bytes on any threads and any BLAS."""

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from ara import plugins
from ara.models.checks import toy_panel
from ara.models.fits import fit_until
from ara.models.inputs import attached
from tests.models.panels import ranged

NAMES = ("ridge", "lasso", "quantile_regression", "lightgbm")
ASK = f"""
import sys
from hashlib import sha256
import numpy as np
from ara import plugins
from ara.models.checks import toy_panel
from ara.models.inputs import attached

rows = np.arange(900)
for name in {NAMES}:
    model = plugins.load("models", name)()
    panel = attached(toy_panel(bars=300), model)
    fitted = model.fit(panel, rows, rows[:0], seed=0, watch=lambda _: True)
    told = fitted.predict(panel, rows[-30::3]).values
    print(name, sha256(fitted.graph).hexdigest(), sha256(told.tobytes()).hexdigest())
"""


def asked(**environ: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", ASK], env={**os.environ, **environ}, capture_output=True, check=True)
    return done.stdout.decode().splitlines()


def test_neither_threads_nor_another_blas_change_a_byte() -> None:
    first = asked(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", POLARS_MAX_THREADS="1")
    assert [line.split()[0] for line in first] == list(NAMES)
    other = asked(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", POLARS_MAX_THREADS="2", OPENBLAS_CORETYPE="Prescott")
    assert other == first


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
