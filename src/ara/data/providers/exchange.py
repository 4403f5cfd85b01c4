"""What the adapters of coin exchanges do alike: rows to frames, names to instruments, one refusal for each fault."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import polars as pl

from ara.data.access.wire import quote
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.data.providers.rows import named, number, numbers, prices, unlike, volumes
from ara.errors import DataProviderError, ShapeError, UnknownSymbolError, ValidationError
from ara.market.codes import COINS, CURRENCIES
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import normalise
from ara.market.timeframe import Timeframe, Unit

__all__ = [
    "DEPTH",
    "MINUTE",
    "Bar",
    "Coin",
    "Trade",
    "bar_frame",
    "book_frame",
    "cited",
    "coins",
    "empty",
    "found",
    "instrument",
    "no_past",
    "number_of",
    "pages",
    "quote_frame",
    "refused",
    "span_of",
    "told_frame",
    "trade_frame",
    "unknown",
]

DEPTH: Final = 20
"""How many levels of each side a book has."""

MINUTE: Final = Timeframe(1, Unit.MINUTE)
"""The bars that streams give."""

_INSTANT: Final = pl.Datetime("us", "UTC")
_MICROSECOND: Final = timedelta(microseconds=1)
_PRICES: Final = ("open", "high", "low", "close")
_COLUMNS: Final = (*_PRICES, "volume")
_TOLD: Final = pl.Schema({"symbol": pl.String(), **BARS})
_TABLE: Final = Path(__file__).with_name("coins.json")


class Bar(NamedTuple):
    """One bar as an exchange tells it.

    `at` is when it opened, UTC; `closed` whether the exchange says that it changes no more, None where it says nothing
    and the clock must decide.
    """

    symbol: str
    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    closed: bool | None = None


class Trade(NamedTuple):
    """One trade; `side` is of who took it, `id` grows by one from trade to trade of a symbol."""

    symbol: str
    at: datetime
    price: Decimal
    size: Decimal
    side: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """A coin by its rank among all, and what each exchange calls it against its main currency there.

    Parameters
    ----------
    rank
        By market value, 1 for the largest, as of the table's making.
    code
        `BTC`.
    venues
        Ara's symbol at each exchange that trades it, such as `BTC-USDT` at Binance.
    """

    rank: int
    code: str
    venues: Mapping[str, str]

    @property
    def name(self) -> str:
        """As people call it: `Bitcoin`."""
        return COINS[self.code]


@cache
def coins() -> tuple[Coin, ...]:
    """Give the coins of the bundled table, by rank."""
    return tuple(msgspec.json.decode(_TABLE.read_bytes(), type=list[Coin]))


def instrument(
    base: str, currency: str, *, tick: Decimal | None = None, lot: Decimal | None = None
) -> Instrument | None:
    """Give the instrument of a pair by Ara's codes; None for two states' currencies, and for what can't be spelled."""
    plain = f"{base}{currency}".isascii() and base.isalnum() and currency.isalnum()
    if not plain or (base in CURRENCIES and currency in CURRENCIES):
        return None
    symbol = f"{base}-{currency}"
    try:
        if normalise(symbol) != symbol:
            return None
    except ValidationError:
        return None
    return Instrument(
        symbol=symbol,
        name=COINS.get(base, base),
        asset_class=AssetClass.CRYPTO,
        venue="crypto",
        currency=currency,
        calendar="24/7",
        timezone="UTC",
        tick=tick or Decimal("0.00000001"),
        lot=lot or Decimal("0.00000001"),
    )


def found(listed: Iterable[Instrument], query: str) -> list[Instrument]:
    """Give those whose symbol or name holds the query; those that are it come first, then by symbol."""
    wanted = query.strip().casefold()
    kept = [one for one in listed if wanted in one.symbol.casefold() or wanted in one.name.casefold()]
    return sorted(kept, key=lambda one: (wanted not in {one.symbol.casefold(), one.name.casefold()}, one.symbol))


