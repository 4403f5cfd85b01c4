"""Longer bars made of shorter ones.

A longer bar is known at the close of its last session hour by the calendar, never before, and one that is not yet
known does not exist. Hours are counted from the opening of the session that they belong to, days and weeks hold what
was traded within sessions.
"""

from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.market.bars import SCHEMA, Bars
from ara.market.calendar import Calendar, calendar
from ara.market.hours import labels, spans
from ara.market.timeframe import DAY, WEEK, Timeframe

__all__ = ["resample"]

_MICRO: Final = timedelta(microseconds=1)
_PRICES: Final = ("open", "high", "low", "close")
_CLOCK: Final = pl.Datetime("us", "UTC")
_WEEK_DAYS: Final = timedelta(days=6)

_Instants = NDArray[np.int64]


def resample(bars: Bars, timeframe: Timeframe) -> Bars:
    """Make longer bars of shorter ones, closed ones only.

    The first is left out if the shorter bars begin after it does, the last until it is closed by the calendar. Of a
    venue with a close, bars outside of the session belong to no day and no week. Shorter bars without a price are
    passed over.

    Parameters
    ----------
    bars
        Ascending in time.
    timeframe
        Longer than theirs.

    Raises
    ------
    FeatureEngineeringError
        The timeframe is not longer.
    """
    if timeframe.span <= bars.timeframe.span:
        raise FeatureEngineeringError(
            f"Bars of {bars.timeframe} can't be made into bars of {timeframe}.",
            hint=f"Take {bars.timeframe} or longer, or give shorter bars.",
        )
    venue = calendar(bars.instrument.calendar)
    priced = pl.all_horizontal(pl.col(_PRICES).is_finite().fill_null(value=False))
    frame = bars.frame.filter(priced)
    if frame.height:
        begun, end = _micros(bars.frame["at"])[0], bars.frame["known_at"][-1]
        frame = _merged(*_binned(frame, venue, bars.timeframe, timeframe, begun=begun))
        frame = frame.filter(pl.col("known_at") <= end)
    return Bars(instrument=bars.instrument, timeframe=timeframe, basis=bars.basis, frame=frame, notes=bars.notes)


def _binned(
    frame: pl.DataFrame, venue: Calendar, own: Timeframe, timeframe: Timeframe, *, begun: int
) -> tuple[pl.DataFrame, _Instants, _Instants]:
    """Give the bars that belong to longer ones, and when the one of each opened and was known."""
    at, known, label = _micros(frame["at"]), _micros(frame["known_at"]), labels(frame["at"], venue)
    day = spans(label, venue, DAY)
    opens, bell = _micros(day["at"]), _micros(day["known_at"])
    inside = (at + _length(own) > opens) & (at < bell)
    kept = inside
    if timeframe == DAY:
        opened, closed = opens, bell
    elif timeframe == WEEK:
        week = spans(_first_sessions(label, venue), venue, WEEK)
        opened, closed = _micros(week["at"]), _micros(week["known_at"])
    else:
        step = _length(timeframe)
        opened = opens + (np.where(inside, np.maximum(at, opens), at) - opens) // step * step
        closed = np.where(inside, np.minimum(opened + step, bell), opened + step)
        kept = np.ones(len(at), bool)
    late = np.maximum.accumulate(known - _micros(spans(frame["at"], venue, own)["known_at"]))
    dated = timeframe.span >= DAY.span
    first = _starts(opened) if dated else _starts(opened, inside, opens)
    count = np.diff(first, append=len(at))
    closed = np.maximum.accumulate(closed[first] + np.maximum(late[first], 0)).repeat(count)
    kept = kept & (known <= closed) & (opened >= begun)
    # what trades outside of a session opens with its first bar: the hours of two sessions would overlap there
    shown = np.where(inside[first] | dated, opened[first], at[first]).repeat(count)
    return frame.filter(pl.Series(kept)), shown[kept], closed[kept]


def _first_sessions(label: pl.Series, venue: Calendar) -> pl.Series:
    """Give the first session of the week that a label is in; its Monday where it has none."""
    mondays = label.dt.truncate("1w").rename("week")
    days = pl.Series("first", venue.sessions(mondays.min(), mondays.max() + _WEEK_DAYS), dtype=pl.Date)  # type: ignore[operator, arg-type]
    firsts = days.to_frame().group_by(week=pl.col("first").dt.truncate("1w")).agg(pl.col("first").min())
    found = mondays.to_frame().join(firsts, on="week", how="left", maintain_order="left")
    return found.select(first=pl.coalesce("first", "week"))["first"]


def _merged(frame: pl.DataFrame, opened: _Instants, closed: _Instants) -> pl.DataFrame:
    """Put the bars of each longer one together; those of one follow each other."""
    if frame.is_empty():
        return frame
    first = _starts(opened)
    last = np.append(first[1:], len(opened)) - 1
    volume = frame["volume"].to_numpy().astype(np.float64)
    traded = np.add.reduceat(np.nan_to_num(volume), first)
    told = np.maximum.reduceat(np.isfinite(volume), first)
    own = frame.select("learned_at", "quality", "imputed", "votes").with_columns(
        place=pl.Series(np.repeat(np.arange(len(first)), last - first + 1))
    )
    judged = own.group_by("place", maintain_order=True).agg(
        pl.col("learned_at").max(), pl.col("quality").min(), pl.col("imputed").any(), pl.col("votes").min()
    )
    return pl.DataFrame(
        {
            "at": pl.Series(opened[first]).cast(_CLOCK),
            "known_at": pl.Series(closed[first]).cast(_CLOCK),
            "open": frame["open"].to_numpy()[first],
            "high": np.maximum.reduceat(frame["high"].to_numpy(), first),
            "low": np.minimum.reduceat(frame["low"].to_numpy(), first),
            "close": frame["close"].to_numpy()[last],
            "volume": np.where(told, traded, np.nan),
            "source": frame["source"].gather(last),
            **{name: judged[name] for name in ("learned_at", "quality", "imputed", "votes")},
        }
    ).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _starts(*keys: NDArray[Any]) -> NDArray[np.int64]:
    """Give the places at which one of the keys changes."""
    changed = np.logical_or.reduce([one[1:] != one[:-1] for one in keys])
    return np.flatnonzero(np.append(True, changed))


def _length(timeframe: Timeframe) -> int:
    return timeframe.span // _MICRO


def _micros(moments: pl.Series) -> _Instants:
    found: _Instants = moments.cast(_CLOCK).to_physical().to_numpy()
    return found
