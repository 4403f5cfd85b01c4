"""Returns beside those of a benchmark: what moved with it, what was left, how both rose and fell together."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.downside import downside_deviation, sortino
from ara.performance.growth import cagr, volatility
from ara.performance.inputs import checked, deviation, quotient, yearly

__all__ = [
    "alpha",
    "beta",
    "capm_epsilon",
    "capture",
    "information_ratio",
    "jensen_alpha",
    "m2_sortino",
    "m_squared",
    "omega_excess_return",
    "specific_risk",
    "systematic_risk",
    "total_risk",
    "tracking_error",
]

_Array = NDArray[np.float64]


def _both(returns: ArrayLike, benchmark: ArrayLike) -> tuple[_Array, _Array]:
    mine = checked(returns)
    other = checked(np.full(len(mine), benchmark) if np.ndim(benchmark) == 0 else benchmark, what="benchmark")
    if len(mine) != len(other):
        raise ValidationError(
            f"There are {len(mine)} returns and {len(other)} of the benchmark.",
            hint="Give one of each a bar, over the same bars.",
        )
    return mine, other


def beta(returns: ArrayLike, benchmark: ArrayLike, *, cash: ArrayLike = 0.0) -> float | None:
    """Give how far returns move for a move of the benchmark: cov / var of the excess over cash.

    None with one bar or none, and where the benchmark never moves.

    Parameters
    ----------
    returns, benchmark
        Simple returns, one a bar, over the same bars.
    cash
        What cash earned in a bar: one number, or one a bar.

    References
    ----------
    Sharpe (1964), Capital Asset Prices, Journal of Finance 19.
    """
    mine, other = (one - np.asarray(cash, np.float64) for one in _both(returns, benchmark))
    if not deviation(other):
        return None
    apart = other - other.mean()
    return float(np.dot(apart, mine - mine.mean()) / np.dot(apart, apart))


def alpha(
    returns: ArrayLike,
    benchmark: ArrayLike,
    *,
    per_year: float,
    cash: ArrayLike = 0.0,
    compounded: bool = False,
) -> float | None:
    """Give what a year brings beyond the benchmark's share: the intercept of the regression on it.

    a = mean(return - cash) - beta · mean(benchmark - cash). None where beta is not defined.

    Parameters
    ----------
    returns, benchmark
        Simple returns, one a bar, over the same bars.
    per_year
        Bars of a year by the venue's calendar.
    cash
        What cash earned in a bar: one number, or one a bar.
    compounded
        False: a · per_year, ours. True: (1 + a)^per_year - 1, as empyrical has it.

    References
    ----------
    Jensen (1968), The Performance of Mutual Funds in the Period 1945-1964, Journal of Finance 23.
    """
    yearly(per_year)
    slope = beta(returns, benchmark, cash=cash)
    if slope is None:
        return None
    mine, other = (one - np.asarray(cash, np.float64) for one in _both(returns, benchmark))
    each = float(mine.mean()) - slope * float(other.mean())
    if not compounded:
        return each * per_year
    return math.expm1(per_year * math.log1p(each)) if each > -1 else -1.0


def jensen_alpha(returns: ArrayLike, benchmark: ArrayLike, *, per_year: float, free: float = 0.0) -> float | None:
    """Give what the growth of a year holds beyond beta: R - free - beta · (B - free), R and B compounded; selectivity.

    References
    ----------
    Bacon (2008), Practical Portfolio Performance Measurement and Attribution, 2nd edition.
    """
    slope, mine, other = _grown(returns, benchmark, per_year)
    return None if slope is None or mine is None or other is None else mine - free - slope * (other - free)


def capm_epsilon(
    returns: ArrayLike, benchmark: ArrayLike, *, per_year: float, free: float = 0.0, yearly_alpha: bool = True
) -> float | None:
    """Give what neither alpha nor beta explains of a year's growth: R - free - alpha - beta · (B - free).

    Parameters
    ----------
    returns, benchmark
        Simple returns, one a bar, over the same bars.
    per_year
        Bars of a year by the venue's calendar.
    free
        What cash earns in a year.
    yearly_alpha
        True: alpha is a year's, as all else, ours. False: a bar's, as PerformanceAnalytics has it.

    References
    ----------
    Bacon (2008), Practical Portfolio Performance Measurement and Attribution, 2nd edition.
    """
    left = jensen_alpha(returns, benchmark, per_year=per_year, free=free)
    cash = math.expm1(math.log1p(free) / yearly(per_year))
    mine = alpha(returns, benchmark, per_year=per_year if yearly_alpha else 1.0, cash=cash)
    return None if left is None or mine is None else left - mine


def _grown(
    returns: ArrayLike, benchmark: ArrayLike, per_year: float
) -> tuple[float | None, float | None, float | None]:
    slope = beta(returns, benchmark)
    return slope, cagr(returns, per_year=per_year), cagr(benchmark, per_year=per_year)


def tracking_error(returns: ArrayLike, benchmark: ArrayLike, *, per_year: float) -> float | None:
    """Give the sample deviation of return - benchmark, times √per_year; None with one bar or none."""
    mine, other = _both(returns, benchmark)
    return _yearly_deviation(mine - other, per_year)


def _yearly_deviation(values: _Array, per_year: float, ddof: int = 1) -> float | None:
    spread = deviation(values, ddof=ddof)
    return None if spread is None else spread * math.sqrt(yearly(per_year))


def information_ratio(returns: ArrayLike, benchmark: ArrayLike, *, per_year: float) -> float | None:
    """Give what a year brings beyond the benchmark for each unit of tracking error.

    mean(return - benchmark) · per_year / tracking error. None where the distance never changes (it is not infinite
    then); with `per_year` 1 it is a bar's, the ratio that empyrical calls excess Sharpe.

    References
    ----------
    Grinold and Kahn (1999), Active Portfolio Management, 2nd edition.
    """
    mine, other = _both(returns, benchmark)
    if not len(mine):
        return None
    return quotient(float((mine - other).mean()) * yearly(per_year), _yearly_deviation(mine - other, per_year))


def capture(
    returns: ArrayLike, benchmark: ArrayLike, side: Literal["up", "down"], *, per_year: float | None = None
) -> float | None:
    """Give the share of the benchmark's rises, or falls, that was taken part in: 1 is all of it.

    The geometric mean return over the bars in which the benchmark rose (or fell), by that of the benchmark over the
    same bars. None where there is no such bar.

    Parameters
    ----------
    returns, benchmark
        Simple returns, one a bar, over the same bars.
    side
        "up" or "down": which bars of the benchmark count.
    per_year
        None: of a bar, ours, as Morningstar has it. A number: both are compounded to a year first, as in empyrical.

    References
    ----------
    Morningstar (2011), Upside/Downside Capture Ratio, Morningstar Methodology Paper.
    """
    mine, other = _both(returns, benchmark)
    chosen = other > 0 if side == "up" else other < 0
    if not chosen.any():
        return None
    bars = 1.0 if per_year is None else yearly(per_year)
    return quotient(cagr(mine[chosen], per_year=bars), cagr(other[chosen], per_year=bars))


def systematic_risk(returns: ArrayLike, benchmark: ArrayLike, *, per_year: float, ddof: int = 0) -> float | None:
    """Give |beta| · the benchmark's volatility of a year: the risk that comes with the benchmark.

    Parameters
    ----------
    returns, benchmark
        Simple returns, one a bar, over the same bars.
    per_year
        Bars of a year by the venue's calendar.
    ddof
        0: volatility of a population (n), so that both parts add up to all risk. 1: of a sample.

    References
    ----------
    Bacon (2008), Practical Portfolio Performance Measurement and Attribution, 2nd edition.
    """
    slope, wide = beta(returns, benchmark), volatility(benchmark, per_year=per_year, ddof=ddof)
    return None if slope is None or wide is None else abs(slope) * wide


def specific_risk(returns: ArrayLike, benchmark: ArrayLike, *, per_year: float, ddof: int = 0) -> float | None:
    """Give the volatility of a year that the benchmark does not explain: of return - beta · benchmark."""
    slope = beta(returns, benchmark)
    if slope is None:
        return None
    mine, other = _both(returns, benchmark)
    return _yearly_deviation(mine - slope * other, per_year, ddof)


def total_risk(returns: ArrayLike, benchmark: ArrayLike, *, per_year: float, ddof: int = 0) -> float | None:
    """Give √(systematic² + specific²): the volatility of a year, from its two parts."""
    parts = (
        systematic_risk(returns, benchmark, per_year=per_year, ddof=ddof),
        specific_risk(returns, benchmark, per_year=per_year, ddof=ddof),
    )
    return None if parts[0] is None or parts[1] is None else math.hypot(parts[0], parts[1])


def m_squared(
    returns: ArrayLike, benchmark: ArrayLike, *, per_year: float, free: float = 0.0, ddof: int = 0
) -> float | None:
    """Give the growth of a year at the benchmark's risk: (R - free) · σ of the benchmark / σ + free.

    Parameters
    ----------
    returns, benchmark
        Simple returns, one a bar, over the same bars.
    per_year
        Bars of a year by the venue's calendar.
    free
        What cash earns in a year.
    ddof
        0: volatilities of a population (n), as Bacon has them. 1: of a sample.

    References
    ----------
    Modigliani and Modigliani (1997), Risk-Adjusted Performance, Journal of Portfolio Management 23.
    """
    mine, other = _both(returns, benchmark)
    growth = cagr(mine, per_year=per_year)
    sizes = [volatility(one, per_year=per_year, ddof=ddof) for one in (other, mine)]
    scale = quotient(sizes[0], sizes[1])
    return None if growth is None or scale is None else (growth - free) * scale + free


def m2_sortino(
    returns: ArrayLike, benchmark: ArrayLike, *, per_year: float, target: float = 0.0, yearly_ratio: bool = True
) -> float | None:
    """Give the growth of a year at the benchmark's downside risk: R + Sortino · (downside of the benchmark - own).

    Parameters
    ----------
    returns, benchmark
        Simple returns, one a bar, over the same bars.
    per_year
        Bars of a year by the venue's calendar.
    target
        What was wanted of a bar.
    yearly_ratio
        True: the Sortino ratio is a year's, as all else, ours. False: a bar's, as PerformanceAnalytics has it.

    References
    ----------
    Bacon (2008), Practical Portfolio Performance Measurement and Attribution, 2nd edition.
    """
    mine, other = _both(returns, benchmark)
    growth = cagr(mine, per_year=per_year)
    ratio = sortino(mine, per_year=per_year if yearly_ratio else 1.0, target=target)
    sizes = [downside_deviation(one, target=target, per_year=per_year) for one in (other, mine)]
    if growth is None or ratio is None or sizes[0] is None or sizes[1] is None:
        return None
    return growth + ratio * (sizes[0] - sizes[1])


def omega_excess_return(
    returns: ArrayLike, benchmark: ArrayLike, *, per_year: float, target: float = 0.0
) -> float | None:
    """Give the growth of a year less what its downside risk should have earned: R - 3 · σd · σd of the benchmark.

    References
    ----------
    Sortino, van der Meer and Plantinga (1999), The Dutch Triangle, Journal of Portfolio Management 26; Bacon (2008).
    """
    mine, other = _both(returns, benchmark)
    growth = cagr(mine, per_year=per_year)
    sizes = [downside_deviation(one, target=target, per_year=per_year) for one in (mine, other)]
    if growth is None or sizes[0] is None or sizes[1] is None:
        return None
    return growth - 3.0 * sizes[0] * sizes[1]
