"""`auto_ets` and `auto_theta`: the log price smoothed exponentially, in the form that fitted it best."""

import itertools
import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.families.ewma_t import STILL
from ara.models.learning.libraries import library
from ara.models.model import later, refuse_outside
from ara.models.panel import Rows
from ara.models.quantiles import LEVELS
from ara.models.series import Line, SeriesModel
from ara.models.space import Range
from ara.statistics.volatility import ewma_variance

__all__ = ["AutoEts", "AutoTheta", "Ets", "Smoothed", "Theta"]

_Array = NDArray[np.float64]

_SHAPED, _ENOUGH, _LEAST, _MOST = 1000, 250, 120, 20_000


class Ets(msgspec.Struct, frozen=True, kw_only=True):
    """Additive exponential smoothing: level, slope and how each takes up an error.

    l[t] = l[t-1] + phi b[t-1] + alpha e[t] and b[t] = phi b[t-1] + beta e[t], where e[t] is what the sum of the first
    two terms missed the log price by.

    Parameters
    ----------
    alpha, beta, phi
        As in the formula; beta is 0 where there is no slope, phi 1 where it is not damped.
    level, slope
        Before the first bar of the fit.
    """

    alpha: float
    beta: float
    phi: float
    level: float
    slope: float

    def ahead(self, path: _Array, furthest: int) -> _Array:
        """Give `[bar, step]`: the log price that is expected after each bar, 1 to `furthest` bars later."""
        level, slope = self.level, self.slope
        levels, slopes = [], []
        for price in path.tolist():
            before = level + self.phi * slope
            missed = price - before
            level = before + self.alpha * missed
            slope = self.phi * slope + self.beta * missed
            levels.append(level)
            slopes.append(slope)
        damped = np.cumsum(self.phi ** np.arange(1, furthest + 1))
        return np.asarray(np.array(levels)[:, None] + np.array(slopes)[:, None] * damped)

    def widening(self, furthest: int) -> _Array:
        """Give `[step]`: the deviation of what is missed over that of one step: √(1 + Σ c[j]²) over the steps before.

        c[j] = alpha + beta (phi + … + phi^j).
        """
        taken = self.alpha + self.beta * np.cumsum(self.phi ** np.arange(1, furthest))
        return np.asarray(np.sqrt(1 + np.concatenate(([0.0], np.cumsum(taken**2)))))


class Theta(msgspec.Struct, frozen=True, kw_only=True):
    """The theta method: a line through the log prices, and exponential smoothing of how they leave it.

    Parameters
    ----------
    alpha
        Of the smoothing.
    theta
        How far the smoothed line exaggerates the bends of the price; 2 is the classic.
    level
        Smoothed level before the first bar of the fit.
    start, slope
        Of the line through the bars of the fit; not used where the line moves.
    moves
        Whether the line is drawn anew at each bar through all bars since the fit's first.
    """

    alpha: float
    theta: float
    level: float
    start: float
    slope: float
    moves: bool

    def ahead(self, path: _Array, furthest: int) -> _Array:
        """Give `[bar, step]`: the log price that is expected after each bar, 1 to `furthest` bars later."""
        count = np.arange(1, len(path) + 1)
        steps = itertools.accumulate(path.tolist(), self._smoothed, initial=self.level)
        level, mean = np.array(list(steps)[1:]), np.cumsum(path) / count
        start, slope = self._lines(path, mean)
        told = np.empty((len(path), furthest))
        for step in range(furthest):
            done, fading = count + step, (1 - self.alpha) ** (count + step)
            line = start * fading + slope * (1 - fading * (1 - self.alpha)) / self.alpha
            price = level + (1 - 1 / self.theta) * line
            told[:, step] = price
            level = self.alpha * price + (1 - self.alpha) * level
            if self.moves:
                slope = ((done - 1) * slope + 6 * (price - mean) / (done + 1)) / (done + 2)
                mean = (done * mean + price) / (done + 1)
                start = mean - slope * (done + 2) / 2
        return told

    def widening(self, furthest: int) -> _Array:
        """Give `[step]`: the deviation of what is missed over that of one step: √(1 + (step - 1) alpha²)."""
        return np.asarray(np.sqrt(1 + np.arange(furthest) * self.alpha**2))

    def _smoothed(self, level: float, price: float) -> float:
        return self.alpha * price + (1 - self.alpha) * level

    def _lines(self, path: _Array, mean: _Array) -> tuple[_Array, _Array]:
        """Give start and slope of the line at each bar."""
        if not self.moves:
            return np.full(len(path), self.start), np.full(len(path), self.slope)
        slopes, slope = [], 0.0
        before = np.concatenate((path[:1], mean[:-1]))
        for place, away in enumerate((path - before).tolist()):
            slope = ((place - 1) * slope + 6 * away / (place + 1)) / (place + 2) if place else 0.0
            slopes.append(slope)
        slope_at = np.array(slopes)
        return mean - slope_at * (np.arange(len(path)) + 2) / 2, slope_at


