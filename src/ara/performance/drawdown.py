"""Under water: how far below its last peak an equity is, how long, and what that was worth."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.growth import cagr, wealth
from ara.performance.inputs import checked, quotient, returns_of

__all__ = [
    "Drawdown",
    "Drawdowns",
    "average_drawdown",
    "calmar",
    "drawdown_at_risk",
    "drawdowns",
    "martin",
    "max_drawdown",
    "pain",
    "rolling_drawdown",
    "ulcer",
    "underwater",
]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """One time under water.

    Parameters
    ----------
    began
        Place of the last peak before it in the equity.
    bottom
        Place of the lowest value.
    ended
        Place where the peak was reached again; None where it was not yet.
    depth
        Share lost from the peak to the bottom, below 0.
    """

    began: int
    bottom: int
    ended: int | None
    depth: float

    @property
    def bars_down(self) -> int:
        """Bars from the peak to the bottom."""
        return self.bottom - self.began

    @property
    def bars_back(self) -> int | None:
        """Bars from the bottom until the peak was reached again; None where it was not yet."""
        return None if self.ended is None else self.ended - self.bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdowns:
    """An equity seen from its peaks.

    Parameters
    ----------
    underwater
        At each place of the equity the share below the highest value so far: 0 at a peak, else below 0.
    worst
        The deepest times under water, the deepest first.
    longest
        The most bars from a peak until it was reached again, or until the end.
    """

    underwater: NDArray[np.float64]
    worst: tuple[Drawdown, ...]
    longest: int


def underwater(returns: ArrayLike, *, compounded: bool = True) -> _Array:
    """Give, after each bar, the share below the highest wealth so far; what was there before the first bar counts.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    compounded
        True: of the product of 1 + return. False: of the running sum of returns, so a share of the first wealth.
    """
    curve = wealth(returns) if compounded else 1.0 + np.cumsum(checked(returns))
    peak = np.maximum.accumulate(np.concatenate(([1.0], curve)))[1:]
    return np.asarray(curve / peak - 1.0 if compounded else curve - peak)


def drawdowns(equity: ArrayLike, *, most: int = 10) -> Drawdowns:
    """Give the underwater curve of an equity and the worst times under water.

    Parameters
    ----------
    equity
        Wealth at each place, the first above 0; from the first that is not above 0 on, all is lost (-1).
    most
        How many of the worst are listed.
    """
    levels = checked(equity, what="equity", least=-math.inf)
    lost = len(returns_of(levels)) and np.cumsum(levels <= 0) > 0
    below = np.where(lost, 0.0, levels) / np.maximum.accumulate(levels) - 1.0
    deep = np.flatnonzero(below < 0)
    if not len(deep):
        return Drawdowns(underwater=below, worst=(), longest=0)
    breaks = np.flatnonzero(np.diff(deep) > 1)
    firsts, lasts = deep[np.concatenate(([0], breaks + 1))], deep[np.concatenate((breaks, [len(deep) - 1]))]
    spells = [_spell(below, int(one), int(last)) for one, last in zip(firsts, lasts, strict=True)]
    spans = ((len(below) - 1 if one.ended is None else one.ended) - one.began for one in spells)
    worst = sorted(spells, key=lambda one: (one.depth, one.began))[:most]
    return Drawdowns(underwater=below, worst=tuple(worst), longest=max(spans))


def _spell(below: _Array, first: int, last: int) -> Drawdown:
    bottom = first + int(np.argmin(below[first : last + 1]))
    ended = last + 1 if last + 1 < len(below) else None
    return Drawdown(began=first - 1, bottom=bottom, ended=ended, depth=float(below[bottom]))


def max_drawdown(returns: ArrayLike, *, compounded: bool = True) -> float | None:
    """Give the largest loss from a peak, at most 0; None without returns.

    min over t of W(t) / max(W(0) … W(t)) - 1, with W(0) = 1 before the first bar. `compounded` as in `underwater`.
    """
    curve = underwater(returns, compounded=compounded)
    return float(curve.min()) if len(curve) else None


def rolling_drawdown(returns: ArrayLike, window: int) -> _Array:
    """Give the largest loss from a peak within each window of so many bars; empty with fewer bars than that."""
    array = checked(returns)
    if window < 1:
        raise ValidationError(f"window is {window}.", hint="Give a number of bars, at least 1.")
    if len(array) < window:
        return np.empty(0)
    rows = np.lib.stride_tricks.sliding_window_view(array, window)
    with np.errstate(over="ignore"):
        curve = np.concatenate((np.ones((len(rows), 1)), np.cumprod(1.0 + rows, axis=1)), axis=1)
    if not np.isfinite(curve).all():
        raise ValidationError("The wealth of a window is more than a number holds.", hint="Give shares: 0.01 is 1 %.")
    return np.asarray((curve / np.maximum(np.maximum.accumulate(curve, axis=1), 1e-300) - 1.0).min(axis=1))


def average_drawdown(returns: ArrayLike, *, compounded: bool = True) -> float | None:
    """Give the mean of the underwater curve, at most 0; None without returns."""
    curve = underwater(returns, compounded=compounded)
    return float(curve.mean()) if len(curve) else None


def pain(returns: ArrayLike) -> float | None:
    """Give the pain index: the mean distance from the peak, at least 0; None without returns.

    References
    ----------
    Becker (2006), Zephyr Associates: the pain index and the pain ratio.
    """
    mean = average_drawdown(returns)
    return None if mean is None else abs(mean)


def ulcer(returns: ArrayLike, *, compounded: bool = True) -> float | None:
    """Give the ulcer index: √ of the mean squared distance from the peak, as a share; None without returns.

    References
    ----------
    Martin and McCann (1989), The Investor's Guide to Fidelity Funds.
    """
    curve = underwater(returns, compounded=compounded)
    return math.sqrt(float(np.mean(curve * curve))) if len(curve) else None


def drawdown_at_risk(returns: ArrayLike, *, level: float = 0.95, compounded: bool = True) -> float | None:
    """Give the distance from the peak that is exceeded in a share 1 - `level` of the bars, at most 0.

    The ordered value number ⌈(1 - level) · n⌉ from the worst. None without returns.

    References
    ----------
    Chekhlov, Uryasev and Zabarankin (2005), Drawdown Measure in Portfolio Optimization, International Journal of
    Theoretical and Applied Finance 8.
    """
    if not 0 < level < 1:
        raise ValidationError(f"level is {level:g}.", hint="Give a share between 0 and 1, as 0.95.")
    curve = np.sort(underwater(returns, compounded=compounded))
    if not len(curve):
        return None
    return float(curve[max(math.ceil(round((1 - level) * len(curve), 9)) - 1, 0)])


def calmar(returns: ArrayLike, *, per_year: float) -> float | None:
    """Give the yearly growth for each share lost at worst: cagr / |largest drawdown|; None without a loss.

    References
    ----------
    Young (1991), Calmar Ratio: A Smoother Tool, Futures 20. Over all bars given, not the last three years.
    """
    worst = max_drawdown(returns)
    return None if worst is None else quotient(cagr(returns, per_year=per_year), -worst)


def martin(returns: ArrayLike, *, per_year: float, free: float = 0.0) -> float | None:
    """Give the yearly growth above the rate `free` a year, for each unit of the ulcer index; None without a loss.

    References
    ----------
    Martin and McCann (1989), The Investor's Guide to Fidelity Funds.
    """
    growth = cagr(returns, per_year=per_year)
    return None if growth is None else quotient(growth - free, ulcer(returns))
