"""Rules about bars that tell nothing new: stale, partial by what was traded."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.data.quality.moves import Moves
from ara.data.quality.report import Severity
from ara.data.quality.series import Finding, Series
from ara.market.instrument import AssetClass

__all__ = ["cut_short", "stale", "standing", "untraded"]

_CHANCE: Final = 0.001
_LEAST_SHARE: Final = 0.01
_STICKY: Final = 0.98
_STANDSTILL: Final = 60
_TAIL: Final = 40
_HOURS: Final = 500
_LITTLE: Final = 0.25
_LESS: Final = 0.3
_FIFTH: Final = 4
_SHORT: Final = 0.8
_SELDOM: Final = 0.05
_NO_TAPE: Final = frozenset({AssetClass.INDEX, AssetClass.FOREX})


def stale(series: Series, m: Moves) -> Iterator[Finding]:
    """Find closes that stand still longer than chance allows, bars that repeat the one before, bars without a trade.

    With a share p of unchanged closes, n bars have a run of k by chance about n p^k times; k is too long where that is
    below one in a thousand. Bars of quiet hours are counted by themselves, and there only what stands longer than such
    prices do once they stand. Within a day, where a price has few ticks to go, one bar like another is no defect but
    with the same volume, a run of them is. A volume of zero is a defect where it is seldom: the price of such a bar is
    an older one.
    """
    still, wrong = m.change == 0, np.zeros(len(m), bool)
    wrong[m.quiet] = _runs(still[m.quiet], _standstill(still[m.quiet]))
    wrong[~m.quiet] = _runs(still[~m.quiet], _longest(still[~m.quiet], every=m.belled))
    alike = _copied(m) & ~m.quiet
    wrong |= alike if m.daily else _runs(alike, _longest(alike, every=m.belled)) | _retold(m)
    if wrong.any():
        at = m.at[wrong]
        singular, plural = "bar repeats the price before it", "bars repeat the price before them"
        yield Finding(
            rule="stale",
            severity=Severity.WARNING,
            at=at,
            words=series.since(at, singular, plural),
            single="it repeats the price before it",
        )
    idle = _idle(series, m) & ~wrong
    if idle.any():
        at = m.at[idle]
        yield Finding(
            rule="stale",
            severity=Severity.WARNING,
            at=at,
            words=series.since(at, "bar has a volume of zero", "bars have a volume of zero"),
            single="its volume is zero",
        )


def cut_short(series: Series, m: Moves) -> Iterator[Finding]:
    """Find a last bar taken before its end, by what is traded in it.

    A session must lie below three tenths of the fifth least of the 40 before, and be no short one; a shorter bar below
    a quarter of the least of the 500 before, with a small range.
    """
    tail = _TAIL if series.daily else _HOURS
    if len(m) <= tail:
        return
    before = slice(-tail - 1, -1)
    volume, ranged = np.sort(m.volume[before]), m.range[before]
    if series.daily:
        length = (series.known - series.at)[series.bar]
        little = m.volume[-1] < _LESS * volume[_FIFTH] and length[-1] > _SHORT * np.median(length[before])
    else:
        little = m.volume[-1] < _LITTLE * volume[0] and m.range[-1] < np.median(ranged)
    if little:
        at = m.at[-1:]
        yield Finding(
            rule="partial",
            severity=Severity.WARNING,
            at=at,
            words=f"the last bar, {series.when(int(at[0]))}, seems to be unfinished: little was traded in it",
            single="it seems to be unfinished: little was traded in it",
        )


def standing(m: Moves) -> NDArray[np.bool_]:
    """Say of each bar, by what was known at its close, whether it stands still too long or repeats the one before."""
    still, found = m.change == 0, np.zeros(len(m), bool)
    found[m.quiet] = _so_far(still[m.quiet], sticky=True)
    found[~m.quiet] = _so_far(still[~m.quiet], every=m.belled)
    alike = _copied(m) & ~m.quiet
    return np.asarray(found | (alike if m.daily else _so_far(alike, every=m.belled) | _retold(m)))


def _so_far(still: NDArray[np.bool_], *, every: bool = False, sticky: bool = False) -> NDArray[np.bool_]:
    """Say of each bar whether it ends a run longer than chance gives, by the runs up to it."""
    if not len(still):
        return still
    count = np.arange(1, len(still) + 1)
    starts = np.cumsum(_first(still))
    run = count - np.maximum.accumulate(np.where(still, 0, count))
    if sticky:
        goes_on = np.clip(1 - starts / np.maximum(np.cumsum(still), 1), _LEAST_SHARE, _STICKY)
        longest = np.maximum(1 + np.ceil(np.log(_CHANCE / np.maximum(starts, 1)) / np.log(goes_on)), _STANDSTILL)
    else:
        share = np.clip((np.cumsum(still) if every else starts) / count, _LEAST_SHARE, 0.9)
        longest = np.ceil(np.log(_CHANCE / count) / np.log(share))
    return np.asarray(run >= longest)


def untraded(series: Series, m: Moves) -> NDArray[np.bool_]:
    """Say of each bar, by what was known at its close, whether nothing was traded in it, which is seldom so."""
    idle = _zero(series, m)
    seldom = np.cumsum(idle) <= np.maximum(_SELDOM * np.arange(1, len(m) + 1), 1)
    return np.asarray(idle & seldom & np.logical_or.accumulate(m.volume > 0))


def _idle(series: Series, m: Moves) -> NDArray[np.bool_]:
    """Say of each bar whether nothing was traded in it, though in nearly all others."""
    idle = _zero(series, m)
    usual = idle.sum() > max(_SELDOM * len(m), 1) or not (m.volume > 0).any()
    return np.zeros(len(m), bool) if usual else idle


def _zero(series: Series, m: Moves) -> NDArray[np.bool_]:
    """Say of each bar whether its volume is zero; indices and currencies have no tape that would count it."""
    found = np.zeros(len(m), bool) if series.instrument.asset_class in _NO_TAPE else m.volume == 0
    return np.asarray(found)


def _copied(m: Moves) -> NDArray[np.bool_]:
    """Say of each bar whether its four prices, which differ, are those of the bar before."""
    same = m.range > 0
    for price in (m.open, m.high, m.low, m.close):
        same = same & (np.diff(price, prepend=np.nan) == 0)
    return np.asarray(same)


def _retold(m: Moves) -> NDArray[np.bool_]:
    """Say of each bar whether its four prices, which differ, and its volume are those of the bar before."""
    return np.asarray(_copied(m) & ~m.quiet & (m.volume > 0) & (np.diff(m.volume, prepend=np.nan) == 0))


def _first(still: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each bar whether a run begins with it."""
    return np.asarray(still & ~np.concatenate([[False], still[:-1]])[: len(still)])


def _standstill(still: NDArray[np.bool_]) -> int:
    """Give the least run that chance does not give where a price that stands is likely to go on standing."""
    starts = max(int(_first(still).sum()), 1)
    goes_on = min(max(1 - starts / max(int(still.sum()), 1), _LEAST_SHARE), _STICKY)
    return max(1 + int(np.ceil(np.log(_CHANCE / starts) / np.log(goes_on))), _STANDSTILL)


def _longest(still: NDArray[np.bool_], *, every: bool = False) -> int:
    """Give the least run that chance does not give, by how many runs there are, or by every bar of them."""
    count = max(len(still), 1)
    seen = int((still if every else _first(still)).sum())
    share = min(max(seen / count, _LEAST_SHARE), 0.9)
    return int(np.ceil(np.log(_CHANCE / count) / np.log(share)))


def _runs(still: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """Mark the bars of every run of at least so many."""
    edges = np.diff(np.concatenate([[0], still.astype(np.int8), [0]]))
    marked = np.zeros(len(still), bool)
    for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if end - start >= longest:
            marked[start:end] = True
    return marked
