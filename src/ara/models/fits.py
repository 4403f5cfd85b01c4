"""Refits anchored to the calendar, each made once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ara.lineage import digest
from ara.models.model import Fitted, Model, described
from ara.models.panel import Panel, Rows, instant
from ara.workers import Progress

__all__ = ["fit_until", "refits"]

_KEPT = 64
_fits: dict[str, Fitted] = {}


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
    past = panel.until(moment)
    key = digest([past.digest(), described(model), seed])
    fitted = _fits.pop(key, None)
    if fitted is None:
        rows = np.arange(len(past))
        fitted = model.fit(past, rows, rows[:0], seed=seed, watch=_go_on)
    _fits[key] = fitted
    while len(_fits) > _KEPT:
        _fits.pop(next(iter(_fits)), None)
    return fitted


def _go_on(_: Progress) -> bool:
    return True
