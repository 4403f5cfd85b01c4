"""What a panel's series say of themselves, whichever horizons are asked; kept by the bars that it follows from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.signals import rank, signals
from ara.models.months import DAY
from ara.models.panel import Panel

__all__ = ["KINDS", "RANK", "Past", "Seen", "is_past", "kind_of", "past_of", "ranked", "seen"]

_Array = NDArray[np.float64]

KINDS: Final = ("crypto", "equity", "forex", "other")
"""Classes whose series share their weights; spot metals trade with currencies, and a class of no name stands alone."""

_KIND_OF_GROUP: Final = {"stock": "equity", "etf": "equity", "index": "equity", "crypto": "crypto", "forex": "forex"}
_SEEN: Final = ("at", "known_at", "series", "group", "bars", "volume")
_DEAREST: Final = 64 << 20
RANK: Final = "rank"
"""Name of the ranks among a row's signals, where they were made."""

_MOST: Final = 64
_kept: list[tuple["Past", "Seen"]] = []
_lately: list[tuple[ReferenceType[Panel], "Seen"]] = []


class Past(NamedTuple):
    """What of a panel its series' signals follow from; the names are those of `Panel`."""

    symbols: tuple[str, ...]
    groups: tuple[str, ...]
    at: NDArray[np.int64]
    known_at: NDArray[np.int64]
    series: NDArray[np.int32]
    group: NDArray[np.int32]
    bars: _Array
    volume: _Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known at each row of its own series.

    Parameters
    ----------
    kind
        Index into `KINDS`.
    days
        The day of the middle of each bar, counted from 1970.
    usable
        Whether a row has what the models need: some weeks of returns.
    told
        The signals by name, `[n]` each.
    """

    kind: NDArray[np.int8]
    days: NDArray[np.int64]
    usable: NDArray[np.bool_]
    told: Mapping[str, _Array]

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return len(self.usable) * (17 + 8 * len(self.told))  # a number for each row, whichever signal it is


def kind_of(group: str) -> int:
    """Give the class, as an index into `KINDS`, of a panel's group."""
    return KINDS.index(_KIND_OF_GROUP.get(group, "other"))


def past_of(panel: Panel) -> Past:
    """Give what of a panel its series' signals follow from."""
    return Past(*(getattr(panel, name) for name in Past._fields))


def is_past(panel: Panel | Past, whole: Panel | Past) -> bool:
    """Say whether the panel is, to the last byte, what was known of `whole` at some moment, whatever its horizons."""
    count, most = len(panel.at), len(whole.at)
    if not 0 < count <= most or panel.symbols != whole.symbols or panel.groups != whole.groups:
        return False
    if all(getattr(panel, name) is getattr(whole, name) for name in _SEEN):
        return True
    rows = np.flatnonzero(whole.known_at <= panel.known_at.max())
    return len(rows) == count and all(
        getattr(whole, name)[rows].tobytes() == getattr(panel, name).tobytes() for name in _SEEN
    )


def seen(panel: Panel) -> Seen:
    """Give what a panel's series say: from memory where it, or a panel of which it is the past, was asked before."""
    for one, made in tuple(_lately):
        if one() is panel:
            return made
    made = _found(panel)
    if made.nbytes <= _DEAREST:
        _lately[:] = [(ref(panel), made)]
    return made


def ranked(panel: Panel) -> Seen:
    """Give the same with the ranks of all rows, `rank`; the panel's past will find them there."""
    own = seen(panel)
    if RANK in own.told:
        return own
    ranks = np.zeros(len(panel))
    for code, mine in panel.by_series(np.arange(len(panel))):
        first, end = panel.span(code)
        ranks[mine] = rank(own.told["ewma"][first:end], mine - first) - 0.5
    made = replace(own, told={**own.told, RANK: ranks})
    _kept[:] = [(past, made if one is own else one) for past, one in _kept]
    _lately[:] = [(asked, made if one is own else one) for asked, one in _lately]
    return made


def _found(panel: Panel) -> Seen:
    for known, made in tuple(_kept):
        if is_past(panel, known):
            return made if len(panel) == len(known.at) else _until(made, known.known_at <= panel.known_at.max())
    made = _made(panel)
    if made.nbytes <= _DEAREST:
        _kept.insert(0, (past_of(panel), made))
        room = np.cumsum([one.nbytes + past.bars.nbytes * 2 for past, one in tuple(_kept)])
        del _kept[min(_MOST, max(int((room <= _DEAREST).sum()), 2)) :]
    return made


def _until(made: Seen, there: NDArray[np.bool_]) -> Seen:
    told = {name: values[there] for name, values in made.told.items()}
    return Seen(kind=made.kind[there], days=made.days[there], usable=made.usable[there], told=told)


def _made(panel: Panel) -> Seen:
    told: dict[str, _Array] = {}
    bounds = np.searchsorted(panel.series, np.arange(len(panel.symbols) + 1))
    for first, end in pairwise(bounds.tolist()):
        if first < end:
            for name, values in signals(panel.bars[first:end], panel.volume[first:end]).items():
                told.setdefault(name, np.zeros(len(panel)))[first:end] = values
    kinds = np.array([kind_of(group) for group in panel.groups] or [0], np.int8)
    return Seen(
        kind=kinds[panel.group],
        days=(panel.at // 2 + panel.known_at // 2) // DAY,
        usable=np.isfinite(told["slow"]) & np.isfinite(told["ewma"]) & np.isfinite(told["x"]),
        told=told,
    )
