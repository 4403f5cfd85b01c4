"""`ewma_t`: no change, with honest width. The baseline that every other model must beat."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final
from weakref import ReferenceType, ref

import msgspec
import numpy as np

from ara.models.head import Head, read_head, write_head
from ara.models.model import refuse_outside
from ara.models.panel import Panel, Rows, united
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.space import Range
from ara.statistics.distributions import fit_student_t, student_t_quantiles, summed_degrees
from ara.statistics.volatility import ewma_variance
from ara.workers import Progress

__all__ = ["STILL", "UNKNOWN", "EwmaT", "FittedEwmaT", "Shape"]

_WINDOW = 1000
_ENOUGH = 60
_PARAMS = "params.json"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """One series' standardised returns: how wide they are, and how heavy their tails.

    Parameters
    ----------
    width
        Standard deviation of return over EWMA volatility; about 1 where the EWMA is right.
    degrees
        Degrees of freedom of the Student-t; fewer are heavier tails.
    """

    width: float
    degrees: float


UNKNOWN = Shape(width=1.0, degrees=5.0)
"""For a series with fewer than 60 standardised returns, or all alike: daily returns of most assets lie near it."""

STILL: Final = 1e-6
"""Standardised returns that differ by less than this are all the same, but for rounding; they have no shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedEwmaT:
    """`ewma_t` with each series' shape.

    Parameters
    ----------
    decay
        Weight of yesterday's variance.
    shapes
        By symbol; a series that is not in it gets `UNKNOWN`.
    """

    decay: float
    shapes: Mapping[str, Shape]

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give quantiles around no change: width · sqrt(variance · horizon) · t, with the tails thinned by the sum."""
        values = np.full((len(rows), len(panel.horizons), len(LEVELS)), np.nan)
        horizons = np.array(panel.horizons, float)
        for code, mine in panel.by_series(rows):
            first, end = panel.span(code)
            variance = ewma_variance(panel.bars[first:end, 3], decay=self.decay)[rows[mine] - first]
            shape = self.shapes.get(panel.symbols[code], UNKNOWN)
            sigma = shape.width * np.sqrt(np.maximum(variance, 1e-16)[:, None] * horizons)
            unit = [student_t_quantiles(LEVELS, summed_degrees(shape.degrees, h)) for h in panel.horizons]
            values[mine] = sigma[:, :, None] * np.stack(unit)
        return Quantiles(horizons=panel.horizons, values=values)

    def save(self, folder: Path) -> None:
        """Write `params.json` and `head.json`."""
        body = {"decay": self.decay, "shapes": dict(self.shapes)}
        (folder / _PARAMS).write_bytes(msgspec.json.encode(body, order="deterministic"))
        write_head(folder, Head(family=EwmaT.family, levels=LEVELS))


@dataclass(frozen=True, slots=True, kw_only=True)
class EwmaT:
    """A random walk whose volatility is exponentially weighted and whose steps are Student-t.

    The median is the last close and p_up is 0.5: it takes no view of direction. The shape is fitted to the last 1000
    standardised returns r[t] / sqrt(v[t-1]) known at the fit.

    Parameters
    ----------
    decay
        Weight of yesterday's variance, 0 to 1; nearer to 1 reacts more slowly.

    References
    ----------
    Riskmetrics (1996) for the variance; Bollerslev (1987), Review of Economics and Statistics 69, for the t.
    """

    decay: float = 0.94
    family: ClassVar[str] = "ewma_t"
    tunable: ClassVar[Mapping[str, Range]] = {"decay": Range(low=0.85, high=0.99)}

    def __post_init__(self) -> None:
        refuse_outside(self, "decay", 0.0, 1.0)

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
    ) -> FittedEwmaT:
        """Fit each series' shape. There is nothing random in it and nothing to stop early: `valid` only adds rows."""
        rows = united(train, valid)
        for known, decay, asked, made in tuple(_lately):
            if known() is panel and decay == self.decay and np.array_equal(asked, rows):
                watch(Progress(done=1, total=1, words="fitting ewma_t"))
                return made
        shapes: dict[str, Shape] = {}
        parts = list(panel.by_series(rows))
        for done, (code, mine) in enumerate(parts, 1):
            first, end = panel.span(code)
            returns = panel.bars[first:end, 3]
            variance = ewma_variance(returns, decay=self.decay)
            used = rows[mine][rows[mine] > first] - first
            z = returns[used] / np.sqrt(variance[used - 1] + 1e-16)
            z = z[~np.isnan(z)][-_WINDOW:]
            if len(z) >= _ENOUGH and z.std() > STILL:
                shapes[panel.symbols[code]] = Shape(width=float(z.std()), degrees=fit_student_t(z))
            if not watch(Progress(done=done, total=len(parts), words="fitting ewma_t")):
                break
        else:
            _lately[:] = [(ref(panel), self.decay, rows, FittedEwmaT(decay=self.decay, shapes=shapes))]
        return FittedEwmaT(decay=self.decay, shapes=shapes)

    @classmethod
    def load(cls, folder: Path) -> FittedEwmaT:
        """Read what `FittedEwmaT.save` wrote."""
        read_head(folder, cls.family)
        body = msgspec.json.decode((folder / _PARAMS).read_bytes(), type=_Params)
        return FittedEwmaT(decay=body.decay, shapes=body.shapes)


_lately: list[tuple[ReferenceType[Panel], float, Rows, FittedEwmaT]] = []
"""The last fit, while its panel is there: members of an ensemble ask in turn for the one that stands in for them."""


class _Params(msgspec.Struct, frozen=True):
    decay: float
    shapes: dict[str, Shape]
