"""Whether the volatility that the states tell of still holds, and how wild the market is by its own past."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.models.regimes.inputs import Inputs

__all__ = ["WILDNESS", "Break", "break_test", "volatility_states"]

_Array = NDArray[np.float64]

WILDNESS: Final = ("calm", "mid", "wild")
"""Thirds of the realised volatility of the last 1,000 bars known at each bar."""

_SPAN: Final = 250
_FEWEST: Final = 60
_PAST: Final = 1000
_ENOUGH: Final = 100
_TERMS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """What a test for a change of variance says.

    Parameters
    ----------
    bar
        After which the variance is likeliest to be another.
    statistic
        The greatest distance of the cumulative sum of squares from a straight line, in its own standard errors.
    probability
        Of one so great or greater if nothing has changed.
    level
        Below which a change is believed.
    bars
        How many were looked at, up to the last.
    wilder
        Whether the squares after the bar are larger than those before.
    """

    bar: int
    statistic: float
    probability: float
    level: float
    bars: int
    wilder: bool

    @property
    def found(self) -> bool:
        """Whether a change is believed."""
        return self.probability < self.level

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it; `bar` counts from the first."""
        return {
            "found": self.found,
            "bar": self.bar,
            "statistic": self.statistic,
            "probability": self.probability,
            "level": self.level,
            "bars": self.bars,
            "wilder": self.wilder,
        }


def break_test(surprises: _Array, *, span: int = _SPAN, level: float = 0.05) -> Break | None:
    """Test whether the squares of the last surprises kept their mean; None where fewer than 60 are known.

    Parameters
    ----------
    surprises
        Each bar's return over the volatility that was expected of it (`Regimes.surprises`); NaN where there is none.
    span
        The last so many that are known are looked at.
    level
        Probability of a change being told where there is none.

    References
    ----------
    C. Inclán and G. C. Tiao (1994), Journal of the American Statistical Association 89; with the variance of squares
    that have fat tails and hang together: A. Sansó, V. Aragó and J. L. Carrion (2004), Rev. de Economía Financiera 4.
    The probability is that of the greatest distance of a Brownian bridge from 0 (A. N. Kolmogorov, 1933).
    """
    places = np.flatnonzero(np.isfinite(surprises))[-span:]
    count = len(places)
    if count < _FEWEST:
        return None
    squares = surprises[places] ** 2
    apart = squares - squares.mean()
    spread = float((apart * apart).sum())
    lags = int(4 * (count / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        spread += 2 * (1 - lag / (lags + 1)) * float((apart[lag:] * apart[:-lag]).sum())
    if not spread > 0:
        return None
    path = np.cumsum(apart)
    place = int(np.argmax(np.abs(path[:-1])))
    statistic = abs(float(path[place])) / math.sqrt(spread)
    return Break(
        bar=int(places[place]),
        statistic=statistic,
        probability=_beyond(statistic),
        level=level,
        bars=count,
        wilder=bool(path[place] < 0),
    )


def volatility_states(inputs: Inputs) -> NDArray[np.int64]:
    """Give each bar's number in `WILDNESS`, by what was known at the bar; -1 while 100 bars have no volatility yet."""
    measured = inputs.values[:, inputs.names.index("realised_volatility")]
    out = np.full(len(measured), -1, np.int64)
    known = np.flatnonzero(np.isfinite(measured))
    values = measured[known]
    for place in range(_ENOUGH - 1, len(values)):
        past = values[max(0, place - _PAST + 1) : place + 1]
        below, same = int((past < values[place]).sum()), int((past == values[place]).sum())
        out[known[place]] = min(2, int(3 * (below + same / 2) / len(past)))
    return out


def _beyond(distance: float) -> float:
    """Give the probability that a Brownian bridge goes farther from 0 than that."""
    if distance < 0.2:  # the series needs ever more terms, and the probability is 1 to twelve digits
        return 1.0
    total = math.fsum((-1) ** (term - 1) * math.exp(-2 * (term * distance) ** 2) for term in range(1, _TERMS))
    return min(1.0, max(0.0, 2 * total))
