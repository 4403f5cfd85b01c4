"""What Kraken says of its markets, field by field: REST and version 2 of its socket; decimals exact.

`read` is the only reader: the provider uses it, and so does whoever looks at a message by hand. Fields that are not
named here are passed over; a value that isn't one of those agreed is a ShapeError that quotes the field.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ara.data.access.wire import decode
from ara.data.providers.exact import Seconds
from ara.data.providers.kraken import accounts, stream_messages

__all__ = [
    "KINDS",
    "AssetPair",
    "AssetPairs",
    "Book",
    "Books",
    "Fault",
    "Level",
    "Ohlc",
    "OhlcRow",
    "SystemStatus",
    "Ticker",
    "Tickers",
    "Time",
    "TradeRow",
    "Trades",
    "read",
]


class OhlcRow(msgspec.Struct, frozen=True, array_like=True):
    """One bar; `vwap` is 0 in a bar without trades."""

    at: Seconds
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal
    volume: Decimal
    trades: int


class Ohlc(msgspec.Struct, frozen=True):
    """At most 720 bars under the name of their pair, the running one last; `last` closes the one before it."""

    error: list[str]
    result: dict[str, list[OhlcRow] | int | str] = {}


class AssetPair(msgspec.Struct, frozen=True):
    """What is traded."""

    altname: str
    base: str
    quote: str
    pair_decimals: int
    lot_decimals: int
    wsname: str = ""
    status: str = "online"
    tick_size: Decimal | None = None
    ordermin: Decimal | None = None
    costmin: Decimal | None = None
    fees: list[tuple[int, Decimal]] = []
    fees_maker: list[tuple[int, Decimal]] = []


class AssetPairs(msgspec.Struct, frozen=True):
    """All that is traded."""

    error: list[str]
    result: dict[str, AssetPair | str] = {}


class Ticker(msgspec.Struct, frozen=True):
    """Best prices with whole lots and sizes, the last trade, and pairs of today and of the last 24 hours."""

    ask: list[Decimal] = msgspec.field(name="a")
    bid: list[Decimal] = msgspec.field(name="b")
    last: list[Decimal] = msgspec.field(name="c")
    volume: list[Decimal] = msgspec.field(name="v")
    vwap: list[Decimal] = msgspec.field(name="p")
    trades: list[int] = msgspec.field(name="t")
    low: list[Decimal] = msgspec.field(name="l")
    high: list[Decimal] = msgspec.field(name="h")
    open: Decimal = msgspec.field(name="o")


class Tickers(msgspec.Struct, frozen=True):
    """Tickers under the names of their pairs."""

    error: list[str]
    result: dict[str, Ticker | str] = {}


class Level(msgspec.Struct, frozen=True, array_like=True):
    """How much is bid or asked at a price, and since when."""

    price: Decimal
    size: Decimal
    at: Seconds


class Book(msgspec.Struct, frozen=True):
    """The best levels of a pair."""

    asks: list[Level]
    bids: list[Level]


class Books(msgspec.Struct, frozen=True):
    """Books under the names of their pairs."""

    error: list[str]
    result: dict[str, Book | str] = {}


class TradeRow(msgspec.Struct, frozen=True, array_like=True):
    """One trade: `b` bought or `s` sold by who took it, as `l`imit or `m`arket order."""

    price: Decimal
    size: Decimal
    at: Decimal
    side: Literal["b", "s"]
    order: Literal["l", "m"]
    note: str
    id: int = 0


class Trades(msgspec.Struct, frozen=True):
    """At most 1,000 trades under the name of their pair; `last`, in nanoseconds, asks for the next."""

    error: list[str]
    result: dict[str, list[TradeRow] | str | int] = {}


class _Status(msgspec.Struct, frozen=True):
    status: Literal["online", "maintenance", "cancel_only", "post_only", "limit_only"]
    timestamp: datetime


class SystemStatus(msgspec.Struct, frozen=True):
    """Whether the exchange is open."""

    error: list[str]
    result: _Status


class _Time(msgspec.Struct, frozen=True):
    unixtime: Seconds


class Time(msgspec.Struct, frozen=True):
    """The exchange's clock."""

    error: list[str]
    result: _Time


class Fault(msgspec.Struct, frozen=True):
    """What Kraken says when it refuses, such as `EService:Unavailable`; status 200 even so."""

    error: list[str]


KINDS: Final[Mapping[str, Any]] = {
    **accounts.KINDS,
    **stream_messages.KINDS,
    "ohlc": Ohlc,
    "asset_pairs": AssetPairs,
    "ticker": Tickers,
    "depth": Books,
    "trades": Trades,
    "system_status": SystemStatus,
    "time": Time,
    "fault": Fault,
}
"""Every kind of message, by the name that `read` takes."""


def read(kind: str, raw: bytes) -> Any:
    """Give a message as its struct.

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
    return decode(raw, KINDS[kind], source="kraken")