_FormT = TypeVar("_FormT", Ets, Theta)


class Smoothed(msgspec.Struct, Generic[_FormT], frozen=True, kw_only=True):
    """What was learned of one series.

    Parameters
    ----------
    begin
        When the first bar of the fit opened, microseconds since 1970 UTC; the log price counts from before it.
    unit
        Standard deviation of the returns of the fit; the form is in units of it.
    form
        How the log price is smoothed.
    horizons
        In bars, ascending.
    shapes
        Of each horizon: quantiles of what was missed, over the volatility then and the form's own widening, both signs
        counted alike.
    """

    begin: int
    unit: float
    form: _FormT
    horizons: tuple[int, ...] = ()
    shapes: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Smoothing(SeriesModel[Smoothed[_FormT]], Generic[_FormT]):
    """A form of exponential smoothing.

    Parameters
    ----------
    bars
        To how many of the last bars it is fitted, 250 to 20,000; a fit takes as much longer.
    """

    bars: int = later(1501)
    tunable: ClassVar[Mapping[str, Range]] = {"bars": Range(low=300, high=3000, log=True)}

    def __post_init__(self) -> None:
        refuse_outside(self, "bars", _ENOUGH, _MOST)

    @abstractmethod
    def _form(self, path: _Array) -> _FormT | None:
        """Choose and fit the form; None where there is none."""

    def learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> Smoothed[_FormT] | None:
        """Fit to the last bars, a year of them at the least; and learn what it misses."""
        train = train[-self.bars :]
        returns = line.returns[train]
        if len(train) < _ENOUGH or not returns.std() > STILL:
            return None
        unit, begin = float(returns.std()), int(line.at[train[0]])
        form = self._form(np.cumsum(returns) / unit)
        if form is None or not all(np.isfinite(one) for one in msgspec.structs.astuple(form)):
            return None
        bare = Smoothed(begin=begin, unit=unit, form=form)
        known = Line(rows=line.rows[train], at=line.at[train], known_at=line.known_at[train], bars=line.bars[train])
        ahead = tuple(sorted(horizons))
        shapes = tuple(shape for horizon in ahead if (shape := _shape(bare, known, horizon)) is not None)
        return msgspec.structs.replace(bare, horizons=ahead, shapes=shapes) if len(shapes) == len(ahead) else None

    def answer(self, learned: Smoothed[_FormT] | None, line: Line, places: Rows, horizons: Sequence[int]) -> _Array:
        """Give quantiles around what the form expects, as wide as the volatility of now and its own widening say."""
        values = np.full((len(places), len(horizons), len(LEVELS)), np.nan)
        if learned is None:
            return values
        strange = [horizon for horizon in horizons if horizon not in learned.horizons]
        if strange:
            known = ", ".join(map(str, learned.horizons))
            raise ModelError(
                f"this {self.family} was fitted for {known} bars ahead, not for {strange[0]}",
                hint="Fit it on a panel with the horizons that will be asked.",
            )
        centre, width = _expected(learned, line, max(horizons))
        for place, horizon in enumerate(horizons):
            shape = np.array(learned.shapes[learned.horizons.index(horizon)])
            values[:, place] = centre[places, horizon - 1, None] + width[places, horizon - 1, None] * shape
        return values


