"""The names of meridianalgo 2.x, answered by Ara."""

from meridianalgo.core import (
    AraAI,
    StockPredictor,
    analyze_accuracy,
    get_version_info,
    predict_stock,
    quick_predict,
)

__all__ = ["AraAI", "StockPredictor", "analyze_accuracy", "get_version_info", "predict_stock", "quick_predict"]
