"""How well `pooled_har` forecasts, by an independent scorer on real bars and on worlds where nothing is to be found."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

ROOM = Path(os.environ.get("ARA_MARKET_DATA", "/nowhere")).parent / "bench" / "forecast"
SCORER = os.environ.get("ARA_SCORER_PYTHON", "")
END = "2021-03-19"
LOOKS = 5
SKILL = {1: 0.010, 5: 0.014, 21: 0.020}
WORLDS = range(5)
COLUMNS = (
    ("crps_skill", "CRPS skill", "{:.2%}"), ("dm_t", "DM t", "{:.1f}"), ("sym_better_bh", "better", "{:.0f}"),
    ("sym_worse_bh", "worse", "{:.0f}"), ("width80_ratio", "width", "{:.3f}"), ("qlike_diff", "QLIKE", "{:.3f}"),
    ("qlike_p", "p", "{:.1g}"), ("cov50", "50 %", "{:.1%}"), ("cov80", "80 %", "{:.1%}"), ("cov95", "95 %", "{:.1%}"),
    ("cov80_min", "80 % least", "{:.1%}"), ("cov80_max", "most", "{:.1%}"), ("kupiec_rej_bh", "Kupiec", "{}"),
    ("indep_rej_bh", "independence", "{}"), ("ece_corrected", "P(up) error", "{:.2%}"), ("calib_p", "Wald p", "{:.3f}"),
    ("da", "right side", "{:.1%}"), ("up_rate", "rose", "{:.1%}"), ("pt_t", "PT t", "{:.1f}"),
    ("brier_t", "Brier t", "{:.1f}"),
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOM / "score.py").exists() or not SCORER, reason="needs market data and the scorer"),
]

WORLD = """
import sys, importlib.util
spec = importlib.util.spec_from_file_location("score", sys.argv[1])
score = importlib.util.module_from_spec(spec)
spec.loader.exec_module(score)
bars = score.world("null", seed=int(sys.argv[2]), T=1260)[0]
bars.to_parquet(sys.argv[3])
"""


def scored(forecasts: list[Path], bars: Path, out: Path) -> list[dict[str, object]]:
    files = [str(path) for path in forecasts]
    command = [SCORER, ROOM / "score.py", "score", "--forecasts", *files, "--bars", bars, "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    return json.loads((out / "scores.json").read_text())["rows"]


def forecast(bars: Path, origins: Path, out: Path, home: Path) -> Path:
    command = [sys.executable, "-m", "ara", "forecast", "--bars", bars, "--origins", origins, "--out", out]
    environ = {**os.environ, "ARA_HOME": str(home)}
    subprocess.run([*command, "--model", "pooled_har"], check=True, capture_output=True, env=environ)
    return out


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    room = tmp_path_factory.mktemp("exam")
    bars, given = ROOM / "bars.parquet", os.environ.get("ARA_SCORER_BASE")
    base = Path(given) if given else room / "base.parquet"
    if not given:
        command = [SCORER, ROOM / "score.py", "baseline", "--bars", bars, "--end", END, "--out", base]
        models = ["ewma_t", "garch_t", "hist", "fhs", "har_t", "har_fhs"]
        subprocess.run([*command, "--models", *models], check=True, capture_output=True)
    asked = pl.read_parquet(base, columns=["model", "symbol", "origin", "horizon"]).filter(model="ewma_t").drop("model")
    asked.write_parquet(room / "origins.parquet")
    made = forecast(bars, room / "origins.parquet", room / "pooled.parquet", room)
    return scored([base, made], bars, room / "scores")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    room = tmp_path_factory.mktemp("worlds")
    found = []
    for seed in WORLDS:
        bars, origins = room / f"{seed}.parquet", room / f"{seed}_origins.parquet"
        subprocess.run([SCORER, "-c", WORLD, ROOM / "score.py", str(seed), bars], check=True)
        asked = pl.read_parquet(bars).filter(pl.int_range(pl.len()).over("symbol").is_between(756, 1258))
        asked.select("symbol", origin="ts", horizon=pl.lit(1)).write_parquet(origins)
        made = forecast(bars, origins, room / f"{seed}_made.parquet", room)
        found += scored([made], bars, room / str(seed))
    return found


def test_it_is_better_than_the_obvious_and_its_bands_hold(exam: list[dict[str, object]]) -> None:
    mine = {row["horizon"]: row for row in exam if row["model"] == "pooled_har"}
    for horizon, least in SKILL.items():
        row = mine[horizon]
        assert row["crps_skill"] >= least
        assert row["dm_p"] < 0.01
        assert row["sym_worse_bh"] == 0
        assert abs(row["cov80"] - 0.8) <= {1: 0.01, 5: 0.015, 21: 0.025}[horizon]
        others = max(
            row["crps_skill"] for row in exam if row["horizon"] == horizon and row["model"] in {"garch_t", "har_t"}
        )
        assert row["crps_skill"] >= others + 0.003
    assert mine[1]["kupiec_rej_bh"].startswith("0/")


def test_no_direction_is_claimed_where_there_is_none(worlds: list[dict[str, object]]) -> None:
    assert len(worlds) == len(WORLDS)
    assert sum(row["pt_p"] < 0.01 or row["brier_p"] < 0.01 or row["ic_t"] > 2.33 for row in worlds) == 0
    tell_of(worlds)


def test_the_whole_table_is_told(exam: list[dict[str, object]], worlds: list[dict[str, object]]) -> None:
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        pytest.skip("nobody asked for the page")
    Path(folder, "pooled_har.md").write_text(page(exam, worlds), encoding="utf-8")


def tell_of(worlds: list[dict[str, object]]) -> list[str]:
    lines = ["| world | right side | PT t | Brier t | rank IC t | 80 % |", "|---|---|---|---|---|---|"]
    for seed, row in zip(WORLDS, worlds, strict=True):
        claims = f"{row['da']:.1%} | {row['pt_t']:.1f} | {row['brier_t']:.1f} | {row['ic_t']:.1f}"
        lines.append(f"| {seed} | {claims} | {row['cov80']:.1%} |")
    return lines


def page(exam: list[dict[str, object]], worlds: list[dict[str, object]]) -> str:
    lines = [
        "# pooled_har on real bars",
        "",
        "33 instruments (14 US stocks, 9 coins, 10 currency pairs and gold), a forecast at every bar from 2018-03-20",
        f"to {END}, 27,623 for each horizon, refitted monthly, scored by a program that shares no code with Ara.",
        "Skill is 1 - CRPS / CRPS of the scorer's own `ewma_t`; DM is Diebold-Mariano, negative where the model is",
        "better; `better` and `worse` count symbols after Benjamini-Hochberg; `width` is that of the 80 % band over",
        "that of `ewma_t`; QLIKE is the difference of the loss of volatility; `least` and `most` are the 80 % band's",
        "shares over classes, years and states of volatility; `P(up) error` is its calibration error less what chance",
        "makes of it.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `pytest -m slow tests/models/pooled/test_evidence.py`.",
        f"The constants were chosen on bars before 2018-03-19; these years were looked at {LOOKS} times.",
        "",
    ]
    for horizon in sorted({row["horizon"] for row in exam}):
        lines += [f"## {horizon} {'bar' if horizon == 1 else 'bars'} ahead", ""]
        lines.append("| model | " + " | ".join(title for _, title, _ in COLUMNS) + " |")
        lines.append("|---|" + "---|" * len(COLUMNS))
        for row in sorted((row for row in exam if row["horizon"] == horizon), key=lambda row: str(row["model"])):
            lines.append(f"| `{row['model']}` | " + " | ".join(_cell(row, *column) for column in COLUMNS) + " |")
        lines.append("")
    lines += [
        "## Where there is nothing to find",
        "",
        "Five made-up markets of 20 correlated random walks with clustered volatility, one bar ahead, 503 origins of",
        "each walk. A claim of direction would be false: t beyond 2.3 (PT, rank IC) or below -2.3 (Brier against 0.5).",
        "",
        *tell_of(worlds),
    ]
    return "\n".join(lines) + "\n"


def _cell(row: dict[str, object], name: str, _: str, form: str) -> str:
    value = row.get(name)
    return "" if value is None or value != value else form.format(value)
