"""The windows of a lesson as a network takes them in: made ready once for a training, not again at each step."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ara.models.panel import Rows
from ara.models.training.augment import augmented
from ara.models.training.learner import Learner
from ara.models.training.lesson import Lesson

__all__ = ["Intake"]


class Intake:
    """Gives windows of rows of a lesson's panel, their values as `Learner.taken` gives them.

    Each value is taken in by itself, so a window of such values is to the last bit what taking in the window gives.

    Parameters
    ----------
    module
        What takes them in; its `centre` and `spread` stay as they are.
    lesson
        Whose windows.
    """

    def __init__(self, module: Learner, lesson: Lesson) -> None:
        self._module, self._lesson = module, lesson
        x = lesson.panel.x
        nothing = np.full((1, x.shape[1]), np.nan, x.dtype)
        with torch.no_grad():
            self._values = module.taken(self._there(np.concatenate([x, nothing]))).cpu().numpy()

    def __call__(self, rows: Rows) -> Tensor:
        """Give `[row, window, F]`; before a series begins there is what becomes of a missing value."""
        series = self._lesson.panel.series
        places = rows[:, None] + np.arange(1 - self._lesson.window, 1)
        start = np.searchsorted(series, series[rows])[:, None]
        return self._there(self._values[np.where(places < start, len(self._values) - 1, places)])

    def changed(self, rows: Rows, ways: Sequence[str]) -> tuple[Tensor, Tensor | None, float]:
        """Give windows as `augmented` changes them, before they are taken in; as they are where no way is named."""
        if not ways:
            return self(rows), None, 1.0
        centre, spread = self._module.centre, self._module.spread
        x, partner, share = augmented(self._there(self._lesson.x(rows)), ways, centre=centre, spread=spread)
        return self._module.taken(x), partner, share

    def _there(self, values: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(values).to(self._module.centre.device)
