"""Which of what a model sees moves its bands most, in each state of a market and in all of them together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.reasons.told import Told

__all__ = ["DRAWN", "Importance", "importance"]

_Array = NDArray[np.float64]

DRAWN: Final = 20.0
"""So many bars of a state count as much as all states together do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Importance:
    """How much each part moves the log of a band's width, either way, on average.

    Parameters
    ----------
    names
        Of the parts, that which moves most over the first horizon in all states together first.
    pooled
        `[part, horizon]`: over all bars.
    apart
        `[state, part, horizon]`: over those of each state, drawn to all.
    effective
        `[state]`: so many bars that were in the state alone would tell as much.
    count
        Bars that were asked for.
    """

    names: tuple[str, ...]
    pooled: _Array
    apart: _Array
    effective: _Array
    count: int


def importance(told: Sequence[Told], belongs: _Array) -> Importance:
    """Average what was told of bars, each for a state as far as it belongs there, and draw states to all of them.

    A state's own mean counts as n / (n + `DRAWN`), where n = (Σw)² / Σw² of its bars' shares w (Kish, 1965): a state
    that was hardly seen is told as all are.

    Parameters
    ----------
    told
        Of each bar, the parts of its band; at least one.
    belongs
        `[bar, state]`: how likely each is in each state.
    """
    nothing = np.zeros_like(told[0].width)
    names = sorted({name for one in told for name in one.parts})
    table = np.abs(np.stack([np.stack([one.parts.get(name, nothing) for name in names or [""]]) for one in told]))
    pooled, weight = table.mean(axis=0), belongs.sum(axis=0)
    squares = (belongs**2).sum(axis=0)
    effective = np.where(squares > 0, weight**2 / np.where(squares > 0, squares, 1.0), 0.0)
    own = np.einsum("ns,nph->sph", belongs, table) / np.where(weight > 0, weight, 1.0)[:, None, None]
    believed = (effective / (effective + DRAWN))[:, None, None]
    order = np.argsort(-pooled[:, 0], kind="stable") if names else np.zeros(0, np.int64)
    return Importance(
        names=tuple(names[place] for place in order),
        pooled=pooled[order],
        apart=(believed * own + (1 - believed) * pooled)[:, order],
        effective=effective,
        count=len(told),
    )
