"""How many symbols a second go the whole way from payloads into the lake: parsed, kept as received, kept as bars.

A symbol is one answer of Yahoo with 1,000 daily bars, four years, of 120 kB; every one has prices of its own, and each
eighth began to trade later. They come in batches of 128, as `ara data update` takes them.

`ingest_ms`: processor time of a symbol, all of the chain and its threads, the median of the batches.
`ingest_over_write`: that over a bare write of the same rows to one file.

`python -m benchmarks.ingest --full` takes 2,048 symbols into a lake, `--symbols 10000` so many, and prints symbols a
second of processor time: the median of the batches, their mean (`whole`), which has all the merging of files in it, and
of each part; `clock` is by the clock on the wall.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from ara.clock import SystemClock
from ara.data.access.venue import Payload
from ara.data.access.wire import decode
from ara.data.bar_store import ROWS
from ara.data.lake import Lake
from ara.data.providers.yahoo import charts
from ara.data.providers.yahoo.messages import Answer
from ara.market.instrument import Instrument
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from benchmarks.measure import ROOT, show
from benchmarks.providers import daily_yahoo

__all__ = ["figures"]

_T = TypeVar("_T")
_NOW = datetime(2025, 1, 2, tzinfo=UTC)
_BATCH = 128
_BARS = 1_000


def figures() -> dict[str, float]:
    """Measure the chain on a lake small enough for every build."""
    with _folder() as folder:
        spent, bare, _ = _measure(Path(folder), symbols=6 * _BATCH)
    whole = statistics.median(map(sum, spent))
    return {"ingest_ms": 1e3 * whole / _BATCH, "ingest_over_write": whole / bare}


def _full(symbols: int) -> dict[str, float]:
    with _folder() as folder:
        spent, _, clock = _measure(Path(folder), symbols=symbols)
    parts = dict(zip(("parse", "keep", "append"), zip(*spent, strict=True), strict=True))
    wholes = [sum(times) for times in spent]
    return {
        "median_symbols_per_s": _BATCH / statistics.median(wholes),
        "whole_symbols_per_s": _BATCH / statistics.mean(wholes),
        "clock_symbols_per_s": _BATCH * len(spent) / clock,
        **{f"{name}_symbols_per_s": _BATCH / statistics.mean(times) for name, times in parts.items()},
    }


def _folder() -> tempfile.TemporaryDirectory[str]:
    place = ROOT / ".benchmarks"
    place.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(dir=place)


def _measure(folder: Path, *, symbols: int) -> tuple[list[tuple[float, float, float]], float, float]:
    """Give the seconds of each batch for its three parts, those of a bare write, and of all by the clock."""
    lake = Lake.at(folder / "lake", clock=SystemClock())
    chart = json.loads(daily_yahoo(_BARS))
    apple, spent, bare, clock = resolve("AAPL"), [], [], 0.0
    for first in range(0, symbols, _BATCH):
        numbers = range(first, first + _BATCH)
        ones = [replace(apple, symbol=f"S{number * 7919 % 1_000_000:06d}") for number in numbers]
        payloads = [_payload(chart, one, number) for one, number in zip(ones, numbers, strict=True)]
        begin = time.perf_counter()
        parse, frames = _timed(lambda: [_parsed(*pair) for pair in zip(payloads, ones, strict=True)])  # noqa: B023
        keep, ids = _timed(lambda: lake.keep_all([[one] for one in payloads]))  # noqa: B023
        append, _ = _timed(lambda: lake.append(_rows(frames, ones, ids)))  # noqa: B023
        clock += time.perf_counter() - begin
        spent.append((parse, keep, append))
        whole = _rows(frames, ones, ids)
        bare.append(_timed(lambda: whole.write_parquet(folder / "bare.parquet"))[0])  # noqa: B023
    return spent, statistics.median(bare), clock


def _payload(chart: dict[str, Any], one: Instrument, number: int) -> Payload:
    """Give what Yahoo would send of a symbol: no price and, of each eighth, no beginning is another's."""
    (result,) = chart["chart"]["result"]
    skipped = number % 512 if number % 8 == 0 else 0
    (prices,) = result["indicators"]["quote"]
    scale = 1 + number * 1e-4
    quote = {name: [value * scale for value in values[skipped:]] for name, values in prices.items()}
    quote["volume"] = [round(value) for value in quote["volume"]]
    indicators = {"quote": [quote], "adjclose": [{"adjclose": [value * 0.97 for value in quote["close"]]}]}
    told = {
        "meta": {**result["meta"], "symbol": one.symbol},
        "timestamp": result["timestamp"][skipped:],
        "indicators": indicators,
    }
    body = json.dumps({"chart": {"result": [told], "error": None}}).encode()
    url = f"https://venue.example/v8/finance/chart/{one.symbol}"
    return Payload(source="yahoo", url=url, at=_NOW, status=200, body=body)


def _parsed(payload: Payload, one: Instrument) -> pl.DataFrame:
    result = decode(payload.body, Answer, source="yahoo").chart.result or []
    return charts.bars_of(result[0], one, DAY, _NOW)


def _rows(frames: Sequence[pl.DataFrame], ones: Sequence[Instrument], fetches: Sequence[str]) -> pl.DataFrame:
    return pl.concat(
        frame.with_columns(
            symbol=pl.lit(one.symbol),
            asset_class=pl.lit(str(one.asset_class)),
            timeframe=pl.lit("1d"),
            source=pl.lit("yahoo"),
            basis=pl.lit("split"),
            quality=pl.lit(1.0),
            imputed=pl.lit(value=False),
            fetch=pl.lit(fetch),
        ).select(ROWS.names())
        for frame, one, fetch in zip(frames, ones, fetches, strict=True)
    )


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    begin = time.process_time()
    done = work()
    return time.process_time() - begin, done


if __name__ == "__main__":
    reading = argparse.ArgumentParser()
    reading.add_argument("--full", action="store_true", help="many symbols of 1,000 bars")
    reading.add_argument("--symbols", type=int, default=2_048, help="how many (2,048)")
    asked = reading.parse_args()
    show(_full(asked.symbols) if asked.full else figures())
