"""Coinbase's socket: bars of a minute out of trades, trades, best prices, and books whose numbers have no gap."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

import msgspec
import polars as pl

from ara.data.access import Access
from ara.data.access.wire import decode
from ara.data.provider import Kind
from ara.data.providers import exchange
from ara.data.providers.coinbase import messages, spelling
from ara.data.providers.coinbase.stream_messages import Level2Message, MarketTradesMessage, TickerMessage
from ara.data.providers.exact import amount
from ara.data.providers.exchange import Trade
from ara.data.providers.ladder import Ladder
from ara.data.providers.minutes import minutes
from ara.data.providers.tape import TradeTape
from ara.errors import DataProviderError
from ara.market.instrument import Instrument

__all__ = ["follow", "taker"]

_CHANNELS: Final = {
    Kind.BARS: "market_trades",
    Kind.TRADES: "market_trades",
    Kind.QUOTES: "ticker",
    Kind.BOOK: "level2",
}
_TAKER: Final = {"BUY": "sell", "SELL": "buy"}

_History = Callable[..., Awaitable[pl.DataFrame]]


class _Envelope(msgspec.Struct, frozen=True):
    channel: str = ""
    sequence_num: int = -1
    type: str = ""
    message: str = ""


def taker(side: str) -> str:
    """Give the side of who took a trade, `buy` or `sell`: Coinbase names the maker's."""
    return _TAKER[side]


class _Lines:
    """The messages of one channel in the order of their numbers; a line on which one is missing is opened anew."""

    def __init__(self, access: Access, kind: Kind, instruments: Sequence[Instrument]) -> None:
        self._access = access
        self.symbols = {spelling.code(one.symbol): one.symbol for one in instruments}
        self._subscribe = [
            msgspec.json.encode({"type": "subscribe", "channel": _CHANNELS[kind], "product_ids": list(self.symbols)}),
            msgspec.json.encode({"type": "subscribe", "channel": "heartbeats"}),
        ]

    async def run(self) -> AsyncGenerator[bytes, None]:
        again = False
        while True:
            async with aclosing(self._access.messages(self._subscribe)) as lines:
                if again:
                    yield b""
                again, last = True, -1
                async for raw in lines:
                    head = decode(raw, _Envelope, source="coinbase") if raw else _Envelope()
                    if head.type == "error":
                        raise DataProviderError(f"coinbase refuses the stream: {exchange.cited(head.message)}.")
                    if head.sequence_num >= 0:
                        if head.sequence_num <= last:
                            continue
                        if head.sequence_num > last + 1:  # something was lost
                            break
                    last = head.sequence_num
                    yield raw


async def follow(
    access: Access, kind: Kind, instruments: Sequence[Instrument], history: _History
) -> AsyncGenerator[pl.DataFrame, None]:
    """Give frames of a kind with their `symbol`, as Coinbase sends them."""
    lines = _Lines(access, kind, instruments)
    by_symbol = {one.symbol: one for one in instruments}

    def past(of: Kind) -> Callable[[str, datetime, datetime], Awaitable[pl.DataFrame]]:
        async def asked(symbol: str, start: datetime, end: datetime) -> pl.DataFrame:
            return await history(of, by_symbol[symbol], exchange.MINUTE, start=start, end=end)

        return asked

    tape = TradeTape(past(Kind.TRADES), clock=access.clock, source="coinbase")
    frames: AsyncGenerator[pl.DataFrame, None]
    if kind is Kind.QUOTES:
        frames = _quotes(access, lines)
    elif kind is Kind.BOOK:
        frames = _books(access, lines)
    else:
        frames = tape.follow(lines.run(), lambda raw: _trades(lines, raw))
        if kind is Kind.BARS:
            frames = minutes(frames, past(Kind.BARS), clock=access.clock, source="coinbase")
    async with aclosing(frames):
        async for frame in frames:
            yield frame


def _read(raw: bytes) -> Any:
    return messages.read("stream", raw)


def _trades(lines: _Lines, raw: bytes) -> Iterable[Trade]:
    message = _read(raw)
    if not isinstance(message, MarketTradesMessage):
        return []
    trades = [
        Trade(
            lines.symbols[one.product_id],
            one.time,
            one.price,
            one.size,
            taker(one.side),
            exchange.number_of(one.trade_id, source="coinbase", field="$.events[...].trades[...].trade_id"),
        )
        for event in message.events
        for one in event.trades
        if one.product_id in lines.symbols
    ]
    return sorted(trades, key=lambda trade: (trade.symbol, trade.id))


async def _quotes(access: Access, lines: _Lines) -> AsyncGenerator[pl.DataFrame, None]:
    async with aclosing(lines.run()) as told:
        async for raw in told:
            message = _read(raw) if raw else None
            if not isinstance(message, TickerMessage):
                continue
            for one in (ticker for event in message.events for ticker in event.tickers):
                symbol = lines.symbols.get(one.product_id)
                if symbol is None:
                    continue
                texts = {
                    "bid": one.best_bid,
                    "ask": one.best_ask,
                    "bid_size": one.best_bid_quantity,
                    "ask_size": one.best_ask_quantity,
                }
                prices = {name: amount(text, source="coinbase", field=name) for name, text in texts.items()}
                prices["last"] = one.price
                now = access.clock.now()
                yield exchange.quote_frame(symbol, message.timestamp, prices, now=now, source="coinbase")


async def _books(access: Access, lines: _Lines) -> AsyncGenerator[pl.DataFrame, None]:
    books: dict[str, Ladder] = {}
    async with aclosing(lines.run()) as told:
        async for raw in told:
            if not raw:
                books.clear()
                continue
            message = _read(raw)
            for event in message.events if isinstance(message, Level2Message) else ():
                symbol = lines.symbols.get(event.product_id)
                if symbol is None or (event.type == "update" and symbol not in books):
                    continue
                if event.type == "snapshot":
                    books[symbol] = Ladder([], [])
                book = books[symbol]
                book.change("bid", [(one.price_level, one.new_quantity) for one in event.updates if one.side == "bid"])
                book.change(
                    "ask", [(one.price_level, one.new_quantity) for one in event.updates if one.side == "offer"]
                )
                now = access.clock.now()
                yield exchange.book_frame(symbol, message.timestamp, book.bids, book.asks, now=now, source="coinbase")
