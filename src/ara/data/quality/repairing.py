"""Bars put right where two witnesses say how, and marked; never without being asked."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from ara.data.merge import merge
from ara.data.quality.checking import check
from ara.data.quality.scoring import scores
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["repair"]

_DOUBTED: Final = frozenset(
    {"missing", "duplicate", "impossible", "nonpositive", "stale", "outlier", "unit", "disagree"}
)
_PRICES: Final = ("open", "high", "low", "close")
_ROUNDED: Final = 1 + 1e-9


def repair(
    bars: pl.DataFrame,
    instrument: Instrument,
    timeframe: Timeframe = DAY,
    *,
    others: Mapping[str, pl.DataFrame] | None = None,
) -> pl.DataFrame:
    """Give bars in which what can't be used is put right, as far as two witnesses agree.

    A bar that `check` doubts, or that is missing, is taken from the other sources where at least two of them agree
    about it (see `ara.data.merge`). Where they don't, a high that lies below both open and close is raised to them, a
    low above both is lowered: the two are the witnesses. All else stays as it is, with its score. To repair uses what
    came later, so it is for looking at the past, not for forecasting from it.

    Parameters
    ----------
    bars
        As for `check`; they are left as they are.
    instrument
        Whose they are.
    timeframe
        Length of a bar.
    others
        Bars of the same instrument by other sources, in the same basis and columns.

    Returns
    -------
    pl.DataFrame
        One row for each time, ascending: the columns of `bars`, then `quality` (`scores` of the bar as published; for a
        repaired one, the share of the witnesses' weight that agrees) and `imputed`, true where a price was changed, now
        or before.
    """
    before = pl.col("imputed") if "imputed" in bars.columns else pl.lit(value=False)
    bars = bars.with_columns(before.alias("_before")).drop("quality", "imputed", strict=False)
    names = bars.columns
    scored = bars.with_columns(scores(bars, instrument, timeframe)).filter(pl.col("at").is_not_null())
    kept = scored.sort("at", "quality", descending=[False, True], maintain_order=True).unique(
        "at", keep="first", maintain_order=True
    )
    report = check(bars, instrument, timeframe, others=others)
    doubted = [at for issue in report.issues if issue.rule in _DOUBTED for at in issue.times]
    wanted = pl.DataFrame({"at": doubted}, schema={"at": kept.schema["at"]}).unique()
    told = merge(others or {}, timeframe, weights={}).filter(pl.col("votes") >= 2).join(wanted, on="at", how="semi")
    told = told.join(_equal(kept, told), on="at", how="anti")
    whole = told.select(
        *(pl.col(name) if name in told.columns else pl.lit(None).alias(name) for name in names),
        "quality",
        imputed=pl.lit(value=True),
    ).cast({name: kept.schema[name] for name in names})
    rest = kept.join(told, on="at", how="anti").with_columns(imputed=pl.col("_before"))
    return pl.concat([_stretched(rest), whole.select(rest.columns)]).sort("at").drop("_before")


def _equal(kept: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Give the opens of bars of which the witnesses say what stands there already."""
    both = kept.join(told, on="at", suffix="_told")
    same = [((pl.col(name) / pl.col(f"{name}_told")) - 1).abs() < _ROUNDED - 1 for name in _PRICES]
    return both.filter(pl.all_horizontal(same)).select("at")


def _stretched(bars: pl.DataFrame) -> pl.DataFrame:
    """Raise a high that is below both open and close, lower a low that is above both."""
    possible = pl.all_horizontal(pl.col(_PRICES).is_finite() & (pl.col(_PRICES) > 0)).fill_null(value=False)
    top, bottom = pl.min_horizontal("open", "close"), pl.max_horizontal("open", "close")
    low_high = possible & (pl.col("high") * _ROUNDED < top)
    high_low = possible & (pl.col("low") > bottom * _ROUNDED)
    return bars.with_columns(
        high=pl.when(low_high).then(bottom).otherwise("high"),
        low=pl.when(high_low).then(top).otherwise("low"),
        imputed=pl.col("imputed") | low_high | high_low,
    )
