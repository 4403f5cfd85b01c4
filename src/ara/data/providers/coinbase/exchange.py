"""Coinbase Exchange, the older interface to the same market, by REST."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import polars as pl

from ara.data.access import Limit, Venue
from ara.data.provider import Kind
from ara.data.providers import exchange
from ara.data.providers.coin_exchange import CoinExchange
from ara.data.providers.coinbase import messages, spelling
from ara.data.providers.exact import opened
from ara.data.providers.exchange import Bar, Trade
from ara.data.providers.rows import between, offered
from ara.errors import DataProviderError, UnknownSymbolError
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["CoinbaseExchange"]

_PAGE: Final = 300
_TRADES: Final = 1000
_SPANS: Final = {"1m": "60", "5m": "300", "15m": "900", "1h": "3600", "1d": "86400"}
_LONG: Final = DAY.span * (_PAGE - 1)
_SECOND: Final = timedelta(seconds=1)
_TAKER: Final = {"buy": "sell", "sell": "buy"}


class CoinbaseExchange(CoinExchange):
    """Bars, quotes, trades and books of Coinbase's spot pairs, by Coinbase Exchange; no key is needed.

    There is no bar for a time without a trade. It is followed by the socket of `coinbase`, not here.

    Parameters
    ----------
    access
        The way to Coinbase Exchange.
    """

    name: ClassVar[str] = "coinbase_exchange"
    first: ClassVar[datetime] = datetime(2014, 12, 1, tzinfo=UTC)
    venue: ClassVar[Venue] = Venue(
        name="coinbase_exchange",
        url="https://api.exchange.coinbase.com",
        limits=(Limit(requests=10, seconds=1.0),),
        check="/time",
    )

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Raise DataProviderError: the same market is followed by `coinbase`."""
        offered(kind, self.offers, source=self.name)
        raise DataProviderError(f"{self.name} has no stream.", hint="The provider coinbase follows the same market.")

    async def _bars(self, one: Instrument, timeframe: Timeframe, start: datetime, end: datetime) -> pl.DataFrame:
        span = exchange.span_of(self.name, timeframe, _SPANS)
        bars: list[Bar] = []
        for first, last in exchange.pages(start, end, timeframe.span * (_PAGE - 1)):
            bars += await self._page(one, span, first, last - _SECOND)
        frame = exchange.bar_frame(bars, timeframe, now=self._access.clock.now(), source=self.name)
        return between(frame, start, end)

    async def _page(self, one: Instrument, span: str, first: datetime, last: datetime) -> list[Bar]:
        asked = {"granularity": span, "start": str(int(first.timestamp())), "end": str(int(last.timestamp()))}
        rows = await self._get(one.symbol, "/candles", "exchange_candles", asked)
        told = {"source": self.name, "field": "$[...][0]"}
        return [
            Bar(one.symbol, opened(row.start, "seconds", **told), row.open, row.high, row.low, row.close, row.volume)
            for row in rows
        ]

    async def _trades(self, one: Instrument, start: datetime, end: datetime) -> pl.DataFrame:
        """Go back from the newest trade by ids, which is the only way there."""
        trades: list[Trade] = []
        after: dict[str, str] = {}
        while True:
            asked = {"limit": str(_TRADES), **after}
            rows = await self._get(one.symbol, "/trades", "exchange_trades", asked)
            page = [_trade(one.symbol, row) for row in rows]
            trades += [trade for trade in page if start <= trade.at < end]
            if len(page) < _TRADES or page[-1].at < start:
                break
            after = {"after": str(page[-1].id)}
        return exchange.trade_frame(trades, now=self._access.clock.now(), source=self.name)

    async def _bar(self, one: Instrument) -> pl.DataFrame:
        now = self._access.clock.now()
        day = _SPANS[str(DAY)]
        bars = await self._page(one, day, now - 2 * DAY.span, now) or await self._page(one, day, now - _LONG, now)
        return exchange.bar_frame(bars, DAY, now=now, source=self.name, symbol=True).tail(1)

    async def _quote(self, one: Instrument) -> pl.DataFrame:
        found = await self._get(one.symbol, "/ticker", "exchange_ticker")
        prices = {"bid": found.bid, "ask": found.ask, "last": found.price}
        return exchange.quote_frame(one.symbol, found.time, prices, now=self._access.clock.now(), source=self.name)

    async def _trade(self, one: Instrument) -> pl.DataFrame:
        rows = await self._get(one.symbol, "/trades", "exchange_trades", {"limit": "1"})
        trades = [_trade(one.symbol, row) for row in rows[:1]]
        return exchange.trade_frame(trades, now=self._access.clock.now(), source=self.name, symbol=True)

    async def _book(self, one: Instrument) -> pl.DataFrame:
        book = await self._get(one.symbol, "/book", "exchange_book", {"level": "2"})
        now = self._access.clock.now()
        sides = ([(level.price, level.size) for level in side] for side in (book.bids, book.asks))
        return exchange.book_frame(one.symbol, book.time or now, *sides, now=now, source=self.name)

    async def _list(self) -> Iterable[Instrument | None]:
        listed = messages.read("exchange_products", await self._access.get("/products"))
        return [_listed(one) for one in listed if one.status == "online" and not one.trading_disabled]

    async def _get(self, symbol: str, path: str, kind: str, asked: Mapping[str, str] | None = None) -> Any:
        try:
            raw = await self._access.get(f"/products/{spelling.code(symbol)}{path}", asked, missing=symbol)
        except UnknownSymbolError:
            raise exchange.unknown(self.name, symbol, await self._listing()) from None
        return messages.read(kind, raw)


def _trade(symbol: str, row: messages.ExchangeTrade) -> Trade:
    return Trade(symbol, row.time, row.price, row.size, _TAKER[row.side], row.trade_id)


def _listed(one: messages.ExchangeProduct) -> Instrument | None:
    return exchange.instrument(one.base_currency, one.quote_currency, tick=one.quote_increment, lot=one.base_increment)
