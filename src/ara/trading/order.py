"""What is asked of an exchange and what it did: orders and fills, frozen, in Decimal."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ara.errors import ValidationError

__all__ = ["Fill", "Kind", "Order", "Side", "Valid"]


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "buy"
    SELL = "sell"


class Kind(StrEnum):
    """How an order is filled: at once, at a price or better, once a price is reached, or both in turn."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING = "trailing"


class Valid(StrEnum):
    """How long an order stands.

    `gtc` until it is filled or cancelled; `day` to the end of the first session in which it can be filled; `ioc` for
    the first bar, what is left of it is cancelled; `fok` for the first bar, whole or not at all.
    """

    GTC = "gtc"
    DAY = "day"
    IOC = "ioc"
    FOK = "fok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order.

    Parameters
    ----------
    id
        What it is called: the same order sent twice is one.
    symbol
        Of which instrument.
    side
        Buy or sell.
    quantity
        How many units, above 0 and a multiple of the instrument's lot.
    kind
        How it is filled.
    limit
        The worst price of a limit or stop-limit order.
    stop
        The price at which a stop or stop-limit order becomes a market or a limit order.
    trail
        How far a trailing stop follows the best price since it was given, as a share of that price.
    valid
        How long it stands.
    given
        When it was given; it can be filled in bars that open then or later.
    why
        In a few words.
    """

    id: str
    symbol: str
    side: Side
    quantity: Decimal
    kind: Kind = Kind.MARKET
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    valid: Valid = Valid.GTC
    given: datetime | None = None
    why: str = ""

    def __post_init__(self) -> None:
        if not (self.quantity.is_finite() and self.quantity > 0):
            raise ValidationError(f"the order {self.id} is for {self.quantity}; a quantity is above 0")
        needs = {
            "limit": self.kind in (Kind.LIMIT, Kind.STOP_LIMIT),
            "stop": self.kind in (Kind.STOP, Kind.STOP_LIMIT),
            "trail": self.kind is Kind.TRAILING,
        }
        for name, needed in needs.items():
            price = getattr(self, name)
            if needed != (price is not None) or (price is not None and not price.is_finite()):
                words = "needs" if needed else "has no"
                raise ValidationError(f"the {self.kind} order {self.id} {words} {name}, but {name} is {price}")
        if self.trail is not None and not 0 < self.trail < 1:
            raise ValidationError(f"the order {self.id} trails by {self.trail}; it is a share between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """What was done of an order.

    Parameters
    ----------
    order_id
        Of which order.
    symbol, side
        Of which instrument, and which way.
    at
        Open of the bar in which it was filled, UTC.
    price
        For one unit, spread and slippage within.
    quantity
        How many units.
    fee
        Commission, in the instrument's currency.
    why
        What it was for: the order's words, or `stop`, `target`, `margin call`, `delisted`.
    slipped
        What spread and slippage took of it in all, in the instrument's currency; it is in the price already.
    rate
        What one of the instrument's currency was worth in the book's, as it was known when the bar opened.
    """

    order_id: str
    symbol: str
    side: Side
    at: datetime
    price: Decimal
    quantity: Decimal
    fee: Decimal
    why: str = ""
    slipped: Decimal = Decimal(0)
    rate: Decimal = Decimal(1)
