"""The bundled sample: real daily bars that are there with no network and no key, and old."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import polars as pl

from ara.data.provider import BARS, SCHEMAS, Kind
from ara.errors import DataProviderError, IntegrityError, NoBarsError, UnknownSymbolError
from ara.market.bars import Basis
from ara.market.calendar import calendar
from ara.market.facts import facts
from ara.market.hours import spans
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import known
from ara.market.timeframe import DAY, Timeframe

__all__ = ["RELEASED", "SHA256", "Sample"]

RELEASED: Final = datetime(2026, 11, 21, tzinfo=UTC)
"""When this sample was put into the package: the `learned_at` of all its bars."""

SHA256: Final = "b721abfd27f3cf35c32cedd344044a3f320ba31ce4a2aa29c5ddbae12d127753"
"""Of the file that is shipped; no other is read."""

_FILE: Final = Path(__file__).parents[1] / "sample" / "sample.parquet"

_UNFINISHED: Final = date(2020, 1, 17)
"""The coins were downloaded early on this day: its bar holds some two hours, so it is no closed bar and is left out."""

_DIVIDED: Final = frozenset({"AMZN", "JNJ", "JPM", "KO", "MSFT", "XOM"})

_READ: Final = ("ts", "open", "high", "low", "close", "volume", "adj_close")


class Sample:
    """Daily bars of 24 instruments, which end between 2017-09-01 and 2022-03-10, and the sectors of their shares.

    Parameters
    ----------
    file
        The copy to read instead of the one in the package; it must be the same, byte by byte.
    """

    name: ClassVar[str] = "sample"
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.BARS, Kind.FACTS})

    def __init__(self, *, file: Path = _FILE) -> None:
        self._file = file

    def basis(self, instrument: Instrument) -> Basis:
        """Give what its prices of an instrument are adjusted for: those of seven shares and funds stand as traded."""
        return Basis.SPLIT if instrument.symbol in _DIVIDED else Basis.RAW

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give the instruments whose symbol or name holds the query, all for an empty one."""
        wanted = query.strip().casefold()
        return [one for one in known() if wanted in one.symbol.casefold() or wanted in one.name.casefold()]

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give the daily bars, or the facts, with `start <= at < end`."""
        _offered(kind)
        if kind is Kind.FACTS:
            return _facts(instrument).filter(pl.col("at") >= start, pl.col("at") < end)
        if timeframe != DAY:
            raise NoBarsError(
                f"The bundled sample has daily bars (1d) of {instrument.symbol}, none of {timeframe}.",
                hint="Ask for --timeframe 1d, or name another source in data.providers.",
            )
        bars = await asyncio.to_thread(self._bars, instrument)
        if start <= bars["at"][0] and bars["at"][-1] < end:
            return bars
        first, last = np.searchsorted(bars["at"].to_numpy(), [_plain(start), _plain(end)]).tolist()
        return bars.slice(first, max(last - first, 0))

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Give each instrument's last bar, which is old, or the newest value of each of its facts."""
        _offered(kind)
        if kind is Kind.FACTS:
            newest = [_facts(one).unique("field", keep="last", maintain_order=True) for one in instruments]
            rows = [
                own.select(pl.lit(one.symbol).alias("symbol"), pl.all())
                for one, own in zip(instruments, newest, strict=True)
            ]
            return pl.concat([pl.DataFrame(schema={"symbol": pl.String(), **SCHEMAS[kind]}), *rows])
        last = [
            (await asyncio.to_thread(self._bars, one)).tail(1).select(pl.lit(one.symbol).alias("symbol"), pl.all())
            for one in instruments
        ]
        return pl.concat([pl.DataFrame(schema={"symbol": pl.String(), **BARS}), *last])

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Refuse: what is old doesn't move.

        Raises
        ------
        DataProviderError
            Always.
        """
        raise DataProviderError(
            "The bundled sample has no live data.", hint="Name a live source in the setting data.providers."
        )

    async def close(self) -> None:
        """Do nothing: no connection is held."""

    def verify(self) -> None:
        """Read the file and compare its sha256 with the one of the package.

        Raises
        ------
        IntegrityError
            It is missing or was changed.
        """
        _read_verified(self._file)

    def _bars(self, instrument: Instrument) -> pl.DataFrame:
        return _decoded(_verified(self._file), instrument)


def _plain(moment: datetime) -> np.datetime64:
    """Give an instant as arrays hold it: UTC, without saying so."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def _offered(kind: Kind) -> None:
    if kind not in Sample.offers:
        raise DataProviderError(
            f"The bundled sample has bars and facts, no {kind}.",
            hint="Name another source in the setting data.providers.",
        )


def _facts(instrument: Instrument) -> pl.DataFrame:
    """Give what is known of an instrument, each from the midnight, UTC, that begins its day."""
    rows = [(datetime.combine(one.since, time(), UTC), one.field, one.value) for one in facts(instrument.symbol)]
    told = pl.DataFrame(rows, schema={"at": BARS["at"], "field": pl.String(), "value": pl.String()}, orient="row")
    return told.select(
        "at", pl.col("at").alias("known_at"), pl.lit(RELEASED, BARS["at"]).alias("learned_at"), "field", "value"
    )


@lru_cache(maxsize=1)
def _series(data: bytes) -> Mapping[str, pl.DataFrame]:
    """Give all instruments' rows, which lie one instrument after the other: one alone takes as long to be read."""
    whole = pl.read_parquet(io.BytesIO(data), columns=["symbol", *_READ]).rechunk()
    runs, rows = whole["symbol"].rle().struct, whole.drop("symbol")
    lengths = runs.field("len").to_list()
    ends = np.cumsum(lengths).tolist()
    found = zip(runs.field("value").to_list(), lengths, ends, strict=True)
    return {symbol: rows.slice(end - length, length) for symbol, length, end in found}


@lru_cache(maxsize=64)
def _decoded(data: bytes, instrument: Instrument) -> pl.DataFrame:
    raw = _series(data).get(instrument.symbol)
    if raw is None:
        raise UnknownSymbolError(
            f"The bundled sample has no bars of {instrument.symbol}.",
            hint=f"It has: {' '.join(one.symbol for one in known())}",
            symbol=instrument.symbol,
        )
    if instrument.asset_class is AssetClass.CRYPTO:
        raw = raw.filter(pl.col("ts").dt.date() < _UNFINISHED)
    learned = pl.lit(RELEASED, BARS["learned_at"]).alias("learned_at")
    hours = spans(raw["ts"].dt.date(), calendar(instrument.calendar))
    return pl.concat([hours, raw.rename({"adj_close": "adjusted"})], how="horizontal").select(
        "at", "known_at", learned, "open", "high", "low", "close", "volume", "adjusted"
    )


def _verified(file: Path) -> bytes:
    """Give the file's bytes, checked once for each state of the file."""
    try:
        state = file.stat()
    except OSError:
        return _read_verified(file)
    return _kept(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)
def _kept(file: Path, _changed: int, _size: int) -> bytes:
    return _read_verified(file)


def _read_verified(file: Path) -> bytes:
    hint = "Install the package again: pip install --force-reinstall --no-deps ara-ai"
    try:
        data = file.read_bytes()
    except OSError as error:
        raise IntegrityError(
            f"The bundled sample {file} can't be read: {error.strerror or error}.", hint=hint, file=str(file)
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise IntegrityError(
            f"The bundled sample {file} was changed or cut: its sha256 begins {found[:12]}, not {SHA256[:12]}.",
            hint=hint,
            file=str(file),
            sha256=found,
        )
    return data
