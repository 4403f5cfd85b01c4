"""`garch_t` and `gjr_t`: volatility that clusters and comes back to its usual level, with heavy tails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.models.model import later, refuse_outside
from ara.models.panel import Rows
from ara.models.quantiles import LEVELS
from ara.models.series import Line, SeriesModel, spread_t
from ara.models.space import Range
from ara.statistics.garch import Garch, fit_garch

__all__ = ["GarchT", "GjrT"]

_Array = NDArray[np.float64]

_ENOUGH, _MOST = 250, 20_000
_HEAVIEST, _THINNEST = 2.5, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Garch(SeriesModel[Garch]):
    """Volatility that clusters.

    Parameters
    ----------
    bars
        To how many of the last returns it is fitted, 250 to 20,000; more are steadier, fewer nearer to today.
    """

    bars: int = later(1501)
    kept: ClassVar[type[Garch]] = Garch
    falls: ClassVar[bool]
    tunable: ClassVar[Mapping[str, Range]] = {"bars": Range(low=500, high=5000, log=True)}

    def __post_init__(self) -> None:
        refuse_outside(self, "bars", _ENOUGH, _MOST)

    def learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> Garch | None:
        """Fit to the last returns; a year of them is the least."""
        returns = line.returns[train][-self.bars :]
        if len(returns) < _ENOUGH or not returns.max() > returns.min():
            return None
        return fit_garch(returns, mean="zero", steps="t", falls=self.falls)

    def answer(self, learned: Garch | None, line: Line, places: Rows, horizons: Sequence[int]) -> _Array:
        """Give Student-t quantiles around no change, as wide as the variances expected of the bars to come."""
        if learned is None:
            return np.full((len(places), len(horizons), len(LEVELS)), np.nan)
        variance = np.maximum(learned.variances(line.returns)[places], 1e-16)
        sigma = np.sqrt(learned.summed(variance, horizons))
        # a hundredth of a degree moves no quantile by a thousandth, and equal ones are found once
        degrees = round(min(max(learned.degrees, _HEAVIEST), _THINNEST), 2)
        return spread_t(sigma, degrees, horizons)


@dataclass(frozen=True, slots=True, kw_only=True)
class GarchT(_Garch):
    """GARCH(1,1) without a mean, with Student-t steps, fitted to the last 1501 returns by maximum likelihood.

    v[t+1] = omega + alpha r[t]² + beta v[t]; the variance over a horizon is the sum of those expected of its bars.

    References
    ----------
    T. Bollerslev (1986), Journal of Econometrics 31, and (1987), Review of Economics and Statistics 69.
    """

    family: ClassVar[str] = "garch_t"
    falls: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GjrT(_Garch):
    """As `garch_t`, but falls may raise the variance more, or less, than rises do.

    v[t+1] = omega + (alpha + gamma 1[r[t] < 0]) r[t]² + beta v[t].

    References
    ----------
    L. R. Glosten, R. Jagannathan and D. E. Runkle (1993), Journal of Finance 48.
    """

    family: ClassVar[str] = "gjr_t"
    falls: ClassVar[bool] = True
