"""What Coinbase says of an account's orders and fills; decimals exact."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ara.data.providers.exact import Text

__all__ = [
    "KINDS",
    "Fill",
    "Fills",
    "LowerSide",
    "Order",
    "OrderAnswer",
    "OrderConfiguration",
    "OrderTerms",
    "Side",
    "Status",
    "UserOrder",
]

Side = Literal["BUY", "SELL"]
"""Sides of an order or a trade."""

LowerSide = Literal["buy", "sell"]
"""The same on Coinbase Exchange."""

Status = Literal[
    "PENDING", "OPEN", "FILLED", "CANCELLED", "EXPIRED", "FAILED", "UNKNOWN_ORDER_STATUS", "QUEUED", "CANCEL_QUEUED"
]
"""What has become of an order."""


class Fill(msgspec.Struct, frozen=True):
    """One fill of an order."""

    entry_id: str
    trade_id: str
    order_id: str
    trade_time: datetime
    trade_type: str
    price: Decimal
    size: Decimal
    commission: Decimal
    product_id: str
    sequence_timestamp: datetime
    liquidity_indicator: str
    side: Side
    size_in_quote: bool = False


class Fills(msgspec.Struct, frozen=True):
    """A page of fills; `cursor` asks for the next."""

    fills: list[Fill]
    cursor: str = ""


class OrderTerms(msgspec.Struct, frozen=True):
    """What was ordered."""

    base_size: Text = ""
    quote_size: Text = ""
    limit_price: Text = ""
    stop_price: Text = ""
    stop_trigger_price: Text = ""
    end_time: datetime | None = None
    post_only: bool = False


class OrderConfiguration(msgspec.Struct, frozen=True):
    """The terms of an order under the name of its type."""

    market_market_ioc: OrderTerms | None = None
    market_market_fok: OrderTerms | None = None
    sor_limit_ioc: OrderTerms | None = None
    limit_limit_gtc: OrderTerms | None = None
    limit_limit_gtd: OrderTerms | None = None
    limit_limit_fok: OrderTerms | None = None
    stop_limit_stop_limit_gtc: OrderTerms | None = None
    stop_limit_stop_limit_gtd: OrderTerms | None = None
    trigger_bracket_gtc: OrderTerms | None = None
    trigger_bracket_gtd: OrderTerms | None = None
    twap_limit_gtd: OrderTerms | None = None


class Order(msgspec.Struct, frozen=True):
    """An order as it stands."""

    order_id: str
    product_id: str
    order_configuration: OrderConfiguration
    side: Side
    client_order_id: str
    status: Status
    created_time: datetime
    filled_size: Text
    average_filled_price: Text
    total_fees: Text
    completion_percentage: Text = ""
    fee: Text = ""
    number_of_fills: str = ""
    filled_value: Text = ""
    total_value_after_fees: Text = ""
    outstanding_hold_amount: Text = ""
    leverage: Text = ""
    time_in_force: str = ""
    order_type: str = ""
    product_type: str = ""
    reject_reason: str = ""
    last_fill_time: datetime | None = None
    pending_cancel: bool = False
    settled: bool = False


class OrderAnswer(msgspec.Struct, frozen=True):
    """One order."""

    order: Order


class UserOrder(msgspec.Struct, frozen=True):
    """An order as the socket tells of it."""

    order_id: str
    client_order_id: str
    cumulative_quantity: Text
    leaves_quantity: Text
    avg_price: Text
    total_fees: Text
    status: Status
    product_id: str
    creation_time: datetime
    order_side: Side
    order_type: str = ""
    total_value_after_fees: Text = ""
    limit_price: Text = ""
    stop_price: Text = ""
    filled_value: Text = ""
    number_of_fills: str = ""
    cancel_reason: str = ""
    reject_reason: str = ""


KINDS: Final[Mapping[str, Any]] = {"fills": Fills, "order": OrderAnswer}
"""Every kind of message about an account, by the name that `messages.read` takes."""
