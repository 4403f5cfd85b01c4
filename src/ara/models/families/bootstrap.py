"""`hist` and `fhs`: what was, drawn again; as it was, or scaled to the volatility of now."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ara.models.model import refuse_outside
from ara.models.panel import Rows
from ara.models.quantiles import LEVELS
from ara.models.series import Line, SeriesModel
from ara.models.space import Range
from ara.statistics.sums import quantiles_of_sums
from ara.statistics.volatility import ewma_variance

__all__ = ["Fhs", "Hist", "Nothing"]

_Array = NDArray[np.float64]

_ENOUGH, _MOST = 60, 10_000
_TUNABLE = {"bars": Range(low=100, high=2500, log=True)}


class Nothing(msgspec.Struct, frozen=True):
    """What a bootstrap learns at a fit: its sample is taken anew at each row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bootstrap(SeriesModel[Nothing]):
    """A family that draws from the last bars.

    Parameters
    ----------
    bars
        How many returns are drawn from, 60 to 10,000.
    """

    bars: int = 500

    kept: ClassVar[type[Nothing]] = Nothing

    def __post_init__(self) -> None:
        refuse_outside(self, "bars", _ENOUGH, _MOST)

    def learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> Nothing | None:
        """Learn nothing."""
        return None

    def answer(self, learned: Nothing | None, line: Line, places: Rows, horizons: Sequence[int]) -> _Array:
        """Give the quantiles of sums of draws from what was known at each place."""
        values = np.full((len(places), len(horizons), len(LEVELS)), np.nan)
        sample, scale = self._sample(line)
        first = int(np.isnan(sample).sum())
        counts = np.minimum(places + 1 - first, self.bars)
        for count in np.unique(counts[counts >= _ENOUGH]):
            mine = np.flatnonzero(counts == count)
            drawn = sliding_window_view(sample, count)[places[mine] + 1 - count]
            drawn, mine = self._kept(drawn, mine)
            values[mine] = quantiles_of_sums(drawn, horizons, LEVELS) * scale[places[mine], None, None]
        return values

    @abstractmethod
    def _sample(self, line: Line) -> tuple[_Array, _Array]:
        """Give what is drawn from, NaN at the beginning only, and what a draw at each bar is multiplied with."""

    def _kept(self, drawn: _Array, mine: Rows) -> tuple[_Array, Rows]:
        """Leave out rows whose returns are all the same: they say nothing of what may come."""
        moving = drawn.max(axis=1) > drawn.min(axis=1)
        return drawn[moving], mine[moving]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hist(_Bootstrap):
    """The next bars are drawn from the last 500 returns, each as likely as the others.

    It keeps the mean and the skew of those returns, so it has a view of direction; it knows nothing of calm and wild
    times. A sum over a horizon is of independent draws, counted in full: there is no chance in it.

    References
    ----------
    B. Efron (1979), Annals of Statistics 7.
    """

    family: ClassVar[str] = "hist"
    tunable: ClassVar[Mapping[str, Range]] = _TUNABLE

    def _sample(self, line: Line) -> tuple[_Array, _Array]:
        return line.returns, np.ones(len(line))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fhs(_Bootstrap):
    """The last 500 returns, each over its volatility then, are drawn again and scaled to the volatility of now.

    The volatility is exponentially weighted (0.94), and the mean of the scaled returns is taken away.

    References
    ----------
    G. Barone-Adesi, K. Giannopoulos and L. Vosper (1999), Journal of Futures Markets 19; J. Hull and A. White (1998),
    Journal of Risk 1.
    """

    family: ClassVar[str] = "fhs"
    tunable: ClassVar[Mapping[str, Range]] = _TUNABLE

    def _sample(self, line: Line) -> tuple[_Array, _Array]:
        variance = ewma_variance(line.returns)
        before = np.concatenate(([np.nan], variance[:-1]))
        return line.returns / np.sqrt(before + 1e-16), np.sqrt(np.maximum(variance, 1e-16))

    def _kept(self, drawn: _Array, mine: Rows) -> tuple[_Array, Rows]:
        drawn, mine = super(Fhs, self)._kept(drawn, mine)
        return drawn - drawn.mean(axis=1, keepdims=True), mine
