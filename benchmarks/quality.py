"""What looking at bars costs: all rules, the scores, and the merging of three sources.

`check_over_copy`, `scores_over_copy`, `merge_over_concat`: processor time over what only moving the data takes: sorting
the 2,500 bars anew, and putting the 3 x 2,500 into one sorted table. The `_ms` are the times themselves (promised: 10
for the check, 20 for the merge); they depend on the machine.
"""

import time
from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from ara.data.merge import merge
from ara.data.quality import check, scores
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.symbols import resolve
from ara.market.timeframe import DAY
from benchmarks.measure import show

__all__ = ["figures"]

_BARS = 2_500
_PRICES = ("open", "high", "low", "close")


def figures() -> dict[str, float]:
    """Measure ratios and times."""
    apple = resolve("AAPL")
    bars = _walk(0)
    near = {name: bars.with_columns(pl.col(_PRICES) * (1 + 1e-4 * number)) for number, name in enumerate("abc")}
    weights = {"a": 1.0, "b": 0.9, "c": 0.5}
    work: dict[str, Callable[[], object]] = {
        "copy": lambda: bars.sort("at").with_columns(pl.col(_PRICES).log()),
        "concat": lambda: pl.concat(near.values()).sort("at").with_columns(pl.col(_PRICES).log()),
        "check": lambda: check(bars, apple),
        "scores": lambda: scores(bars, apple),
        "merge": lambda: merge(near, DAY, weights=weights),
    }
    least = dict.fromkeys(work, float("inf"))
    for _ in range(25):
        for name, one in work.items():
            begin = time.process_time()
            one()
            least[name] = min(least[name], time.process_time() - begin)
    return {
        "check_over_copy": least["check"] / least["copy"],
        "scores_over_copy": least["scores"] / least["copy"],
        "merge_over_concat": least["merge"] / least["concat"],
        "check_ms": least["check"] * 1000,
        "scores_ms": least["scores"] * 1000,
        "merge_ms": least["merge"] * 1000,
    }


def _walk(seed: int) -> pl.DataFrame:
    """Give bars of a walk with fat tails on the sessions of New York."""
    random = np.random.default_rng(seed)
    venue = calendar("XNYS")
    days = venue.sessions(date(2010, 1, 4), date(2020, 12, 31))[:_BARS]
    close = 100 * np.exp(np.cumsum(0.01 * random.standard_t(5, _BARS)))
    opened = np.append(100.0, close[:-1]) * np.exp(random.normal(0, 0.003, _BARS))
    spread = np.abs(random.normal(0, 0.005, (2, _BARS)))
    times = spans(pl.Series(days), venue)
    return times.with_columns(
        learned_at=pl.col("known_at"),
        open=pl.Series(opened),
        high=pl.Series(np.maximum(opened, close) * np.exp(spread[0])),
        low=pl.Series(np.minimum(opened, close) * np.exp(-spread[1])),
        close=pl.Series(close),
        volume=pl.Series(np.floor(random.lognormal(13, 0.4, _BARS))),
        adjusted=pl.Series(close),
    )


if __name__ == "__main__":
    show(figures())
