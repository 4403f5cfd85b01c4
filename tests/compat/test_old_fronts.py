"""The old names of indicators, portfolios, risk, back-tests and models, held against the rooms that answer them."""

import math
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ara
import meridianalgo
from ara.errors import ValidationError
from ara.features import catalogue
from meridianalgo.forex_ml import ForexML
from meridianalgo.unified_ml import UnifiedStockML

_NAMES = """
    AccuracyTracker AraAI CacheManager EnsembleMLSystem GPUManager LSTMModel MarketDataManager PerformanceTracker
    PortfolioAnalyzer RiskManager StockPredictor TechnicalIndicators analyze_accuracy analyze_stock backtest_strategy
    calculate_all_indicators calculate_atr calculate_bollinger_bands calculate_cci calculate_fibonacci_levels
    calculate_macd calculate_mfi calculate_obv calculate_rsi calculate_stochastic calculate_williams_r
    check_gpu_support get_version_info optimize_portfolio predict_stock quick_predict
"""


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def bars() -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    rng = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 120)))
    spread = np.abs(rng.normal(0, 0.5, 120))
    return {
        "open": close, "high": close + spread, "low": close - spread, "close": close,
        "volume": rng.integers(1, 1000, 120).astype(float),
    }  # fmt: skip


def _old(name: str, *values: Any, **options: Any) -> Any:
    with pytest.warns(DeprecationWarning, match=rf"meridianalgo\.(\w+\.)?{name} is deprecated"):
        return getattr(meridianalgo, name)(*values, **options)


def test_every_old_name_is_there() -> None:
    assert sorted(meridianalgo.__all__) == sorted(_NAMES.split())
    assert all(callable(getattr(meridianalgo, name)) for name in _NAMES.split())


@pytest.mark.parametrize(
    ("name", "columns", "options", "indicator", "params"),
    [
        ("calculate_rsi", ["close"], {"period": 10}, "rsi", {"window": 10}),
        ("calculate_macd", ["close"], {"fast": 5, "slow": 9, "signal": 4}, "macd", {"fast": 5, "slow": 9, "signal": 4}),
        (
            "calculate_bollinger_bands", ["close"], {"period": 9, "std_dev": 1.5},
            "bollinger", {"window": 9, "width": 1.5},
        ),
        (
            "calculate_stochastic", ["high", "low", "close"], {"k_period": 8, "d_period": 4},
            "stoch_fast", {"window": 8, "signal": 4},
        ),
        ("calculate_williams_r", ["high", "low", "close"], {"period": 9}, "williams_r", {"window": 9}),
        ("calculate_cci", ["high", "low", "close"], {}, "cci", {"window": 20}),
        ("calculate_atr", ["high", "low", "close"], {"period": 5}, "atr", {"window": 5}),
        ("calculate_obv", ["close", "volume"], {}, "obv", {}),
        ("calculate_mfi", ["high", "low", "close", "volume"], {"period": 6}, "mfi", {"window": 6}),
    ],
)  # fmt: skip
def test_an_old_indicator_is_aras(
    bars: dict[str, Any], name: str, columns: list[str], options: dict[str, Any], indicator: str, params: dict[str, Any]
) -> None:
    new = catalogue.compute(indicator, bars, **params)
    for form in (np.asarray, list):
        found = _old(name, *(form(bars[one]) for one in columns), **options)
        for one, other in zip(found if len(new) > 1 else (found,), new, strict=True):
            np.testing.assert_array_equal(one, other)
    method = getattr(meridianalgo.TechnicalIndicators(), name)
    with pytest.warns(DeprecationWarning, match=name):
        again = method(*(bars[one] for one in columns), **options)
    np.testing.assert_array_equal(again[0] if len(new) > 1 else again, new[0])


def test_a_pandas_series_keeps_its_index(bars: dict[str, Any]) -> None:
    pd = pytest.importorskip("pandas")
    index = pd.date_range("2020-01-01", periods=120)
    found = _old("calculate_rsi", pd.Series(bars["close"], index=index))
    assert (found.index == index).all()
    assert math.isnan(found.iloc[0])
    frame = pd.DataFrame({name.title(): values for name, values in bars.items()}, index=index)
    every = _old("calculate_all_indicators", frame)
    assert every["rsi"].equals(found)
    assert set(every) == {
        "rsi", "macd", "macd_signal", "macd_histogram", "bb_upper", "bb_middle", "bb_lower", "stoch_k", "stoch_d",
        "williams_r", "cci", "atr", "obv", "mfi",
    }  # fmt: skip


