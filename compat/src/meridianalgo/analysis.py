"""How an instrument stands: what `analyze_stock` told, by Ara's own figures."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import ara
from ara.errors import ValidationError

__all__ = ["analyzed"]

_READINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "rsi": ("rsi",),
    "macd": ("macd", "macd_signal", "macd_histogram"),
    "bollinger": ("bb_upper", "bb_middle", "bb_lower"),
    "atr": ("atr",),
}
_MONTH: Final = 20


def analyzed(symbol: str, *, verbose: bool = False) -> dict[str, Any]:
    """Tell how an instrument stands at its last close; see `meridianalgo.core.analyze_stock`."""
    from ara.quick.running import run

    async def ask() -> Any:
        async with ara.Desk.open() as desk, ara.MarketData(desk) as market:
            return await market.bars(await market.instrument(symbol))

    bars = run(ask())
    close = [float(one) for one in bars.frame["close"]]
    before = close[-2] if len(close) > 1 else close[-1]
    answer = {
        "symbol": bars.instrument.symbol,
        "current_price": close[-1],
        "price_change": close[-1] - before,
        "change_pct": 100 * (close[-1] / before - 1),
        "volatility": _volatility(bars),
        "indicators": _readings(bars),
        "market_regime": _regime(bars),
        "timestamp": datetime.now(UTC).isoformat(),
    }
    if verbose:
        sys.stdout.write(f"{answer['symbol']} {answer['current_price']:.6g} ({answer['change_pct']:+.2f} %)\n")
    return answer


def _readings(bars: Any) -> dict[str, float | None]:
    import numpy as np

    from ara.features import catalogue

    found: dict[str, float | None] = {}
    for indicator, names in _READINGS.items():
        for name, values in zip(names, catalogue.compute(indicator, bars), strict=True):
            found[name] = float(values[-1]) if len(values) and np.isfinite(values[-1]) else None
    return found


def _volatility(bars: Any) -> float | None:
    from ara.performance import measure
    from ara.risk import days_a_year

    close = bars.frame["close"].to_numpy()[-_MONTH - 1 :]
    if len(close) <= _MONTH or (close <= 0).any():
        return None
    return measure(close[1:] / close[:-1] - 1, per_year=days_a_year(bars.instrument.calendar)).volatility


def _regime(bars: Any) -> dict[str, Any] | None:
    from ara.models.regimes.standing import standing

    try:
        now = standing(bars).now
    except ValidationError:  # too few bars, or none that move
        return None
    return {"regime": now.state, "confidence": now.probability}
