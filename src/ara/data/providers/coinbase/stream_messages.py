"""What Coinbase's socket says: one envelope for each channel, with the number of the message on its line."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from ara.data.providers.coinbase.accounts import Side, UserOrder
from ara.data.providers.exact import Text

__all__ = [
    "CandlesMessage",
    "HeartbeatsMessage",
    "Level2Message",
    "MarketTradesMessage",
    "Part",
    "Streamed",
    "SubscriptionsMessage",
    "TickerMessage",
    "UserMessage",
]

Part = Literal["snapshot", "update"]
"""Whether a message tells all there is or what has changed since."""


class _Candle(msgspec.Struct, frozen=True):
    start: str
    product_id: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class _CandleEvent(msgspec.Struct, frozen=True):
    type: Part
    candles: list[_Candle]


class CandlesMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="candles"):
    """Bars of five minutes as they stand."""

    timestamp: datetime
    sequence_num: int
    events: list[_CandleEvent]


class _Ticker(msgspec.Struct, frozen=True):
    product_id: str
    price: Decimal
    volume_24_h: Text = ""
    low_24_h: Text = ""
    high_24_h: Text = ""
    low_52_w: Text = ""
    high_52_w: Text = ""
    price_percent_chg_24_h: Text = ""
    best_bid: Text = ""
    best_bid_quantity: Text = ""
    best_ask: Text = ""
    best_ask_quantity: Text = ""


class _TickerEvent(msgspec.Struct, frozen=True):
    type: Part
    tickers: list[_Ticker]


class TickerMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="ticker"):
    """Last price and best prices."""

    timestamp: datetime
    sequence_num: int
    events: list[_TickerEvent]


class _Change(msgspec.Struct, frozen=True):
    side: Literal["bid", "offer"]
    event_time: datetime
    price_level: Decimal
    new_quantity: Decimal


class _BookEvent(msgspec.Struct, frozen=True):
    type: Part
    product_id: str
    updates: list[_Change]


class Level2Message(msgspec.Struct, frozen=True, tag_field="channel", tag="l2_data"):
    """A book, or changes of one; a quantity of 0 takes a level away."""

    timestamp: datetime
    sequence_num: int
    events: list[_BookEvent]


class _Trade(msgspec.Struct, frozen=True):
    trade_id: str
    product_id: str
    price: Decimal
    size: Decimal
    side: Side
    time: datetime


class _TradeEvent(msgspec.Struct, frozen=True):
    type: Part
    trades: list[_Trade]


class MarketTradesMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="market_trades"):
    """Trades, newest first within a message; `side` is the maker's."""

    timestamp: datetime
    sequence_num: int
    events: list[_TradeEvent]


class _Beat(msgspec.Struct, frozen=True):
    current_time: str
    heartbeat_counter: int


class HeartbeatsMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="heartbeats"):
    """A sign of life, every second."""

    timestamp: datetime
    sequence_num: int
    events: list[_Beat]


class _Subscribed(msgspec.Struct, frozen=True):
    subscriptions: dict[str, list[str]]


class SubscriptionsMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="subscriptions"):
    """What this line follows."""

    timestamp: datetime
    sequence_num: int
    events: list[_Subscribed]


class _UserEvent(msgspec.Struct, frozen=True):
    type: Part
    orders: list[UserOrder] = []


class UserMessage(msgspec.Struct, frozen=True, tag_field="channel", tag="user"):
    """Orders of the account, and their changes."""

    timestamp: datetime
    sequence_num: int
    events: list[_UserEvent]


Streamed = (
    CandlesMessage
    | TickerMessage
    | Level2Message
    | MarketTradesMessage
    | HeartbeatsMessage
    | SubscriptionsMessage
    | UserMessage
)
"""Every message of the socket, by its `channel`."""