def test_what_lacks_a_column_is_left_out_and_bad_prices_are_named(bars: dict[str, Any]) -> None:
    assert set(_old("calculate_all_indicators", {"Close": bars["close"]})) == {
        "rsi", "macd", "macd_signal", "macd_histogram", "bb_upper", "bb_middle", "bb_lower",
    }  # fmt: skip
    wrong: list[tuple[Callable[[], Any], str]] = [
        (lambda: _old("calculate_all_indicators", {"Open": [1.0]}), "no column Close"),
        (lambda: _old("calculate_rsi", []), "no prices"),
        (lambda: _old("calculate_rsi", ["a"]), "not all numbers"),
        (lambda: _old("calculate_obv", [1.0, 2.0], [1.0]), "same length"),
    ]
    for call, words in wrong:
        with pytest.raises(ValidationError, match=words):
            call()


def test_fibonacci_levels_run_from_high_to_low() -> None:
    found = _old("calculate_fibonacci_levels", [8.0, 10.0], [0.0, 5.0])
    assert found["0.0%"] == 10
    assert found["100.0%"] == 0
    assert found["38.2%"] == pytest.approx(6.18)


def test_an_old_back_test_is_aras() -> None:
    old = _old("backtest_strategy", "AAPL", start_date="2019-01-01", end_date="2019-12-31", initial_capital=5000)
    new = ara.backtest("AAPL", "buy_and_hold", start="2019-01-01", end="2019-12-31", cash=5000).result
    assert (old["symbol"], old["strategy"], old["initial_capital"]) == ("AAPL", new.strategy, 5000)
    assert old["final_value"] == pytest.approx(new.equity)
    assert old["total_return"] == pytest.approx(old["final_value"] / 5000 - 1)
    assert old["sharpe_ratio"] == new.measures.sharpe
    assert old["buy_hold_return"] == new.hold.total


def test_old_portfolios_are_aras() -> None:
    found = _old("optimize_portfolio", ["AAPL", "KO", "SPY"], "conservative", constraints={"max": 0.5})
    assert sum(found["weights"].values()) + found["cash"] == pytest.approx(1)
    assert max(found["weights"].values()) <= 0.5 + 1e-6
    assert found["sharpe_ratio"] == pytest.approx(found["expected_return"] / found["volatility"])
    front = _old("PortfolioAnalyzer")
    assert front.optimize(["AAPL", "KO", "SPY"], "conservative", constraints={"max": 0.5}) == found
    assert front.optimize(["AAPL", "KO"], method="risk_parity")["method"] == "risk_parity"
    by_name = front.analyze(["AAPL", "KO"], {"ko": 0.25, "AAPL": 0.75})
    assert by_name == front.analyze(["AAPL", "KO"], [0.75, 0.25])
    assert front.analyze(["AAPL", "KO"])["weights"] == {"AAPL": 0.5, "KO": 0.5}
    ties = front.correlation_matrix(["AAPL", "KO"])
    assert ties["AAPL"]["AAPL"] == pytest.approx(1)
    assert ties["AAPL"]["KO"] == pytest.approx(ties["KO"]["AAPL"])
    wrong: list[tuple[Callable[[], Any], str]] = [
        (lambda: front.analyze(["AAPL", "KO"], [1.0]), "not those of the symbols"),
        (lambda: front.analyze("AAPL"), "one text"),
        (lambda: front.optimize(["AAPL", "KO"], "reckless"), "reckless"),
    ]
    for call, words in wrong:
        with pytest.raises(ValidationError, match=words) as caught:
            call()
        assert caught.value.hint


def test_old_measures_of_returns_are_aras() -> None:
    returns = np.random.default_rng(3).normal(0.001, 0.02, 300)
    risk = _old("RiskManager")
    assert risk.calculate_var(returns) == pytest.approx(-np.quantile(returns, 0.05))
    assert risk.calculate_cvar(returns, 0.99) >= risk.calculate_var(returns, 0.99) > risk.calculate_var(returns)
    assert risk.calculate_volatility(returns) == pytest.approx(returns.std(ddof=1) * math.sqrt(252))
    told = _old("PerformanceTracker").calculate_metrics(list(returns), benchmark=list(returns))
    assert told["max_drawdown"] == risk.calculate_max_drawdown(returns) == told["drawdown"]
    assert told["sharpe_ratio"] == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(252))
    assert told["beta"] == pytest.approx(1)


