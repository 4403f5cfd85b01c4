"""200 markets in which no direction can be known, and 60 in which a little can: what the judge claims of a model.

Each world's forecasts and claims are kept in ARA_EVIDENCE_WORK and found again, so a run that was stopped goes on.
ARA_EVIDENCE_WORLDS and ARA_EVIDENCE_ECHOES say how many worlds of each kind; all where they say nothing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ara.data.files import read_bars
from ara.evidence import evaluate
from ara.evidence.forecasts import read_forecasts
from ara.evidence.worlds import market, walks

SYMBOLS, BARS, FIRST, LAST = 20, 1260, 504, 1258
KINDS = {"null": 0.0, "ar1": 0.02}
MODELS = {"null": "fast", "ar1": "default"}
BASES = ("ewma_t", "hist")
LEVEL, FALSE, POWER = 0.05, 0.08, 0.90
TESTS = ("pt", "ic", "brier")
COUNTS = {
    "null": int(os.environ.get("ARA_EVIDENCE_WORLDS", "200")),
    "ar1": int(os.environ.get("ARA_EVIDENCE_ECHOES", "60")),
}

Claim = dict[str, Any]
KNOWN = {(0, 0): 0.024536110937662232, (1, 7): 0.00017329767040426248, (1259, 19): -0.020541131623926432}


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("ARA_EVIDENCE_WORK")
    return Path(given) if given else tmp_path_factory.mktemp("worlds")


def made(place: Path, frame: pl.DataFrame) -> Path:
    """Write a frame whole, unless it is there."""
    if not place.exists():
        beside = place.with_suffix(".part")
        frame.write_parquet(beside)
        beside.replace(place)
    return place


def world(work: Path, kind: str, seed: int, *, symbols: int = SYMBOLS, bars: int = BARS) -> Path:
    """Give the bars of a made-up market, the very one of the scorer that shares no code with Ara."""
    place = work / f"world_{kind}_{seed}.parquet"
    return place if place.exists() else made(place, market(walks(symbols, bars, seed=seed, told=KINDS[kind])))


def told(bars: Path, model: str, first: int, last: int) -> Path:
    """Ask for the next bar from every bar between two by the product's command, refitted each quarter."""
    out = bars.with_name(f"{bars.stem}_{model}.parquet")
    if out.exists():
        return out
    places = pl.int_range(pl.len()).over("symbol").is_between(first, last)
    rows = pl.read_parquet(bars).filter(places).select("symbol", origin="ts", horizon=pl.lit(1))
    origins = made(bars.with_name(f"{bars.stem}_origins.parquet"), rows)
    files = ["--bars", str(bars), "--origins", str(origins), "--out", str(out)]
    environ = {**os.environ, "ARA_HOME": str(bars.parent / "home"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "ara", "forecast", *files, "--model", model, "--refit", "quarter"]
    subprocess.run(command, check=True, capture_output=True, env=environ)
    return out


def claims(bars: Path, model: str, *, first: int = FIRST, last: int = LAST) -> list[Claim]:
    """Give what may be claimed of a model's direction in a market, beside the two baselines that it takes."""
    place = bars.with_name(f"{bars.stem}_{model}.json")
    if not place.exists():
        files = [told(bars, name, first, last) for name in (*BASES, model)]
        found = evaluate(read_bars(bars), read_forecasts(files), baselines=False)
        own = [one.as_dict() for one in found.claims if one.model == model and one.kind == "direction"]
        beside = place.with_suffix(".part")
        beside.write_text(json.dumps({"id": found.id, "claims": own}), encoding="utf-8")
        beside.replace(place)
    kept: list[Claim] = json.loads(place.read_text(encoding="utf-8"))["claims"]
    return kept


def shares(worlds: Iterable[list[Claim]]) -> dict[str, float]:
    """Give the share of worlds in which each test alone is below 5 %, and in which anything is claimed."""
    listed = list(worlds)
    found = {
        test: float(np.mean([any(c["raw"] < LEVEL for c in one if c["test"] == test) for one in listed]))
        for test in TESTS
    }
    return found | {"claimed": float(np.mean([any(c["claimed"] for c in one) for one in listed]))}


def test_worlds_with_an_echo_are_those_of_the_other_scorer() -> None:
    returns = walks(SYMBOLS, BARS, seed=3, told=KINDS["ar1"])
    for (bar, symbol), value in KNOWN.items():
        assert returns[bar, symbol] == pytest.approx(value, abs=1e-14)
    before, after = returns[:-1].ravel(), returns[1:].ravel()
    assert np.corrcoef(before, after)[0, 1] ** 2 == pytest.approx(KINDS["ar1"], abs=0.01)


def test_one_small_world_is_judged_and_found_again(tmp_path: Path) -> None:
    bars = world(tmp_path, "ar1", 1, symbols=5, bars=640)
    found = claims(bars, "drift", first=560, last=638)
    assert {one["test"] for one in found} == set(TESTS)
    answers = sorted(tmp_path.glob("world_ar1_1_*"))
    stamps = {place: place.stat().st_mtime_ns for place in answers}
    for model in BASES:
        (tmp_path / f"world_ar1_1_{model}.parquet").unlink()
    assert claims(bars, "drift", first=560, last=638) == found, "what is kept is not asked for again"
    assert world(tmp_path, "ar1", 1) == bars
    assert {place: place.stat().st_mtime_ns for place in answers if place.exists()} == {
        place: stamp for place, stamp in stamps.items() if place.exists()
    }


def test_shares_are_counted_by_world() -> None:
    def one(test: str, raw: float, *, claimed: bool) -> Claim:
        return {"test": test, "raw": raw, "claimed": claimed}

    found = shares(
        [
            [one("pt", 0.01, claimed=True), one("ic", 0.2, claimed=False)],
            [one("pt", 0.04, claimed=False), one("brier", 0.04, claimed=False)],
            [one("pt", 0.5, claimed=False)],
            [],
        ]
    )
    assert found == {"pt": 0.5, "ic": 0.0, "brier": 0.25, "claimed": 0.25}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_judge_claims_nothing_of_nothing_and_finds_what_is_there(work: Path, kind: str) -> None:
    count, model = COUNTS[kind], MODELS[kind]
    found = shares(claims(world(work, kind, seed), model) for seed in range(count))
    tell(kind, model, count, found)
    if kind == "null":
        spare = 2 * np.sqrt(LEVEL * (1 - LEVEL) / count)
        assert max(found.values()) <= max(FALSE, LEVEL + spare), found
    else:
        assert max(found[test] for test in TESTS) >= POWER, found


def tell(kind: str, model: str, count: int, found: dict[str, float]) -> None:
    """Write the page's part of one kind of world; the other part stays as it was."""
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        return
    place = Path(folder, f"worlds_{kind}.md")
    head, what, asked = {
        "null": (
            "# Worlds without a direction",
            "of random walks with clustered volatility: every claim of a direction is false",
            f"at most {FALSE:.0%} of 200 worlds",
        ),
        "ar1": (
            "# Worlds with a little direction",
            "in which the bar before tells 2 % of the variance of the next",
            f"at least {POWER:.0%} of 60 worlds, by the best test",
        ),
    }[kind]
    lines = [
        head,
        "",
        f"{count} made-up markets of {SYMBOLS} correlated series {what}.",
        f"`{model}` forecasts the next bar from {LAST - FIRST + 1} bars of each, refitted each quarter,",
        "and the judge of `ara evaluate` holds it beside `ewma_t` and `hist`.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `pytest -m slow tests/evidence/test_many_worlds.py`; asked is",
        f"{asked}.",
        "",
        "| test | share of worlds with p below 5 % |",
        "|---|---|",
        *(f"| `{test}` | {found[test]:.1%} |" for test in TESTS),
        f"| anything claimed, after correction for all tests | {found['claimed']:.1%} |",
    ]
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
