"""Means that views move away from what the market seems to expect, by how sure each view is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.statistics.covariance import firm

__all__ = ["Posterior", "black_litterman", "equilibrium", "idzorek", "market_aversion"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """What is to be expected, views included.

    Parameters
    ----------
    expected
        Return of each.
    covariance
        Of the returns, with what is not known of their means.
    """

    expected: _Array
    covariance: _Array

    def weights(self, aversion: float) -> _Array:
        """Give the weights without limits that are best for an aversion: (aversion · V)^-1 · expected."""
        return np.asarray(np.linalg.solve(aversion * self.covariance, self.expected))


def market_aversion(market: _Array, *, per_year: float, free: float = 0.0) -> float:
    """Give the aversion to variance under which holding the market is best: (mean - free) / variance, of a year.

    Parameters
    ----------
    market
        Simple returns of the market, a bar each.
    per_year
        Bars of a year.
    free
        What cash earns in a year.
    """
    variance = float(market.var(ddof=1)) * per_year if len(market) > 1 else 0.0
    if variance <= 0:
        raise ValidationError("A market that does not move tells no aversion.")
    return (float(market.mean()) * per_year - free) / variance


def equilibrium(covariance: _Array, market: _Array, *, aversion: float = 2.5, free: float = 0.0) -> _Array:
    """Give the returns that make the market's weights the best ones: aversion · V · w, and `free` on top.

    Parameters
    ----------
    covariance
        `[asset, asset]`.
    market
        Weights of the market, such as shares of market value.
    aversion
        To variance; 2.5 is usual.
    free
        What cash earns.
    """
    return np.asarray(aversion * covariance @ market + free)


def black_litterman(
    covariance: _Array, prior: _Array, picks: _Array, views: _Array, doubt: _Array, *, tau: float = 0.05
) -> Posterior:
    """Give the means that follow from a prior and views.

    mean = prior + τV P' (P τV P' + Ω)^-1 (Q - P prior); the covariance is V + τV - τV P' (P τV P' + Ω)^-1 P τV. Written
    so, a view without doubt (Ω = 0) is met exactly, and one of endless doubt moves nothing.

    Parameters
    ----------
    covariance, prior
        V, and what is expected without views.
    picks, views
        P, `[view, asset]`: what each view is about; Q, `[view]`: what is expected of it.
    doubt
        Ω: `[view]` variances, or `[view, view]`.
    tau
        How little is known of the prior, against V.

    References
    ----------
    F. Black and R. Litterman (1992), Financial Analysts Journal 48; G. He and R. Litterman (1999), The intuition behind
    Black-Litterman model portfolios.
    """
    about, said = np.atleast_2d(picks).astype(np.float64), np.atleast_1d(views).astype(np.float64)
    omega = np.diag(doubt) if np.ndim(doubt) == 1 else np.asarray(doubt, np.float64)
    if not len(prior):
        raise ValidationError("There is no instrument to have a view of.")
    if about.shape != (len(said), len(prior)) or omega.shape != (len(said), len(said)):
        raise ValidationError(f"{len(said)} views of {len(prior)} instruments need a row and a doubt each.")
    if not tau > 0 or not all(np.isfinite(one).all() for one in (covariance, prior, about, said, omega)):
        raise ValidationError("Views, doubts and the prior are finite numbers, and tau is above 0.")
    spread = tau * covariance
    pulled = spread @ about.T
    middle = about @ pulled + omega
    size = np.sqrt(np.where(np.diag(middle) > 0, np.diag(middle), 1.0))  # doubts may be of any size beside each other
    even, right = middle / np.outer(size, size), (pulled / size).T
    solved = np.linalg.solve(even, right) if firm(even) else np.linalg.lstsq(even, right, rcond=None)[0]
    gain = (solved / size[:, None]).T
    return Posterior(
        expected=np.asarray(prior + gain @ (said - about @ prior)),
        covariance=np.asarray(covariance + spread - gain @ pulled.T),
    )


def idzorek(covariance: _Array, picks: _Array, confidence: _Array, *, tau: float = 0.05) -> _Array:
    """Give the doubts of views that are so sure: 0 says nothing, 1 is certain.

    τ · (1 - c) / c · diag(P V P'): a view of confidence c then moves the means by the share c of what it would if it
    were certain and alone.

    Parameters
    ----------
    covariance, picks, tau
        As for `black_litterman`.
    confidence
        Of each view, 0 to 1.

    References
    ----------
    T. Idzorek (2005), A step-by-step guide to the Black-Litterman model; J. Walters (2014), equation 41.
    """
    sure = np.asarray(confidence, np.float64)
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValidationError("A confidence is from 0 to 1.")
    about = np.atleast_2d(picks)
    own = ((about @ covariance) * about).sum(axis=1)
    return np.asarray(np.where(sure > 0, tau * own * (1 - sure) / np.where(sure > 0, sure, 1.0), 1e6 * own))
