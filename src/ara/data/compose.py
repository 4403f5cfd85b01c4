"""Longer bars made of shorter ones, where a source doesn't have their length: by session, and never with the future."""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from ara.data.provider import BARS, Kind, Provider, basis_of
from ara.errors import DataProviderError
from ara.market.bars import Basis
from ara.market.calendar import Calendar, calendar
from ara.market.hours import labels, spans
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY, TIMEFRAMES, WEEK, Timeframe

__all__ = ["ask", "compose", "shorter"]

_EDGES: Final = {"begins": BARS["at"], "ends": BARS["at"]}
_MICROSECOND: Final = timedelta(microseconds=1)
_SHARES: Final = frozenset({AssetClass.STOCK, AssetClass.ETF})


def shorter(source: Provider, timeframe: Timeframe) -> list[Timeframe]:
    """Give the lengths of which a source's bars can be made, the longest first; none where it has the length itself.

    Weeks are made of days, hours of hours and minutes, days of nothing: their close is the exchange's own.
    """
    have = getattr(source, "timeframes", None)
    if have is None or timeframe in have or timeframe == DAY:
        return []
    if timeframe == WEEK:
        return [DAY] if DAY in have else []
    fitting = [one for one in TIMEFRAMES if one.span < timeframe.span and not timeframe.span % one.span]
    return [one for one in reversed(fitting) if one in have]


async def ask(
    source: Provider, instrument: Instrument, timeframe: Timeframe, *, start: datetime, end: datetime
) -> pl.DataFrame:
    """Give a source's bars with `start <= at < end`; made of shorter ones where it has none of that length.

    Raises
    ------
    DataProviderError
        It has neither; or its shorter bars don't fit into the sessions.
    """
    steps = shorter(source, timeframe)
    if not steps:
        return await source.history(Kind.BARS, instrument, timeframe, start=start, end=end)
    name = source.name
    if timeframe == WEEK and basis_of(source, instrument) is Basis.RAW and instrument.asset_class in _SHARES:
        raise DataProviderError(
            f"{name} has no {timeframe} bars, and of prices as traded none are made: a split may lie within a week.",
            hint="Ask another source: --provider yahoo",
            symbol=instrument.symbol,
        )
    for step in steps:
        parts = await source.history(Kind.BARS, instrument, step, start=start - timeframe.span, end=end)
        if parts.schema != BARS or (parts.is_empty() and step == steps[0]):
            return parts
        if parts.is_empty():
            break
        made = compose(parts, instrument, timeframe)
        if made is not None:
            return made.filter(pl.col("at") >= start)
    raise DataProviderError(
        f"{name} has no {timeframe} bars of {instrument.symbol}, and its shorter ones don't fit into the sessions.",
        hint="Ask for another length, or another source with --provider.",
        symbol=instrument.symbol,
    )


def compose(parts: pl.DataFrame, instrument: Instrument, timeframe: Timeframe) -> pl.DataFrame | None:
    """Make bars of shorter ones; None where a shorter one reaches over the edge of a longer one.

    Within a day they are counted from the session's open, and what trades outside of sessions is left out. A bar is
    known when its last part and its own end are. The first bar is left out unless its beginning is there, the last one
    unless its end is, or something later: what is missing there may come yet.

    Parameters
    ----------
    parts
        Closed bars in the columns `BARS`, ascending.
    instrument
        Whose; its calendar counts.
    timeframe
        Length of the bars to make.
    """
    if parts.is_empty():
        return parts
    hours = calendar(instrument.calendar)
    cut = _weekly(parts, hours) if timeframe == WEEK else _within(parts, hours, timeframe)
    if cut.filter(pl.col("known_at") > pl.col("ends")).height:
        return None
    made = cut.group_by("begins", maintain_order=True).agg(
        pl.col("ends").last(),
        pl.col("at").first().alias("first"),
        pl.col("known_at").last().alias("last"),
        pl.col("learned_at").max(),
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.when(pl.col("volume").count() > 0).then(pl.col("volume").sum()).alias("volume"),
        pl.col("adjusted").last(),
    )
    place = pl.int_range(pl.len())
    whole = ((place > 0) | (pl.col("first") == pl.col("begins"))) & (
        (place < pl.len() - 1) | (pl.col("last") == pl.col("ends"))
    )
    return made.filter(whole).rename({"begins": "at", "ends": "known_at"}).select(BARS.names())


def _weekly(parts: pl.DataFrame, hours: Calendar) -> pl.DataFrame:
    week = labels(parts["at"], hours).dt.truncate("1w")
    monday = week.unique(maintain_order=True)
    begins, ends = [], []
    for day in monday:
        first = day if hours.is_session(day) else hours.following(day, 1)[0]
        begins.append(hours.opens(first))
        ends.append(WEEK.closes(begins[-1], hours))
    edges = pl.DataFrame({"week": monday, "begins": begins, "ends": ends}, schema_overrides=_EDGES)
    return parts.with_columns(week=week).join(edges, on="week", how="left", maintain_order="left")


def _within(parts: pl.DataFrame, hours: Calendar, timeframe: Timeframe) -> pl.DataFrame:
    session = spans(labels(parts["at"], hours), hours)
    whole = parts.with_columns(opens=session["at"], bell=session["known_at"])
    inside = whole.filter(pl.col("at") >= pl.col("opens"), pl.col("at") < pl.col("bell"))
    step = timeframe.span // _MICROSECOND
    since = (pl.col("at") - pl.col("opens")).dt.total_microseconds() // step * step
    begins = pl.col("opens") + since.cast(pl.Duration("us"))
    return inside.with_columns(begins=begins).with_columns(
        ends=pl.min_horizontal(pl.col("begins") + timeframe.span, "bell")
    )
