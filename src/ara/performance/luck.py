"""How much of a Sharpe ratio is luck: few bars, fat tails, and above all the many that were tried.

Sharpe ratios here are those of a year, as `sharpe` gives them; `per_year` brings them to a bar and back.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.bootstrap import Interval, interval
from ara.performance.growth import sharpe as sharpe_of
from ara.performance.inputs import checked, per_bar, yearly
from ara.performance.tails import kurtosis as kurtosis_of
from ara.performance.tails import skewness

__all__ = [
    "Overfitting",
    "Significance",
    "deflated_sharpe",
    "expected_best",
    "minimum_track_record",
    "pbo",
    "probabilistic_sharpe",
    "significance",
]

_Array = NDArray[np.float64]

_EULER = 0.5772156649015329
_AT_ONCE = 2_000_000
_FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Significance:
    """What a Sharpe ratio proves; None where it can't be said.

    Parameters
    ----------
    sharpe
        Of a year.
    trials
        How many were tried before this one was chosen, itself among them.
    probabilistic
        Chance that the true ratio is above 0, where this was the only one tried.
    best
        The ratio of a year that the best of so many would have by luck alone.
    deflated
        Chance that the true ratio is above 0 though it is the best of so many.
    luck
        1 - deflated.
    bars_needed
        Bars after which a ratio like this one proves with 95 % that it is above `best`.
    interval
        The ratio of series drawn anew in blocks.
    """

    sharpe: float | None
    trials: int
    probabilistic: float | None
    best: float | None
    deflated: float | None
    luck: float | None
    bars_needed: float | None
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Overfitting:
    """What choosing the best in one half of the bars was worth in the other.

    Parameters
    ----------
    chance
        Share of the divisions in which the best of one half was below the median of the other: the chance that the
        choice was overfitted. 0.5 is what choosing among equals gives.
    loss
        Share of the divisions in which the chosen one had a Sharpe ratio below 0 in the other half.
    before, after
        Mean Sharpe ratio of a year of the chosen, in the half that chose it and in the other.
    divisions
        How many ways of halving there were.
    """

    chance: float
    loss: float
    before: float
    after: float
    divisions: int


def _spread(sharpe: float, skew: float, kurtosis: float) -> float:
    """Give the variance of a bar's Sharpe ratio times the bars."""
    return max(1 - skew * sharpe + (kurtosis + 2) / 4 * sharpe * sharpe, 1e-12)


def probabilistic_sharpe(
    sharpe: float, *, count: int, per_year: float, skew: float = 0.0, kurtosis: float = 0.0, reference: float = 0.0
) -> float:
    """Give the chance that the true Sharpe ratio is above a reference.

    Φ((s - s0) · √(n - 1) / √(1 - skew · s + (kurtosis + 2) / 4 · s²)), with s and s0 those of a bar.

    Parameters
    ----------
    sharpe, reference
        Ratios of a year.
    count
        Bars, at least 3.
    per_year
        Bars of a year.
    skew, kurtosis
        Of the returns; the kurtosis is the excess, 0 where they are normal.

    References
    ----------
    Bailey and López de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15.
    """
    if count < _FEWEST:
        raise ValidationError(f"{count} bars prove nothing.", hint=f"Give {_FEWEST} or more.")
    root = math.sqrt(yearly(per_year))
    each = sharpe / root
    z = (each - reference / root) * math.sqrt(count - 1) / math.sqrt(_spread(each, skew, kurtosis))
    return math.erfc(-z / math.sqrt(2)) / 2


