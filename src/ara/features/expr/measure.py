"""How an indicator grows with the price, and with price and volume at once, where its spec does not say it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.indicator import Indicator

__all__ = ["is_turnover", "price_power"]

_UNIT: Final = 1024.0
_BARS: Final = 128
_CLOSE: Final = 1e-9

_Array = NDArray[np.float64]


def price_power(indicator: Indicator, params: tuple[tuple[str, float], ...]) -> float:
    """Give 0 or 1 as measured on made-up bars, the same every time; NaN where it is neither."""
    found, larger = (_told(indicator, dict(params), prices=unit) for unit in (1.0, _UNIT))
    return next((power for power in (0.0, 1.0) if _same(found, larger / _UNIT**power)), float("nan"))


def is_turnover(indicator: Indicator, params: tuple[tuple[str, float], ...]) -> bool:
    """Say whether, as measured, it grows with the volume and with the price, as the money that was traded does."""
    if "volume" not in indicator.spec.inputs or price_power(indicator, params) != 1.0:
        return False
    found, larger = (_told(indicator, dict(params), volume=unit) for unit in (1.0, _UNIT))
    return bool(np.nan_to_num(found).any()) and _same(found, larger / _UNIT)


def _told(indicator: Indicator, chosen: dict[str, float], *, prices: float = 1.0, volume: float = 1.0) -> _Array:
    """Give its figures on made-up bars, counted in other units."""
    count = indicator.spec.warmup(**chosen) + _BARS
    random = np.random.default_rng(7)
    close = 100.0 * np.exp(np.cumsum(0.01 * random.standard_t(4, count)))
    opened = close * np.exp(0.002 * random.standard_normal(count))
    made: dict[str, _Array] = {
        "open": opened,
        "high": np.maximum(opened, close) * (1.0 + 0.004 * random.random(count)),
        "low": np.minimum(opened, close) * (1.0 - 0.004 * random.random(count)),
        "close": close,
        "other": 50.0 * np.exp(np.cumsum(0.01 * random.standard_normal(count))),
    }
    made = {name: one * prices for name, one in made.items()}
    made["volume"] = np.floor(random.lognormal(12.0, 0.5, count)) * volume
    made["session"] = np.arange(count, dtype=np.float64) // 7.0
    return np.stack(indicator.compute(made, **chosen))


def _same(found: _Array, other: _Array) -> bool:
    room = _CLOSE * float(np.nanmax(np.abs(found), initial=0.0))
    return bool(np.allclose(found, other, rtol=_CLOSE, atol=room, equal_nan=True))
