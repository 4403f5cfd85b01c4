"""The table of `docs/evidence/drift.md`: how often drift is seen where there is some, and where there is none."""

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ara.features.drift import drift
from tests.features.drift.worlds import KINDS, PLANTED, made

BEFORE, NOW = 2500, 250
QUIET, LOUD = 200, 60


@pytest.mark.slow
def test_drift_is_found_and_quiet_is_left_in_peace():
    random = np.random.default_rng(11)
    table = {}
    for kind in KINDS:
        for planted, change in PLANTED.items():
            count = QUIET if planted == "none" else LOUD
            x = made(kind, BEFORE + NOW, count, random)
            now = change(x[BEFORE:])
            found = [drift(["x"], x[:BEFORE, [n]], now[:, [n]]) for n in range(count)]
            judged = [one for one in found if not one.untold]
            table[kind, planted] = sum(bool(one.drifted) for one in judged) / len(judged), 1 - len(judged) / count
    for kind in KINDS:
        assert table[kind, "none"][0] <= 0.12
        assert table[kind, "mean, one deviation"][0] >= 0.9
        assert table[kind, "scale, times 2"][0] >= 0.8
    tell(table)


def tell(table):
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        return
    lines = [
        "# Drift",
        "",
        "How often `ara.features.drift` names a made-up feature as drifted, at a level of 5 %, by what the feature is",
        f"like and what is done to it in the current window: {NOW} bars against a reference of {BEFORE:,}. Each figure",
        f"is of {QUIET} features where nothing was done and of {LOUD} where something was, one at a time. Column one",
        "should be 5 % or less; where it is more, false alarms are that much more frequent. The worlds are in",
        "`tests/features/drift/worlds.py`. Measured by `make slow`.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d}.",
        "",
        f"| feature | {' | '.join(PLANTED)} | can't be told |",
        f"|---|{'---|' * (len(PLANTED) + 1)}",
    ]
    for kind in KINDS:
        cells = [f"{table[kind, planted][0]:.1%}" for planted in PLANTED]
        lines.append(f"| {kind} | {' | '.join(cells)} | {table[kind, 'none'][1]:.1%} |")
    lines += [
        "",
        "Features that remember longer than these need longer windows: of most of them nothing is told. Volatility",
        "that remembers for months, as in the last line, is the hardest: its calm and its storms look like drift.",
    ]
    Path(folder, "drift.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
