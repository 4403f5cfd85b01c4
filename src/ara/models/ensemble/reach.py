"""Which horizons weights are learned at, and what lies between them."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.models.ensemble.by_regime import RegimeClass
from ara.models.ensemble.state import ClassState

__all__ = ["between", "taught"]

_Array = NDArray[np.float64]

_TAUGHT: Final = (1, 5, 21)


def taught(horizons: Sequence[int]) -> list[int]:
    """Give the places of the horizons that weights are learned at: 1, 5 and 21 bars, and those that lie between no two.

    Forecasts over eight bars and over nine are nearly the same ones, so what they teach apart is chance, and counted
    one after the other they would seem thirty findings where there are three. What is longer than 21 bars has the
    weights of 21.
    """
    own = [horizon for horizon in horizons if horizon in _TAUGHT]
    beyond = max(_TAUGHT)

    def lies_between(horizon: int) -> bool:
        above = any(one > horizon for one in own) or (horizon > beyond and beyond in own)
        return above and any(one < horizon for one in own)

    return [place for place, one in enumerate(horizons) if one in own or not lies_between(one)]


def between(state: ClassState, horizons: Sequence[int]) -> ClassState:
    """Give a class's state for all horizons from that at those it was learned at: straight lines in the logarithm."""
    places = taught(horizons)
    if len(places) == len(horizons):
        return state
    share = _shares([horizons[place] for place in places], horizons)
    told = msgspec.structs.replace(
        state,
        weights=_drawn(share, state.weights),
        skill=_drawn(share, state.skill),
        error=_drawn(share, state.error),
        months=tuple(np.einsum("hr,r->h", share, np.array(state.months)).tolist()),
        stretches=(state.stretches[0],) * len(horizons),
        centre=(state.centre[0],) * len(horizons),
    )
    if not isinstance(told, RegimeClass) or not told.regimes:
        return told
    return msgspec.structs.replace(told, regimes=tuple(_drawn(share, one) for one in told.regimes))


def _shares(learned: Sequence[int], horizons: Sequence[int]) -> _Array:
    """Give `[horizon, learned]` how much each counts: the one below and the one above by nearness, at the ends one."""
    places = np.interp(np.log(horizons), np.log(learned), np.arange(len(learned)))
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(len(learned)))))


def _drawn(share: _Array, told: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(one) for one in np.einsum("hr,rm->hm", share, np.array(told)).tolist())
