"""x[t] = drive[t] + beta x[t-1], for all bars in a few steps, each over twice the distance of the one before."""

from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Strides", "followed"]

_RealT = TypeVar("_RealT", np.float32, np.float64)

_NEGLIGIBLE: Final = 1e-18


class Strides(Generic[_RealT]):
    """Rows of one length in which drives are followed in place, again and again.

    What a step works on is cut out once: to cut takes longer than to add up a thousand numbers. A row at a time stays
    in the nearest cache.

    Parameters
    ----------
    rows
        `[row, bar]`, contiguous; who follows puts the drives there, and finds there what they come to.
    least
        A weight up to this adds nothing.
    """

    __slots__ = ("_least", "_shares", "_steps", "_weights", "rows")

    def __init__(self, rows: NDArray[_RealT], *, least: float = _NEGLIGIBLE) -> None:
        self.rows: NDArray[_RealT] = rows
        self._least = least
        size = rows.shape[1]
        spare = np.empty(size, rows.dtype)
        strides = [1 << power for power in range((size - 1).bit_length())] if size else []
        self._weights: NDArray[_RealT] = np.empty(len(strides), rows.dtype)
        self._shares: list[NDArray[_RealT]] = [self._weights[place, ...] for place in range(len(strides))]
        self._steps: list[list[tuple[NDArray[_RealT], ...]]] = [
            [(row[:-far], spare[far:], row[far:]) for far in strides] for row in rows
        ]

    def follow(self, beta: float, *, count: int | None = None) -> None:
        """Follow the drives in the first `count` rows, or in all; `beta` is from 0 to 1."""
        weights, weight, most = list[float](), beta, len(self._shares)
        while weight > self._least and len(weights) < most:
            weights.append(weight)
            weight *= weight
        self._weights[: len(weights)] = weights
        shares = self._shares[: len(weights)]
        for steps in self._steps[:count]:
            for (before, part, after), share in zip(steps, shares, strict=False):
                np.multiply(before, share, part)
                np.add(after, part, after)


def followed(drive: NDArray[np.float64], beta: float) -> NDArray[np.float64]:
    """Give x[t] = drive[t] + beta x[t-1] along the last axis.

    Parameters
    ----------
    drive
        `[..., bar]`.
    beta
        From 0 to 1.
    """
    out = drive.copy()
    if out.size:
        Strides(out.reshape(-1, out.shape[-1])).follow(beta)
    return out