def _expected(learned: Smoothed[_FormT], line: Line, furthest: int) -> tuple[_Array, _Array]:
    """Give `[bar, step]`: the return that is expected, and the deviation that goes with it; NaN before the fit."""
    first = int(np.searchsorted(line.at, learned.begin))
    centre = np.full((len(line), furthest), np.nan)
    path = np.cumsum(line.returns[first:]) / learned.unit
    centre[first:] = (learned.form.ahead(path, furthest) - path[:, None]) * learned.unit
    volatility = np.sqrt(np.maximum(ewma_variance(line.returns), 1e-16))
    return centre, volatility[:, None] * learned.form.widening(furthest)


def _shape(learned: Smoothed[_FormT], line: Line, horizon: int) -> tuple[float, ...] | None:
    centre, width = _expected(learned, line, horizon)
    path = np.cumsum(line.returns)
    missed = (path[horizon:] - path[:-horizon] - centre[:-horizon, -1]) / width[:-horizon, -1]
    missed = missed[np.isfinite(missed)][-_SHAPED:]
    if len(missed) < _LEAST or missed.std() < STILL:
        return None
    return tuple(np.quantile(np.concatenate((missed, -missed)), LEVELS).tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoEts(_Smoothing[Ets]):
    """Exponential smoothing of the log price, without a slope, with one or with a damped one: what fits best by AICc.

    Errors add up and there is no season: logs of prices have no natural zero, and a bar's place in the week is another
    family's subject. How the band widens with the horizon is the form's own; how wide it is follows the volatility of
    now (exponentially weighted, 0.94), and its shape is that of past errors.

    References
    ----------
    R. J. Hyndman, A. B. Koehler, R. D. Snyder and S. Grose (2002), International Journal of Forecasting 18.
    """

    family: ClassVar[str] = "auto_ets"
    kept: ClassVar[Any] = Smoothed[Ets]

    def _form(self, path: _Array) -> Ets | None:
        found = _fitted("AutoETS", path, model="AZN")
        if found is None:
            return None
        alpha, beta, _, phi, level, *slope = (float(one) for one in found["par"])
        return Ets(
            alpha=alpha,
            beta=beta if slope else 0.0,
            phi=phi if found["components"][3] == "D" else 1.0,
            level=level,
            slope=slope[0] if slope else 0.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoTheta(_Smoothing[Theta]):
    """The theta method on the log price: the one of its four forms that missed the bars of the fit by least.

    They differ in whether theta is 2 or fitted, and whether the line through the bars is drawn once or at each bar. The
    band is made as that of `auto_ets`, widening as exponential smoothing does.

    References
    ----------
    V. Assimakopoulos and K. Nikolopoulos (2000), International Journal of Forecasting 16; J. A. Fiorucci,
    T. R. Pellegrini, F. Louzada, F. Petropoulos and A. B. Koehler (2016), International Journal of Forecasting 32.
    """

    family: ClassVar[str] = "auto_theta"
    kept: ClassVar[Any] = Smoothed[Theta]

    def _form(self, path: _Array) -> Theta | None:
        found = _fitted("AutoTheta", path)
        if found is None:
            return None
        own = found["par"]
        return Theta(
            alpha=float(own["alpha"]),
            theta=float(own["theta"]),
            level=float(own["initial_smoothed"]),
            start=float(found["states"][0, 2]),
            slope=float(found["states"][0, 3]),
            moves=found["modeltype"] in {"DSTM", "DOTM"},
        )


def _fitted(name: str, path: _Array, **settings: Any) -> Any:
    """Fit by the library; None where it finds no form for this path."""
    family = getattr(library("statsforecast.models"), name)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return family(season_length=1, **settings).fit(path).model_
        except Exception as error:  # the library raises no narrower one where nothing can be fitted
            if "no model able to be fitted" not in str(error):
                raise
            return None
