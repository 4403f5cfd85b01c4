"""The exam: forecasts by the product's own command, scored by a program that shares no code with Ara.

ARA_MARKET_DATA names the market data, beside which the bars and the scorer lie; ARA_SCORER_PYTHON a Python that has
what the scorer needs; ARA_EVIDENCE_WORK a folder where forecasts are kept and found again, else they are made anew.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

MARKET = Path(os.environ.get("ARA_MARKET_DATA", "/nowhere"))
ROOM = MARKET.parent / "bench" / "forecast"
BARS = ROOM / "bars.parquet"
SCORER = os.environ.get("ARA_SCORER_PYTHON", "")
END = "2021-03-19"
HORIZONS = (1, 5, 21)
BREAKS = range(5)
BASELINES = ("ewma_t", "garch_t", "hist", "fhs", "har_t", "har_fhs")
RIVALS = ("garch_t", "har_t", "har_fhs", "mean_of_3")
COLUMNS = (
    ("crps_skill", "CRPS skill", "{:.2%}"), ("dm_t", "DM t", "{:.1f}"), ("sym_better_bh", "better", "{:.0f}"),
    ("sym_worse_bh", "worse", "{:.0f}"), ("width80_ratio", "width", "{:.3f}"), ("qlike_diff", "QLIKE", "{:.3f}"),
    ("qlike_p", "p", "{:.1g}"), ("cov50", "50 %", "{:.1%}"), ("cov80", "80 %", "{:.1%}"), ("cov95", "95 %", "{:.1%}"),
    ("cov80_min", "80 % least", "{:.1%}"), ("cov80_max", "most", "{:.1%}"), ("kupiec_rej_bh", "Kupiec", "{}"),
    ("indep_rej_bh", "independence", "{}"), ("ece_corrected", "P(up) error", "{:.2%}"), ("calib_p", "Wald p", "{:.3f}"),
    ("da", "right side", "{:.1%}"), ("up_rate", "rose", "{:.1%}"), ("pt_t", "PT t", "{:.1f}"),
    ("brier_t", "Brier t", "{:.1f}"),
)  # fmt: skip
"""What of a scored row is shown: its key, the title, how it is written."""

NEEDED = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOM / "score.py").exists() or not SCORER, reason="needs market data and the scorer"),
]
"""Marks of a module of such tests."""

Row = dict[str, Any]

_MEAN = """
import sys
import numpy as np, pandas as pd
base = pd.read_parquet(sys.argv[1])
levels = [name for name in base if name.startswith("q0")]
keys = ["symbol", "origin", "horizon"]
parts = [base[base.model == name].set_index(keys).sort_index() for name in ("garch_t", "har_t", "fhs")]
out = np.exp(sum(np.log(part[levels]) for part in parts) / 3)
out["p_up"] = sum(part["p_up"] for part in parts) / 3
out["sigma"] = sum(part["sigma"] for part in parts) / 3
out.insert(0, "model", "mean_of_3")
out.reset_index().to_parquet(sys.argv[2])
"""

_WORLD = """
import sys, importlib.util
import numpy as np, pandas as pd
spec = importlib.util.spec_from_file_location("score", sys.argv[1])
score = importlib.util.module_from_spec(spec)
spec.loader.exec_module(score)
kind, seed, count, length = sys.argv[2], *map(int, sys.argv[3:6])
bars, returns, _, _, days = score.world("ar1" if kind == "ar1" else "null", n_sym=count, T=length, seed=seed)
if kind == "break":
    returns[840:] *= 3
    close = np.cumsum(returns, 0) + np.log(100)
    parts = []
    for name in range(count):
        opened = np.r_[close[0, name], close[:-1, name]]
        top, low = np.maximum(opened, close[:, name]), np.minimum(opened, close[:, name])
        prices = dict(open=np.exp(opened), high=np.exp(top), low=np.exp(low), close=np.exp(close[:, name]))
        parts.append(pd.DataFrame(dict(symbol=f"S{name:02d}", ts=days, asset_class="syn", **prices)))
    bars = pd.concat(parts, ignore_index=True)
bars.to_parquet(sys.argv[6])
"""

_AGAINST = """
import sys, json, importlib.util
spec = importlib.util.spec_from_file_location("score", sys.argv[1])
score = importlib.util.module_from_spec(spec)
spec.loader.exec_module(score)
bars = score.read_bars(sys.argv[2])
told = score.read_fc(sys.argv[3:6])
columns = ["model", "symbol", "origin", "horizon", *score.QC, "p_up", "sigma"]
name = sys.argv[6]
found = {}
for rival in ("garch_t", "har_t", "har_fhs", "mean_of_3"):
    both = told.loc[told.model.isin([rival, name]), columns]
    rows = score.score(both, bars, rival, fast=True)["rows"]
    found[rival] = {str(row["horizon"]): row["dm_p"] for row in rows if row["model"] == name}
