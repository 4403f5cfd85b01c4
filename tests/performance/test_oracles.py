"""Measures of real returns beside those of empyrical, quantstats and skfolio, as payloads/SOURCE.txt says."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ara
from ara.performance import measure
from ara.performance.against import alpha, capture, information_ratio
from ara.performance.downside import downside_deviation
from ara.performance.drawdown import average_drawdown, drawdown_at_risk, max_drawdown
from ara.performance.tails import (
    conditional_value_at_risk,
    gini_mean_difference,
    kurtosis,
    mean_absolute_deviation,
    skewness,
    value_at_risk,
    worst,
)

CASES = json.loads(Path(__file__).with_name("payloads").joinpath("oracles.json").read_text())["cases"]


@pytest.fixture(scope="module")
def returns():
    path = Path(ara.__file__).parent / "data" / "sample" / "sample.parquet"
    frame = pl.read_parquet(path).with_columns(price=pl.coalesce("adj_close", "close")).sort("ts")
    found = {name: frame.filter(pl.col("symbol") == name).select("ts", "price") for name in CASES}
    both = found["AAPL"].join(found["SPY"], on="ts", suffix="_spy").sort("ts")
    prices = {"AAPL": both["price"], "SPY": both["price_spy"]}
    prices |= {name: found[name]["price"] for name in CASES if name not in prices}
    return {name: np.diff(one.to_numpy()) / one.to_numpy()[:-1] for name, one in prices.items()}


@pytest.mark.parametrize("name", CASES)
def test_empyrical_and_quantstats(returns, name):
    mine, theirs = returns[name], CASES[name]
    found = measure(mine, per_year=365 if name == "BTC-USD" else 252).as_dict()
    beside = {"beta", "alpha_compounded", "excess_sharpe", "up_capture", "down_capture", "information_ratio"}
    found["cvar_95_order"] = found["cvar_95"]
    for key, value in theirs["empyrical"].items():
        if key not in beside:
            assert found[key] == pytest.approx(value, rel=1e-9), f"empyrical {key}"
    # quantstats: skew and kurtosis of a sample, an ulcer index over n - 1
    found["skew"], found["kurtosis"] = skewness(mine, sample=True), kurtosis(mine, sample=True)
    found["ulcer"] *= math.sqrt(len(mine) / (len(mine) - 1))
    won, lost = mine[mine > 0].mean(), mine[mine < 0].mean()
    found["payoff"] = -won / lost
    for key, value in theirs["quantstats"].items():
        if key not in beside:
            assert found[key] == pytest.approx(value, rel=1e-9), f"quantstats {key}"


@pytest.mark.parametrize("name", CASES)
def test_skfolio(returns, name):
    mine, theirs = returns[name], CASES[name]["skfolio"]
    found = {
        "mean": mine.mean(),
        "mean_absolute_deviation": mean_absolute_deviation(mine),
        "value_at_risk": -value_at_risk(mine, quantile="order"),
        "cvar": -conditional_value_at_risk(mine, quantile="order"),
        "gini_mean_difference": gini_mean_difference(mine),
        "worst": -worst(mine),
        "semi_deviation": downside_deviation(mine) * math.sqrt(len(mine) / (len(mine) - 1)),
        "kurtosis": kurtosis(mine, excess=False),
        "skew": skewness(mine),
        "max_drawdown": -max_drawdown(mine),
        "max_drawdown_sum": -max_drawdown(mine, compounded=False),
        "average_drawdown": -average_drawdown(mine),
        "ulcer_index": measure(mine, per_year=252).ulcer,
        "drawdown_at_risk": -drawdown_at_risk(mine),
    }
    assert set(found) == set(theirs)
    for key, value in theirs.items():
        assert found[key] == pytest.approx(value, rel=1e-9), key


def test_beside_a_benchmark(returns):
    mine, other, theirs = returns["AAPL"], returns["SPY"], CASES["AAPL"]["empyrical"]
    found = measure(mine, per_year=252, benchmark=other)
    assert found.beta == pytest.approx(theirs["beta"])
    assert alpha(mine, other, per_year=252, compounded=True) == pytest.approx(theirs["alpha_compounded"])
    assert information_ratio(mine, other, per_year=1) == pytest.approx(theirs["excess_sharpe"])
    assert information_ratio(mine, other, per_year=1) == pytest.approx(CASES["AAPL"]["quantstats"]["information_ratio"])
    assert capture(mine, other, "up", per_year=252) == pytest.approx(theirs["up_capture"])
    assert capture(mine, other, "down", per_year=252) == pytest.approx(theirs["down_capture"])
