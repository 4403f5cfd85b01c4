"""Refits anchored to the calendar, each made once; and what grows from one refit to the next, kept by what it saw."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ara.lineage import digest
from ara.models.model import Fitted, Model, described
from ara.models.panel import Panel, Rows, instant
from ara.workers import Progress

__all__ = ["Chains", "fit_until", "fits_until", "refits"]

_KEPT = 256
_fits: dict[str, Fitted] = {}

_GrownT = TypeVar("_GrownT")


@lru_cache(maxsize=4096)
def _month(known_at_day: int) -> int:
    day = datetime.fromtimestamp(known_at_day * 86_400, UTC)
    return instant(day.replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def refits(known_at: NDArray[np.int64]) -> Iterator[tuple[int, Rows]]:
    """Group origins by the refit that serves them: the first UTC instant of the month in which each was known.

    Anchored to the calendar, never to the range asked for, so that an origin's forecast can't depend on which others
    were asked. Gives the refit's instant (microseconds since 1970 UTC) and the positions of its origins.
    """
    days, which = np.unique(known_at // 86_400_000_000, return_inverse=True)
    months = np.array([_month(int(day)) for day in days], np.int64)[which]
    for moment in np.unique(months):
        yield int(moment), np.flatnonzero(months == moment)


def fit_until(model: Model, panel: Panel, moment: int, *, seed: int) -> Fitted:
    """Fit on what was known at `moment`, or give the same fit again if this process made it before.

    The key is the content: what the cut panel holds, the family with its parameters, and the seed.
    """
    return fits_until((model,), panel, moment, seed=seed)[0]


def fits_until(models: Sequence[Model], panel: Panel, moment: int, *, seed: int) -> tuple[Fitted, ...]:
    """Fit several models as `fit_until` does, looking at the panel once."""
    past = panel.until(moment)
    content = past.digest()
    return tuple(_fit(model, past, content, seed) for model in models)


def _fit(model: Model, past: Panel, content: str, seed: int) -> Fitted:
    key = digest([content, described(model), seed])
    fitted = _fits.pop(key, None)
    if fitted is None:
        rows = np.arange(len(past))
        fitted = model.fit(past, rows, rows[:0], seed=seed, watch=_go_on)
    _fits[key] = fitted
    while len(_fits) > _KEPT:
        _fits.pop(next(iter(_fits)), None)
    return fitted


class _Link(NamedTuple, Generic[_GrownT]):
    panel: str
    moment: int
    symbols: tuple[str, ...]
    kind: str
    grown: _GrownT


class Chains(Generic[_GrownT]):
    """What refits pass on to later ones, by the panel that each was made on, to the last byte of it.

    Parameters
    ----------
    most
        How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._links: dict[tuple[str, str], _Link[_GrownT]] = {}

    def __len__(self) -> int:
        return len(self._links)

    def keep(self, panel: Panel, moment: int, grown: _GrownT, *, kind: str = "") -> None:
        """Keep what was made on a panel of all that was known at a moment; `kind` tells different makers apart."""
        content = panel.digest()
        link = _Link(panel=content, moment=moment, symbols=panel.symbols, kind=kind, grown=grown)
        self._links.pop((content, kind), None)
        self._links[content, kind] = link
        while len(self._links) > self._most:
            self._links.pop(next(iter(self._links)), None)

    def latest(self, panel: Panel, moment: int, *, kind: str = "") -> _GrownT | None:
        """Give what was made last, up to a moment, on what is this panel's past."""
        able = [
            link
            for link in tuple(self._links.values())
            if link.moment <= moment and link.kind == kind and link.symbols == panel.symbols
        ]
        for link in sorted(able, key=lambda link: -link.moment):
            if panel.until(link.moment).digest() == link.panel:
                return link.grown
        return None

    def clear(self) -> None:
        """Forget all."""
        self._links.clear()


def _go_on(_: Progress) -> bool:
    return True