def expected_best(trials: int, *, count: int, per_year: float, spread: float | None = None) -> float:
    """Give the Sharpe ratio of a year that the best of so many has on average where none of them has skill.

    spread · ((1 - γ) · Φ⁻¹(1 - 1 / N) + γ · Φ⁻¹(1 - 1 / (N e))), γ = 0.5772…; 0 for one trial.

    Parameters
    ----------
    trials
        How many were tried, N. Those that hang together count as fewer; counting all of them is the careful side.
    count
        Bars of each.
    per_year
        Bars of a year.
    spread
        Standard deviation of the trials' ratios of a year; without it what chance makes, √(per_year / (count - 1)).

    References
    ----------
    Bailey and López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40.
    """
    if trials < 1 or count < _FEWEST:
        raise ValidationError(f"{trials} trials of {count} bars can't be judged.", hint="At least 1 trial and 3 bars.")
    wide = math.sqrt(yearly(per_year) / (count - 1)) if spread is None else spread
    if not 0 <= wide < math.inf:
        raise ValidationError(f"spread is {wide:g}.", hint="Give the deviation of the trials' ratios, at least 0.")
    if trials == 1:
        return 0.0
    normal = NormalDist()
    first, second = normal.inv_cdf(1 - 1 / trials), normal.inv_cdf(1 - 1 / (trials * math.e))
    return wide * ((1 - _EULER) * first + _EULER * second)


def deflated_sharpe(
    sharpe: float,
    trials: int,
    *,
    count: int,
    per_year: float,
    skew: float = 0.0,
    kurtosis: float = 0.0,
    spread: float | None = None,
) -> float:
    """Give the chance that the true Sharpe ratio is above 0 though it is the best of so many tried.

    The probabilistic ratio with what the best has by luck alone (`expected_best`) as its reference.

    Parameters
    ----------
    sharpe
        Of a year.
    trials
        How many were tried, this one among them; the true number, not that of those worth a word.
    count, per_year, skew, kurtosis
        As in `probabilistic_sharpe`.
    spread
        As in `expected_best`.

    References
    ----------
    Bailey and López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40.
    """
    best = expected_best(trials, count=count, per_year=per_year, spread=spread)
    return probabilistic_sharpe(sharpe, count=count, per_year=per_year, skew=skew, kurtosis=kurtosis, reference=best)


def minimum_track_record(
    sharpe: float,
    *,
    per_year: float,
    skew: float = 0.0,
    kurtosis: float = 0.0,
    reference: float = 0.0,
    confidence: float = 0.95,
) -> float | None:
    """Give the bars that prove a Sharpe ratio above a reference; None where it isn't above it, as none would do.

    1 + (1 - skew · s + (kurtosis + 2) / 4 · s²) · (Φ⁻¹(confidence) / (s - s0))², with s and s0 those of a bar.

    References
    ----------
    Bailey and López de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15.
    """
    if not 0.5 < confidence < 1:
        raise ValidationError(f"confidence is {confidence:g}.", hint="Give a share between 0.5 and 1, as 0.95.")
    root = math.sqrt(yearly(per_year))
    each, apart = sharpe / root, (sharpe - reference) / root
    if not apart > 0:
        return None
    return 1 + _spread(each, skew, kurtosis) * (NormalDist().inv_cdf(confidence) / apart) ** 2


