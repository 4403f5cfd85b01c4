"""What a network is told before it learns: how its features usually are, and how returns were spread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ara.models.quantiles import LEVELS
from ara.models.training.lesson import Lesson

__all__ = ["Sight"]

_SPREAD: Final = 1.349
_LEAST: Final = 1e-6
_FEW: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """The training rows in figures.

    Parameters
    ----------
    centre, spread
        `[F]`: median and typical deviation of each feature. A feature without values, or that never changes, has a
        spread of 1.
    usual
        `[H, Q]`: quantiles of the targets.
    """

    centre: Tensor
    spread: Tensor
    usual: Tensor

    @classmethod
    def of(cls, lesson: Lesson) -> "Sight":
        """Look at a lesson's training rows, and at no others."""
        x = lesson.panel.x[lesson.train].astype(np.float64)
        x = x if len(x) else np.zeros((1, x.shape[1]))
        known = ~np.isnan(x)
        empty = ~known.any(axis=0)
        x[:, empty] = 0.0
        low, centre, high = np.nanquantile(x, (0.25, 0.5, 0.75), axis=0)
        quarter = (high - low) / _SPREAD
        whole = np.nanstd(x, axis=0)
        spread = np.where(quarter > _LEAST, quarter, np.where(whole > _LEAST, whole, 1.0))
        return cls(
            centre=torch.tensor(centre, dtype=torch.float32),
            spread=torch.tensor(spread, dtype=torch.float32),
            usual=torch.tensor(_usual(lesson), dtype=torch.float32),
        )

    @classmethod
    def from_weights(cls, weights: Mapping[str, Tensor]) -> "Sight":
        """Give a sight of the shapes that trained weights have; what is in it comes with the weights."""
        horizons = len(weights["outlook.usual"])
        return cls(
            centre=weights["centre"].clone(),
            spread=weights["spread"].clone(),
            usual=torch.arange(len(LEVELS), dtype=torch.float32).repeat(horizons, 1),
        )


def _usual(lesson: Lesson) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Give the quantiles of each horizon's targets; a horizon with few of them is taken as normal."""
    normal = np.sqrt(2) * torch.erfinv(2 * torch.tensor(LEVELS, dtype=torch.float64) - 1).numpy()
    out = np.tile(normal, (lesson.y.shape[1], 1))
    for place, y in enumerate(lesson.y.T):
        known = y[~np.isnan(y)]
        if len(known) >= _FEW:
            out[place] = np.quantile(known.astype(np.float64), LEVELS)
    return out