json.dump(found, open(sys.argv[7], "w"))
"""


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which forecasts and scores are kept."""
    given = os.environ.get("ARA_EVIDENCE_WORK")
    return Path(given) if given else tmp_path_factory.mktemp("work")


def scored(forecasts: Sequence[Path], bars: Path, out: Path) -> list[Row]:
    """Give the scorer's rows, one for each model and horizon; what it gave before is read again."""
    if not (out / "scores.json").exists():
        command = [SCORER, ROOM / "score.py", "score", "--forecasts", *forecasts, "--bars", bars, "--out", out]
        subprocess.run(command, check=True, capture_output=True)
    rows: list[Row] = json.loads((out / "scores.json").read_text())["rows"]
    return rows


def forecast(bars: Path, origins: Path, out: Path, model: str) -> Path:
    """Make the forecasts of one model by the command of the product."""
    if not out.exists():
        command = [sys.executable, "-m", "ara", "forecast", "--bars", bars, "--origins", origins, "--out", out]
        environ = {**os.environ, "ARA_HOME": str(out.parent / "home")}
        named = ["--model", model, "--name", f"ara_{model}"]
        subprocess.run([*command, *named], check=True, capture_output=True, env=environ)
    return out


def baselines(work: Path) -> Path:
    """Give the scorer's own baselines at every bar of the exam."""
    given = os.environ.get("ARA_SCORER_BASE")
    base = Path(given) if given else work / "base.parquet"
    if not base.exists():
        command = [SCORER, ROOM / "score.py", "baseline", "--bars", BARS, "--end", END, "--out", base]
        subprocess.run([*command, "--models", *BASELINES], check=True, capture_output=True)
    return base


def mean_of_3(work: Path) -> Path:
    """Give the mean of the log quantiles of GARCH-t, HAR and filtered simulation, level by level."""
    return _made(work / "mean_of_3.parquet", _MEAN, baselines(work))


def asked(work: Path) -> Path:
    """Give the origins of the exam: all that the baselines have answered."""
    origins = work / "origins.parquet"
    if not origins.exists():
        whole = pl.read_parquet(baselines(work), columns=["model", "symbol", "origin", "horizon"])
        whole.filter(model="ewma_t").drop("model").write_parquet(origins)
    return origins


def told(work: Path, model: str) -> Path:
    """Give the exam's forecasts of a model."""
    return forecast(BARS, asked(work), work / f"ara_{model}.parquet", model)


def examined(work: Path, models: Iterable[str]) -> list[Row]:
    """Give the rows of models over the exam, with the baselines and their mean beside them.

    Each row of a rival holds as `beaten_p` by model the chance that the model is better than it by luck (DM).
    """
    base, mean = baselines(work), mean_of_3(work)
    few = work / "ewma_t_and_hist.parquet"
    if not few.exists():
        pl.read_parquet(base).filter(pl.col("model").is_in(["ewma_t", "hist"])).write_parquet(few)
    rows = scored([base, mean], BARS, work / "scores_baselines")
    for model in models:
        mine = scored([few, told(work, model)], BARS, work / f"scores_{model}")
        rows += [row for row in mine if row["model"] == f"ara_{model}"]
    return rows


def beaten(work: Path, model: str) -> Mapping[str, Mapping[str, float]]:
    """Give by rival and horizon the p of a model's being better, by Diebold and Mariano's test."""
    given = [ROOM / "score.py", BARS, baselines(work), mean_of_3(work), told(work, model), f"ara_{model}"]
    found: Mapping[str, Mapping[str, float]] = json.loads(
        _made(work / f"beaten_{model}.json", _AGAINST, *given).read_text()
    )
    return found


def by_class(work: Path, models: Iterable[str]) -> dict[tuple[str, str, int], Row]:
    """Give the rows of models on one class of assets alone, by model, class and horizon."""
    found = {}
    kinds = pl.read_parquet(BARS, columns=["symbol", "asset_class"]).unique()
    few = pl.read_parquet(baselines(work)).filter(model="ewma_t")
    for model in models:
        whole = pl.read_parquet(told(work, model))
        for kind in kinds["asset_class"].unique().sort():
            symbols = kinds.filter(asset_class=kind)["symbol"].to_list()
            paths = [work / f"{kind}_{name}.parquet" for name in ("base", model)]
            for path, table in zip(paths, (few, whole), strict=True):
                if not path.exists():
                    table.filter(pl.col("symbol").is_in(symbols)).write_parquet(path)
            for row in scored(paths, BARS, work / f"scores_{kind}_{model}"):
                if row["model"] == f"ara_{model}":
                    found[model, kind, row["horizon"]] = row
    return found


