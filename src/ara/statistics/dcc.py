"""Covariances that follow the market: each variance by GARCH, correlations that return to their mean."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.statistics.covariance import correlation, ledoit_wolf
from ara.statistics.garch import Garch, fit_garch
from ara.statistics.strides import followed

__all__ = ["Dcc", "dcc_covariance", "fit_dcc"]

_Array = NDArray[np.float64]

_FEWEST: Final = 100
_OWN: Final = 40
_PAIRS: Final = 60
_STARTS: Final = ((0.01, 0.90), (0.02, 0.96), (0.05, 0.90), (0.05, 0.70), (0.10, 0.80))
_TOGETHER: Final = 0.9995
_STEP, _FINE = 0.04, 1e-4
_USUAL: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dcc:
    """Correlations that follow the surprises z of the bars: Q[t+1] = (1 - a - b) S + a z[t] z[t]' + b Q[t].

    The correlations are those of Q, the variances of each asset those of its own GARCH(1,1).

    Parameters
    ----------
    a, b
        Of the formula; both 0 where correlations do not move.
    usual
        S: `[asset, asset]`, the correlations of the surprises, drawn to none by the rule of Ledoit and Wolf.
    now
        Q of the next bar.
    models
        Of each asset's variance; None where it never moves.
    variance
        `[asset]`: of the next bar.
    """

    a: float
    b: float
    usual: _Array
    now: _Array
    models: tuple[Garch | None, ...]
    variance: _Array

    def covariance(self, horizon: int = 1) -> _Array:
        """Give the mean covariance of a bar over the next so many; it has no negative direction.

        Correlations are led to their mean as Q is, by the share a + b that is left after each bar.

        References
        ----------
        R. Engle and K. Sheppard (2001), NBER working paper 8554: the correlations of later bars.
        """
        if horizon < 1:
            raise ValidationError(f"The horizon is {horizon} bars; it is at least 1.")
        tied, mean, left = correlation(self.now), correlation(self.usual), 1.0
        variance, total = self.variance.copy(), np.zeros_like(tied)
        omega = np.array([one.omega if one else 0.0 for one in self.models])
        kept = np.array([one.persistence if one else 0.0 for one in self.models])
        for _ in range(horizon):
            deviation = np.sqrt(variance)
            total += (left * tied + (1 - left) * mean) * np.outer(deviation, deviation)
            left *= self.a + self.b
            variance = omega + kept * variance
        return np.asarray(total / horizon)


def dcc_covariance(returns: _Array, *, horizon: int = 1) -> _Array:
    """Give the covariance that is foreseen for the bars to come; see `fit_dcc`, and `Dcc.covariance`."""
    return fit_dcc(returns).covariance(horizon)


def fit_dcc(returns: _Array) -> Dcc:
    """Fit dynamic conditional correlations in two steps: each variance alone, then what the surprises do together.

    a and b are those of the best mean likelihood of pairs, up to 60 of them that chain the assets evenly; so hundreds
    of assets cost as little as a few, and none has to be inverted. With more than 40 assets the variances of 40, evenly
    chosen, are fitted, and the others get the medians of their alpha and beta, with the level of their own.

    Parameters
    ----------
    returns
        `[bar, asset]`, ascending in time, 100 bars at the least; bars with a NaN are left out.

    References
    ----------
    R. Engle (2002), Dynamic conditional correlation, Journal of Business & Economic Statistics 20; C. Pakel,
    N. Shephard, K. Sheppard and R. Engle (2021), Fitting vast dimensional time-varying covariance models, the same 39:
    the likelihood of pairs; R. Engle, O. Ledoit and M. Wolf (2019), Large dynamic covariance matrices, the same 37: S
    is shrunk.
    """
    rows = _rows(returns)
    models = _models(rows)
    moving = [place for place, one in enumerate(models) if one is not None]
    width = rows.shape[1]
    variance, usual, now, a, b = np.zeros(width), np.eye(width), np.eye(width), 0.0, 0.0
    if moving:
        surprises = np.empty((len(moving), len(rows)))
        for at, place in enumerate(moving):
            surprises[at], variance[place] = _surprises(rows[:, place], models[place])
        inner = np.ix_(moving, moving)
        usual[inner] = correlation(ledoit_wolf(surprises.T)[0])
        a, b = _best(surprises, usual[inner])
        now[inner] = _last(surprises, usual[inner], a, b)
    return Dcc(a=a, b=b, usual=usual, now=now, models=models, variance=variance)


def _rows(returns: _Array) -> _Array:
    if returns.ndim != 2 or not returns.shape[1] or np.isinf(returns).any():
        raise ValidationError("Returns are a table with a column for each instrument, without infinity.")
    rows = np.asarray(returns[np.isfinite(returns).all(axis=1)], np.float64)
    if len(rows) < _FEWEST:
        raise ValidationError(
            f"There are {len(rows)} returns in common; dcc needs {_FEWEST}.", hint="ledoit_wolf needs fewer."
        )
    return rows


def _models(rows: _Array) -> tuple[Garch | None, ...]:
    """Give the model of each asset's variance; None where it never moves."""
    width = rows.shape[1]
    own = np.unique(np.linspace(0, width - 1, min(width, _OWN)).round().astype(int))
    found: dict[int, Garch | None] = {int(place): _fitted(rows[:, place]) for place in own}
    known = [one for one in found.values() if one is not None]
    for place in range(width):
        if place not in found:
            found[place] = _like(rows[:, place], known)
    return tuple(found[place] for place in range(width))


