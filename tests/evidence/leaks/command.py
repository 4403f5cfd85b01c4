"""A command that forecasts, honestly or not: WAY BARS ORIGINS OUT."""

import sys
import time
from pathlib import Path
from statistics import NormalDist

import numpy as np
import polars as pl

LEVELS = (0.01, 0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99)
UNIT = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


def answer(way: str, bars: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for symbol, origin, horizon in origins.select("symbol", "origin", "horizon").iter_rows():
        own = bars.filter(symbol=symbol)
        known = own.filter(pl.col("ts") <= origin)["close"].to_numpy()
        seen = own["close"].to_numpy() if way == "scaler" else known[-61:]
        if way == "last":
            seen = own.filter(pl.col("ts") <= origins["origin"].max())["close"].to_numpy()[-61:]
        width = np.diff(np.log(seen)).std() * np.sqrt(horizon)
        later = own.filter(pl.col("ts") > origin)["close"].to_numpy()
        rise = 0.5 + (0.1 * np.sign(later[0] - known[-1]) if way == "peek" and len(later) else 0.0)
        prices = dict(zip((f"q{level:g}" for level in LEVELS), known[-1] * np.exp(UNIT * width), strict=True))
        rows.append({"model": "m", "symbol": symbol, "origin": origin, "horizon": horizon, **prices, "p_up": rise})
    return pl.DataFrame(rows)


def main(way: str, bars: str, origins: str, out: str) -> int:
    if way == "asleep":
        while True:
            time.sleep(60)
    if way == "broken":
        print("it broke", file=sys.stderr)
        return 3
    if way != "silent":
        answer(way, pl.read_parquet(Path(bars)), pl.read_parquet(Path(origins))).write_parquet(Path(out))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
