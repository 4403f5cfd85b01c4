"""What a few named factors say of many instruments: exposures, and the means and covariances that follow."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.portfolio.limits import Sum
from ara.statistics.covariance import covariance as estimated
from ara.statistics.covariance import nearest_psd

__all__ = ["FactorModel", "factor_model"]

_Array = NDArray[np.float64]

_FEWEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorModel:
    """Returns as a constant, exposures to factors, and what is each one's own: r = alpha + B f + e.

    Parameters
    ----------
    names
        Of the factors.
    loadings
        B: `[asset, factor]`.
    alpha
        `[asset]`: the constant of a bar.
    own
        `[asset]`: the variance of e.
    explained
        `[asset]`: the share of the variance that the factors explain.
    expected, covariance
        Of a bar's returns, by the factors alone: the alphas of the past are no promise, so they are left out, and what
        is each one's own is taken as independent.
    """

    names: tuple[str, ...]
    loadings: _Array
    alpha: _Array
    own: _Array
    explained: _Array
    expected: _Array
    covariance: _Array

    def exposure(self, weights: _Array) -> dict[str, float]:
        """Give how much the whole moves with each factor, the others left alone."""
        return dict(zip(self.names, (self.loadings.T @ weights).tolist(), strict=True))

    def limit(self, name: str, *, least: float = -np.inf, most: float = np.inf) -> Sum:
        """Give bounds of the whole's exposure to a factor, for `Limits.sums`."""
        if name not in self.names:
            raise ValidationError(f"There is no factor {name!r}.", hint=f"There are: {', '.join(self.names)}.")
        loads = self.loadings[:, self.names.index(name)]
        return Sum(name=f"exposure to {name}", loads=loads, least=least, most=most, kind="exposures")

    def as_dict(self, weights: _Array) -> dict[str, Any]:
        """Give the exposures of the whole as JSON values."""
        variance = float(weights @ self.covariance @ weights)
        own = float((weights**2) @ self.own)
        return {
            "factors": list(self.names),
            "exposures": self.exposure(weights),
            "own_share": own / variance if variance > 0 else None,
        }


def factor_model(
    returns: _Array, factors: _Array, names: tuple[str, ...], *, method: str = "sample", expected: _Array | None = None
) -> FactorModel:
    """Find exposures by least squares over all bars, and give what follows from them.

    The covariance is B F B' + D, F of the factors, D what is each one's own; the expected return is B times that of the
    factors.

    Parameters
    ----------
    returns, factors
        `[bar, asset]` and `[bar, factor]`, finite, of the same bars.
    names
        Of the factors.
    method
        How F is estimated: one of `ara.statistics.covariance.METHODS`.
    expected
        Of a bar's return of each factor; the means of the past if None.

    References
    ----------
    W. Sharpe (1963), A simplified model for portfolio analysis, Management Science 9; R. Grinold and R. Kahn (2000),
    Active portfolio management, chapter 3.
    """
    bars, count = factors.shape
    if len(names) != count or len(set(names)) != count or not count:
        raise ValidationError(f"There are {len(names)} names of {count} factors.", hint="Name each factor once.")
    if len(returns) != bars or not (np.isfinite(returns).all() and np.isfinite(factors).all()):
        raise ValidationError("Returns and factors are of the same bars, without gaps.")
    if bars < max(_FEWEST, 3 * (count + 1)):
        least = max(_FEWEST, 3 * (count + 1))
        raise ValidationError(f"There are {bars} bars; {count} factors need {least}.", hint="Take a longer past.")
    away, by = returns - returns.mean(axis=0), factors - factors.mean(axis=0)
    # factors that say the same share what they explain, so that no exposure runs away
    loadings = np.linalg.lstsq(by, away, rcond=1e-9)[0].T
    rest = away - by @ loadings.T
    own = (rest**2).sum(axis=0) / (bars - 1)  # so that the variances stay those of the sample
    whole = (away**2).sum(axis=0)
    mean = factors.mean(axis=0) if expected is None else np.asarray(expected, np.float64)
    return FactorModel(
        names=tuple(names),
        loadings=np.asarray(loadings),
        alpha=np.asarray(returns.mean(axis=0) - loadings @ factors.mean(axis=0)),
        own=np.asarray(own),
        explained=np.asarray(1 - (rest**2).sum(axis=0) / np.where(whole > 0, whole, 1.0)) * (whole > 0),
        expected=np.asarray(loadings @ mean),
        covariance=np.asarray(loadings @ nearest_psd(estimated(factors, method)) @ loadings.T + np.diag(own)),
    )
