"""Whether risk numbers were right: how often losses went beyond them, and whether they did so one after the other."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.risk.tail import tail
from ara.statistics.distributions import binomial_tail

__all__ = ["Breaches", "breaches", "foreseen"]

_Array = NDArray[np.float64]

_YELLOW: Final = 0.95
_RED: Final = 0.9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaches:
    """Losses beyond what was foreseen.

    Parameters
    ----------
    level, days, count
        The share of days that were to lose no more; the days looked at; those that lost more.
    coverage
        Kupiec's test: the chance of a count at least as far from the expected one, were the numbers right.
    independence
        Christoffersen's test: the chance of breaches that follow each other so closely (or so rarely), were they
        independent.
    conditional
        Both at once.
    light
        The Basel traffic light by the chance of so few breaches or fewer, were the numbers right: `green` below
        95 %, `yellow` below 99.99 %, `red`.
    """

    level: float
    days: int
    count: int
    coverage: float
    independence: float
    conditional: float
    light: str

    @property
    def expected(self) -> float:
        """The number of breaches that right numbers have on average."""
        return self.days * (1 - self.level)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "level": self.level,
            "days": self.days,
            "breaches": self.count,
            "expected": self.expected,
            "kupiec_p": self.coverage,
            "christoffersen_p": self.independence,
            "conditional_p": self.conditional,
            "light": self.light,
        }


def breaches(returns: _Array, var: _Array, *, level: float) -> Breaches:
    """Hold values at risk against what came.

    Parameters
    ----------
    returns
        What came, each bar's simple return.
    var
        What was foreseen for each, positive a loss; a bar with NaN in either is left out.
    level
        The share of bars that were to lose no more.

    References
    ----------
    P. Kupiec (1995), Journal of Derivatives 3; P. Christoffersen (1998), International Economic Review 39; Basel
    Committee on Banking Supervision (1996), Supervisory framework for the use of "backtesting".
    """
    if not 0.5 < level < 1:
        raise ValidationError(f"The level is {level}; it is above 0.5 and below 1.")
    if returns.shape != var.shape:
        raise ValidationError(f"There are {len(returns)} returns and {len(var)} values at risk.")
    known = np.isfinite(returns) & np.isfinite(var)
    hits = returns[known] < -var[known]
    days, count = len(hits), int(hits.sum())
    if not days:
        raise ValidationError("No bar has both a return and a value at risk.")
    chance = 1 - level
    apart = 2 * (_likelihood(count, days - count, count / days) - _likelihood(count, days - count, chance))
    tied = _clustered(hits)
    upto = 1 - binomial_tail(count + 1, days, chance)
    return Breaches(
        level=level,
        days=days,
        count=count,
        coverage=_beyond_1(apart),
        independence=_beyond_1(tied),
        conditional=math.exp(-max(apart + tied, 0.0) / 2),
        light="green" if upto < _YELLOW else "yellow" if upto < _RED else "red",
    )


def foreseen(returns: _Array, *, method: str = "historical", level: float = 0.95, window: int = 500) -> _Array:
    """Give the value at risk that was known before each bar, from the `window` bars before it; NaN where fewer are.

    Parameters
    ----------
    returns
        Simple returns of a bar each, ascending in time, finite.
    method, level
        As for `tail`, one bar ahead.
    window
        Bars that are looked back at.
    """
    out = np.full(len(returns), np.nan)
    for place in range(window, len(returns)):
        out[place] = tail(returns[place - window : place], method=method, level=level).var
    return out


def _likelihood(hits: int, rest: int, chance: float) -> float:
    """Give the log likelihood of hits and the rest; what never happened adds nothing."""
    return (hits * math.log(chance) if hits else 0.0) + (rest * math.log1p(-chance) if rest else 0.0)


def _clustered(hits: NDArray[np.bool_]) -> float:
    """Give twice the log likelihood that a chain of two states gains over independent draws."""
    before, after = hits[:-1], hits[1:]
    n11, n10 = int((before & after).sum()), int((before & ~after).sum())
    n01, n00 = int((~before & after).sum()), int((~before & ~after).sum())
    total = n00 + n01 + n10 + n11
    if not (n01 + n11) or not (n10 + n11) or not (n00 + n01):
        return 0.0
    chain = _likelihood(n01, n00, n01 / (n00 + n01)) + _likelihood(n11, n10, n11 / (n10 + n11))
    return 2 * (chain - _likelihood(n01 + n11, n00 + n10, (n01 + n11) / total))


def _beyond_1(statistic: float) -> float:
    """Give the chance that chi-squared with one degree of freedom is larger."""
    return math.erfc(math.sqrt(max(statistic, 0.0) / 2))
