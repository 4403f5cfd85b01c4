"""Kraken's spot market by its public REST interface."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

import polars as pl

from ara.data.access import Limit, Venue
from ara.data.provider import Kind
from ara.data.providers import exchange
from ara.data.providers.coin_exchange import CoinExchange
from ara.data.providers.exact import opened
from ara.data.providers.exchange import Bar, Trade
from ara.data.providers.kraken import messages, spelling, stream
from ara.data.providers.rows import between, offered
from ara.errors import DataProviderError, RateLimitError, ShapeError
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["Kraken"]

_KEPT: Final = 720
_PAGE: Final = 1000
_SPANS: Final = {"1m": "1", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "4h": "240", "1d": "1440"}
_NO_PAIR: Final = ("EQuery:Unknown asset pair", "EGeneral:Invalid arguments:pair")
_REST: Final = 5
_TOO_OFTEN: Final = ("EAPI:Rate limit exceeded", "EGeneral:Too many requests", "EService:Throttled")


class Kraken(CoinExchange):
    """Bars, quotes, trades and books of Kraken's spot pairs; no key is needed.

    Of bars Kraken gives the last 720 of a timeframe only: some two years of days, or half a day of minutes. Older ones
    are not to be had there: a range that begins before them gives what there is, one that ends before them is refused.

    Parameters
    ----------
    access
        The way to Kraken.
    """

    name: ClassVar[str] = "kraken"
    timeframes: ClassVar[frozenset[Timeframe]] = frozenset(map(Timeframe.parse, _SPANS))
    first: ClassVar[datetime] = datetime(2011, 7, 28, tzinfo=UTC)
    venue: ClassVar[Venue] = Venue(
        name="kraken",
        url="https://api.kraken.com",
        socket="wss://ws.kraken.com",
        limits=(Limit(requests=15, seconds=15.0),),
        check="/0/public/SystemStatus",
    )

    def oldest(self, timeframe: Timeframe, now: datetime) -> datetime:
        """Give from when on Kraken has bars of a length: it keeps the last 720."""
        return now - _KEPT * timeframe.span

    async def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Give bars of a minute, trades, best prices or books as they come; nothing twice, nothing left out."""
        offered(kind, self.offers, source=self.name)
        async with aclosing(stream.follow(self._access, kind, instruments, self.history)) as frames:
            async for frame in frames:
                yield frame

    async def _bars(self, one: Instrument, timeframe: Timeframe, start: datetime, end: datetime) -> pl.DataFrame:
        asked = {"interval": exchange.span_of(self.name, timeframe, _SPANS)}
        since = start - timeframe.span  # Kraken gives what comes after it
        rows = await self._get("OHLC", one.symbol, "ohlc", {**asked, "since": str(max(0, int(since.timestamp())))})
        bars = _bars(one.symbol, rows)
        frame = exchange.bar_frame(bars, timeframe, now=self._access.clock.now(), source=self.name)
        if len(bars) >= _KEPT and end <= frame["at"][0]:
            raise DataProviderError(
                f"kraken keeps the last {_KEPT} bars of {timeframe}: of {one.symbol} none before {frame['at'][0]}.",
                hint="Ask another source for older ones: --provider binance or coinbase.",
            )
        return between(frame, start, end)

    async def _trades(self, one: Instrument, start: datetime, end: datetime) -> pl.DataFrame:
        since, trades = int(start.timestamp() * 1_000_000) * 1000 - 1, list[Trade]()
        while True:
            asked = {"since": str(since), "count": str(_PAGE)}
            answer = await self._answer("Trades", one.symbol, "trades", asked)
            page = [_trade(one.symbol, row) for row in self._rows(answer, one.symbol)]
            trades += page
            last = exchange.number_of(str(answer.result.get("last", "")), source=self.name, field="$.result.last")
            if len(page) < _PAGE or page[-1].at >= end:
                break
            if last <= since:
                raise ShapeError("kraken gives the same trades again and again.", source=self.name, field="last")
            since = last
        frame = exchange.trade_frame(trades, now=self._access.clock.now(), source=self.name)
        return frame.filter(pl.col("at").is_between(start, end, closed="left")).unique("trade_id", maintain_order=True)

    async def _bar(self, one: Instrument) -> pl.DataFrame:
        now = self._access.clock.now()
        asked = {"interval": _SPANS[str(DAY)]}
        since = {"since": str(int((now - 2 * DAY.span).timestamp()))}
        rows = await self._get("OHLC", one.symbol, "ohlc", {**asked, **since})
        bars = _bars(one.symbol, rows)
        return exchange.bar_frame(bars, DAY, now=now, source=self.name, symbol=True).tail(1)

    async def _quote(self, one: Instrument) -> pl.DataFrame:
        found = await self._get("Ticker", one.symbol, "ticker")
        now = self._access.clock.now()
        prices = {"bid": found.bid[0], "ask": found.ask[0], "last": found.last[0]}
        sizes = {"bid_size": found.bid[-1], "ask_size": found.ask[-1]}
        return exchange.quote_frame(one.symbol, now, {**prices, **sizes}, now=now, source=self.name)

    async def _trade(self, one: Instrument) -> pl.DataFrame:
        rows = await self._get("Trades", one.symbol, "trades", {"count": "1"})
        trades = [_trade(one.symbol, row) for row in rows[-1:]]
        return exchange.trade_frame(trades, now=self._access.clock.now(), source=self.name, symbol=True)

    async def _book(self, one: Instrument) -> pl.DataFrame:
        book = await self._get("Depth", one.symbol, "depth", {"count": str(exchange.DEPTH)})
        now = self._access.clock.now()
        sides = ([(level.price, level.size) for level in side] for side in (book.bids, book.asks))
        return exchange.book_frame(one.symbol, now, *sides, now=now, source=self.name)

    async def _list(self) -> Iterable[Instrument | None]:
        raw = await self._access.get("/0/public/AssetPairs")
        self._refuse(messages.read("fault", raw).error, "pairs")
        pairs = messages.read("asset_pairs", raw).result.values()
        return [_listed(pair) for pair in pairs if isinstance(pair, messages.AssetPair) and pair.status == "online"]

    async def _get(self, what: str, symbol: str, kind: str, asked: Mapping[str, str] | None = None) -> Any:
        return self._rows(await self._answer(what, symbol, kind, asked or {}), symbol)

    async def _answer(self, what: str, symbol: str, kind: str, asked: Mapping[str, str]) -> Any:
        raw = await self._access.get(f"/0/public/{what}", {"pair": spelling.code(symbol), **asked})
        errors = messages.read("fault", raw).error
        if any(error.startswith(_NO_PAIR) for error in errors):
            raise exchange.unknown(self.name, symbol, await self._listing())
        if any(error.startswith(_TOO_OFTEN) for error in errors):
            await self._access.pause(_REST)
        self._refuse(errors, symbol)
        return messages.read(kind, raw)

    def _refuse(self, errors: list[str], what: str) -> None:
        words = "; ".join(error for error in errors if error.startswith("E"))
        if any(error.startswith(_TOO_OFTEN) for error in errors):
            raise RateLimitError(f"kraken was asked too often: {exchange.cited(words)}.", retry_after=_REST)
        if words:
            raise exchange.refused(self.name, what, words)

    def _rows(self, answer: Any, symbol: str) -> Any:
        """Give what stands under the name of the pair, after a look at whether it is the one that was asked for."""
        parts = {name: part for name, part in answer.result.items() if not isinstance(part, (int, str))}
        name, part = next(iter(parts.items()), ("", None))
        if len(parts) != 1 or spelling.symbol(name) != symbol:
            names = ", ".join(parts) or "nothing"
            raise ShapeError(f"kraken answers {exchange.cited(names)} when asked for {symbol}.", source=self.name)
        return part


def _bars(symbol: str, rows: Sequence[messages.OhlcRow]) -> list[Bar]:
    """Give the bars of an answer, of which the last one always runs."""
    told = {"source": "kraken", "field": "$.result[...][0]"}
    bars = [
        Bar(symbol, opened(row.at, "seconds", **told), row.open, row.high, row.low, row.close, row.volume, closed=None)
        for row in rows
    ]
    return [*bars[:-1], *(bar._replace(closed=False) for bar in bars[-1:])]


def _trade(symbol: str, row: messages.TradeRow) -> Trade:
    at = opened(int(row.at * 1_000_000) * 1000, "nanos", source="kraken", field="time")
    return Trade(symbol, at, row.price, row.size, "buy" if row.side == "b" else "sell", row.id)


def _listed(pair: messages.AssetPair) -> Instrument | None:
    tick = pair.tick_size or Decimal(1).scaleb(-pair.pair_decimals)
    lot = Decimal(1).scaleb(-pair.lot_decimals)
    return exchange.instrument(spelling.asset(pair.base), spelling.asset(pair.quote), tick=tick, lot=lot)
