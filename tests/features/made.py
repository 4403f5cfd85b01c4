"""Bars for tests: the bundled sample's, and made-up ones on any calendar and timeframe."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

import ara
from ara.data.files import read_bars
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.symbols import guess
from ara.market.timeframe import DAY, Timeframe

FOLDER = Path(ara.__file__).parent / "data" / "sample" / "sample.parquet"
CALENDARS = {"XNYS": ("AAPL", "stock"), "24/7": ("BTC-USD", "crypto"), "forex": ("EURUSD", "forex")}


def bars_of(rows, *, symbol="AAPL", asset_class="stock", timeframe=DAY, label="ts"):
    """Bars of a frame with `label` (stamps as a source writes them), open, high, low, close, volume."""
    instrument = replace(guess(symbol, asset_class), symbol=symbol)
    hours = spans(rows[label], calendar(instrument.calendar), timeframe)
    prices = rows.select(pl.col("open", "high", "low", "close", "volume").cast(pl.Float64))
    frame = pl.concat([hours, prices], how="horizontal").with_columns(
        learned_at=pl.col("known_at"),
        source=pl.lit("made"),
        quality=pl.lit(1.0),
        imputed=pl.lit(value=False),
        votes=pl.lit(1, pl.Int64),
    )
    return Bars(
        instrument=instrument,
        timeframe=timeframe,
        basis=Basis.SPLIT,
        frame=frame.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()),
    )


@cache
def sample(symbol):
    rows = read_bars(FOLDER).filter(pl.col("symbol") == symbol)
    return bars_of(rows, symbol=symbol, asset_class=rows["asset_class"][0] or "")


def cut(bars, end, start=0):
    return replace(bars, frame=bars.frame[start:end])


def walk(stamps, *, seed=1, step=0.003):
    """Rows of made-up prices, one for each stamp."""
    random = np.random.default_rng(seed)
    count = len(stamps)
    close = 100 * np.exp(np.cumsum(step * random.standard_t(4, count)))
    opened = close * np.exp(step * random.standard_normal(count) / 3)
    return pl.DataFrame(
        {
            "ts": pl.Series(stamps, dtype=pl.Datetime("us", "UTC")),
            "open": opened,
            "high": np.maximum(opened, close) * (1 + step * random.random(count)),
            "low": np.minimum(opened, close) * (1 - step * random.random(count)),
            "close": close,
            "volume": np.floor(random.lognormal(8, 0.5, count)),
        }
    )


def intraday(name, start, end, *, step="1h", seed=1, before=0, after=0):
    """Bars of every session from start to end on a calendar; `before` and `after` add bars outside of it."""
    venue, timeframe = calendar(name), Timeframe.parse(step)
    stamps = []
    for day in venue.sessions(start, end):
        opened, closed = venue.opens(day), venue.closes(day)
        stamps += [opened - timeframe.span * k for k in range(before, 0, -1)]
        moment = opened
        while moment < closed:
            stamps.append(moment)
            moment += timeframe.span
        stamps += [closed + timeframe.span * k for k in range(after)]
    symbol, asset_class = CALENDARS[name]
    stamps = sorted(set(stamps))
    return bars_of(walk(stamps, seed=seed), symbol=symbol, asset_class=asset_class, timeframe=timeframe)


def days(count, *, start=date(2020, 1, 1), symbol="BTC-USD", seed=1):
    """Daily bars of an instrument that trades every day."""
    first = datetime(start.year, start.month, start.day, tzinfo=UTC)
    stamps = [first + timedelta(days=k) for k in range(count)]
    return bars_of(walk(stamps, seed=seed, step=0.02), symbol=symbol, asset_class="crypto")
