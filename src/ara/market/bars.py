"""Bars of one instrument, each with the moment at which it could first be known."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import polars as pl

from ara.market.calendar import calendar
from ara.market.hours import labels
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

__all__ = ["SCHEMA", "Bars", "Basis"]

_INSTANT: Final = pl.Datetime("us", "UTC")

SCHEMA: Final = pl.Schema(
    {
        "at": _INSTANT,
        "known_at": _INSTANT,
        "learned_at": _INSTANT,
        "open": pl.Float64(),
        "high": pl.Float64(),
        "low": pl.Float64(),
        "close": pl.Float64(),
        "volume": pl.Float64(),
        "source": pl.String(),
        "quality": pl.Float64(),
        "imputed": pl.Boolean(),
        "votes": pl.Int64(),
    }
)
"""Columns of `Bars.frame`."""


class Basis(StrEnum):
    """What the prices are adjusted for, seen from the last bar: nothing, splits, or splits and dividends."""

    RAW = "raw"
    SPLIT = "split"
    TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Closed bars of one instrument, ascending in time.

    Parameters
    ----------
    instrument
        Whose bars they are.
    timeframe
        Length of a bar.
    basis
        Adjustment of the prices. The last bar always stands as traded: earlier ones are scaled to it, so that a later
        split or dividend can't change what was seen before it.
    frame
        Columns as in `SCHEMA`: `at` is the bar's open, `known_at` the instant from which its close was public,
        `learned_at` when Ara received it; all UTC. `source` names who stands behind the bar, joined by `+`, and `votes`
        how many of those asked agree on it. `quality` runs from 0 to 1; `imputed` marks bars that were repaired.
    notes
        What a reader should know about where they come from, in sentences.
    splits, dividends
        How many of them are known and went into the prices; None where a source adjusted its prices itself, or nothing
        is ever split.
    """

    instrument: Instrument
    timeframe: Timeframe
    basis: Basis
    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    splits: int | None = None
    dividends: int | None = None

    def __post_init__(self) -> None:
        if self.frame.schema != SCHEMA:
            raise ValueError(f"bars have the columns {dict(self.frame.schema)}, not {dict(SCHEMA)}")

    def __len__(self) -> int:
        return self.frame.height

    def dates(self) -> list[date]:
        """Give each bar's date by the instrument's calendar."""
        return labels(self.frame["at"], calendar(self.instrument.calendar)).to_list()
