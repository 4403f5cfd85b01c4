"""The names of meridianalgo 2.x, answered by Ara."""

from meridianalgo.core import (
    AraAI,
    StockPredictor,
    analyze_accuracy,
    analyze_stock,
    get_version_info,
    predict_stock,
    quick_predict,
)
from meridianalgo.holdings import (
    PerformanceTracker,
    PortfolioAnalyzer,
    RiskManager,
    backtest_strategy,
    optimize_portfolio,
)
from meridianalgo.indicators import (
    TechnicalIndicators,
    calculate_all_indicators,
    calculate_atr,
    calculate_bollinger_bands,
    calculate_cci,
    calculate_fibonacci_levels,
    calculate_macd,
    calculate_mfi,
    calculate_obv,
    calculate_rsi,
    calculate_stochastic,
    calculate_williams_r,
)
from meridianalgo.learned import AccuracyTracker, EnsembleMLSystem, GPUManager, LSTMModel, check_gpu_support
from meridianalgo.market import CacheManager, MarketDataManager

__all__ = [
    "AccuracyTracker",
    "AraAI",
    "CacheManager",
    "EnsembleMLSystem",
    "GPUManager",
    "LSTMModel",
    "MarketDataManager",
    "PerformanceTracker",
    "PortfolioAnalyzer",
    "RiskManager",
    "StockPredictor",
    "TechnicalIndicators",
    "analyze_accuracy",
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
    "get_version_info",
    "optimize_portfolio",
    "predict_stock",
    "quick_predict",
]
