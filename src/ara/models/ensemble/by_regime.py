"""Weights and bands that follow the regime of volatility: smoothly from calm to wild, never as a switch."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.models.ensemble.mixing import mixtures
from ara.models.ensemble.state import ClassState, State

__all__ = ["REGIMES", "RegimeClass", "RegimeState", "belonging", "parted"]

_Array = NDArray[np.float64]

REGIMES: Final = 3
"""Calm, usual and wild."""

_KNOTS: Final = np.array([-1 / 3, 0.0, 1 / 3])


def belonging(standing: _Array) -> _Array:
    """Give `[n, regime]`: how much each row belongs to calm, usual and wild times; adds up to 1.

    A row in the middle of its third belongs to it alone; between two middles it belongs to both, by how near it is. One
    whose volatility has no history yet is usual.
    """
    at = np.clip(np.where(np.isfinite(standing), standing, 0.0), _KNOTS[0], _KNOTS[-1])
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(at[:, None] - _KNOTS) / (_KNOTS[1] - _KNOTS[0])))


class RegimeClass(ClassState, frozen=True, kw_only=True):
    """What was learned of one class, with weights for each regime.

    Parameters
    ----------
    regimes
        `[regime][horizon][member]`: weights in calm, usual and wild times; none where these are all `weights`.
    """

    regimes: tuple[tuple[tuple[float, ...], ...], ...] = ()

    @property
    def told(self) -> tuple[tuple[tuple[float, ...], ...], ...]:
        """`[regime][horizon][member]`: the weights of each regime."""
        return self.regimes or (self.weights,) * REGIMES

    def counted(self, columns: Sequence[int]) -> NDArray[np.bool_]:
        """Give `[member]`: whether it counts for anything over some of the horizons, in any regime."""
        asked = np.array([[own[column] for column in columns] for own in self.told])
        return np.asarray((asked > 0).any(axis=(0, 1)))

    def mixed(
        self, said: Sequence[NDArray[np.floating]], standing: _Array, columns: Sequence[int], *, middle: int
    ) -> _Array:
        """Mix what members said by each regime's weights, and these mixtures by how much a row belongs to each."""
        parts = belonging(standing)
        told = mixtures(said, [[own[column] for column in columns] for own in self.told], middle=middle)
        return np.asarray(sum(part[:, None, None] * one for part, one in zip(parts.T, told, strict=True)))


class RegimeState(State, frozen=True, kw_only=True):
    """As `State`, of classes that weigh by regime.

    Parameters
    ----------
    classes
        By name; `ALL` is always there.
    """

    classes: dict[str, RegimeClass]  # type: ignore[assignment]


def parted(state: ClassState, regimes: Sequence[Sequence[Sequence[float]]]) -> RegimeClass:
    """Give a class's state with these weights `[regime][horizon][member]`."""
    whole = tuple(tuple(tuple(map(float, one)) for one in own) for own in regimes)
    return RegimeClass(**msgspec.structs.asdict(state) | {"regimes": whole})
