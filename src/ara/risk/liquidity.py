"""How long it takes to sell what is held, and what selling it costs."""

import math
from dataclasses import dataclass
from typing import Any, Final

from ara.errors import ValidationError

__all__ = ["Liquidity", "liquidity"]

_IMPACT: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidity:
    """How one holding could be sold.

    Parameters
    ----------
    symbol
        Whose.
    value
        What it is worth.
    traded
        What is traded of it on an ordinary day, in the same currency.
    days
        Days that selling takes at the given share of the volume; None where nothing is traded.
    cost
        What spread and impact take, as a share of the value; None likewise.
    """

    symbol: str
    value: float
    traded: float
    days: float | None
    cost: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "symbol": self.symbol,
            "value": self.value,
            "traded_a_day": self.traded,
            "days_to_sell": self.days,
            "cost": self.cost,
        }


def liquidity(
    symbol: str, value: float, *, traded: float, volatility: float, share: float = 0.1, spread: float = 0.0
) -> Liquidity:
    """Give how long selling takes and what it costs: half the spread, and volatility · √(sold a day / traded a day).

    Parameters
    ----------
    symbol
        Whose.
    value
        What is held; its size counts, since what is sold short has to be bought.
    traded
        Value traded on an ordinary day.
    volatility
        Of a day's return.
    share
        Of the volume that the sale may be: above 0, at most 1.
    spread
        Between bid and ask, as a share of the price.

    References
    ----------
    R. Almgren, C. Thum, E. Hauptmann and H. Li (2005), Direct estimation of equity market impact, Risk 18: an impact
    that grows about as the square root; its constant near 1.
    """
    if not 0 < share <= 1:
        raise ValidationError(f"The share of the volume is {share}; it is above 0 and at most 1.")
    if not (math.isfinite(value) and traded >= 0 and volatility >= 0 and spread >= 0):
        raise ValidationError(f"{symbol}: value, volume, volatility and spread are finite, and not below 0.")
    size = abs(value)
    if not size:
        return Liquidity(symbol=symbol, value=value, traded=traded, days=0.0, cost=0.0)
    if not traded:
        return Liquidity(symbol=symbol, value=value, traded=traded, days=None, cost=None)
    days = size / (traded * share)
    daily = min(size, traded * share) / traded
    cost = spread / 2 + _IMPACT * volatility * math.sqrt(daily)
    return Liquidity(symbol=symbol, value=value, traded=traded, days=days, cost=cost)