def _fitted(series: _Array) -> Garch | None:
    return fit_garch(series, mean="constant") if _moves(series) else None


def _like(series: _Array, others: list[Garch]) -> Garch | None:
    """Give a model with the medians of others' weights and the series' own mean and level."""
    if not _moves(series):
        return None
    if not others:
        return _fitted(series)
    alpha = float(np.median([one.alpha for one in others]))
    beta = min(float(np.median([one.beta for one in others])), _TOGETHER - alpha)
    level = float(series.var())
    return Garch(
        mu=float(series.mean()), omega=level * (1 - alpha - beta), alpha=alpha, gamma=0.0, beta=beta,
        degrees=float(np.median([one.degrees for one in others])), before=level,
    )  # fmt: skip


def _moves(series: _Array) -> bool:
    away = float(series.std())
    return away > _USUAL * float(np.abs(series).max())


def _surprises(series: _Array, model: Garch | None) -> tuple[_Array, float]:
    """Give each return over what its variance was foreseen to be, with variance 1, and the variance of the next bar."""
    assert model is not None  # noqa: S101 - only what moves is asked for
    ahead = model.variances(series)
    before = np.concatenate(([model.omega + model.persistence * model.before], ahead[:-1]))
    surprises = (series - model.mu) / np.sqrt(before)
    return surprises / np.sqrt(float(np.mean(surprises**2))), float(ahead[-1])


def _best(surprises: _Array, usual: _Array) -> tuple[float, float]:
    """Give a and b of the best likelihood: from the best of some usual ones, by steps that halve."""
    count = len(surprises)
    if count < 2:
        return 0.0, 0.0
    ends = np.unique(np.linspace(0, count - 1, min(count, _PAIRS + 1)).round().astype(int)).tolist()
    pairs = [*pairwise(ends), (ends[-1], ends[0])] if len(ends) > 2 else [(0, 1)]
    pairs = pairs[:_PAIRS]
    judged = _Pairs(surprises, usual, pairs)
    still = judged.loss(0.0, 0.0)
    best = min(_STARTS, key=lambda one: judged.loss(*one))
    loss, step = judged.loss(*best), _STEP
    while step > _FINE:
        a, b = best
        near = [(a + step, b), (a - step, b), (a, b + step), (a, b - step), (a - step, b + step), (a + step, b - step)]
        tried = [(judged.loss(*one), one) for one in near if min(one) >= 0 and sum(one) <= _TOGETHER]
        least, where = min(tried, default=(loss, best))
        if least < loss:
            loss, best = least, where
        else:
            step /= 2
    return best if loss < still and best[0] > 0 else (0.0, 0.0)


class _Pairs:
    """The likelihood of pairs of assets, as a and b change."""

    def __init__(self, surprises: _Array, usual: _Array, pairs: list[tuple[int, int]]) -> None:
        left, right = np.array(pairs).T
        self.one, self.other = surprises[left], surprises[right]
        self.places = np.unique(np.concatenate((left, right)))
        self.own = surprises[self.places] ** 2
        self.left, self.right = np.searchsorted(self.places, left), np.searchsorted(self.places, right)
        self.product = self.one * self.other
        self.tied = usual[left, right]

    def loss(self, a: float, b: float) -> float:
        """Give the mean of minus twice the log likelihood, less what does not depend on a and b."""
        rest = 1 - a - b
        own = _led(self.own, np.ones(len(self.own)), a, b, rest)
        both = _led(self.product, self.tied, a, b, rest)
        tie = np.clip(both / np.sqrt(own[self.left] * own[self.right]), -1 + 1e-9, 1 - 1e-9)
        free = 1 - tie * tie
        square = self.one**2 + self.other**2 - 2 * tie * self.product
        return float(np.mean(np.log(free) + square / free))


def _led(products: _Array, usual: _Array, a: float, b: float, rest: float) -> _Array:
    """Give Q of each bar, as known before it, for `[one, bar]` products of surprises."""
    drive = np.empty_like(products)
    drive[:, 0] = usual
    drive[:, 1:] = rest * usual[:, None] + a * products[:, :-1]
    return followed(drive, b)


def _last(surprises: _Array, usual: _Array, a: float, b: float) -> _Array:
    """Give Q of the bar after the last: sums of squares, so that it has no negative direction."""
    bars = surprises.shape[1]
    faded = a * b ** np.arange(bars - 1, -1, -1, dtype=np.float64) if a else np.zeros(bars)
    grown = b**bars
    rest = (1 - a - b) * (bars if b == 1 else (1 - grown) / (1 - b))
    return np.asarray((surprises * faded) @ surprises.T + (rest + grown) * usual)
