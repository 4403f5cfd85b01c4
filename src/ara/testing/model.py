"""A model whose forecast is known beforehand."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist
from typing import ClassVar, Final

import msgspec
import numpy as np

from ara.models.head import Head, read_head, write_head
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.workers import Progress

__all__ = ["FakeModel", "FittedFakeModel"]

_PARAMS: Final = "params.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedFakeModel:
    """What `FakeModel.fit` gives; it has learned nothing.

    Parameters
    ----------
    sigma, lean
        As in FakeModel.
    """

    sigma: float
    lean: float

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give normal quantiles: deviation `sigma` times the root of the horizon, median `lean` times the last return.

        A row without a return, the first of a series, has the median 0.
        """
        unit = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
        median = self.lean * np.nan_to_num(panel.bars[rows, 3])
        spread = self.sigma * np.sqrt(np.array(panel.horizons, float))
        values = median[:, None, None] + spread[None, :, None] * unit[None, None, :]
        return Quantiles(horizons=panel.horizons, values=values)

    def save(self, folder: Path) -> None:
        """Write `params.json` and `head.json`."""
        (folder / _PARAMS).write_bytes(msgspec.json.encode(asdict(self), order="deterministic"))
        write_head(folder, Head(family=FakeModel.family, levels=LEVELS))


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeModel:
    """A normal distribution of stated width, whatever it is fitted on.

    Parameters
    ----------
    sigma
        Standard deviation of one bar's log return.
    lean
        Share of the last bar's return that the median takes on; 0 takes no view of direction. The checks of models ask
        that the last bar matters, so only another value than 0 passes them all.
    """

    sigma: float = 0.01
    lean: float = 0.0
    family: ClassVar[str] = "fake"

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
    ) -> FittedFakeModel:
        """Report one step of one, and learn nothing."""
        watch(Progress(1, 1, "fitting fake"))
        return FittedFakeModel(sigma=self.sigma, lean=self.lean)

    @classmethod
    def load(cls, folder: Path) -> FittedFakeModel:
        """Read what `FittedFakeModel.save` wrote."""
        read_head(folder, cls.family)
        return msgspec.json.decode((folder / _PARAMS).read_bytes(), type=FittedFakeModel)
