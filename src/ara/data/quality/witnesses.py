"""Rules that hold a series against others, or its labels against its own prices: shift, disagree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.data.quality.character import same_bar
from ara.data.quality.moves import Moves, moves
from ara.data.quality.prices import crossed
from ara.data.quality.report import Severity
from ara.data.quality.series import Finding, Floats, Series

__all__ = ["Witness", "disagree", "shift", "witness"]

_ENOUGH: Final = 40
_BETTER: Final = 0.2
_GOOD: Final = 0.5
_CHAIN: Final = 0.4
_APART: Final = 0.005
_WINDOW: Final = 11
_WIDTHS: Final = 8.0
_PART: Final = 0.25
_UNTOLD: Final = "; of two sources it can't be told which is right"
_SURE: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Another source's bars of the same instrument.

    Parameters
    ----------
    moves
        How they move.
    sound
        Whether the prices of each bar can be.
    honest
        Whether the bars convict themselves of nothing: they don't tell the next close, nor stand at their own open.
    """

    moves: Moves
    sound: NDArray[np.bool_]
    honest: bool


def witness(series: Series) -> Witness:
    """Look at another source's bars for what makes them no witness."""
    m = moves(series)
    return Witness(moves=m, sound=~crossed(series)[series.bar], honest=_honest(series, m))


def shift(series: Series, m: Moves, others: Mapping[str, Witness]) -> Iterator[Finding]:
    """Find labels one bar off: beside most sources' returns, or by closes that stand at their own bar's open.

    A source that convicts itself is no witness. One against one, nobody knows which of the two is off.
    """
    lags = {name: _lag(m, other.moves) for name, other in others.items() if other.honest}
    late, early, along = ([name for name, lag in lags.items() if lag == way] for way in (1, -1, 0))
    beside = max(late, early, key=len)
    way, back = ("late", "early") if beside is late else ("early", "late")
    votes = len(beside) - len(along) - 1
    if beside and (votes > 0 or (votes == 0 and not _honest(series, m))):
        yield _moved(m, f"its bars are labelled one bar {way}, against those of {' and '.join(beside)}")
    elif beside and votes == 0:
        told = f"its bars are labelled one bar {way}, or those of {' and '.join(beside)} one bar {back}"
        yield _moved(m, told, Severity.WARNING)
    elif series.daily and _close_at_open(m):
        yield _moved(
            m, "a bar's close stands at its open and not at the next one's: the close is labelled one bar late"
        )


def disagree(series: Series, m: Moves, others: Mapping[str, Witness]) -> Iterator[Finding]:
    """Find closes that leave those of most other sources, beyond the distance that they usually keep.

    A source that convicts itself, or whose labels stand beside, is not heard, nor a bar that can't be. One against one,
    the close that its own next open takes back is to blame; where neither or both are, nobody knows which, and both say
    so.
    """
    heard, against = np.zeros(len(m), np.int64), np.zeros((len(others), len(m)), bool)
    excused, blamed = np.zeros(len(m), bool), np.zeros(len(m), bool)
    for place, other in enumerate(others.values()):
        mine, theirs = _common(m, other.moves)
        sound = other.sound[theirs]
        mine, theirs = mine[sound], theirs[sound]
        if not other.honest or len(mine) < _WINDOW or _lag(m, other.moves):
            continue
        apart = _apart(np.log(m.close[mine] / other.moves.close[theirs]), m.range[mine])
        heard[mine] += 1
        against[place, mine] = apart
        back, others_back = _back(m)[mine], _back(other.moves)[theirs]
        excused[mine] |= others_back > _SURE * back
        blamed[mine] |= back > _SURE * others_back
    votes = against.sum(axis=0)
    wrong = (votes > heard / 2) & ~(excused & (heard == 1))
    open_ones = (heard == 1) & ~blamed
    for who in sorted({tuple(column) for column in against[:, wrong].T.tolist()}, key=sum, reverse=True):
        theirs = wrong & (against == np.array(who)[:, None]).all(axis=0)
        names = " and ".join(name for name, differs in zip(others, who, strict=True) if differs)
        for at, doubt in ((m.at[theirs & ~open_ones], ""), (m.at[theirs & open_ones], _UNTOLD)):
            if not len(at):
                continue
            singular, plural = f"close is another than that of {names}", f"closes are others than those of {names}"
            yield Finding(
                rule="disagree",
                severity=Severity.ERROR if sum(who) > 1 else Severity.WARNING,
                at=at,
                words=series.since(at, singular, plural) + doubt,
                single=f"the close of {names} is another{doubt}",
            )


def _moved(m: Moves, words: str, severity: Severity = Severity.ERROR) -> Finding:
    single = "its label, or that of its close, is one bar off"
    return Finding(rule="shift", severity=severity, at=m.at, words=words, single=single, whole=True)


def _honest(series: Series, m: Moves) -> bool:
    return not any(same_bar(series, m)) and not (series.daily and _close_at_open(m))


def _common(m: Moves, other: Moves) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    _, mine, theirs = np.intersect1d(m.at, other.at, assume_unique=True, return_indices=True)
    return mine, theirs


def _lag(m: Moves, other: Moves) -> int | None:
    """Give by how many bars the labels are late against another's; None where nothing can be said."""
    mine, theirs = _common(m, other)
    if len(mine) < _ENOUGH:
        return None
    one, two = (np.diff(np.log(x)) for x in (m.close[mine], other.close[theirs]))
    same, late, early = _fit(one, two), _fit(one[1:], two[:-1]), _fit(one[:-1], two[1:])
    best = max(late, early)
    if best < _GOOD or best < same + _BETTER:
        return 0 if same >= _GOOD else None
    return 1 if late >= early else -1


def _fit(one: Floats, other: Floats) -> float:
    """Give the correlation of changes, the largest cut."""
    x, y = (np.clip(v, *np.quantile(v, (0.01, 0.99))) for v in (one, other))
    x, y = x - x.mean(), y - y.mean()
    total = np.sqrt(float((x * x).sum()) * float((y * y).sum()))
    return float((x * y).sum()) / total if total else 0.0


def _close_at_open(m: Moves) -> bool:
    if len(m) <= _ENOUGH:
        return False
    body, gap, ranged = (float(np.median(np.abs(v[1:]))) for v in (m.body, m.gap, m.range))
    return ranged > 0 and body < _CHAIN * gap and body < _CHAIN * ranged / 2


def _apart(distance: Floats, ranged: Floats) -> NDArray[np.bool_]:
    """Say where the distance of two closes leaves its neighbours': their median may drift, as adjustments do.

    A close taken minutes earlier differs by a part of the bar's range: a quarter is no disagreement, as in a merge.
    """
    half = _WINDOW // 2
    padded = np.pad(distance, half, mode="edge")
    level = np.median(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1)
    off = np.abs(distance - level)
    width = 1.4826 * float(np.median(off))
    return np.asarray(off > np.maximum(max(_APART, _WIDTHS * width), _PART * ranged))


def _back(m: Moves) -> Floats:
    """Give how far each close's next open is from it; 0 for the last."""
    return np.append(np.abs(m.gap[1:]), 0.0)
