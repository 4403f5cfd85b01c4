"""A source of data that makes its bars up, and fails when it is told to."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final

import numpy as np
import polars as pl

from ara.data.provider import BARS, Kind
from ara.errors import DataProviderError, UnknownSymbolError, ValidationError
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.instrument import Instrument
from ara.market.symbols import resolve
from ara.market.timeframe import DAY, Timeframe

__all__ = ["FakeProvider", "Fault"]

_FIRST: Final = date(2018, 1, 1)
_LAST: Final = date(2020, 12, 31)


class Fault(StrEnum):
    """What goes wrong with one answer: it fails, comes late, holds nothing, or is about another instrument."""

    ERROR = "error"
    SLOW = "slow"
    EMPTY = "empty"
    WRONG_SYMBOL = "wrong_symbol"


class FakeProvider:
    """Daily bars that are the same for the same seed, on each instrument's own calendar.

    Parameters
    ----------
    frames
        Bars by symbol, with the columns `ara.data.BARS`; those of other symbols are made up.
    symbols
        The instruments that it has; the keys of `frames` come on top.
    seed
        Of the bars that are made up.
    first, last
        Labels between which bars are made up.
    delay
        Seconds by which a slow answer is late.
    """

    name: ClassVar[str] = "fake"
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.BARS})

    def __init__(
        self,
        frames: Mapping[str, pl.DataFrame] | None = None,
        *,
        symbols: Sequence[str] = ("AAPL", "BTC-USD", "EURUSD"),
        seed: int = 0,
        first: date = _FIRST,
        last: date = _LAST,
        delay: float = 0.05,
    ) -> None:
        self._frames = dict(frames or {})
        self._instruments = {one.symbol: one for one in map(resolve, (*symbols, *self._frames))}
        self._seed, self._first, self._last, self._delay = seed, first, last, delay
        self._faults: deque[Fault] = deque()
        self._asked: list[str] = []
        self._closed = 0

    @property
    def asked(self) -> tuple[str, ...]:
        """The symbols that were asked for, in order, those with a fault among them."""
        return tuple(self._asked)

    @property
    def closed(self) -> int:
        """How often it was closed."""
        return self._closed

    def fail(self, *faults: Fault | str) -> None:
        """Give the next answers these faults, one each, in order; later answers are right again."""
        unknown = [fault for fault in faults if fault not in list(Fault)]
        if unknown:
            raise ValidationError(f"There is no fault {unknown[0]!r}; there are {', '.join(Fault)}.")
        self._faults.extend(Fault(fault) for fault in faults)

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give the instruments whose symbol or name holds the query."""
        wanted = query.strip().casefold()
        return [one for one in self._instruments.values() if wanted in f"{one.symbol} {one.name}".casefold()]

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give the daily bars with `start <= at < end`, or meet the next fault."""
        if timeframe != DAY:
            raise DataProviderError(f"The fake source has daily bars (1d), none of {timeframe}.")
        bars = await self._answer(kind, instrument)
        return bars.filter(pl.col("at") >= start, pl.col("at") < end)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give each instrument's last bar, or meet the next faults, one for each instrument."""
        found = [(await self._answer(kind, one)).tail(1) for one in instruments]
        named = [
            bar.select(pl.lit(one.symbol).alias("symbol"), pl.all())
            for one, bar in zip(instruments, found, strict=True)
        ]
        return pl.concat([pl.DataFrame(schema={"symbol": pl.String(), **BARS}), *named])

    async def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Give the last three bars of each instrument, oldest first, one at a time; then the stream ends."""
        for one in instruments:
            bars = (await self._answer(kind, one)).tail(3)
            for row in range(len(bars)):
                yield bars[row].select(pl.lit(one.symbol).alias("symbol"), pl.all())

    async def close(self) -> None:
        """Count that it was closed."""
        self._closed += 1

    async def _answer(self, kind: Kind, instrument: Instrument) -> pl.DataFrame:
        if kind not in self.offers:
            raise DataProviderError(f"The fake source offers bars, no {kind}.")
        self._asked.append(instrument.symbol)
        fault = self._faults.popleft() if self._faults else None
        if fault is Fault.ERROR:
            raise DataProviderError("The fake source fails, as it was told to.", symbol=instrument.symbol)
        if instrument.symbol not in self._instruments:
            raise UnknownSymbolError(f"The fake source has no {instrument.symbol}.", symbol=instrument.symbol)
        if fault is Fault.SLOW:
            await asyncio.sleep(self._delay)
        if fault is Fault.EMPTY:
            return pl.DataFrame(schema=BARS)
        if fault is Fault.WRONG_SYMBOL:
            others = [one for one in self._instruments.values() if one != instrument]
            instrument = others[0] if others else resolve("MSFT" if instrument.symbol != "MSFT" else "AAPL")
        given = self._frames.get(instrument.symbol)
        return self._made_up(instrument) if given is None else given

    def _made_up(self, instrument: Instrument) -> pl.DataFrame:
        hours = calendar(instrument.calendar)
        span = spans(pl.Series("label", hours.sessions(self._first, self._last), dtype=pl.Date), hours)
        digest = hashlib.sha256(f"{self._seed} {instrument.symbol}".encode()).digest()
        random = np.random.default_rng(list(digest))
        count = len(span)
        close = 100 * np.exp(np.cumsum(0.01 * random.standard_t(5, count)))
        opened = close * np.exp(random.normal(0, 0.003, count))
        columns = {
            "open": opened,
            "high": np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.003, count))),
            "low": np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.003, count))),
            "close": close,
            "volume": np.floor(random.lognormal(13, 0.4, count)),
            "adjusted": close,
        }
        bars = span.with_columns(learned_at=pl.col("known_at"), **{key: pl.Series(v) for key, v in columns.items()})
        return bars.select(BARS.names())
