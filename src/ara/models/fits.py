"""Refits anchored to the calendar, each made once; and what grows from one refit to the next, kept by what it saw."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ara.errors import CancelledError
from ara.lineage import digest
from ara.models.model import Fitted, Model, described
from ara.models.months import months_of
from ara.models.panel import Panel, Rows, distinct
from ara.workers import Progress

__all__ = ["Chains", "fit_until", "fits_until", "keep", "kept", "refits"]

_KEPT = 256
_DEAREST = 64 << 20
_LATELY = 2
_fits: dict[str, Fitted] = {}
_pasts: list[tuple[Panel, int, Panel, str]] = []

_GrownT = TypeVar("_GrownT")


def refits(known_at: NDArray[np.int64], *, every: int = 1) -> Iterator[tuple[int, Rows]]:
    """Group origins by the refit that serves them: the first UTC instant of the month in which each was known.

    Anchored to the calendar, never to the range asked for, so that an origin's forecast can't depend on which others
    were asked. Gives the refit's instant (microseconds since 1970 UTC) and the positions of its origins. With `every` 3
    or 12 it is the first instant of the quarter or of the year.
    """
    months = months_of(known_at, every=every)
    for moment in distinct(months):
        yield int(moment), np.flatnonzero(months == moment)


def fit_until(model: Model, panel: Panel, moment: int, *, seed: int) -> Fitted:
    """Fit on what was known at `moment`, or give the same fit again if this process made it before.

    The key is the content: what the cut panel holds, the class of the family with its parameters, and the seed.
    """
    return fits_until((model,), panel, moment, seed=seed)[0]


def fits_until(
    models: Sequence[Model],
    panel: Panel,
    moment: int,
    *,
    seed: int,
    watch: Callable[[Progress], bool] | None = None,
) -> tuple[Fitted, ...]:
    """Fit several models as `fit_until` does, looking at the panel once; a `watch` that answers False ends the work."""
    past, content = _past(panel, moment)
    return tuple(_fit(model, past, content, seed, watch or _go_on) for model in models)


def _past(panel: Panel, moment: int) -> tuple[Panel, str]:
    """Give what was known at a moment, and its digest: members of an ensemble ask for the same series in turn."""
    for known, at, past, content in tuple(_pasts):
        if known is panel and at == moment:
            return past, content
    past = panel.until(moment)
    content = next((told for _, _, before, told in tuple(_pasts) if past.alike(before)), None) or past.digest()
    if len(panel.symbols) == 1:
        _pasts.insert(0, (panel, moment, past, content))
        del _pasts[_LATELY:]
    return past, content


def kept(model: Model, past: Panel, *, seed: int) -> Fitted | None:
    """Give the fit that `fit_until` would find again for a panel that ends at its moment; None where there is none."""
    return _fits.get(_key(model, past.digest(), seed))


def keep(model: Model, past: Panel, fitted: Fitted, *, seed: int) -> None:
    """Let `fit_until` find a fit that was made elsewhere of all rows of a panel that ends at its moment."""
    _store(_key(model, past.digest(), seed), fitted)


def _fit(model: Model, past: Panel, content: str, seed: int, watch: Callable[[Progress], bool]) -> Fitted:
    key = _key(model, content, seed)
    fitted = _fits.pop(key, None)
    if fitted is None:
        stopped = False

        def hear(progress: Progress) -> bool:
            nonlocal stopped
            stopped = stopped or not watch(progress)
            return not stopped

        rows = np.arange(len(past))
        fitted = model.fit(past, rows, rows[:0], seed=seed, watch=hear)
        if stopped:
            raise CancelledError(f"the fit of {model.family} was stopped")
    _store(key, fitted)
    return fitted


def _key(model: Model, content: str, seed: int) -> str:
    kind = type(model)
    return digest([content, f"{kind.__module__}:{kind.__qualname__}", described(model), seed])


def _store(key: str, fitted: Fitted) -> None:
    _fits[key] = fitted
    while len(_fits) > _KEPT:
        _fits.pop(next(iter(_fits)), None)


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
    nbytes
        Tells how much memory one takes; the oldest go where all take over 64 MB, but never the newest. None where they
        take little.
    """

    def __init__(self, most: int, *, nbytes: Callable[[_GrownT], int] | None = None) -> None:
        self._most, self._nbytes = most, nbytes
        self._links: dict[tuple[str, str], _Link[_GrownT]] = {}

    def __len__(self) -> int:
        return len(self._links)

    def keep(self, panel: Panel, moment: int, grown: _GrownT, *, kind: str = "") -> None:
        """Keep what was made on a panel of all that was known at a moment; `kind` tells different makers apart."""
        content = panel.digest()
        link = _Link(panel=content, moment=moment, symbols=panel.symbols, kind=kind, grown=grown)
        self._links.pop((content, kind), None)
        self._links[content, kind] = link
        while len(self._links) > self._most or (len(self._links) > 1 and self._size() > _DEAREST):
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

    def _size(self) -> int:
        weigh = self._nbytes
        return sum(weigh(link.grown) for link in tuple(self._links.values())) if weigh else 0


def _go_on(_: Progress) -> bool:
    return True
