"""With which power of the price an indicator grows whose spec says only how it moves with the volume."""

from typing import Final

import numpy as np

from ara.features.indicator import Indicator

__all__ = ["price_power"]

_UNIT: Final = 1024.0
_BARS: Final = 128
_CLOSE: Final = 1e-9


def price_power(indicator: Indicator, params: tuple[tuple[str, float], ...]) -> float:
    """Give 0 or 1 as measured on made-up bars, the same every time; NaN where it is neither."""
    chosen = dict(params)
    count = indicator.spec.warmup(**chosen) + _BARS
    random = np.random.default_rng(7)
    close = 100.0 * np.exp(np.cumsum(0.01 * random.standard_t(4, count)))
    opened = close * np.exp(0.002 * random.standard_normal(count))
    prices = {
        "open": opened,
        "high": np.maximum(opened, close) * (1.0 + 0.004 * random.random(count)),
        "low": np.minimum(opened, close) * (1.0 - 0.004 * random.random(count)),
        "close": close,
        "other": 50.0 * np.exp(np.cumsum(0.01 * random.standard_normal(count))),
    }
    rest = {"volume": np.floor(random.lognormal(12.0, 0.5, count)), "session": np.arange(count) // 7.0}
    found = np.stack(indicator.compute({**prices, **rest}, **chosen))
    larger = np.stack(indicator.compute({**{name: one * _UNIT for name, one in prices.items()}, **rest}, **chosen))
    room = _CLOSE * float(np.nanmax(np.abs(found), initial=0.0))
    for power in (0.0, 1.0):
        if np.allclose(found, larger / _UNIT**power, rtol=_CLOSE, atol=room, equal_nan=True):
            return power
    return float("nan")
