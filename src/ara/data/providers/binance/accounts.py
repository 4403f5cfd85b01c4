"""What Binance says of an account: balances, orders, fills, and the events of its user stream; decimals exact."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ara.data.providers.exact import Millis

__all__ = [
    "KINDS",
    "Account",
    "AccountTrade",
    "Balance",
    "BalanceUpdate",
    "CommissionRates",
    "Execution",
    "ExecutionReport",
    "Fill",
    "Order",
    "OrderList",
    "OrderType",
    "Side",
    "Status",
    "UserEvent",
    "Validity",
]

Side = Literal["BUY", "SELL"]
"""Sides of an order."""

Status = Literal[
    "NEW",
    "PENDING_NEW",
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELED",
    "PENDING_CANCEL",
    "REJECTED",
    "EXPIRED",
    "EXPIRED_IN_MATCH",
    "NEW_INSURANCE",
    "NEW_ADL",
]
"""What has become of an order."""

Validity = Literal["GTC", "IOC", "FOK", "GTX", "GTD"]
"""How long an order stands."""

OrderType = Literal[
    "LIMIT",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
    "LIMIT_MAKER",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
    "LIQUIDATION",
]
"""Types of orders, those of the futures market among them."""

Execution = Literal["NEW", "CANCELED", "REPLACED", "REJECTED", "TRADE", "EXPIRED", "TRADE_PREVENTION"]
"""What has happened to an order."""


class CommissionRates(msgspec.Struct, frozen=True):
    """Fees as shares of what is traded."""

    maker: Decimal
    taker: Decimal
    buyer: Decimal
    seller: Decimal


class Balance(msgspec.Struct, frozen=True):
    """How much of an asset is free, and how much is bound in orders."""

    asset: str
    free: Decimal
    locked: Decimal


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """A spot account."""

    commission_rates: CommissionRates
    can_trade: bool
    can_withdraw: bool
    can_deposit: bool
    update_time: Millis
    account_type: str
    balances: list[Balance]
    permissions: list[str]
    uid: int


class AccountTrade(msgspec.Struct, frozen=True, rename="camel"):
    """One fill of the account's orders, from `/api/v3/myTrades`."""

    symbol: str
    id: int
    order_id: int
    price: Decimal
    qty: Decimal
    quote_qty: Decimal
    commission: Decimal
    commission_asset: str
    time: Millis
    is_buyer: bool
    is_maker: bool


class Fill(msgspec.Struct, frozen=True, rename="camel"):
    """One fill within the answer to a new order."""

    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    trade_id: int


class Order(msgspec.Struct, frozen=True, rename="camel"):
    """An order as it stands, or what was done to one."""

    symbol: str
    order_id: int
    client_order_id: str
    price: Decimal | None = None
    orig_qty: Decimal | None = None
    executed_qty: Decimal | None = None
    cummulative_quote_qty: Decimal | None = None
    orig_quote_order_qty: Decimal | None = None
    status: Status | None = None
    time_in_force: Validity | None = None
    type: OrderType | None = None
    side: Side | None = None
    stop_price: Decimal | None = None
    iceberg_qty: Decimal | None = None
    order_list_id: int = -1
    orig_client_order_id: str = ""
    time: Millis | None = None
    update_time: Millis | None = None
    working_time: Millis | None = None
    transact_time: Millis | None = None
    is_working: bool | None = None
    self_trade_prevention_mode: str = "NONE"
    fills: list[Fill] = []


class OrderList(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An order, or a list of orders that hang together where `contingency_type` is there."""

    symbol: str
    order_list_id: int
    contingency_type: str = ""
    list_status_type: str = ""
    list_order_status: str = ""
    list_client_order_id: str = ""
    transaction_time: Millis | None = None
    orders: list[Order] = []
    order_reports: list[Order] = []
    order_id: int | None = None
    orig_client_order_id: str = ""
    client_order_id: str = ""
    transact_time: Millis | None = None
    price: Decimal | None = None
    orig_qty: Decimal | None = None
    executed_qty: Decimal | None = None
    orig_quote_order_qty: Decimal | None = None
    cummulative_quote_qty: Decimal | None = None
    stop_price: Decimal | None = None
    iceberg_qty: Decimal | None = None
    status: Status | None = None
    time_in_force: Validity | None = None
    type: OrderType | None = None
    side: Side | None = None


class BalanceUpdate(msgspec.Struct, frozen=True, tag_field="e", tag="balanceUpdate"):
    """A deposit, a withdrawal or a transfer."""

    at: Millis = msgspec.field(name="E")
    asset: str = msgspec.field(name="a")
    change: Decimal = msgspec.field(name="d")
    cleared: Millis = msgspec.field(name="T")


class ExecutionReport(msgspec.Struct, frozen=True, tag_field="e", tag="executionReport"):
    """A change of an order."""

    at: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    side: Side = msgspec.field(name="S")
    kind: OrderType = msgspec.field(name="o")
    valid: Validity = msgspec.field(name="f")
    size: Decimal = msgspec.field(name="q")
    price: Decimal = msgspec.field(name="p")
    stop_price: Decimal = msgspec.field(name="P")
    execution: Execution = msgspec.field(name="x")
    status: Status = msgspec.field(name="X")
    reason: str = msgspec.field(name="r")
    order_id: int = msgspec.field(name="i")
    last_size: Decimal = msgspec.field(name="l")
    filled: Decimal = msgspec.field(name="z")
    last_price: Decimal = msgspec.field(name="L")
    fee: Decimal | None = msgspec.field(name="n")
    fee_asset: str | None = msgspec.field(name="N")
    traded: Millis = msgspec.field(name="T")
    trade_id: int = msgspec.field(name="t")
    on_book: bool = msgspec.field(name="w")
    maker: bool = msgspec.field(name="m")
    ordered: Millis = msgspec.field(name="O")
    filled_value: Decimal = msgspec.field(name="Z")
    original_id: str = msgspec.field(name="C", default="")
    iceberg_size: Decimal | None = msgspec.field(name="F", default=None)
    last_value: Decimal | None = msgspec.field(name="Y", default=None)
    quote_size: Decimal | None = msgspec.field(name="Q", default=None)
    working: Millis | None = msgspec.field(name="W", default=None)


class UserEvent(msgspec.Struct, frozen=True, rename="camel"):
    """An event of the user stream in its envelope."""

    event: BalanceUpdate | ExecutionReport
    subscription_id: int


KINDS: Final[Mapping[str, Any]] = {
    "account": Account,
    "account_trades": list[AccountTrade],
    "order": Order,
    "orders": list[Order],
    "canceled_orders": list[OrderList],
    "user": BalanceUpdate | ExecutionReport,
    "user_wrapped": UserEvent,
}
"""Every kind of message about an account, by the name that `messages.read` takes."""
