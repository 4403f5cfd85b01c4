"""Worlds in which there is nothing to find: correlated random walks whose volatility clusters."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ara.models import LEVELS
from ara.performance import inside
from ara.prediction.bulk import forecast_frame
from ara.prediction.compute import Recipe

SYMBOLS, BARS, ORIGINS = 20, 1000, 400
SHARES = (0.5, 0.8, 0.95)


def world(seed: int) -> pl.DataFrame:
    """Give daily bars of GARCH(1,1) walks with Student-t(6) steps, correlated 0.3, with no drift at all."""
    random = np.random.default_rng(seed)
    unit = np.sqrt(4 / 6)
    steps = np.sqrt(0.3) * random.standard_t(6, (BARS, 1)) + np.sqrt(0.7) * random.standard_t(6, (BARS, SYMBOLS))
    steps *= unit
    base = 0.015**2
    variance, last = np.full(SYMBOLS, base), np.zeros(SYMBOLS)
    returns = np.empty((BARS, SYMBOLS))
    for t in range(BARS):
        variance = 0.03 * base + 0.07 * last**2 + 0.9 * variance
        last = returns[t] = np.sqrt(variance) * steps[t]
    close = 100 * np.exp(np.cumsum(returns, axis=0))
    days = [datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(BARS)]
    return pl.concat(
        pl.DataFrame({"symbol": f"S{i:02d}", "ts": days, "close": close[:, i], "asset_class": "crypto"}).with_columns(
            *(pl.col("close").alias(name) for name in ("open", "high", "low", "volume"))
        )
        for i in range(SYMBOLS)
    ).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))


def exam(seed: int) -> dict[str, float]:
    bars = world(seed)
    origins = bars.group_by("symbol", maintain_order=True).tail(ORIGINS + 1)
    origins = origins.group_by("symbol", maintain_order=True).head(ORIGINS)
    asked = origins.select("symbol", origin="ts", instant="ts").with_columns(horizon=1)
    told = forecast_frame(bars, asked, Recipe())
    outcome = bars.group_by("symbol", maintain_order=True).tail(ORIGINS)["close"].to_numpy()
    close = origins["close"].to_numpy()
    quantiles = np.log(told.select(f"q{level:g}" for level in LEVELS).to_numpy() / close[:, None])
    y = np.log(outcome / close)
    return {
        "claims": float((told["p_up"] != 0.5).sum()),
        **{f"{share:.0%}": float(inside(quantiles, y, LEVELS, share).mean()) for share in SHARES},
    }


def judged(worlds: int) -> dict[str, list[float]]:
    results = [exam(seed) for seed in range(worlds)]
    return {name: [one[name] for one in results] for name in results[0]}


def test_a_few_worlds_show_no_claim_and_bands_that_hold() -> None:
    found = judged(3)
    assert sum(found["claims"]) == 0
    for share in SHARES:
        assert np.mean(found[f"{share:.0%}"]) == pytest.approx(share, abs=0.02)


@pytest.mark.slow
def test_two_hundred_worlds_show_no_claim_and_bands_that_hold() -> None:
    found = judged(200)
    assert sum(found["claims"]) == 0
    for share in SHARES:
        assert np.mean(found[f"{share:.0%}"]) == pytest.approx(share, abs=0.01)
    tell(found)


def tell(found: dict[str, list[float]]) -> None:
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        return
    worlds = len(found["claims"])
    lines = [
        "# Null worlds",
        "",
        f"{worlds} made-up markets of {SYMBOLS} correlated random walks with clustered volatility, no drift; `ewma_t`",
        f"forecasts the next bar at {ORIGINS} origins of each series. There is nothing to find, so every claim of a",
        "direction would be false. Measured by `make slow`.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: claims of a direction {sum(found['claims']):.0f}.",
        "",
        "| band | held, mean of the worlds | lowest world | highest world |",
        "|---|---|---|---|",
    ]
    for share in SHARES:
        held = found[f"{share:.0%}"]
        lines.append(f"| {share:.0%} | {np.mean(held):.1%} | {min(held):.1%} | {max(held):.1%} |")
    Path(folder, "null_worlds.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
