"""Where a return came from: segments, factors, decisions. The parts always add up to the whole."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.inference import tail
from ara.performance.inputs import checked, yearly

__all__ = ["Brinson", "Decisions", "Factors", "brinson", "by_decision", "by_factor"]

_Array = NDArray[np.float64]

_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Brinson:
    """What choosing segments and choosing within them brought beyond the benchmark, one number a segment.

    Parameters
    ----------
    allocation
        From holding more or less of a segment.
    selection
        From what was held within it.
    interaction
        From holding more where the choice was better; 0 where it is counted as selection.
    """

    allocation: NDArray[np.float64]
    selection: NDArray[np.float64]
    interaction: NDArray[np.float64]

    @property
    def total(self) -> float:
        """All parts together: the return less the benchmark's."""
        return float(self.allocation.sum() + self.selection.sum() + self.interaction.sum())


def brinson(
    weights: ArrayLike,
    returns: ArrayLike,
    *,
    benchmark_weights: ArrayLike,
    benchmark_returns: ArrayLike,
    fachler: bool = True,
    interaction: bool = True,
) -> Brinson:
    """Divide what was earned beyond a benchmark into allocation, selection and interaction.

    Of a segment with weight w and return r, and W and R those of the benchmark, whose whole earned B:
    allocation (w - W) · (R - B), selection W · (r - R), interaction (w - W) · (r - R).

    Several bars are linked so that the parts add up to the compounded difference (Cariño).

    Parameters
    ----------
    weights, returns, benchmark_weights, benchmark_returns
        `[segment]` of one bar or `[bar, segment]`; the weights of each bar sum to 1.
    fachler
        True: a segment is measured against the benchmark's whole, ours. False: (w - W) · R, as Brinson, Hood and
        Beebower have it; the sum is the same.
    interaction
        False counts it as selection: w · (r - R).

    References
    ----------
    Brinson and Fachler (1985), Measuring Non-US Equity Portfolio Performance, Journal of Portfolio Management 11;
    Brinson, Hood and Beebower (1986), Determinants of Portfolio Performance; Cariño (1999), Combining Attribution
    Effects Over Time, Journal of Performance Measurement 3.
    """
    given = (weights, returns, benchmark_weights, benchmark_returns)
    tables = [np.atleast_2d(np.asarray(one, np.float64)) for one in given]
    if (
        len({one.shape for one in tables}) > 1
        or tables[0].ndim != 2
        or not all(np.isfinite(one).all() for one in tables)
    ):
        raise ValidationError(
            "Weights and returns don't fit.", hint="Give four finite tables [segment] or [bar, segment]."
        )
    w, r, v, s = tables
    if any((np.abs(one.sum(axis=1) - 1) > _SAME).any() for one in (w, v)):
        raise ValidationError("Weights don't sum to 1.", hint="Give cash a segment of its own.")
    mine, other = (w * r).sum(axis=1), (v * s).sum(axis=1)
    link = _linking(mine, other)[:, None]
    base = other[:, None] if fachler else 0.0
    return Brinson(
        allocation=((w - v) * (s - base) * link).sum(axis=0),
        selection=((v if interaction else w) * (r - s) * link).sum(axis=0),
        interaction=((w - v) * (r - s) * link).sum(axis=0) if interaction else np.zeros(w.shape[1]),
    )


def _linking(mine: _Array, other: _Array) -> _Array:
    """Give what each bar's difference counts in the compounded one."""
    if (mine <= -1).any() or (other <= -1).any():
        raise ValidationError("All was lost in a bar.", hint="What follows can't be linked; give the bars before it.")
    whole = (float(np.prod(1 + mine)) - 1, float(np.prod(1 + other)) - 1)
    return _slope(mine, other) / _slope(np.array([whole[0]]), np.array([whole[1]]))