def _written(count: int) -> list[float]:
    """Import a made-up instrument of so many days under the name MINE; give its closes."""
    from ara.cli.app import main

    close = 50 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.015, count)))
    days = [date(2019, 1, 1) + timedelta(days=step) for step in range(count)]
    rows = [f"{day},{value:.4f}" for day, value in zip(days, close, strict=True)]
    Path("MINE-USD.csv").write_text("\n".join(["date,close", *rows]) + "\n")
    assert main(("data", "import", "MINE-USD.csv")) == 0
    return [round(value, 4) for value in close]


@pytest.mark.parametrize("count", [400, 15])
def test_analyze_stock_tells_how_it_stands(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    from ara.models.regimes import STATES
    from meridianalgo.core import analyze_stock

    close = _written(count)
    capsys.readouterr()
    with pytest.warns(DeprecationWarning, match="ara market regime"):
        found = analyze_stock("mine-usd", verbose=True)
    assert (found["symbol"], found["current_price"]) == ("MINE-USD", pytest.approx(close[-1]))
    assert found["price_change"] == pytest.approx(close[-1] - close[-2])
    assert found["change_pct"] == pytest.approx(100 * (close[-1] / close[-2] - 1))
    assert set(found["indicators"]) == {
        "rsi", "macd", "macd_signal", "macd_histogram", "bb_upper", "bb_middle", "bb_lower", "atr",
    }  # fmt: skip
    assert "MINE-USD" in capsys.readouterr().out
    again = _old("StockPredictor").analyze("MINE-USD")
    assert {**again, "timestamp": ""} == {**found, "timestamp": ""}
    if count < 20:
        assert (found["volatility"], found["market_regime"], found["indicators"]["macd"]) == (None, None, None)
        return
    assert 0 < found["indicators"]["rsi"] < 100
    assert 0.1 < found["volatility"] < 1
    assert found["market_regime"]["regime"] in STATES
    assert 0 < found["market_regime"]["confidence"] <= 1


def test_saved_models_are_never_read_and_the_answer_is_aras(tmp_path: Path) -> None:
    new = ara.predict("EURUSD", 2)
    with pytest.warns(DeprecationWarning, match=r"forex_ml\.ForexML"):
        found = ForexML().predict_forex("EURUSD=X", days=2)
    assert [line["predicted_price"] for line in found["predictions"]] == [day.price for day in new.days]
    assert found["market_regime"]["regime"] == (new.regime or {})["state"]
    trap = tmp_path / "model.pkl"
    trap.write_bytes(b"cos\nsystem\n(S'touch touched'\ntR.")
    with pytest.warns(UserWarning, match="not read"), pytest.warns(DeprecationWarning, match="UnifiedStockML"):
        front = UnifiedStockML(model_path=trap)
    assert front.predict_ultimate("KO", days=1)["symbol"] == "KO"
    assert not (tmp_path / "touched").exists()


def test_old_accuracy_and_device_answer() -> None:
    tracker = _old("AccuracyTracker")
    assert tracker.validate_predictions()["came_due"] == 0
    assert tracker.analyze_accuracy()["scored"] == 0
    told = _old("check_gpu_support")
    assert set(told) == {"available", "device", "name", "torch"}
    front = _old("GPUManager")
    assert front.check_gpu_support() == told
    assert front.get_device() == told["device"]


def test_without_pytorch_the_device_is_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "ara.models.training.devices", raising=False)
    assert _old("check_gpu_support") == {"available": False, "device": "cpu", "name": "processor", "torch": False}


@pytest.mark.slow
def test_the_old_ensemble_and_network_answer() -> None:
    assert _old("EnsembleMLSystem").predict("KO", days=1)["model_info"]["type"] == "default"
    pytest.importorskip("torch")
    assert _old("LSTMModel").predict("KO", days=1)["model_info"]["type"] == "bilstm"
