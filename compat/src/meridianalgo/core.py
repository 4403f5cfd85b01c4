"""`predict_stock` and its kin: the old signatures and shapes, with Ara's figures."""

import platform
import sys
import warnings
from datetime import UTC, datetime
from typing import Any

import ara
from meridianalgo._warning import warn
from meridianalgo.analysis import analyzed

__all__ = [
    "AraAI",
    "StockPredictor",
    "accuracy",
    "analyze_accuracy",
    "analyze_stock",
    "get_version_info",
    "predict_stock",
    "predicted",
    "quick_predict",
    "unread",
]


def predict_stock(symbol: str, days: int = 5, verbose: bool = False) -> dict[str, Any]:
    """Forecast as `ara.predict` does, in the old shape.

    Parameters
    ----------
    symbol
        `AAPL`, `BTC-USD`, `EURUSD`.
    days
        Bars ahead, 1 to 30.
    verbose
        Print the forecast as well.

    Returns
    -------
    dict
        `change` is in the instrument's currency, `change_pct` in percent: 1.5 means 1.5 %.
    """
    warn("predict_stock", 'ara.predict("AAPL", days=5)')
    return predicted(symbol, days, verbose=verbose)


def analyze_stock(symbol: str, verbose: bool = False) -> dict[str, Any]:
    """Tell how an instrument stands at its last close, without a forecast.

    Parameters
    ----------
    symbol
        `AAPL`, `BTC-USD`, `EURUSD`.
    verbose
        Print the close as well.

    Returns
    -------
    dict
        `symbol, current_price, price_change, change_pct` (since the close before; the latter in percent), `volatility`
        (of a year, by the last 20 daily returns, as a fraction), `indicators` (`rsi, macd, macd_signal, macd_histogram,
        bb_upper, bb_middle, bb_lower, atr`: the last value), `market_regime` (`regime` and its probability as
        `confidence`) and `timestamp`. What has no value is None.
    """
    warn("analyze_stock", "ara market indicators AAPL, ara market regime AAPL")
    return analyzed(symbol, verbose=verbose)


def quick_predict(symbol: str, days: int = 5, use_cache: bool = True) -> dict[str, Any]:
    """Forecast in the old shape; `use_cache` has no effect, because the same bars give the same forecast."""
    warn("quick_predict", 'ara.predict("AAPL", days=5)')
    return predicted(symbol, days, verbose=False)


def analyze_accuracy(symbol: str | None = None) -> dict[str, Any]:
    """Score what has come due and give the counts, of one symbol or of all."""
    warn("analyze_accuracy", "ara.score()")
    return accuracy(symbol)


def get_version_info() -> dict[str, str]:
    """Give the versions of Ara and Python."""
    warn("get_version_info", "ara.__version__")
    return _versions()


class AraAI:
    """The old front; `verbose` prints each forecast."""

    def __init__(self, verbose: bool = False) -> None:
        warn("AraAI", "ara.predict and ara.score")
        self.verbose = verbose

    def predict(
        self, symbol: str, days: int = 5, use_cache: bool = True, include_analysis: bool = True
    ) -> dict[str, Any]:
        """Forecast in the old shape; without `include_analysis` the explanations are left out."""
        answer = predicted(symbol, days, verbose=self.verbose)
        if not include_analysis:
            answer.pop("explanations", None)
        return answer

    def predict_with_ai(self, symbol: str, days: int = 5) -> dict[str, Any]:
        """Forecast in the old shape."""
        return predicted(symbol, days, verbose=self.verbose)

    def analyze_accuracy(self, symbol: str | None = None) -> dict[str, Any]:
        """Score what has come due and give the counts, of one symbol or of all."""
        return accuracy(symbol)

    def validate_predictions(self) -> dict[str, Any]:
        """Score what has come due and give the counts."""
        return accuracy(None)

    def get_system_info(self) -> dict[str, str]:
        """Give the versions and the platform."""
        return {**_versions(), "platform": platform.platform(), "machine": platform.machine()}


class StockPredictor:
    """The old front for forecasts alone; `verbose` prints each."""

    def __init__(self, verbose: bool = False) -> None:
        warn("StockPredictor", "ara.predict")
        self.verbose = verbose

    def predict(self, symbol: str, days: int = 5) -> dict[str, Any]:
        """Forecast in the old shape."""
        return predicted(symbol, days, verbose=self.verbose)

    def analyze(self, symbol: str) -> dict[str, Any]:
        """Tell how an instrument stands, as `analyze_stock` does."""
        return analyzed(symbol, verbose=self.verbose)


def predicted(symbol: str, days: int = 5, *, verbose: bool = False, model: str | None = None) -> dict[str, Any]:
    """Forecast and give it in the old shape, without a warning.

    `market_regime` is there where a state can be told; its confidence is the chance that the next bar is in it too.
    """
    forecast = ara.predict(symbol, days, model=model)
    first = forecast.days[0]
    named = [factor for factor in first.factors if factor.name != "else"]
    answer: dict[str, Any] = {
        "symbol": forecast.instrument.symbol,
        "current_price": forecast.close,
        "predictions": [
            {
                "day": day.number,
                "date": day.date.isoformat(),
                "predicted_price": day.price,
                "change": day.price - day.close,
                "change_pct": 100 * day.change,
                "confidence": day.confidence,
            }
            for day in forecast.days
        ],
        "timestamp": datetime.now(UTC).isoformat(),
        "model_info": {"version": ara.__version__, "type": forecast.model},
        "explanations": {
            "top_factors": [factor.name for factor in named],
            "natural_language": "; ".join(factor.description for factor in named),
        },
        "confidence_score": first.confidence,
    }
    if forecast.regime:
        answer["market_regime"] = {"regime": forecast.regime["state"], "confidence": forecast.regime["stability"]}
    if verbose:
        for line in answer["predictions"]:
            sys.stdout.write(
                f"{answer['symbol']} {line['date']} {line['predicted_price']:.6g} ({line['confidence']:.2f})\n"
            )
    return answer


def accuracy(symbol: str | None) -> dict[str, Any]:
    """Score what has come due and give the counts, without a warning."""
    report = ara.score(*([symbol] if symbol else []))
    return {
        "symbol": symbol,
        "came_due": report.came_due,
        "inside_80": report.inside_80,
        "expected_80": report.expected_80,
        "scored": report.scored,
        "scored_inside_80": report.scored_inside_80,
    }


def unread(model_path: object) -> None:
    """Say that a saved model of the older versions is not read, where one is named."""
    if model_path is not None:
        words = (
            f"{str(model_path)[:200]} is not read: such files run code when they are opened. Ara's own models answer."
        )
        warnings.warn(words, UserWarning, stacklevel=3)


def _versions() -> dict[str, str]:
    return {"version": ara.__version__, "python": platform.python_version()}
