"""What Kraken's socket says, version 2; decimals exact, which the checksum of a book depends on."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

__all__ = [
    "KINDS",
    "Answer",
    "BookMessage",
    "ChannelMessage",
    "Head",
    "HeartbeatMessage",
    "InstrumentMessage",
    "Level3Message",
    "OhlcMessage",
    "Order",
    "Part",
    "Request",
    "StatusMessage",
    "TickerMessage",
    "TradeMessage",
]

Part = Literal["snapshot", "update"]
"""Whether a message tells all there is or what has changed since."""


class _Ohlc(msgspec.Struct, frozen=True):
    symbol: str
    interval: int
    interval_begin: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    vwap: Decimal
    trades: int


class OhlcMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="ohlc"):
    """Bars as they stand, with every trade."""

    type: Part
    data: list[_Ohlc]


class _Trade(msgspec.Struct, frozen=True):
    symbol: str
    side: Literal["buy", "sell"]
    price: Decimal
    qty: Decimal
    ord_type: Literal["limit", "market"]
    trade_id: int
    timestamp: datetime


class TradeMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="trade"):
    """Trades; `side` is of who took it."""

    type: Part
    data: list[_Trade]


class _Level(msgspec.Struct, frozen=True):
    price: Decimal
    qty: Decimal


class _Book(msgspec.Struct, frozen=True):
    symbol: str
    bids: list[_Level]
    asks: list[_Level]
    checksum: int
    timestamp: datetime | None = None


class BookMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="book"):
    """A book, or changes of one; a quantity of 0 takes a level away."""

    type: Part
    data: list[_Book]


class _Order3(msgspec.Struct, frozen=True):
    order_id: str
    limit_price: Decimal
    order_qty: Decimal
    timestamp: datetime
    event: Literal["add", "modify", "delete"] | None = None


class _Book3(msgspec.Struct, frozen=True):
    symbol: str
    bids: list[_Order3]
    asks: list[_Order3]
    checksum: int
    timestamp: datetime | None = None


class Level3Message(msgspec.Struct, frozen=True, tag_field="channel", tag="level3"):
    """A book order by order."""

    type: Part
    data: list[_Book3]


class _Ticker(msgspec.Struct, frozen=True):
    symbol: str
    bid: Decimal
    bid_qty: Decimal
    ask: Decimal
    ask_qty: Decimal
    last: Decimal
    volume: Decimal
    vwap: Decimal
    low: Decimal
    high: Decimal
    change: Decimal
    change_pct: Decimal
    timestamp: datetime | None = None


class TickerMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="ticker"):
    """Best prices and the last 24 hours."""

    type: Part
    data: list[_Ticker]


class _Pair(msgspec.Struct, frozen=True):
    symbol: str
    base: str
    quote: str
    status: str
    price_increment: Decimal
    qty_increment: Decimal


class _Pairs(msgspec.Struct, frozen=True):
    pairs: list[_Pair]


class InstrumentMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="instrument"):
    """What is traded."""

    type: Part
    data: _Pairs


class HeartbeatMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="heartbeat"):
    """A sign of life, every second in which nothing else is said."""


class _System(msgspec.Struct, frozen=True):
    system: Literal["online", "maintenance", "cancel_only", "post_only", "limit_only"]


class StatusMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="status"):
    """Whether the exchange is open; the first message of a line."""

    data: list[_System]


ChannelMessage = (
    OhlcMessage
    | TradeMessage
    | BookMessage
    | Level3Message
    | TickerMessage
    | InstrumentMessage
    | HeartbeatMessage
    | StatusMessage
)
"""Every message that has a `channel`."""


class Order(msgspec.Struct, frozen=True):
    """An order to be placed, or what became of it."""

    order_type: str = ""
    side: Literal["buy", "sell"] | None = None
    order_qty: Decimal | None = None
    limit_price: Decimal | None = None
    cl_ord_id: str = ""
    order_id: str = ""
    success: bool | None = None
    error: str = ""


class _Params(msgspec.Struct, frozen=True):
    symbol: str | list[str] = ""
    channel: str = ""
    order_type: str = ""
    side: Literal["buy", "sell"] | None = None
    order_qty: Decimal | None = None
    limit_price: Decimal | None = None
    time_in_force: str = ""
    cl_ord_id: str = ""
    post_only: bool = False
    orders: list[Order] = []


class Request(msgspec.Struct, frozen=True):
    """What is asked of the socket; a token for private channels is not read."""

    method: str
    params: _Params = _Params()
    req_id: int | None = None


class _Result(msgspec.Struct, frozen=True):
    channel: str = ""
    symbol: str = ""
    order_id: str = ""
    orders: list[Order] = []


class Answer(msgspec.Struct, frozen=True):
    """What the socket says to a request."""

    method: str
    success: bool | None = None
    error: str = ""
    result: _Result | None = None
    req_id: int | None = None
    time_in: datetime | None = None
    time_out: datetime | None = None


class Head(msgspec.Struct, frozen=True):
    """What tells a channel's message from an answer."""

    channel: str = ""
    method: str = ""


KINDS: Final[Mapping[str, Any]] = {
    "channel": ChannelMessage,
    "answer": Answer,
    "request": Request,
    "head": Head,
}
"""Every kind of message of the socket, by the name that `messages.read` takes."""
