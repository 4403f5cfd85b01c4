"""What Coinbase says, field by field: Advanced Trade, its socket, and the older Exchange; decimals exact.

`read` is the only reader: the providers use it, and so does whoever looks at a message by hand. Fields that are not
named here are passed over; a value that isn't one of those agreed is a ShapeError that quotes the field.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from ara.data.access.wire import decode
from ara.data.providers.coinbase import accounts
from ara.data.providers.coinbase.accounts import Side
from ara.data.providers.coinbase.stream_messages import Streamed
from ara.data.providers.exact import Seconds, Text

__all__ = [
    "KINDS",
    "Candle",
    "Candles",
    "ExchangeBook",
    "ExchangeCandle",
    "ExchangeProduct",
    "ExchangeStats",
    "ExchangeTicker",
    "ExchangeTrade",
    "Fault",
    "Level",
    "LevelRow",
    "Market",
    "PriceBook",
    "Product",
    "ProductBook",
    "Products",
    "Trade",
    "read",
]


class Candle(msgspec.Struct, frozen=True):
    """One bar of Advanced Trade."""

    start: str
    low: Decimal
    high: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


class Candles(msgspec.Struct, frozen=True):
    """Bars, newest first."""

    candles: list[Candle]


class Level(msgspec.Struct, frozen=True):
    """How much is bid or asked at a price."""

    price: Decimal
    size: Decimal


class PriceBook(msgspec.Struct, frozen=True):
    """The best levels of a product."""

    product_id: str
    bids: list[Level]
    asks: list[Level]
    time: datetime


class ProductBook(msgspec.Struct, frozen=True):
    """A book, and what follows from it."""

    pricebook: PriceBook
    last: Text = ""
    mid_market: Text = ""
    spread_bps: Text = ""
    spread_absolute: Text = ""


class _Rates(msgspec.Struct, frozen=True):
    long_margin_rate: Text = ""
    short_margin_rate: Text = ""


class _Future(msgspec.Struct, frozen=True):
    contract_size: Text = ""
    contract_expiry: datetime | None = None
    index_price: Text = ""
    settlement_price: Text = ""
    funding_rate: Text = ""
    funding_time: datetime | None = None
    intraday_margin_rate: _Rates | None = None
    overnight_margin_rate: _Rates | None = None


class Product(msgspec.Struct, frozen=True):
    """What is traded."""

    product_id: str
    product_type: str
    base_currency_id: str
    quote_currency_id: str
    base_increment: Decimal
    quote_increment: Decimal
    base_name: str = ""
    status: str = ""
    trading_disabled: bool = False
    is_disabled: bool = False
    alias: str = ""
    price: Text = ""
    price_increment: Text = ""
    price_percentage_change_24h: Text = ""
    volume_24h: Text = ""
    volume_percentage_change_24h: Text = ""
    approximate_quote_24h_volume: Text = ""
    quote_min_size: Text = ""
    quote_max_size: Text = ""
    base_min_size: Text = ""
    base_max_size: Text = ""
    mid_market_price: Text = ""
    market_cap: Text = ""
    best_bid_price: Text = ""
    best_ask_price: Text = ""
    new_at: datetime | None = None
    future_product_details: _Future | None = None


class Products(msgspec.Struct, frozen=True):
    """All that is traded."""

    products: list[Product]
    num_products: int = 0


class Trade(msgspec.Struct, frozen=True):
    """One trade; `side` is the maker's."""

    trade_id: str
    product_id: str
    price: Decimal
    size: Decimal
    time: datetime
    side: Side
    bid: Text = ""
    ask: Text = ""


class Market(msgspec.Struct, frozen=True):
    """The last trades of a product, newest first, and its best prices."""

    trades: list[Trade]
    best_bid: Text
    best_ask: Text


class ExchangeCandle(msgspec.Struct, frozen=True, array_like=True):
    """One bar of Coinbase Exchange."""

    start: Seconds
    low: Decimal
    high: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


class ExchangeTicker(msgspec.Struct, frozen=True):
    """Last trade and best prices of Coinbase Exchange."""

    trade_id: int
    price: Decimal
    size: Decimal
    time: datetime
    bid: Decimal
    ask: Decimal
    volume: Decimal


class ExchangeTrade(msgspec.Struct, frozen=True):
    """One trade of Coinbase Exchange; `side` is the maker's."""

    trade_id: int
    side: accounts.LowerSide
    size: Decimal
    price: Decimal
    time: datetime


class LevelRow(msgspec.Struct, frozen=True, array_like=True):
    """How much is bid or asked at a price on Coinbase Exchange."""

    price: Decimal
    size: Decimal


class ExchangeBook(msgspec.Struct, frozen=True):
    """A book of Coinbase Exchange."""

    sequence: int
    bids: list[LevelRow]
    asks: list[LevelRow]
    time: datetime | None = None


class ExchangeProduct(msgspec.Struct, frozen=True):
    """What Coinbase Exchange trades."""

    id: str
    base_currency: str
    quote_currency: str
    quote_increment: Decimal
    base_increment: Decimal
    status: str = ""
    trading_disabled: bool = False


class ExchangeStats(msgspec.Struct, frozen=True):
    """The last 24 hours on Coinbase Exchange."""

    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    last: Decimal | None = None


class Fault(msgspec.Struct, frozen=True):
    """What Coinbase says when it refuses."""

    error: str = ""
    message: str = ""
    error_details: str = ""


KINDS: Final[Mapping[str, Any]] = {
    **accounts.KINDS,
    "stream": Streamed,
    "candles": Candles,
    "product": Product,
    "products": Products,
    "product_book": ProductBook,
    "market": Market,
    "exchange_candles": list[ExchangeCandle],
    "exchange_ticker": ExchangeTicker,
    "exchange_trades": list[ExchangeTrade],
    "exchange_book": ExchangeBook,
    "exchange_products": list[ExchangeProduct],
    "exchange_stats": ExchangeStats,
    "fault": Fault,
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
    return decode(raw, KINDS[kind], source="coinbase_exchange" if kind.startswith("exchange_") else "coinbase")
