"""Rules that hold a series against others, or its labels against its own prices: shift, disagree."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.data.quality.moves import Moves
from ara.data.quality.report import Severity
from ara.data.quality.series import Finding, Floats, Series

__all__ = ["disagree", "shift"]

_ENOUGH: Final = 40
_BETTER: Final = 0.2
_GOOD: Final = 0.5
_CHAIN: Final = 0.4
_APART: Final = 0.005
_WINDOW: Final = 11
_WIDTHS: Final = 8.0


def shift(series: Series, m: Moves, others: Mapping[str, Moves]) -> Iterator[Finding]:
    """Find labels one bar off: against another source's returns, or by closes that stand at their own bar's open."""
    for name, other in others.items():
        lag = _lag(m, other)
        if lag:
            way = "late" if lag > 0 else "early"
            yield _moved(
                m, f"its bars are labelled one bar {way}, or those of {name} one bar {'early' if lag > 0 else 'late'}"
            )
            return
    if series.daily and len(m) > _ENOUGH and _close_at_open(m):
        yield _moved(
            m, "a bar's close stands at its open and not at the next one's: the close is labelled one bar late"
        )


def disagree(series: Series, m: Moves, others: Mapping[str, Moves]) -> Iterator[Finding]:
    """Find closes that leave another source's, beyond the distance that the two usually keep."""
    votes = np.zeros(len(m), np.int64)
    heard = np.zeros(len(m), np.int64)
    names = []
    for name, other in others.items():
        mine, theirs = _common(m, other)
        if len(mine) < _WINDOW or _lag(m, other):
            continue
        apart = _apart(np.log(m.close[mine] / other.close[theirs]))
        heard[mine] += 1
        votes[mine[apart]] += 1
        if apart.any():
            names.append(name)
    wrong = votes > heard / 2
    if wrong.any():
        at = m.at[wrong]
        singular, plural = "close is another than that of", "closes are others than those of"
        sure = bool((votes[wrong] > 1).any())
        yield Finding(
            rule="disagree",
            severity=Severity.ERROR if sure else Severity.WARNING,
            at=at,
            words=series.since(at, f"{singular} {' and '.join(names)}", f"{plural} {' and '.join(names)}"),
            single="other sources have another close",
        )


def _moved(m: Moves, words: str) -> Finding:
    single = "its label, or that of its close, is one bar off"
    return Finding(rule="shift", severity=Severity.ERROR, at=m.at, words=words, single=single, whole=True)


def _common(m: Moves, other: Moves) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    _, mine, theirs = np.intersect1d(m.at, other.at, assume_unique=True, return_indices=True)
    return mine, theirs


def _lag(m: Moves, other: Moves) -> int:
    """Give by how many bars the labels are late against another's; 0 where they fit, or nothing can be said."""
    mine, theirs = _common(m, other)
    if len(mine) < _ENOUGH:
        return 0
    one, two = (np.diff(np.log(x)) for x in (m.close[mine], other.close[theirs]))
    same, late, early = _fit(one, two), _fit(one[1:], two[:-1]), _fit(one[:-1], two[1:])
    best = max(late, early)
    if best < _GOOD or best < same + _BETTER:
        return 0
    return 1 if late >= early else -1


def _fit(one: Floats, other: Floats) -> float:
    """Give the correlation of changes, the largest cut."""
    x, y = (np.clip(v, *np.quantile(v, (0.01, 0.99))) for v in (one, other))
    x, y = x - x.mean(), y - y.mean()
    total = np.sqrt(float((x * x).sum()) * float((y * y).sum()))
    return float((x * y).sum()) / total if total else 0.0


def _close_at_open(m: Moves) -> bool:
    body, gap, ranged = (float(np.median(np.abs(v[1:]))) for v in (m.body, m.gap, m.range))
    return ranged > 0 and body < _CHAIN * gap and body < _CHAIN * ranged / 2


def _apart(distance: Floats) -> NDArray[np.bool_]:
    """Say where the distance of two closes leaves its neighbours': their median may drift, as adjustments do."""
    half = _WINDOW // 2
    padded = np.pad(distance, half, mode="edge")
    level = np.median(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1)
    off = np.abs(distance - level)
    width = 1.4826 * float(np.median(off))
    return np.asarray(off > max(_APART, _WIDTHS * width))
