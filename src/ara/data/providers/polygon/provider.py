"""The source Polygon."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit
from urllib.parse import quote as escaped

import polars as pl

from ara.data.access import Access, Limit, Venue
from ara.data.access.wire import decode, quote
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.polygon import frames
from ara.data.providers.polygon.messages import Aggregates, Answer, Quotes, Trades
from ara.data.providers.polygon.reference import Contracts, DetailsAnswer, Dividends, OptionSnapshots, Splits, Tickers
from ara.data.providers.polygon.spelling import CLASSES, dashed, listed_instrument, of_ticker, spelled
from ara.data.providers.polygon.stream import follow
from ara.data.providers.rows import between, each, named, offered
from ara.errors import DataProviderError
from ara.market.bars import Basis
from ara.market.calendar import calendar
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY, Timeframe, Unit

__all__ = ["Polygon"]

_Page = TypeVar("_Page", bound=Answer)

_SPANS: Final = {
    **{Timeframe(count, Unit.MINUTE): f"{count}/minute" for count in (1, 5, 15, 30)},
    Timeframe(1, Unit.HOUR): "1/hour",
    DAY: "1/day",
}
_MINUTE: Final = Timeframe(1, Unit.MINUTE)
_MARGIN: Final = timedelta(days=2)
_PAGES: Final = 1000
_GROUPED: Final = 4
_HOSTS: Final = frozenset({"api.polygon.io", "api.massive.com"})
_TICKS: Final = {Kind.TRADES: "trades", Kind.QUOTES: "quotes"}
_LISTED: Final = frozenset({AssetClass.STOCK, AssetClass.ETF})
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)


class Polygon:
    """Polygon's market data: listed stocks and funds, indices, options, currencies and coins, by request and stream.

    Prices are as traded, for nothing adjusted; splits and dividends come as facts, dividends with the day of their
    declaration. Daily bars are of the regular session, those of coins and currencies of the UTC day; shorter bars of
    stocks hold the hours before the bell and after it too. Weeks are not offered, as Polygon's begin on Sunday.

    Parameters
    ----------
    access
        The way to the venue, with the user's key.
    silence
        Seconds without a message after which a stream counts as broken.
    """

    name: ClassVar[str] = "polygon"
    offers: ClassVar[frozenset[Kind]] = frozenset(
        {Kind.BARS, Kind.QUOTES, Kind.TRADES, Kind.ACTIONS, Kind.OPTIONS, Kind.FACTS}
    )
    venue: ClassVar[Venue] = Venue(
        name="polygon",
        url="https://api.polygon.io",
        socket="wss://socket.polygon.io",
        limits=(Limit(requests=5, seconds=60),),
        key=True,
        key_words="Get one at https://polygon.io/dashboard/keys; a free one may ask 5 times a minute.",
        check="/v1/marketstatus/now",
    )
    basis: ClassVar[Basis] = Basis.RAW
    timeframes: ClassVar[frozenset[Timeframe]] = frozenset(_SPANS)
    classes: ClassVar[frozenset[AssetClass]] = CLASSES

    def __init__(self, access: Access, *, silence: float = 180.0) -> None:
        self._access = access
        self._silence = silence

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give what Polygon lists under a symbol or name; for an empty query all of it, some 30 pages."""
        params = {"active": "true", "limit": "1000", **({"search": query.strip()} if query.strip() else {})}
        pages = await self._pages("/v3/reference/tickers", params, Tickers)
        found = (listed_instrument(line) for page in pages for line in page.results)
        return list(dict.fromkeys(one for one in found if one is not None))

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give what has `start <= at < end`; facts and option chains are of now, as Polygon keeps no earlier ones."""
        offered(kind, self.offers, source="Polygon")
        if kind is Kind.BARS:
            found = await self._bars(instrument, timeframe, start, end)
            if found.is_empty():
                await self._details(instrument)  # nothing of that time, or nothing of that name
            return between(found, start, end)
        if kind in _TICKS:
            limits = {"timestamp.gte": _nanoseconds(start), "timestamp.lt": _nanoseconds(end)}
            found = await self._ticks(kind, instrument, {**limits, "order": "asc", "limit": "50000"})
        elif kind is Kind.ACTIONS:
            found = await self._actions(instrument, start, end)
        else:
            found = await self._now(kind, instrument)
        return found.filter(pl.col("at") >= start, pl.col("at") < end)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give the newest row of each instrument, for bars the newest day; all rows of option chains.

        The days of many stocks come by one request, and are then of the last session that is over.
        """
        offered(kind, self.offers, source="Polygon")
        found = await self._session(instruments) if kind is Kind.BARS else {}

        async def ask(one: Instrument) -> pl.DataFrame:
            rows = found.get(one.symbol)
            return named(await self._newest(kind, one) if rows is None else rows, one.symbol)

        return pl.concat([named(_none(kind), ""), *await each(ask, instruments)])

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Give bars of one minute as they close; what passes while the line is down is asked for, and none comes twice.

        Raises
        ------
        DataProviderError
            For another kind than bars, or where Polygon refuses the key or the plan behind it.
        """
        if kind is not Kind.BARS:
            raise DataProviderError(f"Polygon streams bars here, no {kind}.")
        return follow(self._access, instruments, self._since, silence=self._silence)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._access.close()

    async def _since(self, instrument: Instrument, last: datetime) -> pl.DataFrame:
        now = self._access.clock.now()
        return await self.history(Kind.BARS, instrument, _MINUTE, start=last + _MINUTE.span, end=now)

    async def _bars(
        self, instrument: Instrument, timeframe: Timeframe, start: datetime, end: datetime, **more: str
    ) -> pl.DataFrame:
        if timeframe not in _SPANS:
            raise DataProviderError(f"Polygon has no bars of {timeframe}; it has {', '.join(map(str, _SPANS))}.")
        begin, stop = max(start, _EARLIEST) - _MARGIN, end + _MARGIN
        if timeframe != DAY:
            begin, stop = start, min(end, self._access.clock.now() + timeframe.span)
        ticker = spelled(instrument)
        path = f"/v2/aggs/ticker/{_safe(ticker)}/range/{_SPANS[timeframe]}/{_milliseconds(begin)}/{_milliseconds(stop)}"
        params = {"adjusted": "false", "sort": "asc", "limit": "50000", **more}
        pages = await self._pages(path, params, Aggregates, missing=instrument.symbol)
        for page in pages:
            _same(page.ticker, instrument)
        rows = [one for page in pages for one in page.results]
        return frames.bars_of(rows, instrument, timeframe, self._access.clock.now())

    async def _session(self, instruments: Sequence[Instrument]) -> dict[str, pl.DataFrame]:
        """Give the last day of many stocks by one request; nothing where they are few."""
        stocks = {spelled(one): one for one in instruments if one.asset_class in _LISTED}
        if len(stocks) < _GROUPED:
            return {}
        now = self._access.clock.now()
        hours = calendar("XNYS")
        over = [day for day in hours.sessions((now - timedelta(days=9)).date(), now.date()) if hours.closes(day) <= now]
        path = f"/v2/aggs/grouped/locale/us/market/stocks/{over[-1].isoformat()}"
        pages = await self._pages(path, {"adjusted": "false"}, Aggregates)
        rows = {stocks[one.ticker]: one for page in pages for one in page.results if one.ticker in stocks}
        return {one.symbol: frames.bars_of([row], one, DAY, now) for one, row in rows.items()}

    async def _newest(self, kind: Kind, instrument: Instrument) -> pl.DataFrame:
        now = self._access.clock.now()
        if kind is Kind.BARS:
            found = await self._bars(instrument, DAY, _EARLIEST, now, sort="desc", limit="5")
            return found.tail(1)
        if kind in _TICKS:
            return (await self._ticks(kind, instrument, {"order": "desc", "limit": "1"}, most=1)).tail(1)
        if kind is Kind.ACTIONS:
            return (await self._actions(instrument, now - timedelta(days=3653), now)).tail(1)
        return await self._now(kind, instrument)

    async def _ticks(
        self, kind: Kind, instrument: Instrument, params: Mapping[str, str], *, most: int = _PAGES
    ) -> pl.DataFrame:
        now = self._access.clock.now()
        path = f"/v3/{_TICKS[kind]}/{_safe(dashed(instrument))}"
        if kind is Kind.TRADES:
            traded = await self._pages(path, params, Trades, missing=instrument.symbol, most=most)
            return frames.trades([one for page in traded for one in page.results], now)
        quoted = await self._pages(path, params, Quotes, missing=instrument.symbol, most=most)
        return frames.quotes([one for page in quoted for one in page.results], now)

    async def _actions(self, instrument: Instrument, start: datetime, end: datetime) -> pl.DataFrame:
        first, last = ((moment + margin).date().isoformat() for moment, margin in ((start, -_MARGIN), (end, _MARGIN)))
        ticker = spelled(instrument)

        def asked(date: str) -> dict[str, str]:
            return {"ticker": ticker, f"{date}.gte": first, f"{date}.lte": last, "limit": "1000", "sort": date}

        paid = await self._pages("/v3/reference/dividends", asked("ex_dividend_date"), Dividends)
        split = await self._pages("/v3/reference/splits", asked("execution_date"), Splits)
        dividends = [one for page in paid for one in page.results]
        splits = [one for page in split for one in page.results]
        for stated in {*(one.ticker for one in dividends), *(one.ticker for one in splits)}:
            _same(stated, instrument)
        return frames.actions(dividends, splits, instrument, self._access.clock.now())

    async def _now(self, kind: Kind, instrument: Instrument) -> pl.DataFrame:
        if kind is Kind.FACTS:
            found = await self._details(instrument)
            return frames.details(found.results, self._access.clock.now())
        ticker = spelled(instrument)
        try:
            pages = await self._pages(f"/v3/snapshot/options/{_safe(ticker)}", {"limit": "250"}, OptionSnapshots)
        except DataProviderError as error:
            if error.context.get("status") != 403:
                raise
            params = {"underlying_ticker": ticker, "limit": "1000"}  # a small plan has the terms without the prices
            terms = await self._pages("/v3/reference/options/contracts", params, Contracts)
            return frames.listed([one for page in terms for one in page.results], self._access.clock.now())
        return frames.chain([one for page in pages for one in page.results], self._access.clock.now())

    async def _details(self, instrument: Instrument) -> DetailsAnswer:
        path = f"/v3/reference/tickers/{_safe(spelled(instrument))}"
        page = (await self._pages(path, {}, DetailsAnswer, missing=instrument.symbol, most=1))[0]
        _same(page.results.ticker, instrument)
        return page

    async def _pages(
        self, path: str, params: Mapping[str, str], type: type[_Page], *, missing: str = "", most: int = _PAGES
    ) -> list[_Page]:
        """Give an answer's pages, at most so many; the key goes to the address of the settings and nowhere else."""
        key = {"Authorization": f"Bearer {self._access.key.reveal()}"}
        pages: list[_Page] = []
        seen = set()
        while len(pages) < most:
            raw = await self._access.get(path, params, headers=key, missing=missing)
            pages.append(decode(raw, type, source=self.name))
            following = pages[-1].next_url
            if not following:
                break
            if following in seen:
                raise DataProviderError("Polygon's pages lead back to one that was read; none of them is used.")
            seen.add(following)
            path, params = self._following(following)
        return pages

    def _following(self, address: str) -> tuple[str, dict[str, str]]:
        """Give path and parameters of the next page; DataProviderError where it lies at a stranger's."""
        where = urlsplit(address)
        if where.netloc not in _HOSTS | {urlsplit(self._access.url).netloc}:
            raise DataProviderError(f"Polygon's next page lies at {quote(where.netloc)}; the key is not sent there.")
        return where.path, dict(parse_qsl(where.query))


def _none(kind: Kind) -> pl.DataFrame:
    return pl.DataFrame(schema=BARS if kind is Kind.BARS else SCHEMAS[kind])


def _safe(ticker: str) -> str:
    return escaped(ticker, safe=":")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _nanoseconds(moment: datetime) -> str:
    return f"{int(moment.timestamp())}{moment.microsecond:06d}000"


def _same(ticker: str | None, instrument: Instrument) -> None:
    """Refuse an answer about another instrument."""
    if ticker is not None and ticker != spelled(instrument) and of_ticker(ticker) != instrument.symbol:
        words = f"Polygon was asked for {spelled(instrument)} and answers with {quote(ticker)}; nothing of it is used."
        raise DataProviderError(words, symbol=instrument.symbol)
