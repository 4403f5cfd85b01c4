"""Kraken's socket, version 2: bars of a minute, trades, best prices, and books that prove their checksum."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zlib import crc32

import msgspec
import polars as pl

from ara.data.access import Access
from ara.data.provider import Kind
from ara.data.providers import exchange
from ara.data.providers.exact import stated
from ara.data.providers.exchange import Bar, Trade
from ara.data.providers.kraken import messages, spelling
from ara.data.providers.kraken.stream_messages import BookMessage, OhlcMessage, TickerMessage, TradeMessage
from ara.data.providers.ladder import Ladder
from ara.data.providers.tape import BarTape, TradeTape
from ara.errors import DataProviderError, ShapeError, UnknownSymbolError
from ara.market.instrument import Instrument

__all__ = ["checksum", "follow"]

_BROKEN: Final = 5
_DEPTH: Final = 10
_PING: Final = b'{"method":"ping"}'
_NO_PAIR: Final = "Currency pair not supported"
_PARAMS: Final[dict[Kind, dict[str, Any]]] = {
    Kind.BARS: {"channel": "ohlc", "interval": 1},
    Kind.TRADES: {"channel": "trade"},
    Kind.QUOTES: {"channel": "ticker", "event_trigger": "bbo"},
    Kind.BOOK: {"channel": "book", "depth": _DEPTH},
}

_History = Callable[..., Awaitable[pl.DataFrame]]


def checksum(bids: Sequence[tuple[Decimal, Decimal]], asks: Sequence[tuple[Decimal, Decimal]]) -> int:
    """Give the CRC-32 by which Kraken proves a book: ten asks, then ten bids, the best first.

    Each price and size counts by the digits that Kraken wrote, without the point and without zeros before them.
    """
    levels = (*asks[:_DEPTH], *bids[:_DEPTH])
    return crc32("".join(f"{_digits(price)}{_digits(size)}" for price, size in levels).encode())


def _digits(number: Decimal) -> str:
    return f"{number:f}".replace(".", "").lstrip("0")


class _Lines:
    """The messages of one channel, opened anew when a book doesn't prove itself."""

    def __init__(self, access: Access, kind: Kind, instruments: Sequence[Instrument]) -> None:
        self._access = access
        self._kind = kind
        self.symbols = {spelling.wire(one.symbol): one.symbol for one in instruments}
        params = {**_PARAMS[kind], "symbol": list(self.symbols), "snapshot": True}
        self._subscribe = msgspec.json.encode({"method": "subscribe", "params": params, "req_id": 1})
        self._stale = False

    def reopen(self) -> None:
        """Leave this line for a new one after the message that is being read."""
        self._stale = True

    async def run(self) -> AsyncGenerator[bytes, None]:
        again = False
        while True:
            async with aclosing(self._access.messages([self._subscribe], path="/v2", ping=_PING)) as lines:
                if again:
                    yield b""
                again, self._stale = True, False
                async for raw in lines:
                    yield raw
                    if self._stale:
                        break

    def read(self, raw: bytes) -> Any:
        """Give a channel's message; None for an answer to a request, and an error for a refused one."""
        head = messages.read("head", raw)
        if head.channel:
            return messages.read("channel", raw)
        answer = messages.read("answer", raw)
        if answer.success is False:
            if answer.error.startswith(_NO_PAIR):
                named = answer.error.rpartition(" ")[2]
                symbol = self.symbols.get(named, named)
                raise UnknownSymbolError(f"kraken has no {exchange.cited(symbol)}.", symbol=symbol)
            raise DataProviderError(f"kraken refuses the stream: {exchange.cited(answer.error)}.")
        return None


