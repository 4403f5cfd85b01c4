"""Coinbase Advanced Trade by its public REST interface."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import polars as pl

from ara.data.access import Limit, Venue
from ara.data.provider import Kind
from ara.data.providers import exchange
from ara.data.providers.coin_exchange import CoinExchange
from ara.data.providers.coinbase import messages, spelling, stream
from ara.data.providers.exact import amount, opened
from ara.data.providers.exchange import Bar, Trade
from ara.data.providers.rows import between, offered
from ara.errors import UnknownSymbolError
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["Coinbase"]

_PAGE: Final = 350
_TRADES: Final = 1000
_SPANS: Final = {
    "1m": "ONE_MINUTE",
    "5m": "FIVE_MINUTE",
    "15m": "FIFTEEN_MINUTE",
    "30m": "THIRTY_MINUTE",
    "1h": "ONE_HOUR",
    "2h": "TWO_HOUR",
    "1d": "ONE_DAY",
}
_ROOT: Final = "/api/v3/brokerage/market/products"
_LONG: Final = DAY.span * (_PAGE - 1)
_SECOND: Final = timedelta(seconds=1)


class Coinbase(CoinExchange):
    """Bars, quotes, trades and books of Coinbase's spot pairs, by Advanced Trade; no key is needed.

    There is no bar for a minute, or any other time, without a trade.

    Parameters
    ----------
    access
        The way to Coinbase.
    """

    name: ClassVar[str] = "coinbase"
    timeframes: ClassVar[frozenset[Timeframe]] = frozenset(map(Timeframe.parse, _SPANS))
    first: ClassVar[datetime] = datetime(2014, 12, 1, tzinfo=UTC)
    venue: ClassVar[Venue] = Venue(
        name="coinbase",
        url="https://api.coinbase.com",
        socket="wss://advanced-trade-ws.coinbase.com",
        limits=(Limit(requests=10, seconds=1.0),),
        check="/api/v3/brokerage/time",
    )

    async def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Give bars of a minute, trades, best prices or books as they come; nothing twice, nothing left out."""
        offered(kind, self.offers, source=self.name)
        async with aclosing(stream.follow(self._access, kind, instruments, self.history)) as frames:
            async for frame in frames:
                yield frame

    async def _bars(self, one: Instrument, timeframe: Timeframe, start: datetime, end: datetime) -> pl.DataFrame:
        span = exchange.span_of(self.name, timeframe, _SPANS)
        bars: list[Bar] = []
        for first, last in exchange.pages(start, end, timeframe.span * (_PAGE - 1)):
            bars += await self._page(one, span, first, last - _SECOND)
        frame = exchange.bar_frame(bars, timeframe, now=self._access.clock.now(), source=self.name)
        return between(frame, start, end)

    async def _page(self, one: Instrument, span: str, first: datetime, last: datetime) -> list[Bar]:
        edges = {"start": str(int(first.timestamp())), "end": str(int(last.timestamp()))}
        asked = {**edges, "granularity": span, "limit": str(_PAGE)}
        found = await self._get(one.symbol, "/candles", "candles", asked)
        return [_bar(one.symbol, row) for row in found.candles]

    async def _trades(self, one: Instrument, start: datetime, end: datetime) -> pl.DataFrame:
        """Ask backwards, as Coinbase gives the newest of a range."""
        trades: dict[int, Trade] = {}
        last = end
        while last > start:
            edges = {"start": str(int(start.timestamp())), "end": str(int(last.timestamp()) + 1)}
            found = await self._get(one.symbol, "/ticker", "market", {**edges, "limit": str(_TRADES)})
            page = [_traded(one.symbol, row) for row in found.trades]
            fresh = {trade.id: trade for trade in page if trade.id not in trades}
            trades |= fresh
            if len(page) < _TRADES or not fresh:
                break
            last = min(trade.at for trade in page)
        frame = exchange.trade_frame(list(trades.values()), now=self._access.clock.now(), source=self.name)
        return frame.filter(pl.col("at").is_between(start, end, closed="left"))

    async def _bar(self, one: Instrument) -> pl.DataFrame:
        now = self._access.clock.now()
        day = _SPANS[str(DAY)]
        bars = await self._page(one, day, now - 2 * DAY.span, now) or await self._page(one, day, now - _LONG, now)
        return exchange.bar_frame(bars, DAY, now=now, source=self.name, symbol=True).tail(1)

    async def _quote(self, one: Instrument) -> pl.DataFrame:
        found = await self._get(one.symbol, "/ticker", "market", {"limit": "1"})
        now = self._access.clock.now()
        prices = {
            "bid": amount(found.best_bid, source=self.name, field="$.best_bid"),
            "ask": amount(found.best_ask, source=self.name, field="$.best_ask"),
            "last": found.trades[0].price if found.trades else None,
        }
        return exchange.quote_frame(one.symbol, now, prices, now=now, source=self.name)

    async def _trade(self, one: Instrument) -> pl.DataFrame:
        found = await self._get(one.symbol, "/ticker", "market", {"limit": "1"})
        trades = [_traded(one.symbol, row) for row in found.trades[:1]]
        return exchange.trade_frame(trades, now=self._access.clock.now(), source=self.name, symbol=True)

    async def _book(self, one: Instrument) -> pl.DataFrame:
        asked = {"product_id": spelling.code(one.symbol), "limit": str(exchange.DEPTH)}
        path = "/api/v3/brokerage/market/product_book"
        raw = await self._known(one.symbol, path, asked)
        book = messages.read("product_book", raw).pricebook
        sides = ([(level.price, level.size) for level in side] for side in (book.bids, book.asks))
        return exchange.book_frame(one.symbol, book.time, *sides, now=self._access.clock.now(), source=self.name)

    async def _list(self) -> Iterable[Instrument | None]:
        raw = await self._access.get(_ROOT, {"product_type": "SPOT"})
        return [_listed(one) for one in messages.read("products", raw).products if _is_traded(one)]

    async def _get(self, symbol: str, path: str, kind: str, asked: Mapping[str, str]) -> Any:
        raw = await self._known(symbol, f"{_ROOT}/{spelling.code(symbol)}{path}", asked)
        return messages.read(kind, raw)

    async def _known(self, symbol: str, path: str, asked: Mapping[str, str]) -> bytes:
        try:
            return await self._access.get(path, asked, missing=symbol)
        except UnknownSymbolError:
            raise exchange.unknown(self.name, symbol, await self._listing()) from None


def _is_traded(one: messages.Product) -> bool:
    return one.product_type == "SPOT" and not one.is_disabled and not one.trading_disabled


def _bar(symbol: str, row: messages.Candle) -> Bar:
    told = {"source": "coinbase", "field": "$.candles[...].start"}
    at = opened(exchange.number_of(row.start, **told), "seconds", **told)
    return Bar(symbol, at, row.open, row.high, row.low, row.close, row.volume)


def _traded(symbol: str, row: messages.Trade) -> Trade:
    number = exchange.number_of(row.trade_id, source="coinbase", field="$.trades[...].trade_id")
    return Trade(symbol, row.time, row.price, row.size, stream.taker(row.side), number)


def _listed(one: messages.Product) -> Instrument | None:
    return exchange.instrument(
        one.base_currency_id, one.quote_currency_id, tick=one.quote_increment, lot=one.base_increment
    )
