"""What trading costs, and how much of it is allowed."""

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from ara.errors import ValidationError

__all__ = ["Costs", "Slippage"]


class Slippage(StrEnum):
    """How far an order moves the price against itself.

    `fixed`: by the share `impact`. `volatility`: by `impact` times the volatility of the last 20 bars. `square_root`:
    by `impact` times that volatility times the root of the order's part of the mean volume of these bars (1 where the
    volume is not known), which large orders are found to follow (Tóth and others, 2011, Physical Review X 1).
    """

    FIXED = "fixed"
    VOLATILITY = "volatility"
    SQUARE_ROOT = "square_root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs and limits of trading, all of them shares but where said.

    Parameters
    ----------
    commission
        Of the value of each fill.
    per_unit
        Commission for each unit, in the instrument's currency.
    least
        Least commission of a fill, in the instrument's currency.
    spread
        Between bid and ask; a market or stop order pays half of it.
    slippage, impact
        How far a market or stop order moves the price: the rule, and its number.
    borrow
        Of the value of short positions, a year.
    financing
        Of borrowed cash, a year.
    funding
        Of a position in a coin, each 8 hours, paid by who is long to who is short, below 0 the other way; for perpetual
        coins. An instrument whose funding is known takes that instead.
    conversion
        Of money that is changed into another currency or back.
    volume
        Of a bar's volume, how much may be traded; 0 for no limit.
    leverage
        How much may be held, long and short together, for 1 of equity.
    maintenance
        Equity below this share of what is held is a margin call: all is closed at the next open.
    """

    commission: float = 0.0005
    per_unit: float = 0.0
    least: float = 0.0
    spread: float = 0.0002
    slippage: Slippage = Slippage.FIXED
    impact: float = 0.0002
    borrow: float = 0.01
    financing: float = 0.05
    funding: float = 0.0
    conversion: float = 0.0002
    volume: float = 0.1
    leverage: float = 1.0
    maintenance: float = 0.25

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "slippage":
                object.__setattr__(self, "slippage", _rule(value))
            elif not (math.isfinite(value) and _fewest(one.name) <= value <= _most(one.name)):
                raise ValidationError(
                    f"the costs' {one.name} is {value}; it lies between {_fewest(one.name):g} and {_most(one.name):g}"
                )
        if self.leverage < 0.01:
            raise ValidationError(f"the costs' leverage is {self.leverage}; it lies between 0.01 and 100")

    @classmethod
    def none(cls) -> "Costs":
        """Give a world without costs or limits of volume; leverage 1 stays."""
        return cls(commission=0, spread=0, impact=0, borrow=0, financing=0, conversion=0, volume=0)

    def as_dict(self) -> dict[str, Any]:
        """Give all of them, as in the JSON of `ara backtest`."""
        return {
            one.name: str(value) if isinstance(value := getattr(self, one.name), Slippage) else value
            for one in fields(self)
        }


def _rule(value: Any) -> Slippage:
    try:
        return Slippage(value)
    except ValueError:
        allowed = ", ".join(Slippage)
        raise ValidationError(f"the costs' slippage is {str(value)[:40]!r}; there are {allowed}") from None


def _fewest(name: str) -> float:
    return -1.0 if name == "funding" else 0.0


def _most(name: str) -> float:
    if name in ("per_unit", "least"):
        return 1e6
    return 100.0 if name in ("leverage", "impact") else 1.0
