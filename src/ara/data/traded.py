"""Bars as they were traded, with splits and dividends apart: what a book has to be kept by."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.view import View
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

if TYPE_CHECKING:
    from ara.data.feed import MarketData

__all__ = ["Traded", "as_of", "traded"]

_SPLIT: Final = 0.18  # log of the least step that is taken for a split: 6 for 5
_NOISE: Final = 2e-4
_PARTS: Final = 20
_LEFT: Final = 0.02

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """An instrument's bars at the prices of their days.

    Parameters
    ----------
    bars
        In the basis `raw`, or as their source published them.
    split
        New shares for one old, in effect from each bar's open; 1 where there was none.
    dividend
        Paid for one share to who held it before each bar's open, in the amount of that bar's shares; 0 for none.
    """

    bars: Bars
    split: _Array
    dividend: _Array


async def as_of(
    market: "MarketData", instrument: Instrument, timeframe: Timeframe = DAY, *, moment: datetime | None = None
) -> Traded:
    """Give the bars that were public at a moment, now if None, as they were traded."""
    seen, _, notes = await market._view(instrument, timeframe, as_of=moment, learned=None)  # noqa: SLF001 - same room
    return traded(seen, notes)


def traded(seen: View, notes: tuple[str, ...] = ()) -> Traded:
    """Give a view's bars before any adjustment, and what was adjusted for.

    Where splits and dividends are not known as facts, they are read from the factors of the source's adjusted closes: a
    step of more than a sixth is a split, by the nearest ratio of small numbers, and what is left of it a dividend.
    """
    whole, frame = seen.whole, seen.bars.frame
    columns = [name for name in ("open", "high", "low", "close", "volume") if name in whole.columns]
    raw = frame.with_columns(whole[name] for name in columns).select(SCHEMA.names())
    close = raw["close"].to_numpy()
    if seen.actions or seen.traded:
        split, dividend = _stated(seen, frame["at"].dt.epoch("us").to_numpy())
    else:
        split, dividend = _read(close, frame["close"].to_numpy() / np.where(close == 0, 1.0, close))
    bars = Bars(
        instrument=seen.bars.instrument,
        timeframe=seen.bars.timeframe,
        basis=Basis.RAW if set(whole["basis"]) == {Basis.RAW.value} or seen.traded else Basis.SPLIT,
        frame=raw.with_columns(pl.col("quality").fill_null(1.0)),
        notes=notes,
    )
    return Traded(bars=bars, split=split, dividend=dividend)


def _stated(seen: View, at: NDArray[np.int64]) -> tuple[_Array, _Array]:
    split, dividend = np.ones(len(at)), np.zeros(len(at))
    for action in seen.actions:
        place = int(np.searchsorted(at, action.effective))
        if 0 < place < len(at):
            if action.split:
                split[place] *= action.value
            else:
                dividend[place] += action.value
    return split, dividend


def _read(close: _Array, factor: _Array) -> tuple[_Array, _Array]:
    """Read splits and dividends from what multiplies the closes."""
    split, dividend = np.ones(len(close)), np.zeros(len(close))
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = factor[1:] / factor[:-1]
    for place in np.flatnonzero(np.isfinite(steps) & (steps > 0) & (np.abs(steps - 1) > _NOISE)) + 1:
        step = float(steps[place - 1])
        if abs(np.log(step)) >= _SPLIT:
            ratio = Fraction(step).limit_denominator(_PARTS) if step >= 1 else 1 / _inverse(step)
            if ratio > 0 and abs(step / float(ratio) - 1) <= _LEFT:
                split[place] = float(ratio)
                step /= float(ratio)
        if step > 1 + _NOISE:
            dividend[place] = close[place - 1] * (1 - 1 / step) / split[place]
    return split, dividend


def _inverse(step: float) -> Fraction:
    return Fraction(1 / step).limit_denominator(_PARTS)
