"""What bars lack though each of them is good: sessions without one, volume, history, and prices that move."""

from dataclasses import dataclass
from itertools import takewhile
from typing import Final

import numpy as np

from ara.market.bars import Bars
from ara.market.calendar import FIRST_YEAR, calendar
from ara.market.instrument import AssetClass
from ara.market.timeframe import DAY

__all__ = ["ENOUGH", "Soundness", "soundness", "standing"]

ENOUGH: Final = 500
"""Bars of history from which on more of them make nothing surer."""

_YEAR, _LATELY = 250, 20
_SPARED_YEAR, _SPARED_LATELY = 5, 2
_EACH_YEAR, _EACH_LATELY = 10.0, 2.5
_SILENT: Final = 0.75
_LEAST: Final = 3
_OFTEN: Final = 0.1
_TRADED: Final = frozenset({AssetClass.STOCK, AssetClass.ETF, AssetClass.CRYPTO})


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundness:
    """How sound bars are as a whole.

    Parameters
    ----------
    grade
        1 where nothing is amiss, down to 0; as quality counts, and beside it.
    stood
        How many of the newest bars repeat one price, of an instrument that used to move; 0 where fewer than three do.
    words
        What is amiss, one sentence each.
    """

    grade: float = 1.0
    stood: int = 0
    words: tuple[str, ...] = ()


def soundness(bars: Bars) -> Soundness:
    """Grade what lacks: the worst grade counts, as one cause often shows in several ways."""
    stood = standing(bars)
    grades, words = [1.0], []
    if stood:
        words.append(f"its last {stood} bars repeat one price: bands are those of a price that is {stood} bars old")
    lacking, sessions = _sessions_without(bars)
    if lacking < 1:
        grades.append(lacking)
        words.append(f"{sessions} of its venue's last sessions have no bar")
    if bars.instrument.asset_class in _TRADED and _silent(bars):
        grades.append(_SILENT)
        words.append("its newest bars have no volume, by which models tell how much it will move")
    if len(bars) < ENOUGH:
        grades.append((1 + len(bars) / ENOUGH) / 2)
    return Soundness(grade=min(grades), stood=stood, words=tuple(words))


def standing(bars: Bars) -> int:
    """Count the newest bars that have no range and close as the one before; 0 of what often stands still.

    Three in a row are taken for a source that repeats itself, or for a halt: either way the price is that old.
    """
    high, low, close = (bars.frame[name].tail(_LEAST + 1).to_numpy() for name in ("high", "low", "close"))
    if len(close) <= _LEAST or (close != close[0]).any() or (high[1:] != low[1:]).any():
        return 0
    high, low, close = bars.frame[["high", "low", "close"]].to_numpy().T
    still = (high[1:] == low[1:]) & (close[1:] == close[:-1])
    stood = sum(1 for _ in takewhile(bool, still[::-1].tolist()))
    before = still[: len(still) - stood][-_YEAR:]
    return stood if len(before) >= _LATELY and before.mean() < _OFTEN else 0


def _sessions_without(bars: Bars) -> tuple[float, int]:
    """Grade how many sessions of late have no bar, and count those of the year; daily bars alone are held to a list.

    A few are spared: venues close on days that no list foresaw.
    """
    venue, at = calendar(bars.instrument.calendar), bars.frame["at"]
    if bars.timeframe.span != DAY.span or venue.dated(at[-min(_YEAR, len(at))]).year < FIRST_YEAR:
        return 1.0, 0
    last, grade, missing = venue.dated(at[-1]), 1.0, 0
    for count, spared, each in (
        (_LATELY, _SPARED_LATELY, _EACH_LATELY),
        (_YEAR, _SPARED_YEAR, _EACH_YEAR),
    ):
        seen = min(count, len(at))
        due = len(venue.sessions(venue.dated(at[-seen]), last))
        missing = max(due - seen, 0)
        grade = min(grade, 1.0 - each * max(missing - spared, 0) / max(due, 1))
    return max(grade, 0.0), missing


def _silent(bars: Bars) -> bool:
    volume = bars.frame["volume"].tail(_LATELY).to_numpy()
    return int(np.count_nonzero(volume > 0)) < len(volume) / 2
