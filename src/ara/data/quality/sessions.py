"""Rules about when: missing, off_calendar, duplicate, partial."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.quality.report import Severity
from ara.data.quality.series import Finding, Instants, Series
from ara.market.timeframe import DAY_LENGTH, Unit

__all__ = ["closed", "dates", "duplicate", "missing", "off_calendar", "partial"]

_SATURDAY, _SUNDAY = 5, 6
_HOUR = DAY_LENGTH // 24
_USUAL = 0.5
_MOST = 100_000
_YEAR: Final = 366 * DAY_LENGTH
_FEW: Final = 0.01
_CROWD: Final = 20


def missing(series: Series) -> Iterator[Finding]:
    """Find the bars that the venue's calendar expects between the first and the last; strays are neither."""
    home = _home(series)
    if home.start == home.stop:
        return
    series = replace(series, at=series.at[home], label=series.label[home])
    gone = _expected(series)
    gone = gone[~np.isin(gone, series.at)] if not series.daily else gone
    if len(gone):
        singular, plural = ("session is missing", "sessions are missing")
        if series.timeframe.unit is not Unit.DAY:
            singular, plural = "bar is missing", "bars are missing"
        yield Finding(
            rule="missing",
            severity=Severity.WARNING,
            at=gone,
            words=series.since(gone, singular, plural),
            single="there is no bar, though the venue traded",
        )


def off_calendar(series: Series) -> Iterator[Finding]:
    """Find bars at times at which the venue doesn't trade, and strays: a few bars years away from all others."""
    stray = _strays(series)
    off = closed(series) & ~series.twin & ~stray
    if stray.any():
        at = series.at[stray]
        yield Finding(
            rule="off_calendar",
            severity=Severity.ERROR,
            at=at,
            words=series.since(at, "bar is years away from all others", "bars are years away from all others"),
            single="it is years away from all others",
        )
    if off.any():
        at = series.at[off]
        yield Finding(
            rule="off_calendar",
            severity=Severity.WARNING,
            at=at,
            words=series.since(at, "bar is of a day without trading", "bars are of days without trading"),
            single="the venue did not trade then",
        )


def duplicate(series: Series) -> Iterator[Finding]:
    """Find rows whose time another row has too; it is an error where they differ."""
    if not series.twin.any():
        return
    place = np.flatnonzero(series.twin)
    both = np.stack((series.prices[:, place], series.prices[:, place - 1]))
    same = np.isclose(both[0], both[1], rtol=1e-9, atol=0, equal_nan=True).all(axis=0)
    at = series.at[place]
    differing = int((~same).sum())
    tail = f"; {differing:,} of them with other prices" if differing else ""
    yield Finding(
        rule="duplicate",
        severity=Severity.ERROR if differing else Severity.WARNING,
        at=at,
        words=series.since(at, "bar stands twice", "bars stand twice") + tail,
        single="another bar has the same time",
    )


def partial(series: Series) -> Iterator[Finding]:
    """Find bars that were received before they were over, and bars of the future."""
    if not len(series):
        return
    future = series.at > series.now
    if future.any():
        at = series.at[future]
        yield Finding(
            rule="partial",
            severity=Severity.ERROR,
            at=at,
            words=series.since(at, "bar is of the future", "bars are of the future"),
            single="it is of the future",
        )
    early = ((series.learned < series.known) | (series.known > series.now)) & ~future
    if early.any():
        at = series.at[early]
        yield Finding(
            rule="partial",
            severity=Severity.WARNING,
            at=at,
            words=series.since(at, "bar was received before it was over", "bars were received before they were over"),
            single="received before it was over",
        )


def _home(series: Series) -> slice:
    """Give the rows between the strays and before the future: between them the calendar says what there should be."""
    at = series.at
    end = int(np.searchsorted(at, series.now, side="right"))
    return _settled(at[:end])


def _settled(at: Instants) -> slice:
    """Give the rows without the few at either end that are farther from the rest than it is long, and over a year."""
    few, count = max(int(_FEW * len(at)), 1), len(at)
    first, last = 0, count
    if count < _CROWD:
        return slice(first, last)
    gap = np.diff(at)
    for place in np.flatnonzero(gap > _YEAR).tolist():
        if place < few and gap[place] > at[-few - 1] - at[place + 1]:
            first = place + 1
        elif place >= count - 1 - few and gap[place] > at[place] - at[first]:
            last = min(last, place + 1)
    return slice(first, last)


def _strays(series: Series) -> NDArray[np.bool_]:
    """Say of each row whether it is no bar of the future, and years away from all others."""
    home, found = _home(series), series.at <= series.now
    found[home] = False
    return found


