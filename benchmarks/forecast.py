"""Forecasts, warm and in bulk.

`warm_predict_ms` is one `predict` in a process that has made one before: data, mathematics and ledger, with nothing
kept between them but what a service would keep. In bulk, 33 series of 1,700 bars (the eleven longest of the bundled
sample under three names each) are forecast at every bar of their last 756, over 1, 5 and 21 bars, with `ewma_t`; the
baseline is sorting 500 numbers for each of these rows once, which the usual move needs at the least.
"""

import asyncio
import resource
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl

from ara.desk import Desk
from ara.prediction import PredictionEngine
from ara.prediction.bulk import forecast_file
from ara.settings import Settings
from benchmarks.measure import show

__all__ = ["figures"]

_RUNS = 7
_BARS, _ORIGINS, _NAMES = 1700, 756, 3


def figures() -> dict[str, float]:
    """Measure: milliseconds warm; bulk over its baseline, in seconds, and the peak of memory in MB."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        settings = Settings.load({"home": home, "log.level": "error"}, environ={}, folder=folder)
        warm = asyncio.run(_warm(settings))
        _files(folder)
        spent = min(_bulk(folder, settings) for _ in range(2))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        least = min(_sorting() for _ in range(3))
    return {"warm_predict_ms": warm, "bulk_over_sort": spent / least, "bulk_s": spent, "bulk_peak_mb": peak}


async def _warm(settings: Settings) -> float:
    least = float("inf")
    async with Desk.open(settings) as desk:
        engine = PredictionEngine(desk)
        for days in range(5, 5 + _RUNS + 1):
            begin = time.process_time()
            await engine.predict("AAPL", days=days)
            least = min(least, time.process_time() - begin) if days > 5 else least
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
