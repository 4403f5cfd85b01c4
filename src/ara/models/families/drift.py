"""`drift`: as `ewma_t`, but it leans as the series did, as far as that can be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.models.families.ewma_t import STILL
from ara.models.model import refuse_outside
from ara.models.panel import Rows
from ara.models.quantiles import LEVELS
from ara.models.series import Line, SeriesModel, spread_t
from ara.models.space import Range
from ara.statistics.distributions import fit_student_t
from ara.statistics.volatility import ewma_variance

__all__ = ["Drift", "Lean"]

_Array = NDArray[np.float64]

_WINDOW, _ENOUGH, _MOST = 1000, 60, 100_000


class Lean(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of one series.

    Parameters
    ----------
    mean
        Log return that is expected of each bar.
    width, degrees
        Standard deviation of what is left over its volatility, and the degrees of freedom of its Student-t.
    """

    mean: float
    width: float
    degrees: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift(SeriesModel[Lean]):
    """A random walk with EWMA volatility and Student-t steps, that drifts.

    The drift is the mean of the last returns times n / (n + doubt), n how many they are: what is expected of a mean
    whose ratio to the volatility of a bar has, over all series, the variance 1 / doubt; 1600 is a Sharpe ratio of 0.4 a
    year. Ten years of days are believed by three fifths, one year by a seventh.

    Parameters
    ----------
    decay
        Weight of yesterday's variance, as in `ewma_t`.
    bars
        How many returns the mean is taken of, 60 or more.
    doubt
        How many returns would be believed by a half; 0 believes all.

    References
    ----------
    R. C. Merton (1980), Journal of Financial Economics 8, on how little returns tell of their mean; B. Efron and
    C. Morris (1975), Journal of the American Statistical Association 70, for the pull.
    """

    decay: float = 0.94
    bars: int = 2500
    doubt: float = 1600.0
    family: ClassVar[str] = "drift"
    tunable: ClassVar[Mapping[str, Range]] = {
        "decay": Range(low=0.85, high=0.99),
        "bars": Range(low=500, high=5000, log=True),
        "doubt": Range(low=100.0, high=100_000.0, log=True),
    }
    kept: ClassVar[type[Lean]] = Lean

    def __post_init__(self) -> None:
        refuse_outside(self, "decay", 0.0, 1.0)
        refuse_outside(self, "bars", _ENOUGH, _MOST)
        refuse_outside(self, "doubt", 0.0, 1e18)

    def learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> Lean | None:
        """Learn the mean of the last returns, and the shape of what is left."""
        sample = line.returns[train][-self.bars :]
        before = np.concatenate(([np.nan], ewma_variance(line.returns, decay=self.decay)[:-1]))[train]
        if not len(sample):
            return None
        mean = float(sample.mean()) * len(sample) / (len(sample) + self.doubt)
        z = (line.returns[train] - mean) / np.sqrt(before + 1e-16)
        z = z[~np.isnan(z)][-_WINDOW:]
        if len(z) < _ENOUGH or z.std() < STILL:
            return None
        return Lean(mean=mean, width=float(z.std()), degrees=fit_student_t(z))

    def answer(self, learned: Lean | None, line: Line, places: Rows, horizons: Sequence[int]) -> _Array:
        """Give quantiles around the drift: mean · horizon + width · sqrt(variance · horizon) · t."""
        if learned is None:
            return np.full((len(places), len(horizons), len(LEVELS)), np.nan)
        ahead = np.array(horizons, float)
        variance = np.maximum(ewma_variance(line.returns, decay=self.decay)[places], 1e-16)
        centred = spread_t(learned.width * np.sqrt(variance[:, None] * ahead), learned.degrees, horizons)
        return np.asarray(centred + (learned.mean * ahead)[:, None])
