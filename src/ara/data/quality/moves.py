"""How prices moved from bar to bar, measured by what was usual before each bar."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.quality.prices import unpriced
from ara.data.quality.series import Floats, Instants, Series

__all__ = ["Moves", "moves"]

_LONG: Final = 60
_SHORT: Final = 10
_ENOUGH: Final = 20
_MONTH: Final = 20
_WEEK: Final = 5
_TO_SIGMA: Final = 1.4826
_LEAST: Final = 1e-6
_THIN: Final = 0.004


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Log moves of the bars that have a possible close; the first bar has none.

    Parameters
    ----------
    at
        Open of each bar.
    open, high, low, close
        Prices; a missing or impossible one is the close.
    volume
        As published; NaN where there is none.
    adjusted
        Adjusted close; NaN where there is none.
    change
        Close over the close before.
    gap
        Open over the close before.
    body
        Close over open.
    range
        High over low; never below 0.
    sigma
        What one change is usually, by the median of those before: of the last 60 or the last 10, whichever is more.
        NaN for the first 20 bars.
    ranged, money
        Median of the 20 ranges, and of the 20 products of volume and close, before each bar; NaN for the first 5.
    quiet
        Whether it is of hours outside the regular session. What was usual before such a bar is measured by such bars
        alone, before any other by the others; a change of 0.4 % is usual in quiet hours, if not a larger one.
    daily, belled
        Whether a bar is a session or more; whether bars are parts of sessions with a bell.
    """

    at: Instants
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    adjusted: Floats
    change: Floats
    gap: Floats
    body: Floats
    range: Floats
    sigma: Floats
    ranged: Floats
    money: Floats
    quiet: NDArray[np.bool_]
    daily: bool
    belled: bool

    def __len__(self) -> int:
        return len(self.at)


def moves(series: Series) -> Moves:
    """Measure the bars of a series."""
    kept = series.bar
    close = series.prices[3, kept]
    opened, high, low = np.where(unpriced(series)[:3, kept], close, series.prices[:3, kept])
    logs = np.log(np.stack((opened, high, low, close)))
    before = np.concatenate([[np.nan], logs[3, :-1]])[: len(close)]
    change = logs[3] - before
    size = np.abs(change)
    spread = np.maximum(logs[1] - logs[2], 0.0)
    volume = series.volume[kept]
    quiet = series.quiet()[kept]
    long, brief, ranged, money = _usual(size, spread, volume * close, quiet)
    least = np.where(quiet, _THIN, _LEAST)
    return Moves(
        at=series.at[kept],
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        adjusted=series.adjusted[kept],
        change=change,
        gap=logs[0] - before,
        body=logs[3] - logs[0],
        range=spread,
        sigma=np.maximum(np.where(np.isnan(long), np.nan, np.fmax(long, brief)) * _TO_SIGMA, least),
        ranged=ranged,
        money=money,
        quiet=quiet,
        daily=series.daily,
        belled=series.belled,
    )


def _usual(size: Floats, spread: Floats, money: Floats, quiet: NDArray[np.bool_]) -> tuple[Floats, ...]:
    """Give the median of what was before each bar in such hours: changes, of long and of late, ranges and money."""
    if not quiet.any():
        return _before(size, spread, money)
    found = tuple(np.full(len(size), np.nan) for _ in range(4))
    for hours in (quiet, ~quiet):
        for whole, part in zip(found, _before(size[hours], spread[hours], money[hours]), strict=True):
            whole[hours] = part
    # prices that hardly ever move in quiet hours have the least move for their usual one
    found[0][quiet & np.isnan(found[0]) & (np.arange(len(size)) >= _ENOUGH)] = 0.0
    return found


def _before(size: Floats, spread: Floats, money: Floats) -> tuple[Floats, ...]:
    """Give these medians by all bars before."""
    # where nothing moved nothing is learned of how it moves
    frame = pl.DataFrame({"size": np.where(size > 0, size, np.nan), "spread": spread, "money": money}, nan_to_null=True)
    long = pl.col("size").rolling_median(_LONG, min_samples=_ENOUGH).alias("long")
    short = pl.col("size").rolling_median(_SHORT, min_samples=_WEEK)
    month = pl.col("spread", "money").rolling_median(_MONTH, min_samples=_WEEK)
    found = frame.select(long, short, month).shift(1).fill_null(np.nan)
    return tuple(found[name].to_numpy() for name in ("long", "size", "spread", "money"))
