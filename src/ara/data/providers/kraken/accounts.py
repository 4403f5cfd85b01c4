"""What Kraken says of an account: balances, orders, fills, positions; decimals exact.

Times of an order are seconds since 1970 with a fraction, kept as the decimals they are.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ara.data.providers.exact import Text

__all__ = [
    "KINDS",
    "Balances",
    "ClosedOrders",
    "OpenOrders",
    "OpenPositions",
    "Order",
    "OrderAdded",
    "OrderTerms",
    "Position",
    "Side",
    "Status",
    "Trade",
    "TradeBalances",
    "TradesHistory",
]

Side = Literal["buy", "sell"]
"""What the order did."""

Status = Literal["pending", "open", "closed", "canceled", "expired"]
"""What has become of an order."""


class OrderTerms(msgspec.Struct, frozen=True):
    """What was ordered."""

    pair: str
    type: Side
    ordertype: str
    price: Decimal
    price2: Decimal
    leverage: str
    order: str
    close: str = ""


class _Added(msgspec.Struct, frozen=True):
    descr: OrderTerms
    txid: list[str] = []


class OrderAdded(msgspec.Struct, frozen=True):
    """The answer to a new order."""

    error: list[str]
    result: _Added | None = None


class Order(msgspec.Struct, frozen=True):
    """An order as it stands."""

    status: Status
    opentm: Decimal
    descr: OrderTerms
    vol: Decimal
    vol_exec: Decimal
    cost: Decimal
    fee: Decimal
    price: Decimal
    stopprice: Decimal
    limitprice: Decimal
    starttm: Decimal | None = None
    expiretm: Decimal | None = None
    closetm: Decimal | None = None
    userref: int | None = None
    reason: str | None = None
    misc: str = ""
    oflags: str = ""


class _Open(msgspec.Struct, frozen=True):
    open: dict[str, Order | str]


class OpenOrders(msgspec.Struct, frozen=True):
    """Orders that stand, by their ids."""

    error: list[str]
    result: _Open | None = None


class _Closed(msgspec.Struct, frozen=True):
    closed: dict[str, Order | str]
    count: int = 0


class ClosedOrders(msgspec.Struct, frozen=True):
    """Orders that don't stand any more, by their ids."""

    error: list[str]
    result: _Closed | None = None


class Balances(msgspec.Struct, frozen=True):
    """How much there is of each asset."""

    error: list[str]
    result: dict[str, Text] = {}


class _TradeBalances(msgspec.Struct, frozen=True):
    equivalent: Decimal = msgspec.field(name="eb")
    trade: Decimal = msgspec.field(name="tb")
    margin: Decimal = msgspec.field(name="m")
    unrealised: Decimal = msgspec.field(name="n")
    cost: Decimal = msgspec.field(name="c")
    valuation: Decimal = msgspec.field(name="v")
    equity: Decimal = msgspec.field(name="e")
    free: Decimal = msgspec.field(name="mf")
    level: Decimal | None = msgspec.field(name="ml", default=None)
    unexecuted: Decimal | None = msgspec.field(name="uv", default=None)


class TradeBalances(msgspec.Struct, frozen=True):
    """Equity and margin of the account."""

    error: list[str]
    result: _TradeBalances | None = None


class Position(msgspec.Struct, frozen=True):
    """An open position."""

    ordertxid: str
    pair: str
    time: Decimal
    type: Side
    ordertype: str
    cost: Decimal
    fee: Decimal
    vol: Decimal
    vol_closed: Decimal
    margin: Decimal
    posstatus: str
    terms: str = ""
    rollovertm: str = ""


class OpenPositions(msgspec.Struct, frozen=True):
    """Open positions, by their ids."""

    error: list[str]
    result: dict[str, Position | str] = {}


class Trade(msgspec.Struct, frozen=True):
    """One fill of an order."""

    ordertxid: str
    pair: str
    time: Decimal
    type: Side
    ordertype: str
    price: Decimal
    cost: Decimal
    fee: Decimal
    vol: Decimal
    margin: Decimal
    postxid: str = ""
    misc: str = ""
    trade_id: int | None = None
    maker: bool | None = None


class _History(msgspec.Struct, frozen=True):
    trades: dict[str, Trade | str]
    count: int = 0


class TradesHistory(msgspec.Struct, frozen=True):
    """Fills, by their ids."""

    error: list[str]
    result: _History | None = None


KINDS: Final[Mapping[str, Any]] = {
    "order_added": OrderAdded,
    "open_orders": OpenOrders,
    "closed_orders": ClosedOrders,
    "balance": Balances,
    "trade_balance": TradeBalances,
    "open_positions": OpenPositions,
    "trades_history": TradesHistory,
}
"""Every kind of message about an account, by the name that `messages.read` takes."""