def significance(
    returns: ArrayLike,
    *,
    per_year: float,
    trials: int = 1,
    free: float = 0.0,
    spread: float | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Significance:
    """Say what the Sharpe ratio of returns proves, after all that were tried.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    per_year
        Bars of a year by the venue's calendar.
    trials
        How many were tried, this one among them.
    free
        What cash earns in a year.
    spread
        Standard deviation of the trials' ratios of a year, where it is known.
    draws, seed
        Of the interval, by the stationary bootstrap; 0 draws leave it out.
    """
    array, cash = checked(returns), per_bar(free, per_year)
    ratio = sharpe_of(array, per_year=per_year, cash=cash)
    if trials < 1:
        raise ValidationError(f"trials is {trials}.", hint="What was chosen was tried: give 1 or more.")
    if draws:
        band = interval(array, lambda one: sharpe_of(one, per_year=per_year, cash=cash), draws=draws, seed=seed)
    else:
        band = Interval(value=ratio, low=None, high=None, above=None, draws=0)
    if ratio is None or len(array) < _FEWEST:
        none = dict.fromkeys(("probabilistic", "best", "deflated", "luck", "bars_needed"))
        return Significance(sharpe=ratio, trials=trials, interval=band, **none)
    shape = {"skew": skewness(array) or 0.0, "kurtosis": kurtosis_of(array) or 0.0}
    best = expected_best(trials, count=len(array), per_year=per_year, spread=spread)
    told = [
        probabilistic_sharpe(ratio, count=len(array), per_year=per_year, reference=one, **shape) for one in (0.0, best)
    ]
    return Significance(
        sharpe=ratio,
        trials=trials,
        probabilistic=told[0],
        best=best,
        deflated=told[1],
        luck=1 - told[1],
        bars_needed=minimum_track_record(ratio, per_year=per_year, reference=best, **shape),
        interval=band,
    )


def pbo(returns: ArrayLike, *, per_year: float, blocks: int = 16) -> Overfitting:
    """Give the chance that choosing the best of several was overfitting, by halving the bars in every way.

    The bars are cut into blocks; each choice of half of them names the trial with the best Sharpe ratio, whose rank
    among all is then read in the other half.

    Parameters
    ----------
    returns
        `[bar, trial]`: simple returns of everything that was tried, over the same bars.
    per_year
        Bars of a year.
    blocks
        Even, 2 to 18; 16 give 12,870 ways. Bars that don't fill a block are left out at the beginning.

    References
    ----------
    Bailey, Borwein, López de Prado and Zhu (2017), The Probability of Backtest Overfitting, Journal of Computational
    Finance 20 (CSCV).
    """
    table = np.asarray(returns, np.float64)
    if table.ndim != 2 or table.shape[1] < 2 or not np.isfinite(table).all():
        raise ValidationError(
            "Returns of trials are no table of finite numbers.", hint="Give [bar, trial], two trials or more."
        )
    if blocks % 2 or not 2 <= blocks <= 18 or len(table) < 2 * blocks:
        raise ValidationError(
            f"{len(table)} bars can't be cut into {blocks} blocks.",
            hint="Give an even number to 18, and two bars for each.",
        )
    size = len(table) // blocks
    cut = table[len(table) - size * blocks :].reshape(blocks, size, -1)
    sums, squares = cut.sum(axis=1), (cut * cut).sum(axis=1)
    halves = np.array(list(combinations(range(blocks), blocks // 2)))
    chosen = np.zeros((len(halves), blocks))
    np.put_along_axis(chosen, halves, 1.0, axis=1)
    step = max(_AT_ONCE // table.shape[1], 1)
    parts = [_halved(chosen[at : at + step], sums, squares, size) for at in range(0, len(chosen), step)]
    rank, before, after = (np.concatenate(one) for one in zip(*parts, strict=True))
    root = math.sqrt(yearly(per_year))
    return Overfitting(
        chance=float((rank <= 0.5).mean()),
        loss=float((after < 0).mean()),
        before=float(before.mean()) * root,
        after=float(after.mean()) * root,
        divisions=len(halves),
    )


def _halved(chosen: _Array, sums: _Array, squares: _Array, size: int) -> tuple[_Array, _Array, _Array]:
    """Give the rank (0 to 1) of each half's best in the other half, and its ratio of a bar in both."""
    count = chosen.shape[1] // 2 * size
    inside, outside = (_ratios(one @ sums, one @ squares, count) for one in (chosen, 1.0 - chosen))
    best = inside.argmax(axis=1)
    row = np.arange(len(best))
    own = outside[row, best]
    below = (outside < own[:, None]).sum(axis=1) + ((outside == own[:, None]).sum(axis=1) + 1) / 2
    return below / (outside.shape[1] + 1), inside[row, best], own


def _ratios(sums: _Array, squares: _Array, count: int) -> _Array:
    """Give Sharpe ratios of a bar; 0 where nothing moves."""
    mean = sums / count
    spread = np.sqrt(np.maximum(squares - count * mean * mean, 0.0) / (count - 1))
    alike = spread <= 1e-12 * np.sqrt(squares / count)
    return np.asarray(np.where(alike, 0.0, mean / np.where(alike, 1.0, spread)))
