"""Forecasts as history was: the quantiles of past returns, scaled to the volatility of the day."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec
import numpy as np

from ara.errors import ModelError
from ara.models import LEVELS, Panel, Quantiles, Rows
from ara.models.head import Head, read_head, write_head
from ara.statistics.volatility import ewma_variance
from ara.workers import Progress

__all__ = ["FittedHistorical", "Historical"]

_FEWEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedHistorical:
    """Quantiles of the standardised return of one bar, pooled over all series.

    Parameters
    ----------
    unit
        One value for each of `LEVELS`, around a median of 0.
    """

    unit: tuple[float, ...]

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the quantiles, wider by the root of the horizon."""
        spread = _volatility(panel)[rows, None] * np.sqrt(np.array(panel.horizons, float))
        return Quantiles(horizons=panel.horizons, values=spread[:, :, None] * np.array(self.unit))

    def save(self, folder: Path) -> None:
        """Write `params.json` and `head.json`."""
        (folder / "params.json").write_bytes(msgspec.json.encode({"unit": self.unit}))
        write_head(folder, Head(family=Historical.family, levels=LEVELS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Historical:
    """A model that takes no view of direction and no shape for granted."""

    family: ClassVar[str] = "historical"

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
    ) -> FittedHistorical:
        """Take the quantiles of each bar's return over the volatility known before it."""
        before = np.roll(_volatility(panel), 1)
        rows = train[(train > 0) & (panel.series[train] == panel.series[train - 1])]
        z = panel.bars[rows, 3] / before[rows]
        z = z[np.isfinite(z)]
        if len(z) < _FEWEST:
            raise ModelError(f"historical needs {_FEWEST} returns, not {len(z)}.")
        watch(Progress(1, 1, "fitting historical"))
        unit = np.quantile(z, LEVELS)
        return FittedHistorical(unit=tuple((unit - unit[LEVELS.index(0.5)]).tolist()))

    @classmethod
    def load(cls, folder: Path) -> FittedHistorical:
        """Read what `FittedHistorical.save` wrote."""
        read_head(folder, cls.family)
        return msgspec.json.decode((folder / "params.json").read_bytes(), type=FittedHistorical)


def _volatility(panel: Panel) -> np.ndarray:
    """Give one bar's volatility as known at each row, series by series."""
    parts = [ewma_variance(panel.bars[panel.series == code, 3]) for code in np.unique(panel.series)]
    return np.sqrt(np.maximum(np.nan_to_num(np.concatenate(parts), nan=1e-4), 1e-16))