def unknown(source: str, symbol: str, listed: Iterable[Instrument]) -> UnknownSymbolError:
    """Make the error for a pair that an exchange doesn't trade; it names the currencies in which it trades the coin."""
    base = symbol.partition("-")[0]
    near = sorted(one.symbol for one in listed if one.symbol.partition("-")[0] == base)[:8]
    words = f" It trades {', '.join(near)}." if near else ""
    return UnknownSymbolError(f"{source} has no {symbol}.{words}", symbol=symbol, nearest=near)


def cited(words: str) -> str:
    """Give an exchange's own words in quotation marks, fit for a message."""
    return f'"{quote(words)}"'


def refused(source: str, symbol: str, words: str) -> DataProviderError:
    """Make the error for a request that an exchange refuses, in its own words."""
    return DataProviderError(f'{source} refuses to answer for {symbol}: "{quote(words)}".', symbol=symbol)


def empty(kind: Kind) -> pl.DataFrame:
    """Give no rows of a kind, with their symbol's column."""
    return pl.DataFrame(schema={"symbol": pl.String(), **SCHEMAS[kind]})


def no_past(source: str, kind: Kind) -> DataProviderError:
    """Make the error for a kind of which an exchange keeps no past."""
    return DataProviderError(
        f"{source} keeps no past {kind}: it has only the newest.", hint="Ask for the latest, or follow the stream."
    )


def span_of(source: str, timeframe: Timeframe, codes: Mapping[str, str]) -> str:
    """Give an exchange's word for a timeframe; DataProviderError that names those it has."""
    code = codes.get(str(timeframe))
    if code is None:
        raise DataProviderError(f"{source} has bars of {', '.join(codes)}; none of {timeframe}.")
    return code


def pages(start: datetime, end: datetime, step: timedelta) -> list[tuple[datetime, datetime]]:
    """Cut a range into pieces of at most `step`, ascending, each ending where the next begins."""
    cuts = []
    while start < end:
        cuts.append((start, min(start + step, end)))
        start = cuts[-1][1]
    return cuts


