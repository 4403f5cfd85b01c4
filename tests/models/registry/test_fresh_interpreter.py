"""Models that were exported answer elsewhere with nothing that they were trained by: the same quantiles."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from ara import plugins
from ara.models import Panel
from ara.models.elsewhere import TRAINED_BY
from ara.models.inputs import attached
from ara.models.registry import Registry, load_artefact
from tests.contracts.test_registered import SMALL
from tests.models.panels import last_rows
from tests.models.registry.conftest import trained

FEW: Mapping[str, dict[str, Any]] = {
    "har_t": {}, "pooled_har": {}, "lightgbm": {"trees": 8}, "gru": {"epochs": 1}, "ridge": {},
}  # fmt: skip
ROOT = Path(__file__).parents[3]
EVIDENCE = os.environ.get("ARA_EVIDENCE")


class Line(NamedTuple):
    """One family: what its file takes, and how far its quantiles are from those here, over the 80 % band."""

    family: str
    bytes: int
    apart: float


async def lines(
    families: Mapping[str, Mapping[str, Any]],
    registry: Registry,
    panel: Panel,
    folder: Path,
    python: Sequence[str | Path],
) -> tuple[list[Line], set[str]]:
    """Train and export here, answer there; give the differences, and what was imported there."""
    here, files, out = {}, {}, folder / "out"
    out.mkdir()
    for family, params in families.items():
        kept = await trained(registry, panel, family, **params)
        files[family] = folder / f"{family}.ara"
        await registry.export(kept, files[family])
        seen = attached(panel, plugins.load("models", family)())
        here[family] = load_artefact(await registry.artefact(kept)).predict(seen, last_rows(seen))
    program, *hidden = python
    key = await registry.own_fingerprint()
    given = [folder / "elsewhere", key, out, ",".join(map(str, hidden)), *files.values()]
    command = [program, "-m", "tests.models.registry.taken_in", *given]
    said = await asyncio.to_thread(ran, command)
    found = []
    for family, own in here.items():
        there = np.load(out / f"{family}.npy")
        np.testing.assert_allclose(there, own.values, rtol=1e-5, atol=1e-9, err_msg=family)
        band = (own.at(0.9) - own.at(0.1))[:, :, None]
        found.append(Line(family, files[family].stat().st_size, float((np.abs(there - own.values) / band).max())))
    return found, set(json.loads(said))


def ran(command: Sequence[object], **more: Any) -> str:
    """Run a program from the tree's root and give what it printed."""
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def test_the_same_quantiles_without_what_they_were_trained_by(registry, panel, tmp_path):
    assert set(FEW) <= set(plugins.names("models"))
    _, imported = await lines(FEW, registry, panel, tmp_path, [sys.executable, *TRAINED_BY])
    assert "onnxruntime" in imported
    assert not imported & set(TRAINED_BY)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Path]:
    """The Python of a new environment with what `requirements/core.txt` locks, and this package."""
    uv, python = shutil.which("uv") or str(Path(sys.executable).parent / "uv"), tmp_path / "core" / "bin" / "python"
    environ = {"UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", ""), "UV_LINK_MODE": "copy", **os.environ}
    install = [uv, "pip", "install", "--quiet", "--python", python]
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, python.parents[1]],
        [*install, "--require-hashes", "-r", "requirements/core.txt"],
        [*install, "--no-deps", "--build-constraints", "requirements/dev.txt", "-e", "."],
    ):
        ran(command, env=environ)
    asked = f"import importlib.util as u; print([n for n in {TRAINED_BY} if u.find_spec(n)])"
    assert ran([python, "-c", asked]) == "[]"
    yield python
    shutil.rmtree(python.parents[1])


@pytest.mark.slow
async def test_every_family_answers_the_same_where_only_the_core_is_installed(core, registry, panel, tmp_path):
    families = {name: SMALL.get(name, {}) for name in plugins.names("models")}
    found, imported = await lines(families, registry, panel, tmp_path, [core])
    assert [one.family for one in found] == list(plugins.names("models"))
    assert not imported & set(TRAINED_BY)
    if EVIDENCE:
        text = "\n".join(page(found))
        await asyncio.to_thread(Path(EVIDENCE, "elsewhere.md").write_text, text, encoding="utf-8")


def page(found: Sequence[Line]) -> list[str]:
    words = (
        "Every registered family was trained on a made-up panel of three series, exported to a file, and taken in "
        "by an installation in a new environment: what `requirements/core.txt` locks, and Ara. Nothing by which models "
        f"are trained is installed there: {', '.join(TRAINED_BY)}. Its quantiles of the newest bars, over 1 and 5 "
        "bars, are held against those that were given where the model was trained: to 1e-5 of each."
    )
    return [
        "# Models elsewhere",
        "",
        *textwrap.wrap(words, 118),
        "",
        f"Made on {datetime.now(UTC):%Y-%m-%d} by",
        "`ARA_EVIDENCE=docs/evidence pytest -m slow tests/models/registry/test_fresh_interpreter.py`.",
        "",
        "`apart` is the largest difference of any quantile over the width of the 80 % band.",
        "",
        "| family | file | apart |",
        "|---|---|---|",
        *(f"| `{one.family}` | {one.bytes / 1024:,.0f} KB | {one.apart:.1g} |" for one in found),
        "",
        "Families that take long were trained with fewer trees, epochs or members, as in `tests/contracts`.",
        "",
    ]
