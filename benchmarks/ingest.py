"""How many symbols a second go the whole way from payloads into the lake: parsed, kept as received, kept as bars.

`ingest_over_write`: reading answers of 1,000 daily bars each (Yahoo's), keeping the payloads in bronze and the bars in
silver, in batches of 128 as `ara data update` does, over a bare write of the same rows to one file. In wall time, the
median of the batches.

`python -m benchmarks.ingest --full` takes 2,000 symbols into a lake and prints symbols a second, of the whole chain and
of its parts.
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
from typing import TypeVar

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
        spent, bare = _measure(Path(folder), batches=4)
    return {"ingest_over_write": statistics.median(map(sum, spent)) / bare}


def _full() -> dict[str, float]:
    with _folder() as folder:
        spent, _ = _measure(Path(folder), batches=16)
    parts = dict(zip(("parse", "keep", "append"), zip(*spent, strict=True), strict=True))
    found = {f"{name}_symbols_per_s": _BATCH / statistics.median(times) for name, times in parts.items()}
    return {"whole_symbols_per_s": _BATCH * len(spent) / sum(map(sum, spent)), **found}


def _folder() -> tempfile.TemporaryDirectory[str]:
    place = ROOT / ".benchmarks"
    place.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(dir=place)


def _measure(folder: Path, *, batches: int) -> tuple[list[tuple[float, float, float]], float]:
    """Give the seconds of each batch for parsing, keeping and appending, and those of a bare write."""
    lake = Lake.at(folder / "lake", clock=SystemClock())
    chart = json.loads(daily_yahoo(_BARS))
    apple, spent, bare = resolve("AAPL"), [], []
    for batch in range(batches):
        numbers = range(batch * _BATCH, (batch + 1) * _BATCH)
        ones = [replace(apple, symbol=f"S{number * 7919 % 1_000_000:06d}") for number in numbers]
        payloads = [_payload(chart, one) for one in ones]
        parse, frames = _timed(lambda: [_parsed(*pair) for pair in zip(payloads, ones, strict=True)])  # noqa: B023
        keep, ids = _timed(lambda: lake.keep_all([[one] for one in payloads]))  # noqa: B023
        append, _ = _timed(lambda: lake.append(_rows(frames, ones, ids)))  # noqa: B023
        spent.append((parse, keep, append))
        whole = _rows(frames, ones, ids)
        bare.append(_timed(lambda: whole.write_parquet(folder / "bare.parquet"))[0])  # noqa: B023
    return spent, statistics.median(bare)


def _payload(chart: dict[str, object], one: Instrument) -> Payload:
    told = json.dumps(chart).replace('"AAPL"', f'"{one.symbol}"').encode()
    url = f"https://venue.example/v8/finance/chart/{one.symbol}"
    return Payload(source="yahoo", url=url, at=_NOW, status=200, body=told)


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
    begin = time.perf_counter()
    done = work()
    return time.perf_counter() - begin, done


if __name__ == "__main__":
    reading = argparse.ArgumentParser()
    reading.add_argument("--full", action="store_true", help="2,000 symbols of 1,000 bars")
    show(_full() if reading.parse_args().full else figures())
