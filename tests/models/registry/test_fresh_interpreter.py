"""A model that was exported answers elsewhere with nothing that it was trained by: the same quantiles."""

import json
import subprocess
import sys

import numpy as np
import pytest

from ara import plugins
from ara.models.inputs import attached
from ara.models.registry import load_artefact
from tests.models.panels import last_rows
from tests.models.registry.conftest import trained

FRESH = """
import asyncio, json, sys

MISSING = {"torch", "sklearn", "lightgbm", "xgboost", "catboost", "onnx", "skl2onnx", "onnxscript", "scipy"}

class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in MISSING else self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from pathlib import Path
import numpy as np
from ara import plugins
from ara.desk import Desk
from ara.models.checks import toy_panel
from ara.models.inputs import attached
from ara.models.registry import Registry, load_artefact
from ara.settings import Settings
from tests.models.panels import last_rows, ranged

async def main(home, source, key):
    settings = Settings.load({"home": home, "log.level": "error"}, environ={})
    async with Desk.open(settings) as desk:
        registry = Registry(desk)
        kept, _ = await registry.take_in(Path(source), trust=key)
        fitted = load_artefact(await registry.artefact(kept))
        panel = attached(ranged(toy_panel(bars=500, horizons=(1, 5))), plugins.load("models", kept.family)())
        np.save(sys.argv[4], fitted.predict(panel, last_rows(panel)).values)
        try:
            import sklearn
        except ImportError:
            print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))

asyncio.run(main(*sys.argv[1:4]))
"""
FAMILIES = {"har_t": {}, "pooled_har": {}, "lightgbm": {"trees": 8}, "gru": {"epochs": 1}, "ridge": {}}


@pytest.mark.parametrize("family", FAMILIES)
async def test_the_same_quantiles_without_what_it_was_trained_by(family, registry, panel, tmp_path):
    assert family in plugins.names("models")
    kept = await trained(registry, panel, family, **FAMILIES[family])
    goal, out = tmp_path / "model.ara", tmp_path / "out.npy"
    await registry.export(kept, goal)
    key = await registry.own_fingerprint()
    done = _elsewhere(str(tmp_path / "elsewhere"), str(goal), key, str(out))
    assert done.returncode == 0, done.stderr
    assert not set(json.loads(done.stdout)) & {"torch", "sklearn", "lightgbm", "pandas", "scipy"}
    own = load_artefact(await registry.artefact(kept))
    seen = attached(panel, plugins.load("models", family)())
    np.testing.assert_allclose(np.load(out), own.predict(seen, last_rows(panel)).values, rtol=1e-5, atol=1e-9)


def _elsewhere(*words):
    return subprocess.run([sys.executable, "-c", FRESH, *words], capture_output=True, text=True, check=False)
