"""How good what an import brought is, in one line for each series."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from ara.data.quality import check, cut
from ara.market.bars import Basis
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

__all__ = ["MOST", "Grade", "Unjudged", "grade"]

MOST: Final = 50_000
"""The most bars of one import that are judged at once with it; of other series `ara data check` tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The quality of the bars of one instrument in a file.

    Parameters
    ----------
    symbol, timeframe
        Whose, and how long they are.
    score
        From 0 to 1, never rounded up.
    worst
        The worst severity of what was found; empty where nothing was.
    issues
        What was found, in sentences.
    """

    symbol: str
    timeframe: str
    score: float
    worst: str
    issues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """A series of an import whose bars were not looked at: `ara data check` does.

    Parameters
    ----------
    symbol, timeframe
        Whose, and how long its bars are.
    source
        What its file is kept as.
    """

    symbol: str
    timeframe: str
    source: str


def grade(bars: pl.DataFrame, instrument: Instrument, *, actions: pl.DataFrame, now: datetime) -> Grade:
    """Judge the bars of one instrument, as an import gives them.

    Parameters
    ----------
    bars
        With their `timeframe` and `basis`, at least one.
    instrument
        Whose they are.
    actions
        Splits and dividends that are kept of it.
    now
        When it is looked at.
    """
    step = str(bars["timeframe"][0])
    report = check(
        bars,
        instrument,
        Timeframe.parse(step),
        actions=None if actions.is_empty() else actions,
        basis=Basis(bars["basis"][0]),
        now=now,
    )
    issues = tuple(f"{one.severity.value}, {one.rule}: {one.words}" for one in report.issues)
    worst = "" if report.worst is None else report.worst.value
    return Grade(symbol=instrument.symbol, timeframe=step, score=cut(report.score, 4), worst=worst, issues=issues)
