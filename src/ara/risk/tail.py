"""How much may be lost: the loss that a share of days stays within, and the mean of those that go beyond it."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.performance.tails import conditional_value_at_risk, kurtosis, skewness, value_at_risk
from ara.risk.excess import fit_excess
from ara.statistics import ewma_variance

__all__ = ["FEWEST", "METHODS", "Tail", "over_horizon", "tail"]

_Array = NDArray[np.float64]

METHODS: Final = ("historical", "gaussian", "cornish_fisher", "filtered", "evt")
"""Names that `tail` understands."""

FEWEST: Final = {"historical": 50, "gaussian": 20, "cornish_fisher": 50, "filtered": 100, "evt": 250}
"""Returns that each method needs."""

_LONGEST: Final = 250
_PATHS: Final = 20_000
_DECAY: Final = 0.94
_STARTED: Final = 20
_BEYOND: Final = 0.90
_EXCESSES: Final = 10
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """How much may be lost over a horizon.

    Parameters
    ----------
    method, level, horizon
        How it was found; the share of outcomes that lose no more (0.95), and bars ahead.
    var
        Value at risk: the loss that is exceeded with a chance of 1 - level, as a share of what is held; positive is a
        loss.
    cvar
        Conditional value at risk, also called expected shortfall: the mean loss of the worst 1 - level.
    observations
        Returns it rests on. Over a horizon of several bars they overlap, so they say less than as many apart.
    """

    method: str
    level: float
    horizon: int
    var: float
    cvar: float
    observations: int

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "method": self.method,
            "level": self.level,
            "horizon": self.horizon,
            "var": self.var,
            "cvar": self.cvar,
            "observations": self.observations,
        }


def tail(returns: _Array, *, method: str = "historical", level: float = 0.95, horizon: int = 1, seed: int = 0) -> Tail:
    """Give value at risk and conditional value at risk of one series of returns.

    Parameters
    ----------
    returns
        Simple returns of a bar each, ascending in time; NaN is left out.
    method
        `historical`: the quantile of what happened, linear between two returns, and the mean of those at or below it.
        `gaussian`: a normal distribution with the population's deviation; over h bars the mean grows with h, the
        deviation with √h. `cornish_fisher`: the normal quantile corrected for skew and kurtosis, which shrink with √h
        and h. `filtered`: what happened, over the volatility known then, times that of now; over h bars the volatility
        is led along each of 20,000 drawn paths. `evt`: a generalised Pareto distribution of the losses beyond their
        90 % quantile. `historical` and `evt` look at returns over the whole horizon, which overlap.
    level
        Above 0.5 and below 1.
    horizon
        Bars ahead, 1 to 250.
    seed
        Of the paths that `filtered` draws over more than one bar.

    References
    ----------
    P. Zangari (1996), RiskMetrics Monitor 2 (Cornish-Fisher); K. Boudt, B. Peterson and C. Croux (2008), Journal of
    Risk 11 (its mean beyond); G. Barone-Adesi, K. Giannopoulos and L. Vosper (1999), Journal of Futures Markets 19
    (filtered); A. J. McNeil and R. Frey (2000), Journal of Empirical Finance 7 (excesses).
    """
    if method not in METHODS:
        raise ValidationError(f"There is no method {method!r}.", hint=f"There are: {', '.join(METHODS)}.")
    if not 0.5 < level < 1:
        raise ValidationError(f"The level is {level}; it is above 0.5 and below 1.", hint="0.95 and 0.99 are usual.")
    known = _known(returns)
    moves = over_horizon(known, horizon) if method in ("historical", "evt") else known
    if len(moves) < FEWEST[method]:
        over = "" if horizon == 1 else f" over {horizon} bars"
        raise ValidationError(
            f"There are {len(moves)} returns{over}; {method} needs {FEWEST[method]}.",
            hint="Take a longer past, a shorter horizon, or another method.",
        )
    if not np.ptp(moves):  # nothing ever moved: every method says the same, and none may divide by it
        bars = 1 if method in ("historical", "evt") else horizon
        var = cvar = 1 - (1 + float(moves[0])) ** bars
    elif method == "filtered":
        var, cvar = _filtered(known, level, horizon, seed)
    elif method in ("historical", "evt"):
        var, cvar = {"historical": _historical, "evt": _evt}[method](moves, level)
    else:
        var, cvar = {"gaussian": _gaussian, "cornish_fisher": _cornish_fisher}[method](moves, level, horizon)
    return Tail(method=method, level=level, horizon=horizon, var=var, cvar=cvar, observations=len(moves))


def over_horizon(returns: _Array, horizon: int) -> _Array:
    """Give the compounded return of every `horizon` bars that follow each other; they overlap."""
    if not 1 <= horizon <= _LONGEST:
        raise ValidationError(f"The horizon is {horizon} bars; it is 1 to {_LONGEST}.")
    if horizon == 1:
        return returns
    if len(returns) < horizon:
        return returns[:0]
    grown = np.concatenate(([0.0], np.cumsum(np.log1p(np.maximum(returns, -1 + 1e-12)))))
    return np.asarray(np.expm1(grown[horizon:] - grown[:-horizon]))


def _known(returns: _Array) -> _Array:
    values = np.asarray(returns, np.float64)
    if values.ndim != 1:
        raise ValidationError("Returns are one series.")
    known = values[~np.isnan(values)]
    if np.isinf(known).any() or (known < -1).any():
        raise ValidationError(
            "The returns hold infinity or a loss of more than all.", hint="They are simple: 0.01 is 1 %."
        )
    return known


def _historical(moves: _Array, level: float) -> tuple[float, float]:
    worst, beyond = value_at_risk(moves, level=level), conditional_value_at_risk(moves, level=level)
    return -(worst or 0.0), -(beyond or 0.0)


def _gaussian(moves: _Array, level: float, horizon: int) -> tuple[float, float]:
    mean, deviation = float(moves.mean()) * horizon, float(moves.std()) * math.sqrt(horizon)
    z = _NORMAL.inv_cdf(1 - level)
    return -(mean + z * deviation), -(mean - _NORMAL.pdf(z) / (1 - level) * deviation)


def _cornish_fisher(moves: _Array, level: float, horizon: int) -> tuple[float, float]:
    skew = (skewness(moves) or 0.0) / math.sqrt(horizon)
    excess = (kurtosis(moves) or 0.0) / horizon
    mean, deviation = float(moves.mean()) * horizon, float(moves.std()) * math.sqrt(horizon)
    z = _NORMAL.inv_cdf(1 - level)
    quantile = _corrected(z, skew, excess)
    beyond = _mean_beyond(quantile, skew, excess) / (1 - level)
    # far from the normal the expansion bends back: the mean of what is beyond can't be better than where it begins
    return -(mean + quantile * deviation), -(mean + min(beyond, quantile) * deviation)


def _corrected(z: float, skew: float, excess: float) -> float:
    return z + (z * z - 1) * skew / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * skew * skew / 36


def _mean_beyond(g: float, skew: float, excess: float) -> float:
    """Give the mean, over the level, of an Edgeworth distribution's part below g."""
    terms = (
        1 + skew / 6 * g**3 + skew * skew / 72 * (g**6 - 9 * g**4 + 9 * g**2 + 3) + excess / 24 * (g**4 - 2 * g**2 - 1)
    )
    return -_NORMAL.pdf(g) * terms


