"""Hold forecasts of your own beside the baselines that they have to beat, by the judge that Ara's own models meet.

Run it by `python examples/judge_your_own.py`.

The forecasts here are the simplest that one could write: what the last 250 returns were, as if nothing had been learned
since. Put yours in their place: a price at each of 23 levels, for each instrument, moment and number of bars ahead.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

import ara

LEVELS = (0.01, 0.025, *np.arange(0.05, 0.96, 0.05).round(2), 0.975, 0.99)
START, END = datetime(2019, 1, 1, tzinfo=UTC), datetime(2019, 6, 30, tzinfo=UTC)


def bars_of(symbol: str) -> pl.DataFrame:
    """Bars as `ara evaluate` reads them: one row a day, `ts` the moment when the bar began."""
    columns = ["open", "high", "low", "close", "volume"]
    return ara.history(symbol).select(
        pl.lit(symbol).alias("symbol"), pl.col("at").alias("ts"), *columns, pl.lit("equity").alias("asset_class")
    )


def forecasts_of(bars: pl.DataFrame, name: str = "last_250") -> pl.DataFrame:
    """Quantiles from what was known at each close: returns up to that bar, none after it."""
    close, when = bars["close"].to_numpy(), bars["ts"].to_list()
    rows = []
    for here in range(250, len(close)):
        if not START <= when[here] <= END:
            continue
        returns = np.diff(np.log(close[here - 250 : here + 1]))
        for bars_ahead in (1, 5, 21):
            spread = returns * np.sqrt(bars_ahead)
            quantiles = close[here] * np.exp(np.quantile(spread, LEVELS))
            rows.append(
                {
                    "model": name,
                    "symbol": bars["symbol"][0],
                    "origin": when[here],
                    "horizon": bars_ahead,
                    "p_up": float((spread > 0).mean()),
                    "sigma": float(spread.std()),
                    **{f"q{level:g}": float(value) for level, value in zip(LEVELS, quantiles, strict=True)},
                }
            )
    return pl.DataFrame(rows)


def main() -> None:
    """Judge forecasts of two shares over half a year: the look at these days is counted."""
    symbols = ("AAPL", "MSFT")
    with tempfile.TemporaryDirectory() as folder:
        bars, told = Path(folder, "bars.parquet"), Path(folder, "forecasts.parquet")
        each = [bars_of(symbol) for symbol in symbols]
        pl.concat(each).write_parquet(bars)
        pl.concat([forecasts_of(one) for one in each]).write_parquet(told)
        found = ara.evaluate(bars, [told], start=START, end=END)
    for line in found.verdicts["last_250"]:
        met = "not judged" if line.passed is None else "met" if line.passed else "missed"
        print(f"{line.name:48} {met:10} {line.got}")
    for claim in found.claims:
        if claim.claimed:
            print(f"shown beyond chance: {claim.kind} over {claim.horizon} bars, by the test {claim.test}")


if __name__ == "__main__":
    main()