async def follow(
    access: Access, kind: Kind, instruments: Sequence[Instrument], history: _History
) -> AsyncGenerator[pl.DataFrame, None]:
    """Give frames of a kind with their `symbol`, as Kraken sends them."""
    lines = _Lines(access, kind, instruments)
    by_symbol = {one.symbol: one for one in instruments}
    frames: AsyncGenerator[pl.DataFrame, None]

    async def past(symbol: str, start: datetime, end: datetime) -> pl.DataFrame:
        return await history(kind, by_symbol[symbol], exchange.MINUTE, start=start, end=end)

    if kind is Kind.BARS:
        tape = BarTape(past, clock=access.clock, source="kraken", flags=False)
        frames = tape.follow(lines.run(), lambda raw: _bars(lines, raw))
    elif kind is Kind.TRADES:
        trades = TradeTape(past, clock=access.clock, source="kraken")
        frames = trades.follow(lines.run(), lambda raw: _trades(lines, raw))
    else:
        frames = _quotes(access, lines) if kind is Kind.QUOTES else _books(access, lines)
    async with aclosing(frames):
        async for frame in frames:
            yield frame


def _bars(lines: _Lines, raw: bytes) -> Iterable[Bar]:
    message = lines.read(raw)
    if not isinstance(message, OhlcMessage):
        return []
    bars = [
        Bar(
            lines.symbols[one.symbol],
            _at(one.interval_begin, "interval_begin"),
            one.open,
            one.high,
            one.low,
            one.close,
            one.volume,
        )
        for one in message.data
        if one.symbol in lines.symbols and one.interval == 1
    ]
    # a snapshot begins with bars of the past, which REST gives whole
    return bars if message.type == "update" else list({bar.symbol: bar for bar in bars}.values())


def _at(told: datetime, field: str = "timestamp") -> datetime:
    return stated(told, source="kraken", field=field)


def _trades(lines: _Lines, raw: bytes) -> Iterable[Trade]:
    message = lines.read(raw)
    if not isinstance(message, TradeMessage) or message.type == "snapshot":
        return []
    return [
        Trade(lines.symbols[one.symbol], _at(one.timestamp), one.price, one.qty, one.side, one.trade_id)
        for one in message.data
        if one.symbol in lines.symbols
    ]


async def _quotes(access: Access, lines: _Lines) -> AsyncGenerator[pl.DataFrame, None]:
    async with aclosing(lines.run()) as told:
        async for raw in told:
            message = lines.read(raw) if raw else None
            for one in message.data if isinstance(message, TickerMessage) else ():
                now = access.clock.now()
                sizes = {"bid_size": one.bid_qty, "ask_size": one.ask_qty}
                prices = {"bid": one.bid, "ask": one.ask, "last": one.last, **sizes}
                symbol = lines.symbols.get(one.symbol)
                if symbol is not None:
                    yield exchange.quote_frame(symbol, _at(one.timestamp or now), prices, now=now, source="kraken")


async def _books(access: Access, lines: _Lines) -> AsyncGenerator[pl.DataFrame, None]:
    books: dict[str, Ladder] = {}
    broken = 0
    async with aclosing(lines.run()) as told:
        async for raw in told:
            message = lines.read(raw) if raw else None
            if not isinstance(message, BookMessage):
                continue
            for one in message.data:
                symbol = lines.symbols.get(one.symbol)
                if symbol is None or (message.type == "update" and symbol not in books):
                    continue
                bids, asks = ([(level.price, level.qty) for level in side] for side in (one.bids, one.asks))
                if message.type == "snapshot":
                    books[symbol] = Ladder(bids, asks, depth=_DEPTH)
                else:
                    books[symbol].change("bid", bids)
                    books[symbol].change("ask", asks)
                book = books[symbol]
                if checksum(book.bids, book.asks) != one.checksum:
                    broken += 1
                    if broken >= _BROKEN:
                        raise ShapeError(f"kraken's books of {symbol} never prove their checksum.", field="checksum")
                    books.clear()
                    lines.reopen()
                    break
                broken = 0
                now = access.clock.now()
                yield exchange.book_frame(
                    symbol, _at(one.timestamp or now), book.bids, book.asks, now=now, source="kraken"
                )
