"""Ten leaks of sources of bars, each as it is met in the wild, planted for the audit to find; and their clean twins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from ara.evidence.leaks.source import Source
from ara.evidence.leaks.source_trial import audit_source
from ara.evidence.worlds import market, walks
from ara.features.audit.trap import Trap

__all__ = ["PLANTED_SOURCES", "PlantedSource", "self_test_sources", "truth"]

_SYMBOLS, _BARS, _SEED = 4, 600, 11
_PRICES: Final = ("open", "high", "low", "close")
_DAY: Final = timedelta(days=1)
_SIDE, _WINDOW, _GAP, _SPIKE = 2, 5, 17, 2.5
_WICK, _NOISE, _BUSY = 0.006, 0.2, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedSource:
    """One leak and its twin.

    Parameters
    ----------
    name
        What it is called.
    words
        What it does, and how people come to do it.
    rule
        The check that names it; others may see it too.
    twin
        What the clean twin does instead.
    tell
        Makes what the source says of what was there, cleanly or not.
    """

    name: str
    words: str
    rule: str
    twin: str
    tell: Callable[[pl.DataFrame, bool], pl.DataFrame]

    def source(self, *, clean: bool = False) -> Source:
        """Give it, or its twin: asked at a moment, it makes what it says of the bars that were there."""
        whole = truth()

        def read(moment: datetime | None) -> pl.DataFrame:
            there = whole if moment is None else whole.filter(pl.col("ts") <= moment)
            return self.tell(there, clean)

        return Source(name=self.name, read=read)


def truth() -> pl.DataFrame:
    """Give what happened: random walks, with highs, lows and volumes as markets have them, and when each was known."""
    bars = market(walks(_SYMBOLS, _BARS, seed=_SEED))
    random = np.random.default_rng(_SEED)
    up, noise = np.abs(random.normal(0, _WICK, (2, bars.height))), random.normal(0, _NOISE, bars.height)
    high, low = bars["high"] * np.exp(up[0]), bars["low"] * np.exp(-up[1])
    volume = np.exp(10 + _BUSY * np.log((high / low).to_numpy()) + noise)
    known = (pl.col("ts") + _DAY).alias("known_at")
    return bars.with_columns(high, low, pl.Series("volume", volume), known).with_columns(due="known_at")


def _ahead(column: str, by: int = -1) -> pl.Expr:
    return pl.col(column).shift(by).over("symbol").fill_null(pl.col(column))


def _close_ahead(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    return bars if clean else bars.with_columns(close=_ahead("close"))


def _wide_ahead(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    by = 1 if clean else -1
    return bars.with_columns(
        high=pl.max_horizontal("high", _ahead("high", by)), low=pl.min_horizontal("low", _ahead("low", by))
    )


def _smoothed(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    if clean:
        return bars.with_columns(pl.col(_PRICES).round(4))
    return bars.with_columns(pl.col(_PRICES).rolling_mean(2 * _SIDE + 1, center=True, min_samples=1).over("symbol"))


def _volume_ahead(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    return bars if clean else bars.with_columns(volume=_ahead("volume"))


def _day_early(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    first = pl.col("symbol") == "S01"
    told = [pl.when(first).then(_ahead(name)).otherwise(pl.col(name)).alias(name) for name in (*_PRICES, "volume")]
    return bars if clean else bars.with_columns(told)


def _holes() -> pl.Expr:
    return pl.int_range(pl.len()).over("symbol") % _GAP == _GAP // 2


def _filled_backward(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    by = 1 if clean else -1
    told = [pl.when(_holes()).then(_ahead(name, by)).otherwise(pl.col(name)).alias(name) for name in _PRICES]
    return bars.with_columns(*told, volume=pl.when(_holes()).then(0.0).otherwise(pl.col("volume")))


def _drawn_through(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    if clean:
        return bars.filter(~_holes())
    half = [((_ahead(name, 1) + _ahead(name)) / 2).alias(name) for name in _PRICES]
    told = [pl.when(_holes()).then(one).otherwise(pl.col(one.meta.output_name())) for one in half]
    return bars.with_columns(told)


def _known_early(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    return bars if clean else bars.with_columns(known_at="ts")


def _rescaled(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    """Cut moves at some deviations: of all days that are there, or of those before each."""
    log = pl.col("close").log()
    moved = bars.with_columns(move=(log - log.shift(1)).over("symbol").fill_null(0.0))
    past = pl.col("move").rolling_std(_BARS, min_samples=_WINDOW).shift(1)
    spread = (past if clean else pl.col("move").std()).over("symbol").fill_null(1.0)
    cut = pl.col("move").clip(-_SPIKE * spread, _SPIKE * spread).cum_sum().over("symbol")
    factor = (cut - pl.col("move").cum_sum().over("symbol")).exp()
    return moved.with_columns(pl.col(_PRICES) * factor).drop("move")


def _repaired(bars: pl.DataFrame, clean: bool) -> pl.DataFrame:
    """Put the median of its neighbours, or of the bars before, in the place of a close that stands out."""
    around = pl.col("close").rolling_median(_WINDOW, center=not clean, min_samples=1).over("symbol")
    odd = (pl.col("close") / around).log().abs() > _WICK * _SPIKE
    close = pl.when(odd).then(around).otherwise(pl.col("close"))
    if clean:
        return bars.with_columns(odd=odd)
    fitted = bars.with_columns(close=close)
    return fitted.with_columns(high=pl.max_horizontal("high", "close"), low=pl.min_horizontal("low", "close"))


PLANTED_SOURCES: Final[Mapping[str, PlantedSource]] = {
    one.name: one
    for one in (
        PlantedSource(
            name="close_ahead",
            rule="range",
            tell=_close_ahead,
            words="the closes are those of the next bars: one column was shifted against the others",
            twin="each close with its own bar",
        ),
        PlantedSource(
            name="wide_ahead",
            rule="next_bar",
            tell=_wide_ahead,
            words="high and low are those of this bar and the next: a window that was labelled by its beginning",
            twin="high and low of this bar and the one before",
        ),
        PlantedSource(
            name="smoothed",
            rule="next_bar",
            tell=_smoothed,
            words="prices are means of the bars around: noise was taken out with center=True",
            twin="prices that were rounded",
        ),
        PlantedSource(
            name="volume_ahead",
            rule="shifted",
            tell=_volume_ahead,
            words="volumes are those of the next bars: two sources were joined one row apart",
            twin="each volume with its own bar",
        ),
        PlantedSource(
            name="day_early",
            rule="early",
            tell=_day_early,
            words="one symbol's bars are labelled a day early: a time zone that was taken for another",
            twin="all by the same days",
        ),
        PlantedSource(
            name="filled_backward",
            rule="filled",
            tell=_filled_backward,
            words="gaps are filled with the bar that follows: bfill",
            twin="gaps filled with the bar before",
        ),
        PlantedSource(
            name="drawn_through",
            rule="drawn",
            tell=_drawn_through,
            words="gaps are closed by a straight line: interpolate",
            twin="gaps that are left open",
        ),
        PlantedSource(
            name="known_early",
            rule="known_at",
            tell=_known_early,
            words="bars are stamped as known when they open",
            twin="stamped when they close",
        ),
        PlantedSource(
            name="rescaled",
            rule="prefix",
            tell=_rescaled,
            words="large moves are cut by the deviation of all days, so the past is another each time",
            twin="cut by the days before each",
        ),
        PlantedSource(
            name="repaired",
            rule="prefix",
            tell=_repaired,
            words="a close that stands out is replaced once the bars after it are there",
            twin="what stands out is marked, and left as it was",
        ),
    )
}
"""The leaks by name."""


def self_test_sources() -> tuple[Trap, ...]:
    """Audit the planted leaks and their clean twins."""
    traps = []
    for clean in (False, True):
        for name, planted in PLANTED_SOURCES.items():
            last = truth()["known_at"].max()
            if not isinstance(last, datetime):  # the market has bars, which the type of a column does not say
                continue
            found = audit_source(planted.source(clean=clean), now=last).findings
            traps.append(
                Trap(
                    name=f"{name}, clean" if clean else name,
                    words=planted.twin if clean else planted.words,
                    leaks=not clean,
                    rule="" if clean else planted.rule,
                    found_by=tuple(dict.fromkeys(one.rule for one in found)),
                )
            )
    return tuple(traps)
