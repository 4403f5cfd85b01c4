"""Forecasts whose figures are true: full distributions, kept, scored and beside their baseline.

>>> import ara
>>> ara.predict("AAPL", days=7)  # doctest: +SKIP

Every name here is loaded when it is first used, so that importing `ara` costs next to nothing.
"""

from importlib import import_module

TYPE_CHECKING = False  # as in `typing`, whose import would cost more than all that is here
if TYPE_CHECKING:
    from typing import Any, Final

    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.errors import (
        AlertError,
        APIError,
        AraAIException,
        AraError,
        BacktestError,
        CacheError,
        CancelledError,
        ConfigurationError,
        DataProviderError,
        FeatureEngineeringError,
        IntegrityError,
        MissingKeyError,
        ModelError,
        PluginError,
        PortfolioError,
        RateLimitError,
        ShapeError,
        StoreError,
        UnknownSymbolError,
        ValidationError,
        VaultError,
        WorkerError,
    )
    from ara.lineage import Lineage
    from ara.market import AssetClass, Bars, Currency, Instrument, Timeframe
    from ara.models import Quantiles
    from ara.prediction import Day, Factor, Forecast, Missed, PredictionEngine
    from ara.quick import (
        attention,
        audit,
        backtest,
        basket,
        crash,
        diff,
        evaluate,
        forecast,
        history,
        ledger,
        predict,
        predict_many,
        rank,
        replay,
        score,
    )
    from ara.settings import Settings

__all__ = [
    "APIError",
    "AlertError",
    "AraAIException",
    "AraError",
    "AssetClass",
    "BacktestError",
    "Bars",
    "CacheError",
    "CancelledError",
    "ConfigurationError",
    "Currency",
    "DataProviderError",
    "Day",
    "Desk",
    "Factor",
    "FeatureEngineeringError",
    "Forecast",
    "Instrument",
    "IntegrityError",
    "Lineage",
    "MarketData",
    "Missed",
    "MissingKeyError",
    "ModelError",
    "PluginError",
    "PortfolioError",
    "PredictionEngine",
    "Quantiles",
    "RateLimitError",
    "Settings",
    "ShapeError",
    "StoreError",
    "Timeframe",
    "UnknownSymbolError",
    "ValidationError",
    "VaultError",
    "WorkerError",
    "__version__",
    "attention",
    "audit",
    "backtest",
    "basket",
    "crash",
    "diff",
    "evaluate",
    "forecast",
    "history",
    "ledger",
    "predict",
    "predict_many",
    "rank",
    "replay",
    "score",
]

__version__: "Final" = "5.0.0.dev0"

_ROOMS: "Final" = {
    "ara.desk": ("Desk",),
    "ara.lineage": ("Lineage",),
    "ara.data.feed": ("MarketData",),
    "ara.market": ("AssetClass", "Bars", "Currency", "Instrument", "Timeframe"),
    "ara.models": ("Quantiles",),
    "ara.prediction": ("Day", "Factor", "Forecast", "Missed", "PredictionEngine"),
    "ara.quick": (
        "attention",
        "audit",
        "basket",
        "crash",
        "diff",
        "evaluate",
        "forecast",
        "history",
        "ledger",
        "predict",
        "predict_many",
        "rank",
        "replay",
        "score",
    ),
    "ara.settings": ("Settings",),
}
_HOME: "Final" = {name: room for room, names in _ROOMS.items() for name in names}


_OLDER: "Final" = {
    "AssetType": "ara.market",
    "BaseModel": "ara.models",
    "ConfidenceScore": "ara.prediction",
    "CurrencyConverter": "ara.data.currency",
    "CurrencyPreferenceManager": "ara.data.currency",
    "CurrencyRiskAnalyzer": "ara.risk",
    "DailyPrediction": "ara.prediction",
    "Explanations": "ara.prediction",
    "IDataProvider": "ara.data",
    "IFeatureEngine": "ara.features",
    "IMLModel": "ara.models",
    "MarketRegime": "ara.models.regimes",
    "PortfolioMetrics": "ara.portfolio",
    "PortfolioOptimization": "ara.portfolio",
    "PredictionResult": "ara.prediction",
    "RiskCalculator": "ara.risk",
}


def __getattr__(name: str) -> "Any":
    if name in _OLDER:
        return getattr(import_module(_OLDER[name]), name)
    if name == "backtest":
        return import_module("ara.backtest")  # the room itself, which can be called: its name is taken
    if name == "__version__" or name not in __all__:
        raise AttributeError(f"module 'ara' has no attribute {name!r}")
    value = getattr(import_module(_HOME.get(name, "ara.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
