"""What independent references say, compared by their own runner; skipped where ARA_CONFORMANCE names no folder.

A difference stands in `known/*.json` with its reason, or the test fails; one that is listed and agrees fails it too.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pytest

from tests.conformance.models import garch

FOLDER = os.environ.get("ARA_CONFORMANCE", "")
ROOT = Path(__file__).parents[2]
MARKET = ("brokers", "calendars", "hostile_csv", "hostile_json", "hostile_strings", "pathological", "signatures")
FEATURES = ("candles", "charts", "elliott", "harmonics", "indicators", "sheets", "talib", "tulip")
PERFORMANCE = ("bacon", "diebold_mariano", "metrics", "scores", "skfolio")


def compared(kind, adapter, known):
    command = [sys.executable, f"{FOLDER}/checks/compare.py", kind, FOLDER, f"tests.conformance.{adapter}:{kind}"]
    done = subprocess.run(
        [*command, *(["--known", str(known)] if known else [])],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(not FOLDER, reason="ARA_CONFORMANCE names no folder")
@pytest.mark.parametrize("kind", MARKET)
def test_market_data_agrees_in_full(kind):
    found = compared(kind, "market", None)
    assert found["checked"] == found["agreed"] > 0
    assert (found["differ"], found["missing"]) == ([], [])


@pytest.mark.skipif(not FOLDER, reason="ARA_CONFORMANCE names no folder")
@pytest.mark.parametrize(
    ("kind", "adapter"),
    [*((kind, "features") for kind in FEATURES), *((kind, "performance") for kind in PERFORMANCE)],
)
def test_indicators_and_measures_agree_but_for_what_is_explained(kind, adapter, tmp_path):
    known = {}
    for file in sorted(Path(__file__).with_name("known").glob("*.json")):
        known |= json.loads(file.read_text("utf-8")).get(kind, {})
    listed = tmp_path / "known.json"
    listed.write_text(json.dumps({kind: known}))
    found = compared(kind, adapter, listed)
    assert found["checked"] > 0
    assert (found["differ"], found["missing"]) == ([], [])


@pytest.mark.skipif(not FOLDER, reason="ARA_CONFORMANCE names no folder")
def test_candlesticks_agree_at_least_as_often_as_talib():
    found = compared("candles", "features", None)
    assert found["agreed"] / found["checked"] >= 77 / 89


@pytest.mark.skipif(not FOLDER, reason="ARA_CONFORMANCE names no folder")
def test_garch_agrees_with_the_benchmark():
    found = compared("garch", "models", None)
    assert found["checked"] == found["agreed"] > 0
    assert (found["differ"], found["missing"]) == ([], [])


@pytest.mark.skipif(not FOLDER, reason="ARA_CONFORMANCE names no folder")
def test_garch_agrees_with_the_benchmark_to_its_last_figures():
    benchmark = json.loads(Path(FOLDER, "models", "garch_fcp.json").read_text("utf-8"))
    returns = pl.read_csv(Path(FOLDER, "models", "dem2gbp.csv")).select(cs.numeric()).to_series(-1).to_numpy()
    found = garch(returns, "normal")
    for name, value in benchmark["expected"].items():
        assert found[name] == pytest.approx(value, rel=benchmark["tol_strict"]), name


@pytest.mark.skipif(not FOLDER, reason="ARA_CONFORMANCE names no folder")
@pytest.mark.parametrize("kind", ["var", "portfolio", "black_litterman", "risk_parity"])
def test_risk_and_portfolios_agree_in_full(kind):
    found = compared(kind, "risk", None)
    assert found["checked"] == found["agreed"] > 0
    assert (found["differ"], found["missing"]) == ([], [])


@pytest.mark.skipif(not FOLDER, reason="ARA_CONFORMANCE names no folder")
@pytest.mark.parametrize("kind", ["jwt", "webhooks"])
def test_tokens_and_signatures_agree_in_full(kind):
    found = compared(kind, "accounts", None)
    assert found["checked"] == found["agreed"] > 0
    assert (found["differ"], found["missing"]) == ([], [])
