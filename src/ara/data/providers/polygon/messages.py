"""What Polygon sends of prices, field by field; decimals are exact, times count from 1970 UTC in the unit told."""

from decimal import Decimal
from typing import Literal

import msgspec

__all__ = [
    "Aggregate",
    "Aggregates",
    "Answer",
    "CoinMinute",
    "CurrencyMinute",
    "Message",
    "Minute",
    "Quote",
    "Quotes",
    "Status",
    "Trade",
    "Trades",
]

_Word = Literal["OK", "DELAYED"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What every page has; `next_url` is where the next one is."""

    status: _Word = "OK"
    request_id: str = ""
    count: int | None = None
    next_url: str | None = None


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """One bar: its window's start in milliseconds, its volume-weighted price and number of trades beside the prices."""

    t: int
    o: Decimal
    h: Decimal
    low: Decimal = msgspec.field(name="l")
    c: Decimal
    v: Decimal | None = None
    vw: Decimal | None = None
    n: int | None = None
    otc: bool = False
    ticker: str | None = msgspec.field(name="T", default=None)


class Aggregates(Answer, frozen=True, kw_only=True):
    """A page of bars; in a grouped answer each bar names its ticker."""

    ticker: str | None = None
    adjusted: bool | None = None
    query_count: int | None = msgspec.field(name="queryCount", default=None)
    results_count: int | None = msgspec.field(name="resultsCount", default=None)
    results: list[Aggregate] = msgspec.field(default_factory=list)


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade; times in nanoseconds."""

    price: Decimal
    size: Decimal
    participant_timestamp: int
    sip_timestamp: int | None = None
    id: str | None = None
    exchange: int | None = None
    conditions: list[int] = msgspec.field(default_factory=list)
    correction: int | None = None
    sequence_number: int | None = None
    tape: int | None = None
    trf_id: int | None = None
    trf_timestamp: int | None = None


class Trades(Answer, frozen=True, kw_only=True):
    """A page of trades."""

    results: list[Trade] = msgspec.field(default_factory=list)


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The best bid and ask; sizes in round lots, times in nanoseconds."""

    participant_timestamp: int
    sip_timestamp: int | None = None
    bid_price: Decimal | None = None
    bid_size: Decimal | None = None
    bid_exchange: int | None = None
    ask_price: Decimal | None = None
    ask_size: Decimal | None = None
    ask_exchange: int | None = None
    conditions: list[int] = msgspec.field(default_factory=list)
    indicators: list[int] = msgspec.field(default_factory=list)
    sequence_number: int | None = None
    tape: int | None = None


class Quotes(Answer, frozen=True, kw_only=True):
    """A page of quotes."""

    results: list[Quote] = msgspec.field(default_factory=list)


class Status(msgspec.Struct, frozen=True, kw_only=True, tag_field="ev", tag="status"):
    """What the stream says of itself."""

    status: str
    message: str = ""


class Minute(msgspec.Struct, frozen=True, kw_only=True, tag_field="ev", tag="AM"):
    """A closed minute of a stock, option or index; start and end in milliseconds."""

    sym: str
    s: int
    e: int
    o: Decimal
    h: Decimal
    low: Decimal = msgspec.field(name="l")
    c: Decimal
    v: Decimal | None = None
    av: Decimal | None = None
    op: Decimal | None = None
    vw: Decimal | None = None
    a: Decimal | None = None
    z: Decimal | None = None


class CoinMinute(msgspec.Struct, frozen=True, kw_only=True, tag_field="ev", tag="XA"):
    """A closed minute of a coin."""

    pair: str
    s: int
    e: int
    o: Decimal
    h: Decimal
    low: Decimal = msgspec.field(name="l")
    c: Decimal
    v: Decimal | None = None
    vw: Decimal | None = None
    z: Decimal | None = None


class CurrencyMinute(msgspec.Struct, frozen=True, kw_only=True, tag_field="ev", tag="CA"):
    """A closed minute of a pair of currencies."""

    pair: str
    s: int
    e: int
    o: Decimal
    h: Decimal
    low: Decimal = msgspec.field(name="l")
    c: Decimal
    v: Decimal | None = None


Message = Status | Minute | CoinMinute | CurrencyMinute
"""One message of a stream; they come in lists."""
