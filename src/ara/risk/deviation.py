"""Volatility as it is now: what a day, a year and the days ahead move, by weights that fade and by GARCH."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.statistics import ewma_variance, fit_garch

__all__ = ["VOLATILITIES", "Volatility", "volatility"]

_Array = NDArray[np.float64]

_DECAY: Final = 0.94
_STARTED: Final = 20
_LONGEST: Final = 250
_FEWEST: Final = {"ewma": _STARTED, "garch": 250}


@dataclass(frozen=True, slots=True, kw_only=True)
class Volatility:
    """The deviation of the returns to come, as known at the end of the last one.

    Parameters
    ----------
    method
        `ewma` or `garch`.
    day
        Of the next bar's return.
    year
        day · √per_year: what a year would move if every bar moved as the next one does.
    per_year
        Bars of a year.
    horizon, ahead
        Bars ahead, and the deviation of the return over all of them: day · √horizon by `ewma`; by `garch` the root of
        the sum of the variances expected of each, which go back to their long run.
    usual
        Where a bar's deviation goes back to, √(omega / (1 - alpha - beta)) by `garch`; None where it goes nowhere.
    parameters
        Of the formula: `decay`; or `mu`, `omega`, `alpha`, `beta` and `degrees` of the Student-t of the steps.
    observations
        Returns it rests on.
    """

    method: str
    day: float
    year: float
    per_year: float
    horizon: int
    ahead: float
    usual: float | None
    parameters: Mapping[str, float]
    observations: int

    @property
    def halved(self) -> float | None:
        """Bars until half of a shock to the variance is gone; None where it stays."""
        kept = self.parameters.get("alpha", 0.0) + self.parameters.get("beta", 1.0)
        return math.log(0.5) / math.log(kept) if 0 < kept < 1 else None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "method": self.method,
            "day": self.day,
            "year": self.year,
            "per_year": self.per_year,
            "horizon": self.horizon,
            "ahead": self.ahead,
            "usual": self.usual,
            "halved": self.halved,
            "parameters": dict(self.parameters),
            "observations": self.observations,
        }


def volatility(returns: _Array, *, method: str = "ewma", per_year: float = 252, horizon: int = 1) -> Volatility:
    """Give the deviation of the next return, of a year and of the bars ahead.

    Parameters
    ----------
    returns
        Simple or log returns of a bar each, ascending in time; NaN is left out.
    method
        `ewma`: v[t+1] = 0.94 v[t] + 0.06 r[t]², RiskMetrics' weights for days, begun with the mean square of the first
        20; needs 20 returns. `garch`: v[t+1] = omega + alpha (r[t] - mu)² + beta v[t] with Student-t steps, by
        maximum likelihood over all returns given; needs 250.
    per_year
        Bars of a year, from the venue's calendar: 252 for New York's days, 365 for those of coins.
    horizon
        Bars ahead, 1 to 250.

    References
    ----------
    J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th ed., section 5.2; T. Bollerslev (1987), Review of
    Economics and Statistics 69.
    """
    if method not in VOLATILITIES:
        raise ValidationError(f"There is no volatility {method!r}.", hint=f"There are: {', '.join(VOLATILITIES)}.")
    if not 1 <= horizon <= _LONGEST:
        raise ValidationError(f"The horizon is {horizon} bars; it is 1 to {_LONGEST}.")
    if not (0 < per_year < math.inf):
        raise ValidationError(f"A year of {per_year} bars is none.", hint="252 are a year of New York's days.")
    values = np.asarray(returns, np.float64)
    known = values[~np.isnan(values)]
    if values.ndim != 1 or np.isinf(known).any():
        raise ValidationError("Returns are one series without infinity.", hint="They are shares: 0.01 is 1 %.")
    if len(known) < _FEWEST[method]:
        raise ValidationError(
            f"There are {len(known)} returns; {method} needs {_FEWEST[method]}.", hint="Take a longer past."
        )
    day, ahead, usual, parameters = VOLATILITIES[method](known, horizon)
    return Volatility(
        method=method,
        day=day,
        year=day * math.sqrt(per_year),
        per_year=per_year,
        horizon=horizon,
        ahead=ahead,
        usual=usual,
        parameters=MappingProxyType(parameters),
        observations=len(known),
    )


_Found = tuple[float, float, float | None, dict[str, float]]


def _ewma(returns: _Array, horizon: int) -> _Found:
    day = math.sqrt(float(ewma_variance(returns, decay=_DECAY, seed_bars=_STARTED)[-1]))
    return day, day * math.sqrt(horizon), None, {"decay": _DECAY}


def _garch(returns: _Array, horizon: int) -> _Found:
    if not np.ptp(returns):
        raise ValidationError("The returns never change; garch has no variance to follow.", hint="Take other days.")
    model = fit_garch(returns, mean="constant")
    coming = model.variances(returns)[-1:]
    left = 1 - model.persistence
    usual = math.sqrt(model.omega / left) if left > 1e-9 else None
    parameters = {name: float(getattr(model, name)) for name in ("mu", "omega", "alpha", "beta", "degrees")}
    return math.sqrt(float(coming[0])), math.sqrt(float(model.summed(coming, [horizon])[0, 0])), usual, parameters


VOLATILITIES: Final[Mapping[str, Callable[[_Array, int], _Found]]] = MappingProxyType({"ewma": _ewma, "garch": _garch})
"""Names that `volatility` understands, and how each is found."""
