"""What reading costs beyond the bare read: the feed over polars, files over polars.

`feed_over_read`: `MarketData.bars` of one instrument (verified, cut, timed by the calendar, scored, adjusted) over a
bare read of the same columns and rows of the same file. `read_bars_over_read`: `read_bars` of 100,000 rows, every value
checked, over a bare read and sort of the file. Both in processor time, sides taking turns, the least of many.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

import ara.data
from ara.data.feed import MarketData
from ara.data.files import read_bars
from ara.market.symbols import resolve
from ara.testing import desk
from benchmarks.measure import show

__all__ = ["figures"]

_SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
_COLUMNS = ("ts", "open", "high", "low", "close", "volume", "adj_close")


def figures() -> dict[str, float]:
    """Measure both ratios."""
    return {"feed_over_read": asyncio.run(_feed()), "read_bars_over_read": _files()}


async def _feed() -> float:
    apple = resolve("AAPL")
    async with desk() as opened:
        feed = MarketData(opened)
        ours, bare = [], []
        for _ in range(60):
            begin = time.process_time()
            await feed.bars(apple)
            middle = time.process_time()
            pl.scan_parquet(_SAMPLE).filter(pl.col("symbol") == "AAPL").select(_COLUMNS).collect()
            ours.append(middle - begin)
            bare.append(time.process_time() - middle)
    return min(ours) / min(bare)


def _files() -> float:
    rows, symbols = 2_500, 40
    random = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, (symbols, rows)), axis=1)).ravel()
    days = pl.Series(np.datetime64("2010-01-01") + np.arange(rows)).cast(pl.Datetime("us"))
    frame = pl.DataFrame(
        {
            "symbol": np.repeat([f"S{number:02d}" for number in range(symbols)], rows),
            "ts": pl.concat([days] * symbols),
            **dict.fromkeys(("open", "high", "low", "close"), close),
            "volume": np.floor(random.lognormal(13, 0.4, symbols * rows)),
        }
    ).sample(fraction=1, shuffle=True, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.parquet"
        frame.write_parquet(path)
        ours = _least(lambda: read_bars(path))
        bare = _least(lambda: pl.read_parquet(path).sort("symbol", "ts"))
    return ours / bare


def _least(work: Callable[[], object], runs: int = 12) -> float:
    spent = []
    for _ in range(runs):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return min(spent)


if __name__ == "__main__":
    show(figures())
