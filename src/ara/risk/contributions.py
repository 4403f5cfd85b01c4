"""Which holding brings how much of the risk; the parts sum to the whole."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["Contributions", "Spread", "contributions", "spread"]

_Array = NDArray[np.float64]

_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contributions:
    """What each holding adds to the risk of the whole.

    Parameters
    ----------
    measure, total
        `volatility`, `var` or `cvar` of one bar; its value for the whole.
    component
        `[holding]`: its part; they sum to the total, and a hedge's is below 0.
    marginal
        `[holding]`: by how much the total grows for each unit of weight that is added; component over weight.
    """

    measure: str
    total: float
    component: _Array
    marginal: _Array

    @property
    def share(self) -> _Array:
        """`[holding]`: parts of 1; NaN where there is no risk to share."""
        return np.asarray(self.component / self.total if self.total else np.full_like(self.component, np.nan))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How widely weights, and the risk they bring, are spread.

    Parameters
    ----------
    largest
        The largest weight, by size, of the sum of sizes.
    herfindahl
        Sum of squared shares of the sum of sizes: 1 is one holding, 1 / n as many alike.
    holdings
        One over it: as many holdings of one size would be as concentrated.
    bets
        The same of the shares of variance, those below 0 as 0: as many independent bets.
    diversification
        Mean of the holdings' volatilities, weighed, over the volatility of the whole: 1 is no diversification. None
        where nothing moves.
    """

    largest: float
    herfindahl: float
    holdings: float
    bets: float | None
    diversification: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "largest": self.largest,
            "herfindahl": self.herfindahl,
            "holdings": self.holdings,
            "bets": self.bets,
            "diversification": self.diversification,
        }


def contributions(
    weights: _Array,
    *,
    covariance: _Array | None = None,
    returns: _Array | None = None,
    measure: str = "volatility",
    level: float = 0.95,
) -> Contributions:
    """Split a portfolio's risk among its holdings by how it grows with each weight.

    Parameters
    ----------
    weights
        `[holding]`, any signs.
    covariance
        `[holding, holding]` of a bar's returns: for `volatility`, and for a Gaussian `var` without mean.
    returns
        `[bar, holding]`, finite: for `cvar`, whose parts are each holding's mean loss on the worst days of the whole.
    measure
        `volatility`, `var` or `cvar`.
    level
        Of `var` and `cvar`.

    References
    ----------
    L. Euler's theorem on homogeneous functions; D. Tasche (1999), Risk contributions and performance measurement.
    """
    given = np.asarray(weights, np.float64)
    if measure in ("volatility", "var") and covariance is not None:
        variance = float(given @ covariance @ given)
        if variance < 0:
            raise ValidationError("The covariance has a negative direction.", hint="Repair it: nearest_psd")
        total = math.sqrt(variance)
        times = 1.0 if measure == "volatility" else -_NORMAL.inv_cdf(1 - level)
        marginal = times * (covariance @ given) / total if total > 0 else np.zeros_like(given)
        return Contributions(measure=measure, total=times * total, component=given * marginal, marginal=marginal)
    if measure == "cvar" and returns is not None:
        whole = returns @ given
        worst = whole <= np.quantile(whole, 1 - level)
        marginal = -returns[worst].mean(axis=0)
        component = given * marginal
        return Contributions(measure=measure, total=float(component.sum()), component=component, marginal=marginal)
    raise ValidationError(
        f"The contributions to {measure!r} can't be had from what is given.",
        hint="volatility and var need a covariance, cvar needs returns.",
    )


def spread(weights: _Array, covariance: _Array) -> Spread:
    """Give how concentrated a portfolio is, by weight and by variance.

    References
    ----------
    Y. Choueifaty and Y. Coignard (2008), Toward maximum diversification, Journal of Portfolio Management 35.
    """
    sizes = np.abs(weights)
    if not sizes.sum() > 0:
        raise ValidationError("Nothing is held: every weight is 0.")
    shares = sizes / sizes.sum()
    herfindahl = float((shares * shares).sum())
    risk = contributions(weights, covariance=covariance)
    moves = risk.total > 0
    parts = np.maximum(risk.share, 0.0) if moves else np.zeros_like(sizes)
    parts = parts / parts.sum() if moves else parts
    return Spread(
        largest=float(shares.max()),
        herfindahl=herfindahl,
        holdings=1 / herfindahl,
        bets=1 / float((parts * parts).sum()) if moves else None,
        diversification=float(sizes @ np.sqrt(np.diag(covariance))) / risk.total if moves else None,
    )
