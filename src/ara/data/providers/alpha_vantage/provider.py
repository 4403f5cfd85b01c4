"""The source Alpha Vantage."""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from ara.data.access import Access, Limit, Venue
from ara.data.access.wire import decode, quote
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.alpha_vantage import frames
from ara.data.providers.alpha_vantage.answers import Series, part, parts, series
from ara.data.providers.alpha_vantage.messages import ExchangeRate, GlobalQuote, Match, Overview
from ara.data.providers.rows import between, each, facts, named, offered
from ara.errors import DataProviderError, MissingKeyError, UnknownSymbolError, ValidationError
from ara.market.bars import Basis
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import guess, known
from ara.market.timeframe import DAY, Timeframe, Unit

__all__ = ["AlphaVantage"]

_log = logging.getLogger(__name__)

_INTERVALS: Final = {
    **{Timeframe(count, Unit.MINUTE): f"{count}min" for count in (1, 5, 15, 30)},
    Timeframe(1, Unit.HOUR): "60min",
}
_COMPACT: Final = timedelta(days=95)  # the short answer holds 100 rows
_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_TYPES: Final = {"Equity": "stock", "ETF": "etf"}
_PAIRS: Final = frozenset({AssetClass.FOREX, AssetClass.CRYPTO})


class AlphaVantage:
    """Alpha Vantage: stocks and funds, currencies and coins.

    Prices of stocks are as traded. A paid key gets the adjusted closes, splits and dividends beside them, and more than
    the last 100 days; where the key doesn't reach that far, the plain series is asked for instead. Bars within the day
    come month by month since 2000, of the regular session alone. Daily bars of currencies are of the UTC day and known
    when that is over, hours after the session of their date.

    Parameters
    ----------
    access
        The way to the venue, with the user's key.
    """

    name: ClassVar[str] = "alpha_vantage"
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.BARS, Kind.QUOTES, Kind.ACTIONS, Kind.FACTS})
    venue: ClassVar[Venue] = Venue(
        name="alpha_vantage",
        url="https://www.alphavantage.co",
        limits=(Limit(requests=5, seconds=60), Limit(requests=25, seconds=86_400)),
        key=True,
        key_words="Get one at https://www.alphavantage.co/support/#api-key; a free one may ask 25 times a day.",
    )
    basis: ClassVar[Basis] = Basis.RAW
    timeframes: ClassVar[frozenset[Timeframe]] = frozenset({*_INTERVALS, DAY})
    classes: ClassVar[frozenset[AssetClass]] = frozenset({AssetClass.STOCK, AssetClass.ETF, *_PAIRS})

    def __init__(self, access: Access) -> None:
        self._access = access
        self._plain = False  # the key was refused the adjusted series once

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give what the search finds; for an empty query, which it doesn't answer, what Ara knows of."""
        if not query.strip():
            return [one for one in known() if one.asset_class in self.classes]
        found = await self._ask("SYMBOL_SEARCH", query, keywords=query.strip())
        listed = [_matched(one) for one in part(found, "bestMatches", list[Match])]
        return list(dict.fromkeys(one for one in listed if one is not None))

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give what has `start <= at < end`; facts and quotes are of now, as there are no earlier ones."""
        offered(kind, self.offers, source="Alpha Vantage")
        self._served(instrument)
        if kind is Kind.BARS:
            found = await (self._daily if timeframe == DAY else self._shorter)(instrument, timeframe, start, end)
            return between(found, start, end)
        found = await self._actions(instrument, start) if kind is Kind.ACTIONS else await self._now(kind, instrument)
        return found.filter(pl.col("at") >= start, pl.col("at") < end)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give the newest row of each instrument, for bars the newest day, which may be open."""
        offered(kind, self.offers, source="Alpha Vantage")

        async def ask(one: Instrument) -> pl.DataFrame:
            self._served(one)
            return named(await self._newest(kind, one), one.symbol)

        return pl.concat([named(_none(kind), ""), *await each(ask, instruments, at_once=1)])

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Refuse: there is no stream, and asking again and again would use up a day's requests within minutes.

        Raises
        ------
        DataProviderError
            Always.
        """
        raise DataProviderError("Alpha Vantage has no stream.", hint="Name another source with --provider.")

    async def close(self) -> None:
        """Let go of the connection."""
        await self._access.close()

    async def _newest(self, kind: Kind, instrument: Instrument) -> pl.DataFrame:
        now = self._access.clock.now()
        if kind is Kind.BARS:
            if instrument.asset_class in _PAIRS:
                return (await self._daily(instrument, DAY, now - timedelta(days=7), now)).tail(1)
            return frames.day_of(await self._quote(instrument), instrument, now)
        if kind is Kind.ACTIONS:
            return (await self._actions(instrument, _FIRST)).tail(1)
        return await self._now(kind, instrument)

    async def _daily(
        self, instrument: Instrument, timeframe: Timeframe, start: datetime, end: datetime
    ) -> pl.DataFrame:
        now = self._access.clock.now()
        size = {"outputsize": "compact" if start >= now - _COMPACT else "full"}
        if instrument.asset_class in _PAIRS:
            function = "FX_DAILY" if instrument.asset_class is AssetClass.FOREX else "DIGITAL_CURRENCY_DAILY"
            found = await self._series(function, instrument, **_sides(instrument), **size)
        else:
            found = await self._stock_days(instrument, size["outputsize"])
        return frames.bars_of(found, instrument, timeframe, now)

    async def _stock_days(self, instrument: Instrument, size: str) -> Series:
        """Give the adjusted series, or the plain one where the key doesn't reach the other."""
        asked = {"symbol": _spelled(instrument), "outputsize": size}
        if not self._plain:
            try:
                return await self._series("TIME_SERIES_DAILY_ADJUSTED", instrument, **asked)
            except MissingKeyError as error:
                if not error.context.get("paid"):
                    raise
                _log.info("alpha_vantage: the key doesn't reach adjusted series; the plain one is used")
                self._plain = True
        return await self._series("TIME_SERIES_DAILY", instrument, **asked)

    async def _shorter(
        self, instrument: Instrument, timeframe: Timeframe, start: datetime, end: datetime
    ) -> pl.DataFrame:
        if timeframe not in _INTERVALS:
            there = ", ".join(map(str, (*_INTERVALS, DAY)))
            raise DataProviderError(f"Alpha Vantage has no bars of {timeframe}; it has {there}.")
        now = self._access.clock.now()
        asked = {"interval": _INTERVALS[timeframe], "outputsize": "full"}
        if instrument.asset_class in _PAIRS:
            function = "FX_INTRADAY" if instrument.asset_class is AssetClass.FOREX else "CRYPTO_INTRADAY"
            found = await self._series(function, instrument, **_sides(instrument), **asked)
            return frames.bars_of(found, instrument, timeframe, now)
        asked |= {"symbol": _spelled(instrument), "adjusted": "false", "extended_hours": "false"}
        pages = [_none(Kind.BARS)]
        for month in _months(start, min(end, now), instrument.timezone):
            found = await self._series("TIME_SERIES_INTRADAY", instrument, **asked, month=month)
            pages.append(frames.bars_of(found, instrument, timeframe, now))
        return pl.concat(pages).unique("at", keep="last").sort("at")

    async def _actions(self, instrument: Instrument, start: datetime) -> pl.DataFrame:
        if instrument.asset_class in _PAIRS:
            return _none(Kind.ACTIONS)
        now = self._access.clock.now()
        size = "compact" if start >= now - _COMPACT else "full"
        asked = {"symbol": _spelled(instrument), "outputsize": size}
        return frames.actions(await self._series("TIME_SERIES_DAILY_ADJUSTED", instrument, **asked), instrument, now)

    async def _now(self, kind: Kind, instrument: Instrument) -> pl.DataFrame:
        if kind is Kind.QUOTES and instrument.asset_class in _PAIRS:
            base, counter = _sides(instrument).values()
            asked = {"from_currency": base, "to_currency": counter}
            found = await self._ask("CURRENCY_EXCHANGE_RATE", instrument.symbol, **asked)
            sent = part(found, "Realtime Currency Exchange Rate", ExchangeRate)
            _same(f"{sent.base}{sent.quote}", f"{base}{counter}", instrument)
            return frames.rate(sent, self._access.clock.now())
        if kind is Kind.QUOTES:
            return frames.last_price(await self._quote(instrument), instrument, self._access.clock.now())
        if instrument.asset_class in _PAIRS:
            return _none(Kind.FACTS)
        raw = await self._answer("OVERVIEW", symbol=_spelled(instrument))
        parts(raw, instrument.symbol, self._access.key)
        about = decode(raw, Overview, source=self.name)
        _same(about.symbol or _spelled(instrument), _spelled(instrument), instrument)
        told = {"name": about.name, "sector": about.sector, "industry": about.industry}
        return facts(told, self._access.clock.now())

    async def _quote(self, instrument: Instrument) -> GlobalQuote:
        symbol = _spelled(instrument)
        found = await self._ask("GLOBAL_QUOTE", instrument.symbol, symbol=symbol)
        if not part(found, "Global Quote", dict[str, str]):
            raise UnknownSymbolError(f"Alpha Vantage has no {instrument.symbol}.", symbol=instrument.symbol)
        sent = part(found, "Global Quote", GlobalQuote)
        _same(sent.symbol, symbol, instrument)
        return sent

    async def _series(self, function: str, instrument: Instrument, **asked: str) -> Series:
        found = series(await self._ask(function, instrument.symbol, **asked))
        wanted = instrument.symbol if instrument.asset_class in _PAIRS else _spelled(instrument)
        _same(found.about, wanted, instrument)
        return found

    async def _ask(self, function: str, about: str, **asked: str) -> dict[str, msgspec.Raw]:
        return parts(await self._answer(function, **asked), about, self._access.key)

    async def _answer(self, function: str, **asked: str) -> bytes:
        secret = {"apikey": self._access.key.reveal()}
        return await self._access.get("/query", {"function": function, **asked}, secret=secret)

    def _served(self, instrument: Instrument) -> None:
        if instrument.asset_class not in self.classes:
            raise UnknownSymbolError(
                f"Alpha Vantage has no {instrument.asset_class} such as {instrument.symbol}.", symbol=instrument.symbol
            )


