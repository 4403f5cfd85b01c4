"""What reading costs beyond the bare read: the feed over polars, files over polars.

`feed_over_read`: `MarketData.bars` of one instrument (verified, cut, timed by the calendar, scored, adjusted) over a
bare read of the same columns and rows of the same file. `read_bars_over_read`: `read_bars` of 100,000 rows, every value
checked, over a bare read and sort of the file. `adjust_2500_ms`: ten years of one source's bars as published, brought
back to what was traded and adjusted for two splits and forty dividends; `view_2500_ms`: all from kept rows to bars. In
processor time, sides taking turns, the least of many.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

import ara.data
from ara.data.actions import read
from ara.data.adjust import as_traded, seen_from_last
from ara.data.feed import MarketData
from ara.data.files import read_bars
from ara.data.provider import SCHEMAS, Kind
from ara.data.view import Kept, view
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from ara.testing import desk
from benchmarks.measure import show

__all__ = ["figures"]

_SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
_COLUMNS = ("ts", "open", "high", "low", "close", "volume", "adj_close")


def figures() -> dict[str, float]:
    """Measure both ratios and both times."""
    return {"feed_over_read": asyncio.run(_feed()), "read_bars_over_read": _files(), **_adjusting()}


def _adjusting() -> dict[str, float]:
    apple, venue = resolve("AAPL"), calendar("XNYS")
    days = venue.sessions(date(2010, 1, 4), date(2020, 1, 1))[:2_500]
    close = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, len(days))))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rows = spans(pl.Series("label", days, dtype=pl.Date), venue).with_columns(
        **{name: pl.Series(close) for name in ("open", "high", "low", "close", "volume")},
        learned_at=pl.lit(now, pl.Datetime("us", "UTC")),
        adjusted=pl.lit(None, pl.Float64),
        source=pl.lit("yahoo"),
        basis=pl.lit("split"),
        quality=pl.lit(1.0),
        imputed=pl.lit(value=False),
    )
    stated = [(venue.opens(days[place]), "dividend", 0.2) for place in range(60, 2_460, 60)]
    stated += [(venue.opens(days[place]), "split", 4.0) for place in (700, 1_900)]
    facts = [
        {"symbol": "AAPL", "source": "yahoo", "at": at, "known_at": at, "learned_at": now, "action": action}
        | {"value": value, "currency": "", "basis": "split"}
        for at, action, value in stated
    ]
    actions = pl.DataFrame(facts, schema={"symbol": pl.String(), "source": pl.String(), **SCHEMAS[Kind.ACTIONS]})
    known = read(actions)
    splits = [one for one in known if one.split]
    kept = Kept(rows=rows, actions=actions)
    return {
        "adjust_2500_ms": _least(lambda: seen_from_last(as_traded(rows, splits), known, "yahoo"), 60) * 1e3,
        "view_2500_ms": _least(lambda: view(kept, apple, DAY, moment=now), 60) * 1e3,
    }


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
