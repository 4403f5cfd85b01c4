"""`ForexML` of the later 2.x versions."""

from typing import Any

from meridianalgo._warning import warn
from meridianalgo.core import predicted, unread

__all__ = ["ForexML"]


class ForexML:
    """The old front of forecasts of currencies.

    Parameters
    ----------
    model_path
        Has no effect: a saved model of the older versions runs code when it is opened, so it is never read.
    """

    def __init__(self, model_path: object = None) -> None:
        warn("forex_ml.ForexML", 'ara.predict("EURUSD")')
        unread(model_path)

    def predict_forex(self, pair: str, days: int = 5) -> dict[str, Any]:
        """Forecast a pair, `EURUSD=X` or `EURUSD`, in the old shape."""
        return predicted(pair, days)