def world(work: Path, kind: str, seed: int, *, symbols: int = 20, bars: int = 1260) -> Path:
    """Give the bars of a made-up market: `null`, `ar1`, or `break`, in which returns triple at bar 840."""
    return _made(work / f"{kind}_{seed}.parquet", _WORLD, ROOM / "score.py", kind, seed, symbols, bars)


def after_break(work: Path, model: str) -> float:
    """Give the share of returns in a model's 80 % bands over 60 bars after returns tripled, in five markets."""
    shares = []
    for seed in BREAKS:
        bars = world(work, "break", seed, symbols=8, bars=1000)
        made = forecast(bars, next_bars(bars, 839, 898), work / f"break_{seed}_{model}.parquet", model)
        shares.append(held(made, bars, "q0.1", "q0.9"))
    return float(np.mean(shares))


def next_bars(bars: Path, first: int, last: int) -> Path:
    """Give origins one bar ahead of each series' bars from one number to another."""
    origins = bars.with_name(f"{bars.stem}_origins.parquet")
    if not origins.exists():
        whole = pl.read_parquet(bars).filter(pl.int_range(pl.len()).over("symbol").is_between(first, last))
        whole.select("symbol", origin="ts", horizon=pl.lit(1)).write_parquet(origins)
    return origins


def held(told: Path, bars: Path, low: str, high: str, when: tuple[datetime, datetime] | None = None) -> float:
    """Give the share of closes that followed within the band."""
    after = pl.read_parquet(bars).select("symbol", "ts", nxt=pl.col("close").shift(-1).over("symbol"))
    after = after.with_columns(origin=pl.col("ts").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    mine = pl.read_parquet(told).with_columns(pl.col("origin").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    both = mine.join(after, on=["symbol", "origin"]).drop_nulls("nxt")
    if when:
        both = both.filter(pl.col("origin").is_between(*when))
    return float(both.select(pl.col("nxt").is_between(pl.col(low), pl.col(high)).mean()).item())


def rows_of(rows: Iterable[Row], name: str) -> dict[int, Row]:
    """Give the rows of one model by horizon."""
    return {row["horizon"]: row for row in rows if row["model"] == name}


def tables(rows: Sequence[Row], *, best_first: bool = False) -> list[str]:
    """Give the page's lines: a table for each horizon, by name or by skill."""
    lines = [
        "Names with `ara_` are Ara's own models, the others the scorer's baselines; of models that both have, the",
        "scorer's are shown, which Ara's equal to a thousandth. Skill is 1 - CRPS / CRPS of the",
        "scorer's `ewma_t`; DM is Diebold-Mariano, negative where the model is better; `better` and `worse` count",
        "symbols after Benjamini-Hochberg; `width` is that of the 80 % band over that of `ewma_t`; QLIKE is the",
        "difference of the loss of volatility, `p` the chance of it; `least` and `most` are the 80 % band's shares",
        "over classes, years and states of volatility; `P(up) error` is its calibration error less what chance makes.",
        "",
    ]
    for horizon in HORIZONS:
        lines += [f"## {horizon} {'bar' if horizon == 1 else 'bars'} ahead", ""]
        lines.append("| model | " + " | ".join(title for _, title, _ in COLUMNS) + " |")
        lines.append("|---|" + "---|" * len(COLUMNS))
        mine = [row for row in rows if row["horizon"] == horizon]
        mine.sort(key=lambda row: str(row["model"]))
        if best_first:
            mine.sort(key=lambda row: -row.get("crps_skill", 0.0))
        lines += [
            f"| `{row['model']}` | " + " | ".join(cell(row, *column) for column in COLUMNS) + " |" for row in mine
        ]
        lines.append("")
    return lines


def cell(row: Mapping[str, Any], name: str, _: str, form: str) -> str:
    """Write one figure of a row; nothing where there is none."""
    value = row.get(name)
    return "" if value is None or value != value else form.format(value)


def _made(path: Path, script: str, *arguments: object) -> Path:
    if not path.exists():
        subprocess.run([SCORER, "-c", script, *map(str, arguments), path], check=True)
    return path
