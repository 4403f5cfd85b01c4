"""Binance's streams: bars of a minute, trades, best prices, and books kept whole by their sequence."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

import msgspec
import polars as pl

from ara.data.access import Access
from ara.data.access.wire import decode, quote
from ara.data.provider import Kind
from ara.data.providers import exchange
from ara.data.providers.binance import messages, spelling
from ara.data.providers.exact import instant, opened
from ara.data.providers.exchange import Bar, Trade
from ara.data.providers.ladder import Ladder
from ara.data.providers.tape import BarTape, TradeTape
from ara.errors import DataProviderError
from ara.market.instrument import Instrument

__all__ = ["follow", "unwrap"]

_NAMES: Final = {Kind.BARS: "kline_1m", Kind.TRADES: "aggTrade", Kind.QUOTES: "bookTicker", Kind.BOOK: "depth@100ms"}
_PING: Final = b'{"method":"LIST_SUBSCRIPTIONS","id":2}'
_TRIES: Final = 5

_History = Callable[..., Awaitable[pl.DataFrame]]


class _Envelope(msgspec.Struct, frozen=True):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    error: messages.Fault | None = None


class _Lines:
    """The combined stream of some symbols, opened anew when the server says that it goes."""

    def __init__(self, access: Access, kind: Kind, instruments: Sequence[Instrument]) -> None:
        self._access = access
        self.symbols = {spelling.code(one.symbol): one.symbol for one in instruments}
        names = [f"{code.lower()}@{_NAMES[kind]}" for code in self.symbols]
        self._subscribe = msgspec.json.encode({"method": "SUBSCRIBE", "params": names, "id": 1})

    async def run(self) -> AsyncGenerator[bytes, None]:
        again = False
        while True:
            async with aclosing(self._access.messages([self._subscribe], path="/stream", ping=_PING)) as lines:
                if again:
                    yield b""
                again = True
                async for raw in lines:
                    message = unwrap(raw) if raw else b""
                    if message is None:
                        continue
                    if b"serverShutdown" in message and isinstance(_read(message), messages.ServerShutdown):
                        break
                    yield message


def unwrap(raw: bytes) -> bytes | None:
    """Give what is in an envelope, None for an answer to a request; DataProviderError for a refusal."""
    envelope = decode(raw, _Envelope, source="binance")
    if envelope.error is not None:
        raise DataProviderError(f'binance refuses the stream: "{quote(envelope.error.msg)}".')
    if envelope.stream:
        return bytes(envelope.data)
    return raw if b'"e"' in raw else None


def _read(raw: bytes) -> Any:
    return messages.read("stream", raw)


async def follow(
    access: Access, kind: Kind, instruments: Sequence[Instrument], history: _History
) -> AsyncGenerator[pl.DataFrame, None]:
    """Give frames of a kind with their `symbol`, as Binance sends them."""
    lines = _Lines(access, kind, instruments)
    by_symbol = {one.symbol: one for one in instruments}
    frames: AsyncGenerator[pl.DataFrame, None]

    async def past(symbol: str, start: datetime, end: datetime) -> pl.DataFrame:
        return await history(kind, by_symbol[symbol], exchange.MINUTE, start=start, end=end)

    if kind is Kind.BARS:
        tape = BarTape(past, clock=access.clock, source="binance", flags=True)
        frames = tape.follow(lines.run(), lambda raw: _bars(raw, lines.symbols))
    elif kind is Kind.TRADES:
        trades = TradeTape(past, clock=access.clock, source="binance")
        frames = trades.follow(lines.run(), lambda raw: _trades(raw, lines.symbols))
    elif kind is Kind.QUOTES:
        frames = _quotes(access, lines)
    else:
        frames = _books(access, lines)
    async with aclosing(frames):
        async for frame in frames:
            yield frame


def _bars(raw: bytes, symbols: dict[str, str]) -> Iterator[Bar]:
    event = _read(raw)
    if isinstance(event, messages.KlineEvent) and event.symbol in symbols:
        bar, symbol = event.bar, symbols[event.symbol]
        at = opened(bar.opened, source="binance", field="$.k.t")
        yield Bar(symbol, at, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.final)


def _trades(raw: bytes, symbols: dict[str, str]) -> Iterator[Trade]:
    event = _read(raw)
    if isinstance(event, messages.AggTrade) and event.symbol in symbols:
        side = "sell" if event.buyer_made else "buy"
        yield Trade(symbols[event.symbol], instant(event.traded), event.price, event.size, side, event.id)


async def _quotes(access: Access, lines: _Lines) -> AsyncGenerator[pl.DataFrame, None]:
    newest: dict[str, int] = {}
    async with aclosing(lines.run()) as told:
        async for raw in told:
            if not raw:
                newest.clear()
                continue
            event = messages.read("book_ticker_event", raw)
            symbol = lines.symbols.get(event.symbol)
            if symbol is None or event.update <= newest.get(symbol, -1):
                continue
            newest[symbol] = event.update
            now = access.clock.now()
            prices = {"bid": event.bid, "ask": event.ask, "bid_size": event.bid_size, "ask_size": event.ask_size}
            yield exchange.quote_frame(symbol, now, prices, now=now, source="binance")


async def _books(access: Access, lines: _Lines) -> AsyncGenerator[pl.DataFrame, None]:
    books: dict[str, tuple[int, Ladder]] = {}
    async with aclosing(lines.run()) as told:
        async for raw in told:
            if not raw:
                books.clear()
                continue
            event = _read(raw)
            symbol = lines.symbols.get(getattr(event, "symbol", ""))
            if symbol is None or not isinstance(event, messages.DepthUpdate):
                continue
            at, book = books.get(event.symbol) or await _snapshot(access, event)
            first = event.last if event.first is None else event.first
            if first > at + 1:  # some change was lost
                at, book = await _snapshot(access, event)
            if event.last > at:
                book.change("bid", [(level.price, level.size) for level in event.bids])
                book.change("ask", [(level.price, level.size) for level in event.asks])
                at = event.last
            books[event.symbol] = (at, book)
            now = access.clock.now()
            yield exchange.book_frame(symbol, instant(event.at), book.bids, book.asks, now=now, source="binance")


async def _snapshot(access: Access, event: messages.DepthUpdate) -> tuple[int, Ladder]:
    """Ask for a whole book that is not older than a change's beginning."""
    for _ in range(_TRIES):
        raw = await access.get("/api/v3/depth", {"symbol": event.symbol, "limit": "1000"}, weight=50)
        book = messages.read("depth", raw)
        if event.first is None or book.last_update_id + 1 >= event.first:
            sides = ([(level.price, level.size) for level in side] for side in (book.bids, book.asks))
            return book.last_update_id, Ladder(*sides)
    raise DataProviderError(f"binance gives no book of {event.symbol} that goes with its changes.")
