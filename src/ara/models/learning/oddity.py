"""How odd a row is, told by an isolation forest: not what will happen, but whether the like was seen before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.panel import Panel, Rows

__all__ = ["ODD", "Oddity", "lonely"]

ODD: Final = 0.75
"""From which score of the isolation forest on a row is called odd; an ordinary one has less than 0.5."""

_Array = NDArray[np.float64]

_ENOUGH: Final = 100
_TREES: Final = 100
_ROWS: Final = 256
_OUTER: Final = 0.02
_EULER: Final = 0.5772156649015329


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Oddity:
    """The anomaly member: rows that are known, and how far another lies from all of them.

    It forecasts nothing. It says of a row in which features it lies beyond all that are known, and how soon random
    splits leave it alone among them: trees split at random until a row stands by itself, and what does so early is
    unlike the rest. Trees are grown along the way of the row that is asked for, so nothing has to be fitted or kept.

    Parameters
    ----------
    names
        Of the features.
    known
        `[row, feature]`, all finite.
    seed
        Of the splits.

    References
    ----------
    F. T. Liu, K. M. Ting and Z.-H. Zhou (2008), Isolation forest, ICDM.
    """

    names: tuple[str, ...]
    known: _Array
    seed: int = 0

    @classmethod
    def of(cls, panel: Panel, rows: Rows, *, seed: int = 0) -> "Oddity":
        """Take the features of rows that a learner is fitted on (see `ara.models.inputs.attached`).

        Raises
        ------
        ModelError
            Fewer than 100 of them have all features.
        """
        x = np.asarray(panel.x[rows], np.float64)
        whole = x[np.isfinite(x).all(axis=1)] if panel.names else x[:0]
        if len(whole) < _ENOUGH:
            raise ModelError(
                f"{len(whole)} rows with all features are too few to tell what is odd",
                hint=f"Give {_ENOUGH} at the least, with features attached: ara.models.inputs.attached.",
            )
        return cls(names=panel.names, known=whole, seed=seed)

    def beyond(self, now: _Array) -> tuple[str, ...]:
        """Name the features in which a row lies outside of all known ones; none where it is no number."""
        low, high = self.known.min(axis=0), self.known.max(axis=0)
        return tuple(name for name, out in zip(self.names, (now > high) | (now < low), strict=True) if out)

    def rare(self, now: _Array, *, share: float = _OUTER) -> bool:
        """Tell whether some feature is so large that fewer than this share of the known ones reach it."""
        return bool((np.asarray((self.known >= now[None, :]).mean(axis=0)) < share).any())

    def score(self, now: _Array) -> float:
        """Give the score of a row, 0 to 1, about 0.5 for an ordinary one; NaN where a feature is no number."""
        return lonely(self.known, now, seed=self.seed) if np.isfinite(now).all() else np.nan

    def scores(self, rows: Sequence[_Array] | _Array) -> _Array:
        """Give the score of each of several rows."""
        return np.array([self.score(np.asarray(row, np.float64)) for row in rows])


def lonely(before: _Array, now: _Array, *, seed: int) -> float:
    """Give how soon random splits leave a row alone among others: 0 to 1, about 0.5 for an ordinary one.

    Only the way of the one row through each tree is followed, so that a hundred trees take a few milliseconds.

    Parameters
    ----------
    before
        `[row, feature]`: the others.
    now
        `[feature]`: the row.
    seed
        Of the splits.

    References
    ----------
    F. T. Liu, K. M. Ting and Z.-H. Zhou (2008), Isolation forest, ICDM.
    """
    dice = np.random.default_rng(seed)
    size = min(_ROWS, len(before))
    some = before[dice.integers(0, len(before), (_TREES, size))]
    inside, depth = np.ones((_TREES, size), bool), np.zeros(_TREES)
    trees = np.arange(_TREES)
    for _ in range(int(np.ceil(np.log2(size)))):
        column = dice.integers(0, before.shape[1], _TREES)
        values, own = some[trees, :, column], now[column]
        low = np.minimum(np.where(inside, values, np.inf).min(axis=1), own)
        high = np.maximum(np.where(inside, values, -np.inf).max(axis=1), own)
        split = low + (high - low) * dice.random(_TREES)
        with_others = inside.any(axis=1)
        inside &= (values < split[:, None]) == (own < split)[:, None]
        depth += with_others
    left = inside.sum(axis=1) + 1.0
    way = depth + np.where(left > 1, _usual_way(left), 0.0)
    return float(2.0 ** (-way.mean() / _usual_way(np.array([size + 1.0]))[0]))


def _usual_way(count: _Array) -> _Array:
    """Give the mean depth at which a search in a random tree of so many ends in vain."""
    more = np.maximum(count - 1, 1.0)
    return np.where(count > 2, 2 * (np.log(more) + _EULER) - 2 * more / np.maximum(count, 1.0), count - 1)
