"""Daily bars from a CSV file that is shipped with the package."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from importlib.resources import files
from typing import ClassVar

import polars as pl

from ara.data import BARS, Kind
from ara.errors import DataProviderError, UnknownSymbolError
from ara.market import DAY, Instrument, Timeframe, calendar
from ara.market.hours import spans
from ara.market.symbols import guess

__all__ = ["Tides"]


class Tides:
    """Two instruments that were made up: one trades as stocks do in New York, one at all hours."""

    name: ClassVar[str] = "tides"
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.BARS})

    def __init__(self) -> None:
        self._table = pl.read_csv(str(files("ara_example") / "tides.csv"), try_parse_dates=True)
        self._instruments = (guess("TIDE", "stock"), guess("TIDE-USD", "crypto"))

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give the instruments whose symbol holds the query."""
        return [one for one in self._instruments if query.strip().upper() in one.symbol]

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give the daily bars with `start <= at < end`."""
        if timeframe != DAY:
            raise DataProviderError(f"tides has daily bars (1d), none of {timeframe}.")
        return self._bars(kind, instrument).filter(pl.col("at") >= start, pl.col("at") < end)

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give each instrument's last bar."""
        bars = [
            self._bars(kind, one).tail(1).select(pl.lit(one.symbol).alias("symbol"), pl.all()) for one in instruments
        ]
        return pl.concat([pl.DataFrame(schema={"symbol": pl.String(), **BARS}), *bars])

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Refuse: a file doesn't move."""
        raise DataProviderError("tides has no live data.")

    async def close(self) -> None:
        """Do nothing: no connection is held."""

    def _bars(self, kind: Kind, instrument: Instrument) -> pl.DataFrame:
        if kind not in self.offers:
            raise DataProviderError(f"tides offers bars, no {kind}.")
        found = self._table.filter(pl.col("symbol") == instrument.symbol)
        if found.is_empty():
            raise UnknownSymbolError(f"tides has no {instrument.symbol}.")
        hours = spans(found["date"], calendar(instrument.calendar))
        return pl.concat([hours, found], how="horizontal").select(
            "at",
            "known_at",
            pl.col("known_at").alias("learned_at"),
            "open",
            "high",
            "low",
            "close",
            pl.col("volume").cast(pl.Float64),
            pl.col("close").alias("adjusted"),
        )