def number_of(text: str, *, source: str, field: str) -> int:
    """Give a whole number that stands as text; ShapeError that quotes the field for any other."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        words = f"{source} sends {quote(text)!r} in {field}, which is no whole number."
        raise ShapeError(words, source=source, field=field)
    return int(text)


def bar_frame(
    bars: Sequence[Bar], timeframe: Timeframe, *, now: datetime, source: str, symbol: bool = False
) -> pl.DataFrame:
    """Make a frame of bars in the columns `BARS`, ascending, one an `at` of a symbol; of a running bar the later.

    Parameters
    ----------
    bars
        In any order.
    timeframe
        How long each is; a day of an exchange of coins is that of UTC.
    now
        When they were received. A bar that the exchange says is closed was learned when it closed at the earliest; one
        that it says runs was learned before, whatever the clock says.
    source
        The provider's name, for the message of an error.
    symbol
        Whether the symbol is the first column.

    Raises
    ------
    ShapeError
        Two closed bars have one time and other values, or a number can be no price or no volume.
    """
    columns = {name: numbers([getattr(bar, name) for bar in bars], source=source, field=name) for name in _COLUMNS}
    for name in _PRICES:
        prices(columns[name], source=source, zero=False)
    volumes(columns["volume"], source=source)
    learned = pl.lit(now.astimezone(UTC), _INSTANT)
    known = pl.col("at") + timeframe.span
    frame = pl.DataFrame(
        {
            "symbol": pl.Series([bar.symbol for bar in bars], dtype=pl.String),
            "at": pl.Series([bar.at for bar in bars], dtype=_INSTANT),
            "closed": pl.Series([bar.closed for bar in bars], dtype=pl.Boolean),
            **columns,
        }
    ).with_columns(
        known_at=known,
        learned_at=pl.when(pl.col("closed").is_null())
        .then(learned)
        .when("closed")
        .then(pl.max_horizontal(learned, known))
        .otherwise(pl.min_horizontal(learned, known - _MICROSECOND)),
        adjusted=pl.lit(None, pl.Float64),
    )
    if len(bars) > 1:
        _one_each(frame, source)
        frame = frame.unique(["symbol", "at"], keep="last", maintain_order=True).sort("at", maintain_order=True)
    return frame.select("symbol", *BARS) if symbol else frame.select(*BARS)


def _one_each(frame: pl.DataFrame, source: str) -> None:
    """Refuse closed bars of one time that differ."""
    closed = frame.filter(pl.col("learned_at") >= pl.col("known_at")).unique(["symbol", "at", *_COLUMNS])
    twice = closed.filter(pl.struct("symbol", "at").is_duplicated())
    if twice.height:
        first = twice.sort("symbol", "at", "close").row(0, named=True)
        same = (pl.col("symbol") == first["symbol"]) & (pl.col("at") == first["at"])
        raise unlike(source, first["symbol"], first["at"], twice.filter(same).sort(_COLUMNS))


def told_frame(bars: Sequence[Bar], *, now: datetime, source: str) -> pl.DataFrame:
    """Make a frame of minute bars as a stream tells of them, with their symbols, in the order given.

    A bar is closed where the exchange says so, and open for all else, whatever the clock says. Quick for a few bars.
    """
    given = []
    for bar in bars:
        known = bar.at + MINUTE.span
        learned = max(now, known) if bar.closed else min(now, known - _MICROSECOND)
        values = [number(value, source=source, field=name) for name, value in zip(_COLUMNS, bar[2:7], strict=True)]
        for name, value in zip(_PRICES, values, strict=False):
            prices(pl.Series(name, [value]), source=source, zero=False)
        volumes(pl.Series("volume", values[4:]), source=source)
        given.append((bar.symbol, bar.at, known, learned, *values, None))
    return pl.DataFrame(given, schema=_TOLD, orient="row")


def trade_frame(trades: Sequence[Trade], *, now: datetime, source: str, symbol: bool = False) -> pl.DataFrame:
    """Make a frame of trades in the columns of `TRADES`, ascending; known when they were made."""
    given = [
        (
            one.symbol,
            one.at,
            one.at,
            now,
            number(one.price, source=source, field="price"),
            number(one.size, source=source, field="size"),
            one.side,
            str(one.id),
        )
        for one in sorted(trades, key=lambda one: (one.at, one.id))
    ]
    frame = pl.DataFrame(given, schema={"symbol": pl.String(), **SCHEMAS[Kind.TRADES]}, orient="row")
    return frame if symbol else frame.drop("symbol")


def quote_frame(
    symbol: str, at: datetime, prices: Mapping[str, Decimal | None], *, now: datetime, source: str
) -> pl.DataFrame:
    """Make one row of `QUOTES` with its symbol; prices by `bid ask bid_size ask_size last`, what is absent is null."""
    values = {
        name: None if (price := prices.get(name)) is None else number(price, source=source, field=name)
        for name in ("bid", "ask", "bid_size", "ask_size", "last")
    }
    row = {"symbol": [symbol], "at": [at], "known_at": [at], "learned_at": [now], **{k: [v] for k, v in values.items()}}
    return pl.DataFrame(row, schema={"symbol": pl.String(), **SCHEMAS[Kind.QUOTES]})


def book_frame(
    symbol: str,
    at: datetime,
    bids: Iterable[tuple[Decimal, Decimal]],
    asks: Iterable[tuple[Decimal, Decimal]],
    *,
    now: datetime,
    source: str,
) -> pl.DataFrame:
    """Make the rows of one `BOOK` with their symbol: bids, then asks, the best first; at most `DEPTH` levels a side."""
    sides = (("bid", sorted(bids, reverse=True)), ("ask", sorted(asks)))
    given = [
        (
            at,
            at,
            now,
            side,
            level,
            number(price, source=source, field=f"{side}.price"),
            number(size, source=source, field=f"{side}.size"),
        )
        for side, levels in sides
        for level, (price, size) in enumerate(levels[:DEPTH], start=1)
    ]
    return named(pl.DataFrame(given, schema=SCHEMAS[Kind.BOOK], orient="row"), symbol)
