"""Forecasts of a crowd: instruments that no model has met, each with a history of its own, through one call.

Each has 1,500 daily bars, made up the moment it is asked for, of a share whose volatility changes each 30 bars. They
are forecast five bars ahead by the model that answers when none is named, without reasons, and kept in a ledger on the
disk, by as many threads and processes as a fresh installation has.

`asset_ms` is the processor time of all processes over the instruments, making the bars up and starting the processes
included, which both count for less the more there are: 10,000 in three minutes on two cores are 36 ms for each.
`wall_s` is what the clock said, which on a machine that others use too says little; `peak_mb` the most memory of the
process that answers and of the largest beside it, together; `growth_mb` how much of the former came after half of them
were answered, next to 0 where memory is bounded and there are thousands.

`ARA_BENCH_ASSETS` says how many; 200 where it says nothing. All 10,000: `ARA_BENCH_ASSETS=10000 python -m
benchmarks.crowd`.
"""

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from ara.data.provider import BARS, Kind
from ara.desk import Desk
from ara.errors import DataProviderError
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.instrument import Instrument
from ara.market.symbols import guess
from ara.market.timeframe import Timeframe
from ara.prediction import Missed, PredictionEngine
from ara.settings import Settings
from benchmarks.measure import show

__all__ = ["Crowd", "figures"]

_BARS, _CALM, _ASSETS = 1500, 30, 200
_FIRST, _LAST = date(2019, 1, 2), date(2025, 12, 31)


class Crowd:
    """A source of as many shares as are asked for, `C0` to `C9999` and on; each is the same whenever it is asked."""

    name: ClassVar[str] = "crowd"
    offers: ClassVar[frozenset[Kind]] = frozenset({Kind.BARS})

    def __init__(self) -> None:
        venue = calendar("XNYS")
        sessions = list(venue.sessions(_FIRST, _LAST))[-_BARS:]
        self._hours = spans(pl.Series("label", sessions, dtype=pl.Date), venue)

    async def symbols(self, query: str = "") -> Sequence[Instrument]:
        """Give the one that is asked for."""
        return [guess(query, "stock")]

    async def history(
        self, kind: Kind, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
    ) -> pl.DataFrame:
        """Give all its bars."""
        random = np.random.default_rng([*instrument.symbol.encode()])
        times = np.repeat(np.exp(0.3 * random.standard_normal(_BARS // _CALM)), _CALM)
        size = 0.015 * np.exp(0.4 * random.standard_normal()) * times
        close = np.log(100) + np.cumsum(size * random.standard_t(6, _BARS) * np.sqrt(4 / 6))
        opened = np.concatenate((close[:1], close[:-1])) + 0.2 * size * random.standard_normal(_BARS)
        reach = size[:, None] * np.abs(random.standard_normal((_BARS, 2))) * 0.4
        prices = {
            "open": opened,
            "high": np.maximum(opened, close) + reach[:, 0],
            "low": np.minimum(opened, close) - reach[:, 1],
            "close": close,
        }
        return self._hours.with_columns(
            learned_at=pl.col("known_at"),
            **{name: pl.Series(np.exp(values)) for name, values in prices.items()},
            volume=pl.Series(1e6 * np.exp(0.3 * random.standard_normal(_BARS))),
            adjusted=pl.lit(None, pl.Float64),
        ).select(BARS.names())

    async def latest(self, kind: Kind, instruments: Sequence[Instrument]) -> pl.DataFrame:
        """Refuse: it has history alone."""
        raise DataProviderError("The crowd has no newest bars.")

    def stream(self, kind: Kind, instruments: Sequence[Instrument]) -> AsyncIterator[pl.DataFrame]:
        """Refuse: what is made up doesn't move."""
        raise DataProviderError("The crowd has no live bars.")

    async def close(self) -> None:
        """Hold nothing open."""


def figures() -> dict[str, float]:
    """Measure: milliseconds of processor time for each, seconds by the clock, and memory."""
    count = int(os.environ.get("ARA_BENCH_ASSETS", str(_ASSETS)))
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.load({"home": home, "log.level": "error"}, environ={}, folder=Path(home))
        begin, clock = _processor(), time.perf_counter()
        half = asyncio.run(_asked(settings, count))
        spent, wall = _processor() - begin, time.perf_counter() - clock
    return {
        "assets": count,
        "asset_ms": 1000 * spent / count,
        "wall_s": wall,
        "peak_mb": sum(map(_peak, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))),
        "growth_mb": _peak(resource.RUSAGE_SELF) - half,
    }


async def _asked(settings: Settings, count: int) -> float:
    """Ask for all, and give the peak of this process's memory when half of them were answered."""
    half = 0.0
    async with Desk.open(settings) as desk, PredictionEngine(desk, data_providers=[Crowd()]) as engine:
        done = 0
        async for one in engine.keep_many([f"C{number}" for number in range(count)], why=False):
            if isinstance(one, Missed):
                raise one.error
            done += 1
            half = half if done > count // 2 else _peak(resource.RUSAGE_SELF)
    return half


def _processor() -> float:
    """Give the processor time so far of this process, and of those beside it that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def _peak(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


if __name__ == "__main__":
    show(figures())
