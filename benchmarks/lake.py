"""How fast the lake is, and how little it slows down as it grows.

`lake_read_aged_over_fresh`: reading one symbol's bars after many daily appends, over reading it from a lake that got
the same bars at once. `lake_read_large_over_small`: reading one symbol of the large lake over one of a lake of a
hundredth of the symbols (at least 10). `lake_append_over_write`: appending a day of all symbols, checked against what
is kept, over a bare write of the same rows to as many files. `lake_lasts_over_read`: the cross-section of last closes
over a bare read of one column of that length. All in wall time, sides taking turns, the least of many.

`python -m benchmarks.lake --full` measures 10,000 symbols of 1,000 daily bars and 250 daily appends, and prints times.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from ara.clock import SystemClock
from ara.data.bar_store import ROWS
from ara.data.lake import Lake
from benchmarks.measure import ROOT, show

__all__ = ["figures"]

_FIRST = datetime(2015, 1, 1, 14, 30, tzinfo=UTC)
_LEARNED = datetime(2026, 1, 1, tzinfo=UTC)
_CHUNK = 500


def figures() -> dict[str, float]:
    """Measure the ratios on a lake small enough for every build."""
    with _folder() as folder:
        times = _measure(Path(folder), symbols=1_000, bars=250, days=12)
    return {
        "lake_read_aged_over_fresh": times["read_aged_ms"] / times["read_fresh_ms"],
        "lake_read_large_over_small": times["read_fresh_ms"] / times["read_small_ms"],
        "lake_append_over_write": times["append_day_s"] / times["bare_write_s"],
        "lake_lasts_over_read": times["lasts_ms"] / times["bare_read_ms"],
    }


def _folder() -> tempfile.TemporaryDirectory[str]:
    place = ROOT / ".benchmarks"
    place.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(dir=place)


def _measure(folder: Path, *, symbols: int, bars: int, days: int) -> dict[str, float]:
    names = [f"S{number * 7919 % 1_000_000:06d}" for number in range(symbols)]
    aged, fresh, small = (Lake.at(folder / name, clock=SystemClock()) for name in ("aged", "fresh", "small"))
    begin = time.perf_counter()
    for part in _parts(names):
        fresh.append(_rows(part, first=0, bars=bars))
    times = {"import_symbols_per_s": symbols / (time.perf_counter() - begin)}
    small.append(_rows(names[: max(10, symbols // 100)], first=0, bars=bars))
    for part in _parts(names):
        aged.append(_rows(part, first=0, bars=bars - days))
    spent = []
    for day in range(bars - days, bars):
        rows = _rows(names, first=day, bars=1)
        begin = time.perf_counter()
        aged.append(rows)
        spent.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    aged.append(rows)
    times |= {
        "append_day_s": sorted(spent)[len(spent) // 2],
        "append_day_worst_s": max(spent),
        "append_again_s": time.perf_counter() - begin,
        "bare_write_s": _least(lambda: _bare(folder, rows), runs=3),
    }
    chosen, few = names[symbols // 3], names[3]
    sides = {
        "read_aged_ms": lambda: aged.bars(chosen, "1d"),
        "read_fresh_ms": lambda: fresh.bars(chosen, "1d"),
        "read_small_ms": lambda: small.bars(few, "1d"),
        "lasts_ms": lambda: aged.lasts("1d"),
        "bare_read_ms": lambda: pl.read_parquet(folder / "bare0.parquet", columns=["close"]),
    }
    assert sides["read_aged_ms"]().equals(sides["read_fresh_ms"]()), "the aged lake differs from the fresh one"
    times |= {name: 1e3 * seconds for name, seconds in _turns(sides).items()}
    begin = time.perf_counter()
    Lake.at(folder / "aged", clock=SystemClock()).bars(chosen, "1d")
    times["read_cold_ms"] = 1e3 * (time.perf_counter() - begin)
    begin = time.perf_counter()
    Lake.at(folder / "aged", clock=SystemClock()).lasts("1d")
    times["lasts_cold_ms"] = 1e3 * (time.perf_counter() - begin)
    return times


def _parts(names: list[str]) -> list[list[str]]:
    return [names[start : start + _CHUNK] for start in range(0, len(names), _CHUNK)]


def _rows(names: list[str], *, first: int, bars: int) -> pl.DataFrame:
    """Give the same bars of a symbol whichever days are asked for."""
    day = np.arange(first, first + bars)
    level = np.array([50 + int(name[1:]) % 100 for name in names])
    close = np.round(level[:, None] * (1 + 0.1 * np.sin(day / 20 + level[:, None]) + 0.02 * np.sin(day * 1.7)), 4)
    at = np.datetime64(_FIRST.replace(tzinfo=None), "us") + np.tile(day, len(names)) * np.timedelta64(1, "D")
    frame = pl.DataFrame(
        {"symbol": np.repeat(names, bars), "at": pl.Series(at).dt.replace_time_zone("UTC"), "close": close.ravel()}
    )
    return frame.with_columns(
        pl.lit("stock").alias("asset_class"),
        pl.lit("1d").alias("timeframe"),
        pl.lit("yahoo").alias("source"),
        (pl.col("at") + timedelta(hours=6.5)).alias("known_at"),
        pl.lit(_LEARNED).dt.cast_time_unit("us").alias("learned_at"),
        *((pl.col("close") * scale).alias(name) for name, scale in (("open", 1.001), ("high", 1.01), ("low", 0.99))),
        pl.Series("volume", np.tile(np.floor(1e6 * (1.5 + np.sin(day * 0.37))), len(names))),
        (pl.col("close") * 0.97).alias("adjusted"),
        pl.lit("split").alias("basis"),
        pl.lit(1.0).alias("quality"),
        pl.lit(value=False).alias("imputed"),
        pl.lit("").alias("fetch"),
    ).select(pl.col(name).cast(kind) for name, kind in ROWS.items())


def _bare(folder: Path, rows: pl.DataFrame) -> None:
    for number in range(64):
        rows.gather_every(64, number).write_parquet(folder / f"bare{number}.parquet")
    rows.write_parquet(folder / "bare0.parquet")


def _least(work: Callable[[], object], *, runs: int) -> float:
    return min(_timed(work) for _ in range(runs))


def _turns(sides: Mapping[str, Callable[[], object]], *, runs: int = 15) -> dict[str, float]:
    least = dict.fromkeys(sides, float("inf"))
    for _ in range(runs):
        for name, side in sides.items():
            least[name] = min(least[name], _timed(side))
    return least


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    reading = argparse.ArgumentParser()
    reading.add_argument("--full", action="store_true", help="10,000 symbols of 1,000 bars, 250 daily appends")
    if reading.parse_args().full:
        with _folder() as place:
            show(_measure(Path(place), symbols=10_000, bars=1_000, days=250))
    else:
        show(figures())