def _expected(series: Series) -> Instants:
    """Give the opens of the bars that should be there; for daily ones, of those that are not."""
    if series.timeframe.unit is Unit.DAY:
        days = series.label
        want = series.sessions(int(days.min()), int(days.max()))
        return series.opens(want[~np.isin(want, days)])
    if series.timeframe.unit is Unit.WEEK:
        days = series.label
        want = series.sessions(int(days.min()), int(days.max()))
        week, first = np.unique((want + 3) // 7, return_index=True)
        return series.opens(want[first[~np.isin(week, (days + 3) // 7)]])
    return _grid(series)


def _grid(series: Series) -> Instants:
    """Give the opens of all bars within sessions, from the first bar to the last."""
    step = int(series.timeframe.span.total_seconds()) * 1_000_000
    at = series.at
    if not series.calendar.weekend:
        return _holes(at, step)
    sessions = series.sessions(int(series.label[0]), int(series.label[-1]))
    if series.calendar.name == "forex":
        return _within(series, sessions, step)
    absent = np.empty(0, np.int64)
    if len(sessions) * (DAY_LENGTH // step) > _MOST:
        # so long a time with so few bars: of a session without any, the first is named alone
        there = np.isin(sessions, series.label)
        absent, sessions = series.opens(sessions[~there]), sessions[there]
    grid = [np.arange(opened, closed, step, dtype=np.int64) for opened, closed in _trading(series, sessions)]
    every: Instants = np.sort(np.concatenate([absent, *grid]))
    cut: Instants = every[(every >= at[0]) & (every <= at[-1])]
    return cut


def _holes(at: Instants, step: int) -> Instants:
    """Give the opens that lie between bars of a venue that never closes; of a very long hole, the first ones."""
    there = np.unique(at)
    count = np.maximum(np.diff(there) // step - 1, 0)
    left = np.maximum(_MOST - np.concatenate([[0], np.cumsum(count)[:-1]])[: len(count)], 0)
    count = np.minimum(count, left)
    begun = np.repeat(there[:-1], count)
    place = np.arange(len(begun)) - np.repeat(np.cumsum(count) - count, count) + 1
    holes: Instants = begun + place * step
    return holes


def _within(series: Series, sessions: NDArray[np.int64], step: int) -> Instants:
    """Give, for a market without a bell, the bars between each session's first and last, and sessions without any.

    What most sessions lack is no gap: metals rest for an hour every evening.
    """
    at, opens = series.at, series.opens(sessions)
    there, first = np.unique(series.label, return_index=True)
    last = np.append(first[1:], len(at)) - 1
    grid = [np.arange(at[a], at[b] + 1, step, dtype=np.int64) for a, b in zip(first, last, strict=True)]
    slots = np.concatenate(grid)
    begun = np.repeat(series.opens(there), [len(one) for one in grid])
    there_is = np.isin(slots, at)
    wanted = _mostly((slots - begun) // step, there_is) & _mostly(slots % DAY_LENGTH // step, there_is)
    every: Instants = np.sort(np.concatenate([slots[wanted], opens[~np.isin(sessions, there)]]))
    return every


def _mostly(place: NDArray[np.int64], there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each slot whether most sessions have a bar at its place, counted from the bell or by the clock."""
    share = np.bincount(place, weights=there) / np.maximum(np.bincount(place), 1)
    return np.asarray(share[place] >= _USUAL)


def _trading(series: Series, days: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Give the stretches in which a venue with a bell trades."""
    hours = zip(series.opens(days).tolist(), series.closes(days).tolist(), strict=True)
    if not any(usual.breaks for usual in series.calendar.hours):
        return list(hours)
    found: list[tuple[int, int]] = []
    for day, (opened, closed) in zip(days.astype("datetime64[D]").astype(object), hours, strict=True):
        rests = [int(edge.timestamp()) * 1_000_000 for rest in series.calendar.breaks(day) for edge in rest]
        edges = [opened, *rests, closed]
        found.extend(zip(edges[::2], edges[1::2], strict=True))
    return found


def closed(series: Series) -> NDArray[np.bool_]:
    """Say of each row whether its venue did not trade; a week's bar may be filed under any of its days."""
    if not len(series) or not series.calendar.weekend:
        return np.zeros(len(series), bool)
    days = series.label
    weekday = (days + 3) % 7
    if series.calendar.name == "forex":
        # its week opens on Sunday evening, and brokers quote on through holidays: Saturday alone is no day of it
        off: NDArray[np.bool_] = weekday == _SATURDAY
        if not series.daily:
            since = series.at - series.opens(days) + DAY_LENGTH
            off = off & (since % DAY_LENGTH >= 3 * _HOUR)
        return off
    if series.timeframe.unit is Unit.WEEK:
        return np.zeros(len(days), bool)
    if not series.daily:
        days = dates(series)
    return ~np.isin(days, series.sessions(int(days.min()), int(days.max())))


def dates(series: Series) -> NDArray[np.int64]:
    """Give the date of each bar by its venue's clock: what trades after the bell is still of that day."""
    at = pl.Series(series.at).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(series.calendar.zone)
    found: NDArray[np.int64] = at.dt.date().cast(pl.Int32).to_numpy().astype(np.int64)
    return found
