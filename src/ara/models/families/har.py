"""`har_t` and `har_fhs`: volatility from the ranges of the last day, week and month, falls counting more."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.lineage import digest_arrays
from ara.models.families.ewma_t import STILL
from ara.models.model import later, refuse_outside
from ara.models.panel import Rows
from ara.models.quantiles import LEVELS
from ara.models.series import Line, SeriesModel, spread_t
from ara.models.space import Range
from ara.statistics.distributions import fit_student_t
from ara.statistics.linear import least_squares
from ara.statistics.prefixes import Prefixes
from ara.statistics.ranges import floored, range_variance
from ara.statistics.sums import summed_quantiles
from ara.statistics.volatility import ewma_variance

__all__ = ["HarFhs", "HarT", "Learned", "Reach", "seen"]

_Array = NDArray[np.float64]

_ENOUGH, _MOST = 120, 20_000
_PENALTY = 1e-3
_WEEK, _MONTH = 5, 22
_KEPT: Final = 256
_LONGEST: Final = 8192
_learned: dict[tuple[str, int, int], "Learned | None"] = {}


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of one horizon.

    Parameters
    ----------
    horizon
        In bars.
    weights
        Of 1, the log variance of the last bar, its means over 5 and 22 bars, and the last return where it was a fall,
        over its volatility; they give the log of the mean variance of the next bars.
    width
        Standard deviation of the return over its forecast volatility; about 1 where the ranges tell all.
    quantiles
        Of the same, both signs counted alike.
    """

    horizon: int
    weights: tuple[float, ...]
    width: float
    quantiles: tuple[float, ...]


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of one series.

    Parameters
    ----------
    degrees
        Of the Student-t of one bar's return over its forecast volatility.
    reaches
        One for each horizon, ascending.
    """

    degrees: float
    reaches: tuple[Reach, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Har(SeriesModel[Learned]):
    """Volatility that follows from ranges.

    Parameters
    ----------
    bars
        On how many of the last bars it is regressed, 120 to 20,000; more are steadier, fewer nearer to today.
    shaped
        From how many of these the shape of the returns is learned.
    """

    bars: int = later(1500)
    shaped: int = later(1000)
    kept: ClassVar[type[Learned]] = Learned
    tunable: ClassVar[Mapping[str, Range]] = {
        "bars": Range(low=500, high=5000, log=True),
        "shaped": Range(low=250, high=2500, log=True),
    }

    def __post_init__(self) -> None:
        refuse_outside(self, "bars", _ENOUGH, _MOST)
        refuse_outside(self, "shaped", _ENOUGH, _MOST)

    def learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> Learned | None:
        """Regress, for each horizon, the variance of the next bars on what was known; both families learn the same."""
        asked = digest_arrays([("bars", line.bars), ("train", train), ("horizons", np.array([*horizons], np.int64))])
        key = (asked, self.bars, self.shaped)
        if key not in _learned:
            _learned[key] = self._learn(line, train, horizons)
            while len(_learned) > _KEPT:
                _learned.pop(next(iter(_learned)), None)
        return _learned[key]

    def _learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> Learned | None:
        variance, known = floored(range_variance(line.bars)), seen(line)
        whole = np.asarray(np.isfinite(known).all(axis=1))
        path = np.concatenate(([0.0], np.cumsum(line.returns)))
        reaches, degrees = [], 0.0
        for horizon in sorted({1, *horizons}):
            last = len(line) - horizon
            rows = train[(train >= max(30, last - self.bars + horizon - 1)) & (train < last)]
            rows = rows[whole[rows]]
            if len(rows) < _ENOUGH:
                return None
            coming = sliding_window_view(variance, horizon)[rows + 1].mean(axis=1)
            told = known[rows]
            weights = least_squares(told, np.log(coming), penalty=_PENALTY)
            sigma = _sigma(told, weights, horizon)
            scaled = ((path[rows + 1 + horizon] - path[rows + 1]) / sigma)[-self.shaped :]
            width = float(scaled.std())
            if width < STILL:
                return None
            degrees = degrees or fit_student_t(scaled)
            shape = _shape(np.concatenate((scaled, -scaled)))
            reaches.append(
                Reach(
                    horizon=horizon,
                    weights=tuple(weights.tolist()),
                    width=width,
                    quantiles=tuple(shape.tolist()),
                )
            )
        return Learned(degrees=degrees, reaches=tuple(reaches))

    def answer(self, learned: Learned | None, line: Line, places: Rows, horizons: Sequence[int]) -> _Array:
        """Give quantiles around no change, as wide as the ranges up to each place foretell."""
        if learned is None:
            return np.full((len(places), len(horizons), len(LEVELS)), np.nan)
        known, reaches = seen(line)[places], {reach.horizon: reach for reach in learned.reaches}
        missing = [horizon for horizon in horizons if horizon not in reaches]
        if missing:
            raise ModelError(
                f"this {self.family} was fitted for {', '.join(map(str, reaches))} bars ahead, not for {missing[0]}",
                hint="Fit it on a panel with the horizons that will be asked.",
            )
        asked = [reaches[horizon] for horizon in horizons]
        sigma = np.stack([_sigma(known, np.array(reach.weights), reach.horizon) for reach in asked], axis=1)
        return self._spread(learned, asked, sigma)

    @abstractmethod
    def _spread(self, learned: Learned, reaches: Sequence[Reach], sigma: _Array) -> _Array:
        """Give `[place, horizon, level]` for volatilities `[place, horizon]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarT(_Har):
    """A random walk whose volatility is regressed on ranges, and whose steps are Student-t.

    ln mean v[t+1 .. t+h] = a + b ln v[t] + c mean of 5 + d mean of 22 + e min(r[t], 0) / s[t], one regression for each
    horizon, on the last 1500 bars; v is Garman-Klass and the gap before it, s the EWMA volatility. The median is the
    last close.

    References
    ----------
    F. Corsi (2009), Journal of Financial Econometrics 7; the fall: F. Corsi and R. Reno (2012), Journal of Business and
    Economic Statistics 30.
    """

    family: ClassVar[str] = "har_t"

    def _spread(self, learned: Learned, reaches: Sequence[Reach], sigma: _Array) -> _Array:
        widths = np.array([reach.width for reach in reaches])
        return spread_t(widths * sigma, learned.degrees, [reach.horizon for reach in reaches])


@dataclass(frozen=True, slots=True, kw_only=True)
class HarFhs(_Har):
    """As `har_t`, with the shape that the last 1000 returns over their forecast volatility had, both signs alike.

    References
    ----------
    F. Corsi (2009), Journal of Financial Econometrics 7; G. Barone-Adesi, K. Giannopoulos and L. Vosper (1999), Journal
    of Futures Markets 19, for the shape.
    """

    family: ClassVar[str] = "har_fhs"

    def _spread(self, learned: Learned, reaches: Sequence[Reach], sigma: _Array) -> _Array:
        return np.asarray(sigma[:, :, None] * np.array([reach.quantiles for reach in reaches]))


def seen(line: Line) -> _Array:
    """Give `[bar, 5]`: what the regression sees at each bar; NaN until there is a volatility."""
    return _seen(line.bars) if len(line) > _LONGEST else _again(line.bars)


def _seen(bars: _Array) -> _Array:
    logs, returns = np.log(floored(range_variance(bars))), np.ascontiguousarray(bars[:, 3])
    fall = np.minimum(returns, 0) / np.sqrt(ewma_variance(returns) + 1e-16)
    return np.column_stack([np.ones(len(bars)), logs, _mean(logs, _WEEK), _mean(logs, _MONTH), fall])


_again: Final = Prefixes(_seen, most=40)
"""Both families, a fit and its answers, and their reasons look at the same series."""


def _shape(values: _Array) -> _Array:
    """Give the quantiles as `numpy.quantile` does, by sorting: not where a 0 has either sign, whose order is chance."""
    return summed_quantiles(values[None], 1, LEVELS)[0] if values.all() else np.asarray(np.quantile(values, LEVELS))


def _mean(values: _Array, bars: int) -> _Array:
    """Give the mean of the last `bars` values, of fewer at the beginning."""
    total = np.concatenate((np.zeros(bars), np.cumsum(values)))
    return np.asarray((total[bars:] - total[:-bars]) / np.minimum(np.arange(1, len(values) + 1), bars))


def _sigma(known: _Array, weights: _Array, horizon: int) -> _Array:
    """Give the volatility of the return over the horizon; kept within what a float can hold."""
    return np.asarray(
        np.sqrt(np.exp(np.minimum(np.maximum(np.einsum("ij,j->i", known, weights), -60.0), 60.0)) * horizon)
    )
