"""`predict_stock` and its kin: the old signatures and shapes, with Ara's figures."""

import platform
import sys
import warnings
from datetime import UTC, datetime
from typing import Any

import ara

__all__ = ["AraAI", "StockPredictor", "analyze_accuracy", "get_version_info", "predict_stock", "quick_predict"]


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
    _warn("predict_stock", 'ara.predict("AAPL", days=5)')
    return _predicted(symbol, days, verbose=verbose)


def quick_predict(symbol: str, days: int = 5, use_cache: bool = True) -> dict[str, Any]:
    """Forecast in the old shape; `use_cache` has no effect, because the same bars give the same forecast."""
    _warn("quick_predict", 'ara.predict("AAPL", days=5)')
    return _predicted(symbol, days, verbose=False)


def analyze_accuracy(symbol: str | None = None) -> dict[str, Any]:
    """Score what has come due and give the counts, of one symbol or of all."""
    _warn("analyze_accuracy", "ara.score()")
    return _accuracy(symbol)


def get_version_info() -> dict[str, str]:
    """Give the versions of Ara and Python."""
    _warn("get_version_info", "ara.__version__")
    return _versions()


class AraAI:
    """The old front; `verbose` prints each forecast."""

    def __init__(self, verbose: bool = False) -> None:
        _warn("AraAI", "ara.predict and ara.score")
        self.verbose = verbose

    def predict(
        self, symbol: str, days: int = 5, use_cache: bool = True, include_analysis: bool = True
    ) -> dict[str, Any]:
        """Forecast in the old shape; without `include_analysis` the explanations are left out."""
        answer = _predicted(symbol, days, verbose=self.verbose)
        if not include_analysis:
            answer.pop("explanations", None)
        return answer

    def predict_with_ai(self, symbol: str, days: int = 5) -> dict[str, Any]:
        """Forecast in the old shape."""
        return _predicted(symbol, days, verbose=self.verbose)

    def analyze_accuracy(self, symbol: str | None = None) -> dict[str, Any]:
        """Score what has come due and give the counts, of one symbol or of all."""
        return _accuracy(symbol)

    def validate_predictions(self) -> dict[str, Any]:
        """Score what has come due and give the counts."""
        return _accuracy(None)

    def get_system_info(self) -> dict[str, str]:
        """Give the versions and the platform."""
        return {**_versions(), "platform": platform.platform(), "machine": platform.machine()}


class StockPredictor:
    """The old front for forecasts alone; `verbose` prints each."""

    def __init__(self, verbose: bool = False) -> None:
        _warn("StockPredictor", "ara.predict")
        self.verbose = verbose

    def predict(self, symbol: str, days: int = 5) -> dict[str, Any]:
        """Forecast in the old shape."""
        return _predicted(symbol, days, verbose=self.verbose)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"meridianalgo.{old} is deprecated and goes with Ara 7: use {new}", DeprecationWarning, stacklevel=3)


def _predicted(symbol: str, days: int, *, verbose: bool) -> dict[str, Any]:
    forecast = ara.predict(symbol, days)
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
    if verbose:
        for line in answer["predictions"]:
            sys.stdout.write(
                f"{answer['symbol']} {line['date']} {line['predicted_price']:.6g} ({line['confidence']:.2f})\n"
            )
    return answer


def _accuracy(symbol: str | None) -> dict[str, Any]:
    report = ara.score(*([symbol] if symbol else []))
    return {
        "symbol": symbol,
        "came_due": report.came_due,
        "inside_80": report.inside_80,
        "expected_80": report.expected_80,
        "scored": report.scored,
        "scored_inside_80": report.scored_inside_80,
    }


def _versions() -> dict[str, str]:
    return {"version": ara.__version__, "python": platform.python_version()}
