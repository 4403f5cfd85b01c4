"""What Binance says of its markets, field by field; decimals exact, times as the venue counts them.

`read` is the only reader: the provider uses it, and so does whoever looks at a message by hand. Fields that are not
named here are passed over; a value that isn't one of those agreed is a ShapeError that quotes the field.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ara.data.access.wire import decode
from ara.data.providers.binance import accounts
from ara.data.providers.exact import Millis

__all__ = [
    "KINDS",
    "AggTrade",
    "BookTicker",
    "Depth",
    "DepthUpdate",
    "ExchangeInfo",
    "Fault",
    "Filter",
    "ForceOrder",
    "Interval",
    "Kline",
    "KlineEvent",
    "KlineRow",
    "Level",
    "Listing",
    "MarkPrice",
    "Refusal",
    "RestAggTrade",
    "RestBookTicker",
    "RestTrade",
    "ServerShutdown",
    "Streamed",
    "Subscription",
    "Ticker24h",
    "TickerEvent",
    "TickerPrice",
    "Trade",
    "read",
]

Interval = Literal["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"]
"""Lengths of its bars."""


class Level(msgspec.Struct, frozen=True, array_like=True):
    """How much is bid or asked at a price."""

    price: Decimal
    size: Decimal


class KlineRow(msgspec.Struct, frozen=True, array_like=True):
    """One bar of `/api/v3/klines`; `opened` and `closed` are its first and last millisecond."""

    opened: Millis
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    closed: Millis
    quote_volume: Decimal
    trades: int
    taker_volume: Decimal
    taker_quote_volume: Decimal


class Kline(msgspec.Struct, frozen=True):
    """The bar within a `KlineEvent`; `final` once it is closed."""

    opened: Millis = msgspec.field(name="t")
    closed: Millis = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    interval: Interval = msgspec.field(name="i")
    open: Decimal = msgspec.field(name="o")
    close: Decimal = msgspec.field(name="c")
    high: Decimal = msgspec.field(name="h")
    low: Decimal = msgspec.field(name="l")
    volume: Decimal = msgspec.field(name="v")
    trades: int = msgspec.field(name="n")
    final: bool = msgspec.field(name="x")
    quote_volume: Decimal = msgspec.field(name="q")
    taker_volume: Decimal = msgspec.field(name="V")
    taker_quote_volume: Decimal = msgspec.field(name="Q")


class KlineEvent(msgspec.Struct, frozen=True, tag_field="e", tag="kline"):
    """A bar as it stands, from `SYMBOL@kline_1m`."""

    at: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    bar: Kline = msgspec.field(name="k")


class Trade(msgspec.Struct, frozen=True, tag_field="e", tag="trade"):
    """One trade; where `buyer_made` the seller took it."""

    at: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    id: int = msgspec.field(name="t")
    price: Decimal = msgspec.field(name="p")
    size: Decimal = msgspec.field(name="q")
    traded: Millis = msgspec.field(name="T")
    buyer_made: bool = msgspec.field(name="m")


class AggTrade(msgspec.Struct, frozen=True, tag_field="e", tag="aggTrade"):
    """Trades of one order at one price."""

    at: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    id: int = msgspec.field(name="a")
    price: Decimal = msgspec.field(name="p")
    size: Decimal = msgspec.field(name="q")
    first: int = msgspec.field(name="f")
    last: int = msgspec.field(name="l")
    traded: Millis = msgspec.field(name="T")
    buyer_made: bool = msgspec.field(name="m")


class BookTicker(msgspec.Struct, frozen=True):
    """The best bid and ask; the spot market gives no time with them."""

    update: int = msgspec.field(name="u")
    symbol: str = msgspec.field(name="s")
    bid: Decimal = msgspec.field(name="b")
    bid_size: Decimal = msgspec.field(name="B")
    ask: Decimal = msgspec.field(name="a")
    ask_size: Decimal = msgspec.field(name="A")
    at: Millis | None = msgspec.field(name="E", default=None)
    matched: Millis | None = msgspec.field(name="T", default=None)


class DepthUpdate(msgspec.Struct, frozen=True, tag_field="e", tag="depthUpdate"):
    """Changes of a book from update `first` to `last`; a size of 0 takes a level away."""

    at: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    last: int = msgspec.field(name="u")
    bids: list[Level] = msgspec.field(name="b")
    asks: list[Level] = msgspec.field(name="a")
    first: int | None = msgspec.field(name="U", default=None)


class TickerEvent(msgspec.Struct, frozen=True, tag_field="e", tag="24hrTicker"):
    """The last 24 hours of one symbol."""

    at: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    change: Decimal = msgspec.field(name="p")
    percent: Decimal = msgspec.field(name="P")
    weighted: Decimal = msgspec.field(name="w")
    before: Decimal = msgspec.field(name="x")
    last: Decimal = msgspec.field(name="c")
    last_size: Decimal = msgspec.field(name="Q")
    bid: Decimal = msgspec.field(name="b")
    bid_size: Decimal = msgspec.field(name="B")
    ask: Decimal = msgspec.field(name="a")
    ask_size: Decimal = msgspec.field(name="A")
    open: Decimal = msgspec.field(name="o")
    high: Decimal = msgspec.field(name="h")
    low: Decimal = msgspec.field(name="l")
    volume: Decimal = msgspec.field(name="v")
    quote_volume: Decimal = msgspec.field(name="q")
    opened: Millis = msgspec.field(name="O")
    closed: Millis = msgspec.field(name="C")
    trades: int = msgspec.field(name="n")


class MarkPrice(msgspec.Struct, frozen=True, tag_field="e", tag="markPriceUpdate"):
    """Mark price, index and funding of a perpetual."""

    at: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    mark: Decimal = msgspec.field(name="p")
    index: Decimal = msgspec.field(name="i")
    settlement: Decimal = msgspec.field(name="P")
    funding: Decimal = msgspec.field(name="r")
    funds_at: Millis = msgspec.field(name="T")


class _Forced(msgspec.Struct, frozen=True):
    symbol: str = msgspec.field(name="s")
    side: accounts.Side = msgspec.field(name="S")
    kind: accounts.OrderType = msgspec.field(name="o")
    valid: accounts.Validity = msgspec.field(name="f")
    size: Decimal = msgspec.field(name="q")
    price: Decimal = msgspec.field(name="p")
    average: Decimal = msgspec.field(name="ap")
    status: accounts.Status = msgspec.field(name="X")
    last_size: Decimal = msgspec.field(name="l")
    filled: Decimal = msgspec.field(name="z")
    traded: Millis = msgspec.field(name="T")


class ForceOrder(msgspec.Struct, frozen=True, tag_field="e", tag="forceOrder"):
    """A liquidation on the futures market."""

    at: Millis = msgspec.field(name="E")
    order: _Forced = msgspec.field(name="o")


class ServerShutdown(msgspec.Struct, frozen=True, tag_field="e", tag="serverShutdown"):
    """The server goes within minutes: open another line."""

    at: Millis = msgspec.field(name="E")


Streamed = KlineEvent | Trade | AggTrade | DepthUpdate | TickerEvent | MarkPrice | ForceOrder | ServerShutdown
"""Messages of a stream that say what they are in `e`."""


class Subscription(msgspec.Struct, frozen=True):
    """A wish to follow streams, or to stop."""

    method: Literal["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS"]
    id: int
    params: list[str] = []


class Depth(msgspec.Struct, frozen=True, rename="camel"):
    """A book as a whole, as of update `last_update_id`."""

    last_update_id: int
    bids: list[Level]
    asks: list[Level]


class Ticker24h(msgspec.Struct, frozen=True, rename="camel"):
    """The last 24 hours of one symbol, from `/api/v3/ticker/24hr`."""

    symbol: str
    price_change: Decimal
    price_change_percent: Decimal
    weighted_avg_price: Decimal
    last_price: Decimal
    open_price: Decimal
    high_price: Decimal
    low_price: Decimal
    volume: Decimal
    quote_volume: Decimal
    open_time: Millis
    close_time: Millis
    first_id: int
    last_id: int
    count: int
    prev_close_price: Decimal | None = None
    last_qty: Decimal | None = None
    bid_price: Decimal | None = None
    bid_qty: Decimal | None = None
    ask_price: Decimal | None = None
    ask_qty: Decimal | None = None


class TickerPrice(msgspec.Struct, frozen=True):
    """A last price."""

    symbol: str
    price: Decimal


class RestBookTicker(msgspec.Struct, frozen=True, rename="camel"):
    """The best bid and ask, from `/api/v3/ticker/bookTicker`."""

    symbol: str
    bid_price: Decimal
    bid_qty: Decimal
    ask_price: Decimal
    ask_qty: Decimal


class RestTrade(msgspec.Struct, frozen=True, rename="camel"):
    """One trade, from `/api/v3/trades`."""

    id: int
    price: Decimal
    qty: Decimal
    quote_qty: Decimal
    time: Millis
    is_buyer_maker: bool


class RestAggTrade(msgspec.Struct, frozen=True):
    """Trades of one order at one price, from `/api/v3/aggTrades`."""

    id: int = msgspec.field(name="a")
    price: Decimal = msgspec.field(name="p")
    size: Decimal = msgspec.field(name="q")
    traded: Millis = msgspec.field(name="T")
    buyer_made: bool = msgspec.field(name="m")


class Filter(msgspec.Struct, frozen=True, rename="camel"):
    """A rule for orders of a symbol; only the steps are read."""

    filter_type: str
    tick_size: Decimal | None = None
    step_size: Decimal | None = None


class Listing(msgspec.Struct, frozen=True, rename="camel"):
    """One symbol of the exchange."""

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    is_spot_trading_allowed: bool = True
    filters: list[Filter] = []


class ExchangeInfo(msgspec.Struct, frozen=True, rename="camel"):
    """All symbols of the exchange."""

    server_time: Millis
    symbols: list[Listing]


class Fault(msgspec.Struct, frozen=True):
    """What Binance says when it refuses: a number and words."""

    code: int
    msg: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """A `Fault` where there may be none: `code` is 0 then."""

    code: int = 0
    msg: str = ""


KINDS: Final[Mapping[str, Any]] = {
    **accounts.KINDS,
    "stream": Streamed,
    "book_ticker_event": BookTicker,
    "subscription": Subscription,
    "klines": list[KlineRow],
    "depth": Depth,
    "trades": list[RestTrade],
    "agg_trades": list[RestAggTrade],
    "ticker_24h": Ticker24h,
    "tickers_24h": list[Ticker24h],
    "ticker_price": TickerPrice,
    "book_ticker": RestBookTicker,
    "book_tickers": list[RestBookTicker],
    "exchange_info": ExchangeInfo,
    "fault": Fault,
    "refusal": Refusal,
}
"""Every kind of message, by the name that `read` takes."""


def read(kind: str, raw: bytes) -> Any:
    """Give a message as its struct, or a list of such.

    Parameters
    ----------
    kind
        One of `KINDS`.
    raw
        JSON as it came.

    Raises
    ------
    ShapeError
        The message isn't built as agreed; the words quote the field.
    """
    return decode(raw, KINDS[kind], source="binance")
