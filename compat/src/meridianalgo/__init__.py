"""The names of meridianalgo 2.x, answered by Ara."""

from meridianalgo.core import (
    AraAI,
    StockPredictor,
    analyze_accuracy,
    get_version_info,
    predict_stock,
    quick_predict,
)
from meridianalgo.market import CacheManager, MarketDataManager

__all__ = [
    "AraAI",
    "CacheManager",
    "MarketDataManager",
    "StockPredictor",
    "analyze_accuracy",
    "get_version_info",
    "predict_stock",
    "quick_predict",
]

_LATER = frozenset(
    [
        "EnsembleMLSystem",
        "GPUManager",
        "LSTMModel",
        "PerformanceTracker",
        "PortfolioAnalyzer",
        "RiskManager",
        "AccuracyTracker",
        "TechnicalIndicators",
        "analyze_stock",
        "backtest_strategy",
        "calculate_all_indicators",
        "calculate_atr",
        "calculate_bollinger_bands",
        "calculate_cci",
        "calculate_fibonacci_levels",
        "calculate_macd",
        "calculate_mfi",
        "calculate_obv",
        "calculate_rsi",
        "calculate_stochastic",
        "calculate_williams_r",
        "check_gpu_support",
        "optimize_portfolio",
    ]
)


def __getattr__(name: str) -> object:
    if name in _LATER:
        raise ImportError(
            f"meridianalgo.{name} comes with the part of Ara that answers it, which this version has not;"
            " keep meridianalgo 2.x in an environment of its own for it"
        )
    raise AttributeError(f"module 'meridianalgo' has no attribute {name!r}")