def _none(kind: Kind) -> pl.DataFrame:
    return pl.DataFrame(schema=BARS if kind is Kind.BARS else SCHEMAS[kind])


def _spelled(instrument: Instrument) -> str:
    """Give Alpha Vantage's symbol of a stock: `BRK-B` for `BRK.B`."""
    stem, dot, share = instrument.symbol.rpartition(".")
    return f"{stem}-{share}" if dot and share in {"A", "B"} else instrument.symbol


def _sides(instrument: Instrument) -> dict[str, str]:
    symbol = instrument.symbol
    if instrument.asset_class is AssetClass.FOREX:
        return {"from_symbol": symbol[:3], "to_symbol": symbol[3:]}
    coin, _, market = symbol.rpartition("-")
    return {"symbol": coin, "market": market}


def _months(start: datetime, end: datetime, zone: str) -> list[str]:
    first = max(start.astimezone(ZoneInfo(zone)).date().replace(day=1), _FIRST.date())
    last = end.astimezone(ZoneInfo(zone)).date()
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    places = range(first.month - 1, first.month - 1 + max(count, 0))
    return [f"{first.year + place // 12}-{place % 12 + 1:02d}" for place in places]


def _matched(found: Match) -> Instrument | None:
    kind = _TYPES.get(found.type)
    if kind is None:
        return None
    stem, dash, share = found.symbol.rpartition("-")
    symbol = f"{stem}.{share}" if dash and share in {"A", "B"} else found.symbol
    try:
        one = guess(symbol, kind)
    except ValidationError:
        return None
    name, venue = found.name or one.name, found.region or one.venue
    return one if one in known() else replace(one, name=name, venue=venue, currency=found.currency or one.currency)


def _same(told: str, wanted: str, instrument: Instrument) -> None:
    """Refuse an answer about another instrument."""
    if told.upper() != wanted.upper():
        words = f"Alpha Vantage was asked for {wanted} and answers with {quote(told)}; nothing of it is used."
        raise DataProviderError(words, symbol=instrument.symbol)