def _slope(mine: _Array, other: _Array) -> _Array:
    """Give (ln(1 + a) - ln(1 + b)) / (a - b), and its limit where both are equal."""
    apart = mine - other
    near = np.abs(apart) < 1e-12
    return np.asarray(np.where(near, 1 / (1 + mine), (np.log1p(mine) - np.log1p(other)) / np.where(near, 1.0, apart)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What moved returns: slopes on factors, and what none of them explains.

    Parameters
    ----------
    names
        Of the factors.
    betas, errors, t, p
        Slope of each, its standard error, t, and the two-sided chance of one so far from 0.
    contributions
        beta · mean of the factor, of a year: with alpha they add up to the mean return of a year.
    alpha, alpha_error, alpha_t, alpha_p
        What is left, of a year.
    explained
        Share of the variance that the factors explain.
    residuals
        What neither explains, one a bar.
    """

    names: tuple[str, ...]
    betas: NDArray[np.float64]
    errors: NDArray[np.float64]
    t: NDArray[np.float64]
    p: NDArray[np.float64]
    contributions: NDArray[np.float64]
    alpha: float
    alpha_error: float
    alpha_t: float
    alpha_p: float
    explained: float
    residuals: NDArray[np.float64]


def by_factor(
    returns: ArrayLike,
    factors: ArrayLike,
    *,
    per_year: float,
    names: Sequence[str] = (),
    lag: int | None = None,
) -> Factors:
    """Explain returns by factors: least squares, with errors that allow for bars that hang together.

    Parameters
    ----------
    returns
        Simple returns, one a bar, in excess of cash where the factors are.
    factors
        `[bar]` or `[bar, factor]`: returns of the factors over the same bars.
    per_year
        Bars of a year.
    names
        Of the factors; numbers if none are given.
    lag
        Bars that hang together; 4 (n / 100)^(2/9) if None. Weights of Bartlett, n - k - 1 degrees.

    Raises
    ------
    ValidationError
        Where the bars are fewer than three more than the factors, or one factor follows from the others.

    References
    ----------
    Newey and West (1987), Econometrica 55; Fama and French (1993), Common Risk Factors in the Returns on Stocks and
    Bonds, Journal of Financial Economics 33.
    """
    y, x = checked(returns), np.asarray(factors, np.float64)
    x = x[:, None] if x.ndim == 1 else x
    n = len(y)
    if x.ndim != 2 or len(x) != n or not np.isfinite(x).all() or n < x.shape[1] + 3:
        raise ValidationError(
            f"{n} returns and factors {x.shape} don't fit.", hint="Give [bar, factor], finite, more bars than factors."
        )
    told = tuple(names) or tuple(str(one + 1) for one in range(x.shape[1]))
    if len(told) != x.shape[1]:
        raise ValidationError(f"There are {x.shape[1]} factors and {len(told)} names.", hint="Give one for each.")
    design = np.column_stack((np.ones(n), x))
    if np.linalg.matrix_rank(design / np.maximum(np.sqrt((design**2).sum(axis=0)), 1e-300)) < design.shape[1]:
        raise ValidationError("One factor follows from the others, or never moves.", hint="Leave it out.")
    slopes: _Array = np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], np.float64)
    left = y - design @ slopes
    errors = np.sqrt(np.diag(_covariance(design, left, int(4 * (n / 100) ** (2 / 9)) if lag is None else lag)))
    t = np.divide(slopes, errors, out=np.zeros_like(slopes), where=errors > 0)
    chance = np.array([2 * tail(abs(float(one))) for one in t])
    year, apart = yearly(per_year), y - y.mean()
    size = float(np.dot(apart, apart))
    return Factors(
        names=told,
        betas=slopes[1:],
        errors=errors[1:],
        t=t[1:],
        p=chance[1:],
        contributions=slopes[1:] * x.mean(axis=0) * year,
        alpha=float(slopes[0]) * year,
        alpha_error=float(errors[0]) * year,
        alpha_t=float(t[0]),
        alpha_p=float(chance[0]),
        explained=1 - float(np.dot(left, left)) / size if size > 0 else 0.0,
        residuals=left,
    )


def _covariance(design: _Array, left: _Array, lag: int) -> _Array:
    n, k = design.shape
    if not 0 <= lag < n:
        raise ValidationError(f"lag is {lag}.", hint=f"Give a number of bars from 0 to {n - 1}.")
    moved = design * left[:, None]
    middle = moved.T @ moved
    for step in range(1, lag + 1):
        crossed = moved[step:].T @ moved[:-step]
        middle += (1 - step / (lag + 1)) * (crossed + crossed.T)
    bread = np.linalg.inv(design.T @ design)
    return np.asarray(bread @ middle @ bread * n / (n - k))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What each decision brought, one number a bar; their sum is the return after costs.

    Parameters
    ----------
    market
        From being in the market as much as on average.
    timing
        From being in it more or less than that.
    selection
        From which instruments were held, each with the same size.
    sizing
        From holding them in other sizes.
    cost
        What trading cost, at most 0.
    """

    market: NDArray[np.float64]
    timing: NDArray[np.float64]
    selection: NDArray[np.float64]
    sizing: NDArray[np.float64]
    cost: NDArray[np.float64]

    def totals(self) -> dict[str, float]:
        """Give the sum of each over the bars, and of all: arithmetic, not compounded."""
        parts = {name: float(getattr(self, name).sum()) for name in ("market", "timing", "selection", "sizing", "cost")}
        return {**parts, "total": math.fsum(parts.values())}


def by_decision(weights: ArrayLike, returns: ArrayLike, *, costs: ArrayLike = 0.0) -> Decisions:
    """Divide each bar's return into the market, timing, selection, sizing and cost.

    With weights w, returns r and the market m, the mean of all instruments; e the book of the same instruments and
    sides with equal sizes and the same Σ |w|; E = Σ e and its mean over the bars Ē:
    market Ē · m, timing (E - Ē) · m, selection Σ e r - E · m, sizing Σ (w - e) r, cost -c.

    Parameters
    ----------
    weights, returns
        `[bar, instrument]`: shares of the equity held through the bar, below 0 where short; and simple returns.
    costs
        Share of the equity that trading cost in each bar, at least 0.

    References
    ----------
    Ours; in the manner of Brinson, Hood and Beebower (1986), Determinants of Portfolio Performance.
    """
    w, r = (np.asarray(one, np.float64) for one in (weights, returns))
    if w.ndim != 2 or w.shape != r.shape or not w.size or not (np.isfinite(w).all() and np.isfinite(r).all()):
        raise ValidationError(
            f"Weights {w.shape} and returns {r.shape} don't fit.", hint="Give [bar, instrument], finite."
        )
    paid = np.broadcast_to(np.asarray(costs, np.float64), (len(w),))
    if not np.isfinite(paid).all() or (paid < 0).any():
        raise ValidationError("A cost is below 0 or missing.", hint="Give the share of the equity that each bar cost.")
    count = np.maximum((w != 0).sum(axis=1), 1)
    even = np.sign(w) * (np.abs(w).sum(axis=1) / count)[:, None]
    market, held = r.mean(axis=1), even.sum(axis=1)
    return Decisions(
        market=held.mean() * market,
        timing=(held - held.mean()) * market,
        selection=(even * r).sum(axis=1) - held * market,
        sizing=((w - even) * r).sum(axis=1),
        cost=0.0 - paid,
    )
