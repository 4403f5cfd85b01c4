"""Years that were judged, with the market data: what `fast` and `ewma_t` said, refitted monthly, and what came."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.files import read_bars
from ara.models import LEVELS, Panel
from ara.models.ensemble import Fast
from ara.models.families.ewma_t import EwmaT
from ara.models.fits import fit_until, refits
from ara.models.model import Model
from ara.models.panel import instant
from ara.performance.forecasts import crps
from ara.prediction import bulk

MARKET = Path(os.environ.get("ARA_MARKET_DATA", "/nowhere"))
STOCKS = MARKET / "bars" / "us_equity_daily_adjusted.parquet"
EXAM = MARKET.parent / "bench" / "forecast" / "bars.parquet"
HORIZONS, ASKED = (1, 5, 21), (0.010, 0.014, 0.020)
"""Bars ahead, and the CRPS skill that is asked of each."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Years:
    """Which years, of which bars."""

    name: str
    begin: datetime
    end: datetime

    def bars(self) -> pl.DataFrame:
        """Give the bars: those of the exam, or of stocks that are not in it."""
        if self.name == "first":
            return pl.read_parquet(EXAM)
        known = pl.read_parquet(EXAM, columns=["symbol"])["symbol"].unique()
        others = pl.read_parquet(STOCKS).filter(~pl.col("symbol").is_in(known.implode()) & (pl.col("ts") <= self.end))
        return others.with_columns(asset_class=pl.lit("equity"))


FIRST = Years("first", datetime(2018, 3, 20, tzinfo=UTC), datetime(2021, 3, 19, 23, tzinfo=UTC))
SECOND = Years("second", datetime(2021, 5, 1, tzinfo=UTC), datetime(2023, 12, 31, tzinfo=UTC))


class Window:
    """Forecasts `[row, horizon, level]` by `fast` and `ewma_t` at every bar of these years, and what came of them."""

    def __init__(self, years: Years, place: Path) -> None:
        years.bars().write_parquet(place)
        self.panel = Panel.build(bulk.series(read_bars(place)), HORIZONS)
        known_at = self.panel.known_at
        self.rows = np.flatnonzero((known_at >= instant(years.begin)) & (known_at <= instant(years.end)))
        self.series, self.known_at = self.panel.series[self.rows], known_at[self.rows]
        self.came = self._outcomes()
        self.bar, self.fast = self._answers(EwmaT()), self._answers(Fast())

    def _answers(self, model: Model) -> Array:
        out = np.full((len(self.rows), len(HORIZONS), len(LEVELS)), np.nan)
        for moment, places in refits(self.known_at):
            out[places] = fit_until(model, self.panel, moment, seed=0).predict(self.panel, self.rows[places]).values
        return out

    def _outcomes(self) -> Array:
        out = np.full((len(self.panel), len(HORIZONS)), np.nan)
        for code in range(len(self.panel.symbols)):
            first, end = self.panel.span(code)
            prices = np.cumsum(np.nan_to_num(self.panel.bars[first:end, 3]))
            for place, h in enumerate(HORIZONS):
                out[first : end - h, place] = prices[h:] - prices[:-h]
        return out[self.rows]

    def skill(self, place: int, quantiles: Array) -> float:
        """Give 1 less the geometric mean over series of CRPS over that of `ewma_t`."""
        return self.skill_of(quantiles, place, self.came[:, place])

    def skill_of(self, quantiles: Array, place: int, came: Array) -> float:
        """Give the skill had other returns come; NaN is one that nobody knows."""
        known = np.isfinite(came)
        ratio = [crps(one[known], came[known], LEVELS) for one in (quantiles, self.bar[:, place])]
        own, bar = (np.bincount(self.series[known], part) for part in ratio)
        return float(1 - np.exp(np.log(own / bar).mean()))
