"""The source Yahoo."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import quote as escaped

import polars as pl

from ara.data.access import Access, Limit, Venue
from ara.data.access.wire import decode, quote
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.rows import between, each, facts, named, offered
from ara.data.providers.yahoo import charts
from ara.data.providers.yahoo.messages import Answer, Chart, Fault, OptionsOf, ProfileAnswer, Search
from ara.data.providers.yahoo.options import contracts
from ara.data.providers.yahoo.spelling import CLASSES, found_instrument, same, spelled
from ara.data.providers.yahoo.units import checked
from ara.errors import DataProviderError, UnknownSymbolError
from ara.market.bars import Basis
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import known
from ara.market.timeframe import DAY, Timeframe, Unit

__all__ = ["Yahoo"]

_log = logging.getLogger(__name__)

_WEEK: Final = Timeframe(1, Unit.WEEK)
_MINUTE: Final = Timeframe(1, Unit.MINUTE)

# name of the interval, how far back it reaches, how much one answer holds
_INTERVALS: Final = {
    _MINUTE: ("1m", timedelta(days=29), timedelta(days=7)),
    Timeframe(5, Unit.MINUTE): ("5m", timedelta(days=59), timedelta(days=59)),
    Timeframe(15, Unit.MINUTE): ("15m", timedelta(days=59), timedelta(days=59)),
    Timeframe(30, Unit.MINUTE): ("30m", timedelta(days=59), timedelta(days=59)),
    Timeframe(1, Unit.HOUR): ("1h", timedelta(days=729), timedelta(days=729)),
}
_MARGIN: Final = timedelta(days=3)
_FORTNIGHT: Final = timedelta(days=14)
_DECADE: Final = timedelta(days=3653)
_REFUSED: Final = (400, 404, 422)
_NO_COOKIE: Final = (401, 403)  # of a side question: it says nothing about how well bars are answered
_OUT_OF_RANGE: Final = ("data doesn't exist for startdate", "must be within the last", "only 8 days worth")


class Yahoo:
    """Yahoo's charts: stocks, funds, indices, currencies and coins; splits, dividends, last prices, option chains.

    Prices are divided by later splits, and beside each close stands one that is adjusted for dividends too. Daily bars
    reach back to the listing, hourly ones two years, those of 1 minute 29 days, others 59 days; weeks are made of days.
    Prices in pence, agorot or cents (`GBp`, `ILA`, `ZAc`) are divided by 100, and any currency but the instrument's is
    refused. There is no key and no promise: the terms are those of Yahoo's website, and it may refuse who asks often.

    Daily bars of currencies run from midnight to midnight of London and are known at that midnight, hours after the
    session of their date. Their close lies near the start of the day, while high and low are of the whole of it: what
    looks like foresight in them is this. Use another source for daily currencies where there is one.

    Parameters
    ----------
    access
        The way to the venue.
    pause
        Seconds between two rounds of a stream, which asks again and again as Yahoo has no open stream.
    """

    name: ClassVar[str] = "yahoo"
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.BARS, Kind.QUOTES, Kind.ACTIONS, Kind.OPTIONS, Kind.FACTS})
    venue: ClassVar[Venue] = Venue(
        name="yahoo",
        url="https://query2.finance.yahoo.com",
        limits=(Limit(requests=100, seconds=60),),
        check="/v8/finance/chart/SPY?interval=1d&range=1d",
    )
    basis: ClassVar[Basis] = Basis.SPLIT
    timeframes: ClassVar[frozenset[Timeframe]] = frozenset({*_INTERVALS, DAY, _WEEK})
    classes: ClassVar[frozenset[AssetClass]] = CLASSES

    def __init__(self, access: Access, *, pause: float = 15.0) -> None:
        self._access = access
        self._pause = pause

    def oldest(self, timeframe: Timeframe, now: datetime) -> datetime | None:
        """Give from when on Yahoo has bars shorter than a day; None for longer ones, which reach to the listing."""
        return now - _INTERVALS[timeframe][1] if timeframe in _INTERVALS else None

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give what Yahoo's search finds; for an empty query, which it doesn't answer, what Ara knows of."""
        if not query.strip():
            return known()
        listed = [found_instrument(one) for one in (await self._search(query)).quotes]
        return list(dict.fromkeys(one for one in listed if one is not None))

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give what has `start <= at < end`; facts and option chains are of now, as Yahoo keeps no earlier ones."""
        offered(kind, self.offers, source="Yahoo")
        if kind is Kind.BARS:
            return between(await self._bars(instrument, timeframe, start, end), start, end)
        if kind is Kind.ACTIONS:
            chart = await self._chart(instrument, "1d", start - _MARGIN, end + _MARGIN)
            found = _none(kind) if chart is None else charts.actions(chart, instrument, self._access.clock.now())
        else:
            found = await self._now(kind, instrument)
        return found.filter(pl.col("at") >= start, pl.col("at") < end)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give the newest daily bar, which may be open, or other row of each instrument; all rows of option chains."""
        offered(kind, self.offers, source="Yahoo")

        async def ask(one: Instrument) -> pl.DataFrame:
            if kind is Kind.BARS:
                return named(await self._newest(one), one.symbol)
            now = self._access.clock.now()
            if kind is Kind.ACTIONS:
                past = await self.history(kind, one, DAY, start=now - _DECADE, end=now)
                return named(past.tail(1), one.symbol)
            return named(await self._now(kind, one), one.symbol)

        return pl.concat([named(_none(kind), ""), *await each(ask, instruments)])

    async def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Give closed bars of one minute, or last prices, by asking again after a pause; each row once, in order."""
        if kind not in {Kind.BARS, Kind.QUOTES}:
            raise DataProviderError(f"Yahoo has no stream of {kind}; it has bars and quotes.")
        now = self._access.clock.now()
        given = {one.symbol: now - 3 * _MINUTE.span for one in instruments}
        while True:
            for one in instruments:
                fresh = (await self._fresh(kind, one, given[one.symbol])).filter(pl.col("at") > given[one.symbol])
                if not fresh.is_empty():
                    given[one.symbol] = fresh["at"][-1]
                    yield named(fresh, one.symbol)
            await asyncio.sleep(self._pause)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._access.close()

    async def _fresh(self, kind: Kind, instrument: Instrument, since: datetime) -> pl.DataFrame:
        if kind is Kind.QUOTES:
            return await self._now(kind, instrument)
        now = self._access.clock.now()
        return await self.history(kind, instrument, _MINUTE, start=since, end=now)

    async def _newest(self, instrument: Instrument) -> pl.DataFrame:
        """Give the last daily bar; that of an instrument that trades no more is where Yahoo says that it last did."""
        now = self._access.clock.now()
        chart = await self._chart(instrument, "1d", now - _FORTNIGHT, now + _MARGIN)
        if chart is not None and not chart.timestamp and chart.meta.regular_market_time is not None:
            stamp = [chart.meta.regular_market_time]
            last: datetime = charts.instants(stamp, field="meta.regularMarketTime")[0]
            chart = await self._chart(instrument, "1d", last - _FORTNIGHT, last + _MARGIN)
        return self._framed(chart, instrument, DAY).tail(1)

    async def _bars(self, instrument: Instrument, timeframe: Timeframe, start: datetime, end: datetime) -> pl.DataFrame:
        if timeframe in {DAY, _WEEK}:
            earlier = _MARGIN + (timeframe.span if timeframe == _WEEK else timedelta())
            chart = await self._chart(instrument, "1d", start - earlier, end + earlier)
            found = self._framed(chart, instrument, DAY)
            return charts.weeks(found, instrument) if timeframe == _WEEK else found
        if timeframe not in _INTERVALS:
            raise DataProviderError(f"Yahoo has no bars of {timeframe}; it has 1m, 5m, 15m, 30m, 1h, 1d and 1w.")
        interval, reach, page = _INTERVALS[timeframe]
        now = self._access.clock.now()
        start, end = max(start, now - reach), min(end, now + timeframe.span)
        pages = [_none(Kind.BARS)]
        while start < end:
            chart = await self._chart(instrument, interval, start, min(start + page, end))
            pages.append(self._framed(chart, instrument, timeframe))
            start += page
        return pl.concat(pages).unique("at", keep="last").sort("at")

    def _framed(self, chart: Chart | None, instrument: Instrument, timeframe: Timeframe) -> pl.DataFrame:
        if chart is None:
            return _none(Kind.BARS)
        return charts.bars_of(chart, instrument, timeframe, self._access.clock.now())

    async def _chart(self, instrument: Instrument, interval: str, start: datetime, end: datetime) -> Chart | None:
        """Give a chart; None where Yahoo has the instrument but nothing of that time."""
        params = {
            "period1": str(int(start.timestamp())),
            "period2": str(int(end.timestamp())),
            "interval": interval,
            "events": "div|split",
            "includeAdjustedClose": "true",
            "includePrePost": "false",
        }
        path = f"/v8/finance/chart/{escaped(spelled(instrument), safe='')}"
        raw = await self._access.get(path, params, missing=instrument.symbol, accept=_REFUSED)
        answer = decode(raw, Answer, source=self.name).chart
        if answer.error is not None and any(words in _words(answer.error).lower() for words in _OUT_OF_RANGE):
            return None
        if not answer.result:
            raise _refusal(answer.error, instrument)
        chart = answer.result[0]
        if not same(chart.meta.symbol, instrument):
            raise _another(chart.meta.symbol, instrument)
        return checked(chart, instrument)

    async def _now(self, kind: Kind, instrument: Instrument) -> pl.DataFrame:
        now = self._access.clock.now()
        if kind is Kind.OPTIONS:
            return await self._options(instrument)
        chart = await self._chart(instrument, "1d", now - timedelta(days=7), now)
        if chart is None:
            return _none(kind)
        if kind is Kind.QUOTES:
            return charts.quote(chart.meta, now)
        sector, industry = await self._branch(instrument)
        name = chart.meta.long_name or chart.meta.short_name
        return facts({"name": name, "sector": sector, "industry": industry}, now)

    async def _options(self, instrument: Instrument) -> pl.DataFrame:
        path = f"/v7/finance/options/{escaped(spelled(instrument), safe='')}"
        first = await self._expiries(path, instrument)
        have = {one.expiration_date for one in first.options}
        rest = [date for date in first.expiration_dates if date not in have]
        more = await each(lambda date: self._expiries(path, instrument, date), rest, at_once=2)
        chains = [expiry for one in (first, *more) for expiry in one.options]
        return contracts(chains, self._access.clock.now())

    async def _expiries(self, path: str, instrument: Instrument, date: int = 0) -> OptionsOf:
        params = {"date": str(date)} if date else {}
        raw = await self._access.get(path, params, missing=instrument.symbol, accept=_REFUSED)
        answer = decode(raw, Answer, source=self.name).option_chain
        if not answer.result:
            raise _refusal(answer.error, instrument)
        if not same(answer.result[0].underlying_symbol, instrument):
            raise _another(answer.result[0].underlying_symbol, instrument)
        return answer.result[0]

    async def _branch(self, instrument: Instrument) -> tuple[str | None, str | None]:
        """Give sector and industry: from the profile, or, where Yahoo refuses it without a cookie, from the search."""
        symbol = spelled(instrument)
        path = f"/v10/finance/quoteSummary/{escaped(symbol, safe='')}"
        try:
            raw = await self._access.get(path, {"modules": "assetProfile"}, accept=_NO_COOKIE)
            listed = decode(raw, ProfileAnswer, source=self.name).quote_summary.result
            profile = listed[0].asset_profile if listed else None
        except DataProviderError as error:
            _log.info("yahoo: the profile of %s is refused, its search is asked: %s", instrument.symbol, error)
            profile = None
        if profile is not None:
            return profile.sector, profile.industry
        found = next((one for one in (await self._search(symbol)).quotes if one.symbol == symbol), None)
        return (found.sector, found.industry) if found else (None, None)

    async def _search(self, query: str) -> Search:
        params = {"q": query.strip(), "quotesCount": "25", "newsCount": "0"}
        return decode(await self._access.get("/v1/finance/search", params), Search, source=self.name)


def _none(kind: Kind) -> pl.DataFrame:
    return pl.DataFrame(schema=BARS if kind is Kind.BARS else SCHEMAS[kind])


def _words(fault: Fault) -> str:
    return fault.description or fault.code


def _refusal(fault: Fault | None, instrument: Instrument) -> DataProviderError | UnknownSymbolError:
    if fault is None:
        return DataProviderError(f"Yahoo answers with no series for {instrument.symbol}.", symbol=instrument.symbol)
    words = _words(fault)
    if fault.code.lower() == "not found" or "no data found" in words.lower():
        return UnknownSymbolError(
            f"Yahoo has nothing under {spelled(instrument)}: {quote(words)}.",
            hint="It may be delisted or spelled otherwise; search with: ara symbols",
            symbol=instrument.symbol,
        )
    return DataProviderError(f"Yahoo refuses {instrument.symbol}: {quote(words)}.", symbol=instrument.symbol)


def _another(symbol: str, instrument: Instrument) -> DataProviderError:
    return DataProviderError(
        f"Yahoo was asked for {spelled(instrument)} and answers with {quote(symbol)}; nothing of it is used.",
        symbol=instrument.symbol,
    )
