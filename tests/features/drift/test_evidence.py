"""The table of `docs/evidence/drift.md`: how often drift is seen where there is some, and where there is none."""

import math
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ara.features.drift import drift
from tests.features.drift.worlds import KINDS, PLANTED, made

BEFORE, NOW = 2500, 250
FEW_BEFORE, FEW_NOW = 1000, 100
QUIET, LOUD = 1000, 200


@pytest.mark.slow
def test_drift_is_found_and_quiet_is_left_in_peace():
    random = np.random.default_rng(11)
    table = {
        (kind, planted): named(kind, change, QUIET if planted == "none" else LOUD, (BEFORE, NOW), random)
        for kind in KINDS
        for planted, change in PLANTED.items()
    }
    few = {kind: named(kind, PLANTED["none"], QUIET, (FEW_BEFORE, FEW_NOW), random) for kind in KINDS}
    for kind in KINDS:
        assert table[kind, "none"][0] <= 0.05 + 1.645 * math.sqrt(0.05 * 0.95 / QUIET), kind
        assert few[kind][0] <= 0.1, kind
        assert table[kind, "mean, one deviation"][0] >= 0.9, kind
        assert table[kind, "scale, times 2"][0] >= 0.8, kind
        assert table[kind, "shape, two humps"][0] >= 0.9, kind
    tell(table, few)


def named(kind, change, count, windows, random):
    """How many of the features that can be judged are named, and how many can't be."""
    before, now = windows
    x = made(kind, before + now, count, random)
    later = change(x[before:])
    found = [drift(["x"], x[:before, [n]], later[:, [n]]) for n in range(count)]
    judged = [one for one in found if not one.untold]
    return sum(bool(one.drifted) for one in judged) / len(judged), 1 - len(judged) / count


def tell(table, few):
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        return
    changes = [name for name in PLANTED if name != "none"]
    half = table[list(KINDS)[-1], "scale, times 1.5"][0]
    lines = [
        "# Drift",
        "",
        "How often `ara.features.drift` names a made-up feature as drifted, at a level of 5 %, by what the feature is",
        "like and what is done to it in the current window. Where nothing is done, 5 % or less should be named. Of",
        f"those there are {QUIET:,} each, so that chance alone turns 5 % into anything from 3.7 to 6.3. The worlds are",
        "in `tests/features/drift/worlds.py`. Measured by `make slow`.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d}.",
        "",
        "## Where nothing drifts",
        "",
        f"{NOW} bars against a reference of {BEFORE:,}, and {FEW_NOW} against {FEW_BEFORE:,}.",
        "",
        f"| feature | {NOW} bars | can't be told | {FEW_NOW} bars | can't be told |",
        "|---|---|---|---|---|",
    ]
    for kind in KINDS:
        cells = [f"{share:.1%}" for share in (*table[kind, "none"], *few[kind])]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    lines += [
        "",
        "## Where something drifts",
        "",
        f"Of {LOUD} features each, {NOW} bars against a reference of {BEFORE:,}.",
        "",
        f"| feature | {' | '.join(changes)} |",
        f"|---|{'---|' * len(changes)}",
    ]
    for kind in KINDS:
        lines.append(f"| {kind} | {' | '.join(f'{table[kind, change][0]:.1%}' for change in changes)} |")
    lines += [
        "",
        "Features that remember longer than these need longer windows: of most of them nothing is told. Volatility",
        "that remembers for months, as in the last line, is the hardest: its calm and its storms look like drift, so",
        f"that more is asked before it is named. A change of its scale by half is found in {half:.0%} of the cases.",
        "In windows too short to hold several of its waves it is still named more often than it should be.",
    ]
    Path(folder, "drift.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