def _filtered(returns: _Array, level: float, horizon: int, seed: int) -> tuple[float, float]:
    variance = ewma_variance(returns, decay=_DECAY, seed_bars=_STARTED)
    before, now = variance[_STARTED - 1 : -1], float(variance[-1])
    usable = before > 0
    drawn = returns[_STARTED:][usable] / np.sqrt(before[usable])
    if not len(drawn):
        return _historical(returns, level)
    if horizon == 1:
        return _historical(drawn * math.sqrt(now), level)
    dice = np.random.default_rng(seed)
    ahead, grown = np.full(_PATHS, now), np.zeros(_PATHS)
    for _ in range(horizon):
        moves = drawn[dice.integers(len(drawn), size=_PATHS)] * np.sqrt(ahead)
        grown += np.log1p(np.maximum(moves, -1 + 1e-12))
        ahead = _DECAY * ahead + (1 - _DECAY) * moves * moves
    return _historical(np.expm1(grown), level)


def _evt(moves: _Array, level: float) -> tuple[float, float]:
    losses = -moves
    if level <= _BEYOND:
        return _historical(moves, level)
    start = float(np.quantile(losses, _BEYOND))
    over = losses[losses > start] - start
    if len(over) < _EXCESSES:
        return _historical(moves, level)
    shape, scale = fit_excess(over)
    share = len(over) / len(losses) / (1 - level)
    var = start + (scale * math.log(share) if abs(shape) < 1e-9 else scale / shape * (share**shape - 1))
    return var, (var + scale - shape * start) / (1 - shape)
