"""The old `calculate_…` functions, answered by Ara's indicators.

Each takes numbers in time order (lists, arrays, pandas series) and gives a pandas series with the same index where it
was given one, else an array; before the warm-up there is NaN. Several outputs come as a tuple.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ara.errors import ValidationError
from meridianalgo._warning import warn

__all__ = [
    "TechnicalIndicators",
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
]

_RATIOS: Final = (0.0, 0.236, 0.382, 0.5, 0.618, 0.786, 1.0)
_COLUMNS: Final = ("open", "high", "low", "close", "volume")
_ALL: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "rsi": ("rsi", ("rsi",)),
    "macd": ("macd", ("macd", "macd_signal", "macd_histogram")),
    "bollinger": ("bollinger", ("bb_upper", "bb_middle", "bb_lower")),
    "stochastic": ("stoch_fast", ("stoch_k", "stoch_d")),
    "williams_r": ("williams_r", ("williams_r",)),
    "cci": ("cci", ("cci",)),
    "atr": ("atr", ("atr",)),
    "obv": ("obv", ("obv",)),
    "mfi": ("mfi", ("mfi",)),
}


def calculate_rsi(prices: Any, period: int = 14) -> Any:
    """Give the relative strength index of closes, 0 to 100 (`rsi`)."""
    warn("calculate_rsi", "ara indicators compute rsi")
    return _one("rsi", {"close": prices}, window=period)


def calculate_macd(prices: Any, fast: int = 12, slow: int = 26, signal: int = 9) -> Any:
    """Give line, signal and histogram of closes (`macd`)."""
    warn("calculate_macd", "ara indicators compute macd")
    return _computed("macd", {"close": prices}, fast=fast, slow=slow, signal=signal)


def calculate_bollinger_bands(prices: Any, period: int = 20, std_dev: float = 2.0) -> Any:
    """Give the upper, middle and lower band of closes (`bollinger`); the deviation divides by n."""
    warn("calculate_bollinger_bands", "ara indicators compute bollinger")
    return _computed("bollinger", {"close": prices}, window=period, width=std_dev)


def calculate_stochastic(high: Any, low: Any, close: Any, k_period: int = 14, d_period: int = 3) -> Any:
    """Give %K and %D, the fast form: %K as it is, %D its mean (`stoch_fast`)."""
    warn("calculate_stochastic", "ara indicators compute stoch_fast")
    return _computed("stoch_fast", {"high": high, "low": low, "close": close}, window=k_period, signal=d_period)


def calculate_williams_r(high: Any, low: Any, close: Any, period: int = 14) -> Any:
    """Give Williams %R, -100 to 0 (`williams_r`)."""
    warn("calculate_williams_r", "ara indicators compute williams_r")
    return _one("williams_r", {"high": high, "low": low, "close": close}, window=period)


def calculate_cci(high: Any, low: Any, close: Any, period: int = 20) -> Any:
    """Give the commodity channel index (`cci`)."""
    warn("calculate_cci", "ara indicators compute cci")
    return _one("cci", {"high": high, "low": low, "close": close}, window=period)


def calculate_atr(high: Any, low: Any, close: Any, period: int = 14) -> Any:
    """Give the average true range, in the unit of the prices (`atr`)."""
    warn("calculate_atr", "ara indicators compute atr")
    return _one("atr", {"high": high, "low": low, "close": close}, window=period)


def calculate_obv(close: Any, volume: Any) -> Any:
    """Give on-balance volume, which begins at 0 (`obv`)."""
    warn("calculate_obv", "ara indicators compute obv")
    return _one("obv", {"close": close, "volume": volume})


def calculate_mfi(high: Any, low: Any, close: Any, volume: Any, period: int = 14) -> Any:
    """Give the money flow index, 0 to 100 (`mfi`)."""
    warn("calculate_mfi", "ara indicators compute mfi")
    return _one("mfi", {"high": high, "low": low, "close": close, "volume": volume}, window=period)


def calculate_fibonacci_levels(high: Any, low: Any) -> dict[str, float]:
    """Give the prices at which so much of the way from the highest high to the lowest low is gone, by percent."""
    warn("calculate_fibonacci_levels", "ara levels AAPL")
    top, bottom = max(_numbers(high)), min(_numbers(low))
    return {f"{100 * ratio:.1f}%": top - ratio * (top - bottom) for ratio in _RATIOS}


def calculate_all_indicators(data: Any) -> dict[str, Any]:
    """Give every output of the old indicators by name, of columns Open, High, Low, Close and Volume in any case.

    What needs a column that isn't there is left out.
    """
    warn("calculate_all_indicators", "ara features build technical AAPL")
    given: dict[str, Any] = {name: data[label] for label in data for name in _COLUMNS if str(label).lower() == name}
    if "close" not in given:
        raise ValidationError("The data has no column Close.", hint="Columns: Open, High, Low, Close, Volume.")
    from ara.features import catalogue

    found: dict[str, Any] = {}
    for indicator, outputs in _ALL.values():
        if set(catalogue.get(indicator).spec.inputs) <= set(given):
            found.update(zip(outputs, _computed(indicator, given), strict=False))
    return found


class TechnicalIndicators:
    """The old front of the indicators: each function of this module as a method, by its name."""

    calculate_rsi = staticmethod(calculate_rsi)
    calculate_macd = staticmethod(calculate_macd)
    calculate_bollinger_bands = staticmethod(calculate_bollinger_bands)
    calculate_stochastic = staticmethod(calculate_stochastic)
    calculate_williams_r = staticmethod(calculate_williams_r)
    calculate_cci = staticmethod(calculate_cci)
    calculate_atr = staticmethod(calculate_atr)
    calculate_obv = staticmethod(calculate_obv)
    calculate_mfi = staticmethod(calculate_mfi)
    calculate_fibonacci_levels = staticmethod(calculate_fibonacci_levels)
    calculate_all_indicators = staticmethod(calculate_all_indicators)


def _one(indicator: str, columns: Mapping[str, Any], **params: float) -> Any:
    return _computed(indicator, columns, **params)[0]


def _computed(indicator: str, columns: Mapping[str, Any], **params: float) -> tuple[Any, ...]:
    """Compute by Ara's indicator, each output in the form of the first column."""
    import numpy as np

    from ara.features import catalogue

    needed = {name: np.array(_numbers(columns[name])) for name in catalogue.get(indicator).spec.inputs}
    if len({len(one) for one in needed.values()}) > 1:
        raise ValidationError(f"{' and '.join(needed)} are not of the same length.", hint="One value for each bar.")
    first = next(iter(columns.values()))
    return tuple(_like(first, one) for one in catalogue.compute(indicator, needed, **params))


def _numbers(column: Any) -> list[float]:
    values: Iterable[Any] = column.tolist() if hasattr(column, "tolist") else column
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError):
        raise ValidationError("The prices are not all numbers.", hint="Give one number for each bar.") from None
    if not found:
        raise ValidationError("There are no prices.", hint="Give one number for each bar, the oldest first.")
    return found


def _like(column: Any, values: Any) -> Any:
    """Give a pandas series where one was given; whoever gave one has pandas loaded."""
    pandas = sys.modules.get("pandas")
    return pandas.Series(values, index=column.index) if pandas and isinstance(column, pandas.Series) else values
