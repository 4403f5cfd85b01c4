"""Binance's spot market by its public REST interface."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import polars as pl

from ara.data.access import Limit, Venue
from ara.data.provider import Kind
from ara.data.providers import exchange
from ara.data.providers.binance import messages, spelling, stream
from ara.data.providers.coin_exchange import CoinExchange
from ara.data.providers.exact import instant, opened
from ara.data.providers.exchange import Bar, Trade
from ara.data.providers.rows import between, offered
from ara.errors import ShapeError
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["Binance"]

_PAGE: Final = 1000
_HOUR: Final = timedelta(hours=1)
_SPANS: Final = {span: span for span in ("1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d", "1w")}
_NO_SYMBOL: Final = -1121


class Binance(CoinExchange):
    """Bars, quotes, trades and books of Binance's spot pairs; no key is needed.

    Most pairs are priced in USDT or USDC, few in currencies of states: `BTC-USDT` is there, `BTC-USD` is not.

    Parameters
    ----------
    access
        The way to Binance.
    """

    name: ClassVar[str] = "binance"
    timeframes: ClassVar[frozenset[Timeframe]] = frozenset(map(Timeframe.parse, _SPANS))
    first: ClassVar[datetime] = datetime(2017, 7, 14, tzinfo=UTC)
    venue: ClassVar[Venue] = Venue(
        name="binance",
        url="https://api.binance.com",
        socket="wss://stream.binance.com:9443",
        limits=(Limit(requests=6000, seconds=60.0),),
        check="/api/v3/ping",
        counters={"x-mbx-used-weight-1m": 60.0},
    )

    async def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Give bars of a minute, trades, best prices or books as they come; nothing twice, nothing left out."""
        offered(kind, self.offers, source=self.name)
        for one in instruments:
            await self._get("/api/v3/ticker/price", {"symbol": spelling.code(one.symbol)}, one.symbol, "ticker_price")
        async with aclosing(stream.follow(self._access, kind, instruments, self.history)) as frames:
            async for frame in frames:
                yield frame

    async def _bars(self, one: Instrument, timeframe: Timeframe, start: datetime, end: datetime) -> pl.DataFrame:
        span = exchange.span_of(self.name, timeframe, _SPANS)
        asked = {"symbol": spelling.code(one.symbol), "interval": span, "limit": str(_PAGE)}
        bars: list[Bar] = []
        first = start
        while first < end:
            edges = {"startTime": _millis(first), "endTime": str(int(_millis(end)) - 1)}
            page = await self._get("/api/v3/klines", {**asked, **edges}, one.symbol, "klines", weight=2)
            bars += [_bar(one.symbol, row) for row in page]
            if len(page) < _PAGE:
                break
            if bars[-1].at < first:
                raise ShapeError("binance gives bars from before the time that was asked for.", source=self.name)
            first = bars[-1].at + timeframe.span
        frame = exchange.bar_frame(bars, timeframe, now=self._access.clock.now(), source=self.name)
        return between(frame, start, end)

    async def _trades(self, one: Instrument, start: datetime, end: datetime) -> pl.DataFrame:
        asked = {"symbol": spelling.code(one.symbol), "limit": str(_PAGE)}
        trades: list[Trade] = []
        for first, last in exchange.pages(start, end, _HOUR):
            edges = {"startTime": _millis(first), "endTime": str(int(_millis(last)) - 1)}
            while edges:
                page = await self._get("/api/v3/aggTrades", {**asked, **edges}, one.symbol, "agg_trades", weight=4)
                found = [_aggregate(one.symbol, row) for row in page]
                trades += found
                full = len(found) == _PAGE and found[-1].at < last
                edges = {"fromId": str(found[-1].id + 1)} if full else {}
        frame = exchange.trade_frame(trades, now=self._access.clock.now(), source=self.name)
        return frame.filter(pl.col("at").is_between(start, end, closed="left")).unique("trade_id", maintain_order=True)

    async def _bar(self, one: Instrument) -> pl.DataFrame:
        asked = {"symbol": spelling.code(one.symbol), "interval": "1d", "limit": "1"}
        page = await self._get("/api/v3/klines", asked, one.symbol, "klines", weight=2)
        bars = [_bar(one.symbol, row) for row in page[-1:]]
        return exchange.bar_frame(bars, DAY, now=self._access.clock.now(), source=self.name, symbol=True)

    async def _quote(self, one: Instrument) -> pl.DataFrame:
        asked = {"symbol": spelling.code(one.symbol)}
        found = await self._get("/api/v3/ticker/24hr", asked, one.symbol, "ticker_24h", weight=2)
        prices = {
            "bid": found.bid_price,
            "ask": found.ask_price,
            "bid_size": found.bid_qty,
            "ask_size": found.ask_qty,
            "last": found.last_price,
        }
        at = instant(found.close_time)
        return exchange.quote_frame(one.symbol, at, prices, now=self._access.clock.now(), source=self.name)

    async def _trade(self, one: Instrument) -> pl.DataFrame:
        asked = {"symbol": spelling.code(one.symbol), "limit": "1"}
        page = await self._get("/api/v3/aggTrades", asked, one.symbol, "agg_trades", weight=4)
        trades = [_aggregate(one.symbol, row) for row in page[-1:]]
        return exchange.trade_frame(trades, now=self._access.clock.now(), source=self.name, symbol=True)

    async def _book(self, one: Instrument) -> pl.DataFrame:
        asked = {"symbol": spelling.code(one.symbol), "limit": str(exchange.DEPTH)}
        book = await self._get("/api/v3/depth", asked, one.symbol, "depth", weight=5)
        now = self._access.clock.now()
        sides = ([(level.price, level.size) for level in side] for side in (book.bids, book.asks))
        return exchange.book_frame(one.symbol, now, *sides, now=now, source=self.name)

    async def _list(self) -> Iterable[Instrument | None]:
        raw = await self._access.get("/api/v3/exchangeInfo", {"symbolStatus": "TRADING"}, weight=20)
        return [_listed(one) for one in messages.read("exchange_info", raw).symbols if one.status == "TRADING"]

    async def _get(self, path: str, asked: Mapping[str, str], symbol: str, kind: str, *, weight: int = 1) -> Any:
        raw = await self._access.get(path, asked, weight=weight, accept={400})
        if raw.lstrip()[:1] == b"{" and kind != "fault":
            fault = messages.read("refusal", raw)
            if fault.code == _NO_SYMBOL:
                raise exchange.unknown(self.name, symbol, await self._listing())
            if fault.code:
                raise exchange.refused(self.name, symbol, f"{fault.code} {fault.msg}")
        return messages.read(kind, raw)


def _millis(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _bar(symbol: str, row: messages.KlineRow) -> Bar:
    at = opened(row.opened, source="binance", field="$[...][0]")
    return Bar(symbol, at, row.open, row.high, row.low, row.close, row.volume)


def _aggregate(symbol: str, row: messages.RestAggTrade) -> Trade:
    return Trade(symbol, instant(row.traded), row.price, row.size, "sell" if row.buyer_made else "buy", row.id)


def _listed(one: messages.Listing) -> Instrument | None:
    steps = {each.filter_type: each for each in one.filters}
    price, size = steps.get("PRICE_FILTER"), steps.get("LOT_SIZE")
    tick, lot = price.tick_size if price else None, size.step_size if size else None
    return exchange.instrument(one.base_asset, one.quote_asset, tick=tick, lot=lot)
