"""`UnifiedStockML` of the later 2.x versions."""

from typing import Any

from meridianalgo._warning import warn
from meridianalgo.core import predicted, unread

__all__ = ["UnifiedStockML"]


class UnifiedStockML:
    """The old front of trained models.

    Parameters
    ----------
    model_path
        Has no effect: a saved model of the older versions runs code when it is opened, so it is never read.
    """

    def __init__(self, model_path: object = None) -> None:
        warn("unified_ml.UnifiedStockML", "ara.predict")
        unread(model_path)

    def predict_ultimate(self, symbol: str, days: int = 5) -> dict[str, Any]:
        """Forecast in the old shape."""
        return predicted(symbol, days)
