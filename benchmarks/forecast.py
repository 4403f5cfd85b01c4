"""Forecasts, warm and in bulk.

`warm_predict_ms` is one `predict` with its factors in a process that has made one before: data, mathematics and ledger,
with nothing kept between them but what a service would keep; `warm_basic_ms` is the same without its reasons.
`hundred_s` is what a hundred forecasts with their reasons take that are asked for together: of all instruments of the
sample at the ends of some months of 2017, whose bars the process has not seen and for which one trained model answers,
as one does of a hundred instruments today. `many_over_alone` is asking for half of the sample at its end together, over
asking for the other half one after the other.
`live_update_ms` is what follows on a bar that has closed and is there: choosing the model, the mathematics without
reasons, and the ledger, with `ewma_t`, which answers for bars shorter than a day; `live_fast_ms` with `fast`.

Garbage is collected as seldom meanwhile as in a command and in the service, which is one (`ara.cli.app`).

In bulk, 33 series of 1,700 bars (the eleven longest of the bundled sample under three names each) are forecast at every
bar of their last 756, over 1, 5 and 21 bars, with `ewma_t`; the baseline is sorting 500 numbers for each of these rows
once, which the usual move needs at the least.
"""

import asyncio
import gc
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.market.symbols import known, resolve
from ara.market.timeframe import DAY
from ara.prediction import PredictionEngine
from ara.prediction.asking import Wish, kept, made, ready
from ara.prediction.bulk import forecast_file
from ara.prediction.fallback import Asks, Budget, Seen
from ara.prediction.ledger import Kept
from ara.settings import Settings
from benchmarks.measure import show

__all__ = ["figures"]

_RUNS, _AHEAD = 7, 5
_MONTHS = "2017-02-28", "2017-03-31", "2017-04-28", "2017-05-31", "2017-06-30", "2017-07-31"
_BARS, _ORIGINS, _NAMES = 1700, 756, 3


def figures() -> dict[str, float]:
    """Measure: milliseconds warm, seconds for a hundred; bulk over its baseline, in seconds, and its peak of memory."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        settings = Settings.load({"home": home, "log.level": "error"}, environ={}, folder=folder)
        with _as_in_a_command():
            warm, basic = (asyncio.run(_warm(settings, why=why)) for why in (True, False))
            hundred = asyncio.run(_hundred(settings))
            together, alone = asyncio.run(_first(settings))
            live = {name: asyncio.run(_live(settings, name)) for name in ("ewma_t", "fast")}
        _files(folder)
        spent = min(_bulk(folder, settings) for _ in range(2))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        least = min(_sorting() for _ in range(3))
    return {
        "warm_predict_ms": warm,
        "warm_basic_ms": basic,
        "hundred_s": hundred,
        "many_over_alone": together / alone,
        "live_update_ms": live["ewma_t"],
        "live_fast_ms": live["fast"],
        "bulk_over_sort": spent / least,
        "bulk_s": spent,
        "bulk_peak_mb": peak,
    }


@contextmanager
def _as_in_a_command() -> Iterator[None]:
    """Let the collector of garbage rest as `ara` does when it begins."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _warm(settings: Settings, *, why: bool) -> float:
    least = float("inf")
    async with Desk.open(settings) as desk:
        engine = PredictionEngine(desk)
        for days in range(5, 5 + _RUNS + 1):
            begin = time.process_time()
            await engine.predict("AAPL", days=days, why=why)
            least = min(least, time.process_time() - begin) if days > 5 else least
    return 1000 * least


async def _hundred(settings: Settings) -> float:
    """Give the seconds that a hundred forecasts take, asked for together in a process that made one before."""
    symbols = [one.symbol for one in known()]
    async with Desk.open(settings) as desk, PredictionEngine(desk) as engine:
        await engine.predict("AAPL", days=3)
        begin, done = time.process_time(), 0
        for month in _MONTHS:
            async for one in engine.keep_many(symbols[: 100 - done], as_of=month):
                done += isinstance(one, Kept)
        spent = time.process_time() - begin
    if done != 100:
        raise RuntimeError(f"the sample gave {done} forecasts in {len(_MONTHS)} months")
    return spent


async def _first(settings: Settings) -> tuple[float, float]:
    """Give the seconds that an instrument takes among many, and alone; half of them are asked each way."""
    async with Desk.open(settings) as desk, PredictionEngine(desk) as engine:
        await engine.predict("AAPL", days=3)
        others = [one.symbol for one in known() if one.symbol != "AAPL"]
        halves = others[::2], others[1::2]
        begin = time.process_time()
        async for _ in engine.keep_many(halves[0]):
            pass
        together = (time.process_time() - begin) / len(halves[0])
        begin = time.process_time()
        for symbol in halves[1]:
            await engine.keep(symbol)
        return together, (time.process_time() - begin) / len(halves[1])


async def _live(settings: Settings, model: str) -> float:
    """Give the milliseconds from a bar that is there to its forecast in the ledger, the least of some bars."""
    least = float("inf")
    async with Desk.open(settings) as desk, MarketData(desk) as market:
        bars = await market.bars(resolve("BTC-USD"))
        now = desk.clock.now()
        asks = Asks(as_of=now, learned=None, now=now, given=False)
        wish = Wish(days=_AHEAD, asks=asks, timeframe=DAY, name=model, why=False)
        for left in range(_RUNS, -1, -1):
            seen = Seen(bars=replace(bars, frame=bars.frame.head(len(bars) - left)))
            begin = time.process_time()
            budget = Budget(60)
            one = await ready(desk, market, seen, wish, budget=budget)
            await kept(desk, [one], [await made(desk, one, wish, budget=budget)])
            least = min(least, time.process_time() - begin) if left < _RUNS else least
    return 1000 * least


def _files(folder: Path) -> None:
    sample = pl.read_parquet(str(files("ara.data") / "sample" / "sample.parquet"))
    longest = sample.group_by("symbol").len().sort("len", "symbol", descending=True)["symbol"].head(11).to_list()
    own = sample.filter(pl.col("symbol").is_in(longest)).group_by("symbol").tail(_BARS)
    bars = pl.concat([own.with_columns(pl.col("symbol") + f".{name}") for name in range(_NAMES)])
    bars.write_parquet(folder / "bars.parquet")
    origins = bars.group_by("symbol").tail(_ORIGINS).select("symbol", origin="ts")
    origins.join(pl.DataFrame({"horizon": [1, 5, 21]}), how="cross").write_parquet(folder / "origins.parquet")


def _bulk(folder: Path, settings: Settings) -> float:
    begin = time.process_time()
    paths = [folder / name for name in ("bars.parquet", "origins.parquet", "quantiles.parquet")]
    forecast_file(*paths, model="ewma_t", name="ewma_t", settings=settings)
    return time.process_time() - begin


def _sorting() -> float:
    rows = np.random.default_rng(0).standard_normal((11 * _NAMES * _ORIGINS, 500))
    begin = time.process_time()
    for _ in range(3):
        np.sort(rows, axis=1)
    return time.process_time() - begin


if __name__ == "__main__":
    show(figures())
