"""`garch_t` and `gjr_t`: volatility that clusters and comes back to its usual level, with heavy tails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.models.panel import Rows
from ara.models.quantiles import LEVELS
from ara.models.series import Line, SeriesModel, spread_t
from ara.statistics.garch import Garch, fit_garch

__all__ = ["GarchT", "GjrT"]

_Array = NDArray[np.float64]

_WINDOW, _ENOUGH = 1501, 250
_HEAVIEST, _THINNEST = 2.5, 200.0


class _Garch(SeriesModel[Garch]):
    __slots__ = ()

    kept = Garch
    falls: ClassVar[bool]

    def learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> Garch | None:
        """Fit to the last 1501 returns; a year of them is the least."""
        returns = line.returns[train][-_WINDOW:]
        if len(returns) < _ENOUGH or not returns.max() > returns.min():
            return None
        return fit_garch(returns, mean="zero", steps="t", falls=self.falls)

    def answer(self, learned: Garch | None, line: Line, places: Rows, horizons: Sequence[int]) -> _Array:
        """Give Student-t quantiles around no change, as wide as the variances expected of the bars to come."""
        if learned is None:
            return np.full((len(places), len(horizons), len(LEVELS)), np.nan)
        variance = np.maximum(learned.variances(line.returns)[places], 1e-16)
        sigma = np.sqrt(np.stack([learned.summed(variance, horizon) for horizon in horizons], axis=1))
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
