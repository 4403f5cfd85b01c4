import numpy as np
import pytest

from ara.reports import charts

TIES = np.array([[1, 0.5, -0.2], [0.5, 1, 0.1], [-0.2, 0.1, 1]])
DAYS = np.arange("2019-01-01", "2021-01-01", dtype="datetime64[D]")


@pytest.fixture(scope="session")
def walk():
    """Seven hundred days of a price: open, high, low, close, volume."""
    draws = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(draws.normal(0.0003, 0.012, len(DAYS))))
    opened = close * np.exp(draws.normal(0, 0.004, len(DAYS)))
    high, low = np.maximum(opened, close) * 1.004, np.minimum(opened, close) * 0.996
    return {
        "at": DAYS, "open": opened, "high": high, "low": low, "close": close,
        "volume": draws.uniform(1e6, 2e6, len(DAYS)),
    }  # fmt: skip


@pytest.fixture(scope="session")
def evaluation():
    """What `ara evaluate` writes, as far as charts read it."""
    bins = [
        {"p": 0.42, "freq": 0.46, "n": 900},
        {"p": 0.5, "freq": 0.5, "n": 4000},
        {"p": 0.58, "freq": 0.54, "n": 800},
    ]
    rows = [
        {"model": name, "horizon": horizon, "crps_skill": skill, "dm_t": t, "ece_corrected": 0.012, "bins": bins}
        for horizon in (5, 1)
        for name, skill, t in (("har_t", -0.01, 2.5), ("default", 0.02, -4.0), ("even", 0.0, None))
    ]
    return {
        "id": "ab" * 32,
        "last": "2021-03-31T00:00:00Z",
        "base": "ewma_t",
        "verdicts": [{"model": "default"}],
        "rows": rows,
    }


@pytest.fixture(scope="session")
def every(walk, evaluation):
    """One chart of each kind, from plain columns."""
    moved = np.diff(walk["close"]) / walk["close"][:-1]
    footer = charts.Footer(source="made", data_to="31 Dec 2020", lineage="7f3a" * 16)
    columns = [walk[name] for name in ("at", "open", "high", "low", "close")]
    fan = {"low_80": [97, 95], "high_80": [103, 106], "low_95": [94, 91], "high_95": [106, 110]}
    states = ["bull"] * 300 + ["bear"] * 100 + [""] * 31 + ["high_volatility"] * 300
    rose = walk["close"] > 100
    return {
        one.kind: one
        for one in (
            charts.candles_of(
                *columns, volume=walk["volume"], last=90, overlays={"mean": walk["close"]},
                below={"rsi": walk["close"]}, notes=[(720, "double top", "bearish")], symbol="ABC",
                currency="USD", footer=footer,
            ),
            charts.forecast_of(
                DAYS[-3:], [98, 99, 100], ["2021-01-01", "2021-01-04"], [100.5, 101], **fan, actual=[102], symbol="ABC",
                currency="USD", footer=footer,
            ),
            charts.equity_of(DAYS, walk["close"], hold=walk["open"], name="mine", currency="EUR", footer=footer),
            charts.months_of(DAYS[1:], moved, name="mine", footer=footer),
            charts.rolling_of(DAYS[1:], moved, per_year=252, window=100, name="mine", footer=footer),
            charts.trades_of(
                DAYS, walk["close"], opened=DAYS[[10, 50]], closed=DAYS[[20, 70]], entries=[100, 101], exits=[103, 99],
                quantities=[5, -2], gains=[15, 4], symbol="ABC", currency="USD", footer=footer,
            ),
            charts.regimes_of(
                DAYS, walk["close"], states, np.where(rose, 0.8, 0.6), symbol="ABC", footer=footer
            ),
            charts.correlations_of(TIES, ["A", "B", "C"], footer=footer),
            charts.frontier_of(
                [0.1, 0.2], [0.05, 0.09], assets={"A": (0.15, 0.06)}, chosen={"hrp": (0.12, 0.055)}, footer=footer
            ),
            charts.composition_of({"A": 0.6, "B": 0.3, "cash": 0.1}, footer=footer),
            charts.contributions_of({"A": 0.6, "B": 0.4}, [0.8, 0.2], footer=footer),
            charts.scenarios_of({"crash_1987": -0.2, "franc_2015": 0.01}, footer=footer),
            charts.reliability(evaluation),
            charts.models(evaluation),
        )
    }  # fmt: skip
