"""What a series of returns was worth: every measure at once, each as its own function says it."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.against import alpha, beta, capture, information_ratio, tracking_error
from ara.performance.downside import omega, sortino
from ara.performance.drawdown import Drawdown, calmar, drawdowns, pain, ulcer
from ara.performance.growth import cagr, mean, sharpe, total, volatility, wealth
from ara.performance.inputs import checked, per_bar
from ara.performance.tails import conditional_value_at_risk, kurtosis, skewness, tail_ratio, value_at_risk
from ara.performance.trades import expectancy, profit_factor, win_rate

__all__ = ["Measures", "measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What returns were worth; None where a measure is not defined, never infinite.

    Shares: 0.01 is 1 %. Of a year where said, by the bars of a year that were given; else of a bar.

    Parameters
    ----------
    count
        Bars.
    total
        Π (1 + return) - 1.
    cagr
        Growth of a year, compounded.
    mean
        Arithmetic mean of a year.
    volatility
        Sample deviation of a year.
    sharpe
        Mean excess over cash by its sample deviation, of a year.
    sortino
        Mean excess over cash by its downside deviation over all bars, of a year.
    calmar
        Growth of a year by the largest drawdown.
    omega
        Sum of what was above cash by the sum of what was below.
    drawdown
        The largest loss from a peak, at most 0.
    drawdown_bars
        Bars from the peak to the bottom of the largest drawdown.
    recovery_bars
        Bars from that bottom until the peak was reached again; None where it was not yet.
    win_rate
        Share of the bars that gained, of those that gained or lost.
    profit_factor
        Sum of the gains by the sum of the losses.
    expectancy
        Mean of the bars that gained or lost.
    tail_ratio
        95 % quantile by the 5 % quantile, both without sign.
    ulcer
        √ of the mean squared distance from the peak.
    pain
        Mean distance from the peak.
    var_95, cvar_95
        The 5 % quantile of a bar, and the mean at or below it; below 0 is a loss.
    skew, kurtosis
        Of the population; the kurtosis is the excess over a normal one.
    alpha, beta
        Intercept of a year and slope of the regression on the benchmark, both in excess of cash.
    tracking_error, information_ratio
        Sample deviation of the distance from the benchmark, of a year; and its mean by that.
    up_capture, down_capture
        Share of the benchmark's rises and falls that was taken part in.
    """

    count: int
    total: float | None
    cagr: float | None
    mean: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    omega: float | None
    drawdown: float | None
    drawdown_bars: int | None
    recovery_bars: int | None
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    tail_ratio: float | None
    ulcer: float | None
    pain: float | None
    var_95: float | None
    cvar_95: float | None
    skew: float | None
    kurtosis: float | None
    alpha: float | None = None
    beta: float | None = None
    tracking_error: float | None = None
    information_ratio: float | None = None
    up_capture: float | None = None
    down_capture: float | None = None

    def as_dict(self) -> dict[str, float | int | None]:
        """Give the measures by name, as JSON has them."""
        return asdict(self)


def measure(returns: ArrayLike, *, per_year: float, free: float = 0.0, benchmark: ArrayLike | None = None) -> Measures:
    """Measure returns, beside those of a benchmark if there is one.

    One bar has no deviation and returns that never change no Sharpe ratio: None, not infinity. Without any bar all is
    None but the count.

    Parameters
    ----------
    returns
        Simple returns, one a bar, each at least -1: `returns_of(equity)` gives them.
    per_year
        Bars of a year by the venue's calendar: 252 days of shares, 365 of coins.
    free
        What cash earns in a year: 0.02 is 2 %. A bar earns (1 + free)^(1 / per_year) - 1.
    benchmark
        Returns of what it is compared with, over the same bars.

    Raises
    ------
    ValidationError
        Where a return is missing, infinite or below -1, or all of them grow beyond what a number holds; where lengths
        differ, or a rate or number of bars is none.
    """
    array, cash = checked(returns), per_bar(free, per_year)
    worst = _worst(array)
    return Measures(
        count=len(array),
        total=total(array),
        cagr=cagr(array, per_year=per_year),
        mean=mean(array, per_year=per_year),
        volatility=volatility(array, per_year=per_year),
        sharpe=sharpe(array, per_year=per_year, cash=cash),
        sortino=sortino(array, per_year=per_year, target=cash),
        calmar=calmar(array, per_year=per_year),
        omega=omega(array, target=cash),
        drawdown=None if not len(array) else worst.depth if worst else 0.0,
        drawdown_bars=worst.bars_down if worst else None,
        recovery_bars=worst.bars_back if worst else None,
        win_rate=win_rate(array),
        profit_factor=profit_factor(array),
        expectancy=expectancy(array),
        tail_ratio=tail_ratio(array),
        ulcer=ulcer(array),
        pain=pain(array),
        var_95=value_at_risk(array),
        cvar_95=conditional_value_at_risk(array),
        skew=skewness(array),
        kurtosis=kurtosis(array),
        **({} if benchmark is None else _beside(array, benchmark, per_year, cash)),
    )


def _worst(returns: NDArray[np.float64]) -> Drawdown | None:
    if not len(returns):
        return None
    found = drawdowns(np.concatenate(([1.0], wealth(returns))), most=1).worst
    return found[0] if found else None


def _beside(
    returns: NDArray[np.float64], benchmark: ArrayLike, per_year: float, cash: float
) -> dict[str, float | None]:
    other = checked(benchmark, what="benchmark")
    if len(other) != len(returns):
        raise ValidationError(
            f"There are {len(returns)} returns and {len(other)} of the benchmark.",
            hint="Give one of each a bar, over the same bars.",
        )
    return {
        "alpha": alpha(returns, other, per_year=per_year, cash=cash),
        "beta": beta(returns, other, cash=cash),
        "tracking_error": tracking_error(returns, other, per_year=per_year),
        "information_ratio": information_ratio(returns, other, per_year=per_year),
        "up_capture": capture(returns, other, "up"),
        "down_capture": capture(returns, other, "down"),
    }
