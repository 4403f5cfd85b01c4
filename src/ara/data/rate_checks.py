"""How far kept rates can be trusted: days without one, leaps that were taken back, currencies that went."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

import polars as pl

from ara.data.quality import Issue, QualityReport, Severity
from ara.market.holidays import euro_closed

__all__ = ["check_rates", "leaps_at_end"]

_SATURDAY: Final = 5
_SUSPENDED: Final = 20
_LEAP: Final = 0.05
_BACK: Final = 0.2
_OLD: Final = timedelta(days=10)


def check_rates(rows: pl.DataFrame) -> Iterator[tuple[str, str, int, QualityReport]]:
    """Judge each currency's rates of each source: pair, source, how many there are, and what was found.

    Parameters
    ----------
    rows
        Kept rates: `source` and the columns of the kind `RATES`.

    Notes
    -----
    `missing`: a working day between the first and the last rate has none. Of more than 20 in a row on which the source
    has other currencies' rates it is said that this one was suspended, which costs nothing; those on which it has none
    were not received. `outlier`: a rate is more than 5 % from the one before, and the next
    one takes at least four fifths of that back, or there is no next one yet. `stale`: the newest rate is more than ten
    days older than the newest of the source: the currency is quoted no longer.
    """
    for (source, base), whole in rows.sort("source", "base").group_by(["source", "base"], maintain_order=True):
        newest: datetime = whole["at"].max()  # type: ignore[assignment]
        received = set(whole["at"].dt.date())
        for (quote,), own in whole.sort("quote", "at").group_by(["quote"], maintain_order=True):
            pair = f"{base}{quote}"
            yield pair, str(source), own.height, _judged(pair, own, newest, received)


def _judged(pair: str, own: pl.DataFrame, newest: datetime, received: set[date]) -> QualityReport:
    missing, long = _holes(own["at"].dt.date().to_list())
    suspended = [day for day in long if day in received]
    lacking = [day for day in long if day not in received]
    leaps = _leaps(own)
    issues = []
    if missing:
        words = f"{_many(len(missing), 'working day')} {_are(missing)} without a rate: {_listed(missing)}"
        issues.append(_issue(pair, "missing", Severity.WARNING, words, missing))
    if lacking:
        words = f"{_without(lacking)}: not received"
        issues.append(_issue(pair, "missing", Severity.WARNING, words, lacking))
    if suspended:
        words = f"{_without(suspended)}: suspended, or not received"
        issues.append(_issue(pair, "missing", Severity.INFO, words, suspended))
    if own["at"][-1] < newest - _OLD:
        last = own["at"][-1].date()
        issues.append(_issue(pair, "stale", Severity.INFO, f"no rate since {last}: quoted no longer", [last]))
    if own["at"][-1] == newest and (words := _leap_at_end(own)):
        issues.append(_issue(pair, "outlier", Severity.WARNING, words, [newest.date()]))
    if leaps:
        words = f"{_many(len(leaps), 'rate')} {_are(leaps)} far from both neighbours: {_listed(leaps)}"
        issues.append(_issue(pair, "outlier", Severity.WARNING, words, leaps))
    total = own.height + len(missing) + len(lacking)
    return QualityReport(score=(own.height - 0.5 * len(leaps)) / total, issues=tuple(issues))


def _holes(days: list[date]) -> tuple[list[date], list[date]]:
    """Give the working days without a rate, and those of long runs of them, in which there was none by intent."""
    missing: list[date] = []
    suspended: list[date] = []
    for before, after in pairwise(days):
        between = (before + timedelta(days=step) for step in range(1, (after - before).days))
        hole = [day for day in between if day.weekday() < _SATURDAY and day not in euro_closed(day.year)]
        (suspended if len(hole) > _SUSPENDED else missing).extend(hole)
    return missing, suspended


def _leaps(own: pl.DataFrame) -> list[date]:
    before, after = (pl.col("rate").shift(step).log() for step in (1, -1))
    here = pl.col("rate").log()
    leap, left = here - before, after - before
    found = own.select("at", wrong=(leap.abs() > _LEAP) & (left.abs() < _BACK * leap.abs()))
    return list(found.filter("wrong")["at"].dt.date())


def leaps_at_end(rows: pl.DataFrame) -> list[str]:
    """Say of which currencies the newest rate is more than 5 % from the one before it, which nothing confirms yet.

    Parameters
    ----------
    rows
        Rates of one source and one base, in the columns of the kind `RATES`. Only those of their newest day are judged,
        and none whose one before is more than ten days older.
    """
    newest = rows["at"].max()
    ended = rows.sort("quote", "at").partition_by("quote", maintain_order=True)
    told = ((own, _leap_at_end(own)) for own in ended if own["at"][-1] == newest)
    return [f"{own['base'][-1]}{own['quote'][-1]}: {words}" for own, words in told if words]


def _leap_at_end(own: pl.DataFrame) -> str:
    """Say how far the last rate of one pair is from the one before; nothing where that is near, or long ago."""
    if own.height < 2 or own["at"][-1] - own["at"][-2] > _OLD:
        return ""
    before, last = own["rate"][-2], own["rate"][-1]
    if abs(math.log(last / before)) <= _LEAP:
        return ""
    days = [f"{at:%Y-%m-%d}" for at in own["at"].tail(2)]
    return f"the newest rate, {last:,.6g} on {days[1]}, is far from {before:,.6g} on {days[0]}"


def _issue(pair: str, rule: str, severity: Severity, words: str, days: list[date]) -> Issue:
    times = tuple(datetime.combine(day, time(12), UTC) for day in days)
    return Issue(rule=rule, severity=severity, symbol=pair, at=times[0], count=len(times), words=words, times=times)


def _without(days: list[date]) -> str:
    return f"no rates for {_many(len(days), 'working day')}, from {days[0]} to {days[-1]}"


def _many(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _are(days: list[date]) -> str:
    return "is" if len(days) == 1 else "are"


def _listed(days: list[date]) -> str:
    told = ", ".join(day.isoformat() for day in days[:3])
    return f"{told} and {len(days) - 3:,} more" if len(days) > 3 else told
