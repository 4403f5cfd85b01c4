"""What makes a cached value stale before its time: the close of its bar, a move of its price."""

import math
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

import polars as pl

from ara.market.calendar import LAST_YEAR, calendar
from ara.market.timeframe import Timeframe, Unit

__all__ = ["FAR", "Mark", "Reason", "mark_of", "next_close"]

FAR: Final = 3.0
"""Standard deviations of one bar that a price has to move for what is cached to be dropped."""

_FEWEST: Final = 20
_BARS: Final = 60


class Reason(StrEnum):
    """Why a value was dropped before its time."""

    MANUAL = "manual"
    BAR = "bar"
    CLOSE = "close"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Mark:
    """The last close that was cached of an instrument, and the standard deviation of its log returns, a bar.

    Parameters
    ----------
    close
        Price from which a move is measured: the last close, or where the last far move went.
    sigma
        Standard deviation of the log return of one bar.
    base
        The last close.
    """

    close: float
    sigma: float
    base: float

    def far(self, price: float) -> bool:
        """Say whether a price lies `FAR` standard deviations or more from the close; never for an impossible price."""
        if not (math.isfinite(price) and price > 0):
            return False
        return abs(math.log(price / self.close)) >= FAR * self.sigma

    def after(self, price: float) -> "Mark":
        """Give the mark after a far move: the next one is measured from there, as long as no new close comes."""
        return replace(self, close=price)


def mark_of(frame: pl.DataFrame) -> Mark | None:
    """Give the mark of a frame of bars, from the last 60 of its last source; None where it holds none that vary."""
    if "close" not in frame.columns or frame.height <= _FEWEST or not frame.schema["close"].is_float():
        return None
    if "source" in frame.columns:
        frame = frame.filter(pl.col("source") == pl.col("source").last())
    closes = frame["close"].tail(_BARS + 1)
    if len(closes) <= _FEWEST or not (closes.is_finite() & (closes > 0)).all() or closes.has_nulls():
        return None
    sigma = closes.log().diff().std()
    return Mark(closes[-1], sigma, closes[-1]) if isinstance(sigma, float) and sigma > 0 else None


def next_close(timeframe: Timeframe | None, name: str, now: datetime) -> datetime | None:
    """Give the next instant, UTC, after which there is a new bar; None without a calendar, or past its years.

    Parameters
    ----------
    timeframe
        Length of a bar; None counts as a session.
    name
        Of the calendar; empty for none.
    now
        The present instant.
    """
    if not name or now.year >= LAST_YEAR:
        return None
    hours = calendar(name)
    label = hours.label(now)
    opens, closes = hours.opens(label), hours.closes(label)
    if timeframe is None or timeframe.unit in {Unit.DAY, Unit.WEEK}:
        return closes
    start = opens if opens <= now else opens - timeframe.span * math.ceil((opens - now) / timeframe.span)
    return min(start + timeframe.span * ((now - start) // timeframe.span + 1), closes)
