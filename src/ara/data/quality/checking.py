"""All rules over one instrument's bars."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from ara.data.quality.character import generated, reuse, same_bar
from ara.data.quality.jumps import outlier, unit
from ara.data.quality.moves import Moves, moves
from ara.data.quality.prices import filled, impossible, nonpositive
from ara.data.quality.repeats import cut_short, stale
from ara.data.quality.report import RULES, Issue, QualityReport, Severity
from ara.data.quality.series import Finding, Series, rows
from ara.data.quality.sessions import duplicate, missing, off_calendar, partial
from ara.data.quality.splits import split
from ara.data.quality.witnesses import disagree, shift, witness
from ara.market.bars import Basis
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

__all__ = ["check"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_ROWS: Final[tuple[Callable[[Series], Iterator[Finding]], ...]] = (
    missing,
    off_calendar,
    duplicate,
    impossible,
    nonpositive,
    partial,
    filled,
)
"""Rules that look at each row as it is."""

_MOVES: Final[tuple[Callable[[Series, Moves], Iterator[Finding]], ...]] = (
    stale,
    outlier,
    unit,
    reuse,
    cut_short,
    same_bar,
    generated,
)
"""Rules that look at how the bars move."""

_COST: Final = {Severity.INFO: 0.0, Severity.WARNING: 0.5, Severity.ERROR: 1.0}
_WHOLE: Final = {Severity.INFO: 1.0, Severity.WARNING: 0.8, Severity.ERROR: 0.5}


def check(
    bars: pl.DataFrame,
    instrument: Instrument,
    timeframe: Timeframe = DAY,
    *,
    actions: pl.DataFrame | None = None,
    basis: Basis | None = None,
    others: Mapping[str, pl.DataFrame] | None = None,
    now: datetime | None = None,
    each: bool = False,
) -> QualityReport:
    """Look for every defect that bars as published can have.

    Parameters
    ----------
    bars
        Of one source, as published: `at known_at open high low close volume`, and where there are `adjusted` and
        `learned_at`; rows may be unsorted, doubled, impossible or null.
    instrument
        Whose they are; its calendar says which bars there should be.
    timeframe
        Length of a bar.
    actions
        Splits and dividends that are known, in the columns of the kind `ACTIONS`; None where nothing is known of any.
    basis
        What the prices are adjusted for: in raw ones a split must leave a move, in others it need not; None where
        nobody says, so that splits none of which leaves a move are taken to be adjusted for.
    others
        Bars of the same instrument by other sources, by their names, in the same columns.
    now
        When it is looked at; the latest time in the rows, if None.
    each
        Whether to give one issue for each flagged bar instead of one for each rule.

    Returns
    -------
    QualityReport
        The score, and what was found.
    """
    series, _ = rows(bars, instrument, timeframe, now=now)
    # prices may be anything: what overflows is no number, and what is no number proves nothing
    with np.errstate(all="ignore"):
        found = _found(
            series,
            {name: rows(frame, instrument, timeframe)[0] for name, frame in (others or {}).items()},
            actions=actions,
            basis=basis,
        )
    found.sort(key=lambda finding: RULES.index(finding.rule))
    issues = _merged(_issue(finding, instrument.symbol) for finding in found)
    report = QualityReport(score=_score(series, found), issues=tuple(issues))
    return QualityReport(score=report.score, issues=tuple(report.listed(each=True))) if each else report


def _found(
    series: Series, others: Mapping[str, Series], *, actions: pl.DataFrame | None, basis: Basis | None
) -> list[Finding]:
    """Ask every rule."""
    moved = moves(series)
    witnesses = {name: witness(other) for name, other in others.items()}
    found = [finding for rule in _ROWS for finding in rule(series)]
    found += [finding for rule in _MOVES for finding in rule(series, moved)]
    found += split(series, moved, actions=actions, basis=basis)
    found += shift(series, moved, witnesses)
    found += disagree(series, moved, witnesses)
    return found


def _issue(finding: Finding, symbol: str) -> Issue:
    times = tuple(_EPOCH + timedelta(microseconds=moment) for moment in finding.at.tolist())
    return Issue(
        rule=finding.rule,
        severity=finding.severity,
        symbol=symbol,
        at=times[0] if times else None,
        count=len(times) if finding.count < 0 else finding.count,
        words=finding.words,
        times=times,
        single=finding.single,
    )


def _merged(issues: Iterable[Issue]) -> list[Issue]:
    """Give one issue for each rule; the worst severity stands for all."""
    found: dict[str, list[Issue]] = {}
    for issue in issues:
        found.setdefault(issue.rule, []).append(issue)
    return [several[0] if len(several) == 1 else _together(several) for several in found.values()]


def _together(several: list[Issue]) -> Issue:
    order = list(Severity)
    times = tuple(sorted(at for issue in several for at in issue.times))
    return Issue(
        rule=several[0].rule,
        severity=max((issue.severity for issue in several), key=order.index),
        symbol=several[0].symbol,
        at=times[0] if times else None,
        count=sum(issue.count for issue in several),
        words="; ".join(issue.words for issue in several),
        times=times,
        single="; ".join(dict.fromkeys(issue.single for issue in several)),
        parts=tuple(several),
    )


def _score(series: Series, found: list[Finding]) -> float:
    """Give the mean of all bars that there are or should be, as `QualityReport` says."""
    bar = np.zeros(len(series))
    absent, whole = 0, 1.0
    for finding in found:
        if finding.whole:
            whole *= _WHOLE[finding.severity]
        elif finding.rule == "missing":
            absent += len(finding.at)
        else:
            cost = _COST[finding.severity]
            hit = np.isin(series.at, finding.at)
            bar[hit] = np.maximum(bar[hit], cost)
    total = len(series) + absent + series.unknown
    return whole * float((1 - bar).sum()) / total if total else 0.0
