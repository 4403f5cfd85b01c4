"""What is learned from and what is judged on: parts of the past, cut so that no answer is known before its question.

Every row has two times: `at`, when it is asked, and `known_at`, when its answer was public. A row may be learned from
only where its answer was known before the first question of the part that is judged; where learning also comes from
after that part, rows whose time overlaps with it are left out (purge), and so is a stretch behind it (embargo).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError

__all__ = ["Combinations", "Split", "combinatorial", "hold_out", "purged_folds", "walk_forward"]

_Places = NDArray[np.int64]

_MOST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Places of the rows to learn from and of those to judge on, ascending."""

    train: _Places
    test: _Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinations:
    """Every choice of some groups to judge on, and how they join to whole pasts.

    Parameters
    ----------
    splits
        One for each choice.
    groups
        Places of each group's rows.
    paths
        `[path, group]`: from which split the group's rows of that past come.
    """

    splits: tuple[Split, ...]
    groups: tuple[_Places, ...]
    paths: NDArray[np.int64]


class _Rows:
    """Rows by time: cuts lie between times, never within one."""

    def __init__(self, at: ArrayLike, known_at: ArrayLike) -> None:
        self.at, self.known = _whole(at, "at"), _whole(known_at, "known_at")
        if len(self.at) != len(self.known):
            raise ValidationError(
                f"There are {len(self.at)} times and {len(self.known)} of answers.", hint="One a row."
            )
        if (self.known < self.at).any():
            place = int(np.argmax(self.known < self.at))
            raise ValidationError(
                f"known_at[{place}] is before at[{place}].", hint="No answer is known before it is asked."
            )
        self.times, self.place = np.unique(self.at, return_inverse=True)

    def between(self, first: int, last: int) -> _Places:
        """Give the rows of the times number `first` up to, not with, `last`."""
        return np.flatnonzero((self.place >= first) & (self.place < last))

    def known_before(self, rows: _Places, first: int) -> _Places:
        return np.asarray(rows[self.known[rows] <= self.times[first]])

    def apart(self, rows: _Places, tests: list[tuple[int, int]], embargo: int) -> _Places:
        """Leave out what overlaps with the parts that are judged, and what follows each of them closely."""
        keep = np.ones(len(rows), bool)
        for first, last in tests:
            mine = self.between(first, last)
            end = self.known[mine].max()
            after = int(np.searchsorted(self.times, end, side="left")) + embargo
            keep &= (self.place[rows] >= after) | (self.known[rows] <= self.times[first])
        return np.asarray(rows[keep])


def _whole(values: ArrayLike, what: str) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.ndim != 1 or (array.dtype.kind == "M" and np.isnat(array).any()):
        raise ValidationError(f"{what} is no series of times.", hint="Give one time a row: dates, or whole numbers.")
    if array.dtype.kind == "M":
        return array.astype("datetime64[us]").astype(np.int64)
    if array.dtype.kind not in "iu":
        raise ValidationError(f"{what} holds {array.dtype}.", hint="Give one time a row: dates, or whole numbers.")
    return array.astype(np.int64)


def walk_forward(
    at: ArrayLike,
    known_at: ArrayLike,
    *,
    first: int,
    step: int,
    window: int | None = None,
) -> Iterator[Split]:
    """Give splits that go forward: learn from what was known, judge on what follows, go on.

    Parameters
    ----------
    at, known_at
        Of each row, when it is asked and when its answer was public; in any order.
    first
        Times before the first part that is judged.
    step
        Times in each part that is judged; the last may be shorter.
    window
        Times that are learned from, counted back from the part that is judged; all if None.

    Raises
    ------
    ValidationError
        Where `first`, `step` or `window` is below 1, or no time is left to judge on.
    """
    rows = _Rows(at, known_at)
    if min(first, step, window if window is not None else 1) < 1 or first >= len(rows.times):
        raise ValidationError(
            f"{len(rows.times)} times can't be walked with {first} first, {step} each and a window of {window}.",
            hint="Give whole numbers from 1, and fewer first than there are times.",
        )
    for begin in range(first, len(rows.times), step):
        past = rows.between(0 if window is None else max(begin - window, 0), begin)
        yield Split(train=rows.known_before(past, begin), test=rows.between(begin, begin + step))


def hold_out(at: ArrayLike, known_at: ArrayLike, *, share: float = 0.2) -> Split:
    """Keep the last share of the times apart, and learn from what was known before it.

    Parameters
    ----------
    at, known_at
        As in `walk_forward`.
    share
        Of the times, rounded up to whole ones.
    """
    rows = _Rows(at, known_at)
    begin = int(np.floor(len(rows.times) * (1 - share) + 1e-9)) if 0 < share < 1 else 0
    if not begin:
        raise ValidationError(f"{share:g} of {len(rows.times)} times leaves nothing.", hint="Give a share like 0.2.")
    past = rows.between(0, begin)
    return Split(train=rows.known_before(past, begin), test=rows.between(begin, len(rows.times)))


def purged_folds(at: ArrayLike, known_at: ArrayLike, *, folds: int = 5, embargo: int = 0) -> tuple[Split, ...]:
    """Give folds that follow each other in time, each judged by what was learned from the others, purged.

    Parameters
    ----------
    at, known_at
        As in `walk_forward`.
    folds
        How many, 2 or more.
    embargo
        Times left out behind the last answer of each part that is judged.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, chapter 7.
    """
    found = combinatorial(at, known_at, groups=folds, judged=1, embargo=embargo)
    return found.splits


def combinatorial(
    at: ArrayLike, known_at: ArrayLike, *, groups: int = 6, judged: int = 2, embargo: int = 0
) -> Combinations:
    """Give every choice of some groups of times to judge on, purged, and the pasts that they make.

    Of N groups with k judged at once come C(N, k) splits and C(N, k) · k / N whole pasts, each made of judged rows
    only.

    Parameters
    ----------
    at, known_at
        As in `walk_forward`.
    groups
        Stretches of time, as even as can be.
    judged
        How many are judged at once.
    embargo
        Times left out behind the last answer of each part that is judged.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, chapter 12.
    """
    rows = _Rows(at, known_at)
    count = len(rows.times)
    if not 2 <= groups <= count or not 1 <= judged < groups or embargo < 0 or comb(groups, judged) > _MOST:
        raise ValidationError(
            f"{count} times can't be cut into {groups} groups with {judged} judged and an embargo of {embargo}.",
            hint=f"Give 2 groups or more, fewer judged than groups, and at most {_MOST:,} choices.",
        )
    edges = [count * one // groups for one in range(groups + 1)]
    parts = tuple(rows.between(edges[one], edges[one + 1]) for one in range(groups))
    chosen = list(combinations(range(groups), judged))
    splits = []
    for choice in chosen:
        rest = np.sort(np.concatenate([parts[one] for one in range(groups) if one not in choice]))
        train = rows.apart(rest, [(edges[one], edges[one + 1]) for one in choice], embargo)
        splits.append(Split(train=train, test=np.sort(np.concatenate([parts[one] for one in choice]))))
    paths = np.array([[at for at, choice in enumerate(chosen) if one in choice] for one in range(groups)]).T
    return Combinations(splits=tuple(splits), groups=parts, paths=paths)
