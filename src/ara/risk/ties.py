"""How closely returns move together: by how much, how sure, whether that has changed, who comes first, who belongs."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["Change", "Lead", "changed", "clusters", "interval", "lead", "rolling_correlation"]

_Array = NDArray[np.float64]

_FEWEST: Final = 7
_LARGE: Final = 0.3
_RARE: Final = 0.05
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A correlation now beside what it was before.

    Parameters
    ----------
    before, now
        Of all days before the last window, and of that window.
    p
        Chance of so large a difference, were the two the same.
    broken
        Whether they differ by more than 0.3, and p is below what was asked.
    """

    before: float
    now: float
    p: float
    broken: bool

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"before": self.before, "now": self.now, "p": self.p, "broken": self.broken}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Which of two comes first.

    Parameters
    ----------
    bars
        So many bars after the first, the second does alike; below 0 it is the other way round.
    correlation
        Of the first with the second so many bars later, the later one's own past taken off.
    p
        Chance of so large a one at any of the lags looked at, were there none.
    """

    bars: int
    correlation: float
    p: float

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"bars": self.bars, "correlation": self.correlation, "p": self.p}


def rolling_correlation(one: _Array, other: _Array, window: int) -> _Array:
    """Give the correlation over each so many bars; NaN before there are as many, and where one never moved.

    Parameters
    ----------
    one, other
        Returns, finite, of the same bars.
    window
        Bars, 7 at the least.
    """
    if window < _FEWEST:
        raise ValidationError(f"The window is {window} bars; {_FEWEST} are the least.")
    out = np.full(len(one), np.nan)
    if len(one) < window:
        return out
    x, y = (np.lib.stride_tricks.sliding_window_view(series, window) for series in (one, other))
    away, by = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    whole = np.sqrt((away * away).sum(axis=1) * (by * by).sum(axis=1))
    moves = whole > 0
    out[window - 1 :][moves] = np.clip((away * by).sum(axis=1)[moves] / whole[moves], -1.0, 1.0)
    return out


def interval(correlation: float, bars: int, *, level: float = 0.95) -> tuple[float, float]:
    """Give bounds that hold the true correlation with a chance of `level`, by Fisher's z.

    References
    ----------
    R. A. Fisher (1921), On the probable error of a coefficient of correlation, Metron 1.
    """
    if bars < 4:
        return -1.0, 1.0
    centre, wide = _fisher(correlation), _NORMAL.inv_cdf((1 + level) / 2) / math.sqrt(bars - 3)
    return math.tanh(centre - wide), math.tanh(centre + wide)


def changed(one: _Array, other: _Array, window: int, *, p: float = _RARE) -> Change | None:
    """Give whether the correlation of the last window differs from that of all bars before it.

    None where fewer than twice the window are known, or one never moves.

    Parameters
    ----------
    one, other
        Returns, finite, of the same bars.
    window
        Bars, 7 at the least.
    p
        How rare a difference has to be; divide it by the number of pairs that are looked at.
    """
    if window < _FEWEST:
        raise ValidationError(f"The window is {window} bars; {_FEWEST} are the least.")
    if len(one) < 2 * window:
        return None
    now, before = _tie(one[-window:], other[-window:]), _tie(one[:-window], other[:-window])
    if now is None or before is None:
        return None
    error = math.sqrt(1 / (window - 3) + 1 / (len(one) - window - 3))
    chance = math.erfc(abs(_fisher(now) - _fisher(before)) / error / math.sqrt(2))
    return Change(before=before, now=now, p=chance, broken=abs(now - before) > _LARGE and chance < p)


def lead(one: _Array, other: _Array, *, most: int = 5) -> Lead | None:
    """Give the lag, none apart, at which one tells of the other later, if that is more than chance; else None.

    What the later one's own past says of it is taken off both first, so that two that move together and turn back are
    not taken for a lead. The chance allows for calm and wild times.

    Parameters
    ----------
    one, other
        Returns, finite, of the same bars.
    most
        Bars that are looked at, each way.

    References
    ----------
    C. Granger (1969), Investigating causal relations, Econometrica 37; H. White (1980), A heteroskedasticity-consistent
    covariance matrix estimator, Econometrica 48.
    """
    found, surest = None, 0.0
    for lag in (*range(-most, 0), *range(1, most + 1)):
        first, later = (one, other) if lag > 0 else (other, one)
        told = _told(first, later, abs(lag))
        if told is None or told[1] <= surest:
            continue
        surest = told[1]
        chance = min(1.0, 2 * most * math.erfc(surest / math.sqrt(2)))
        found = Lead(bars=lag, correlation=told[0], p=chance)
    return found if found and found.p < _RARE else None


def _told(first: _Array, later: _Array, lag: int) -> tuple[float, float] | None:
    """Give the correlation of one with what comes of the other, its own past taken off, over its error, and that."""
    if len(first) - lag <= _FEWEST:
        return None
    past, x, y = (series - series.mean() for series in (later[:-lag], first[:-lag], later[lag:]))
    size = float(past @ past)
    if size > 0:
        x, y = x - past * float(past @ x) / size, y - past * float(past @ y) / size
    tie, product = _tie(x, y), x * y
    error = math.sqrt(float(product @ product))
    return None if tie is None or error <= 0 else (tie, abs(float(product.sum())) / error)


def clusters(correlation: _Array, *, above: float = 0.5) -> list[list[int]]:
    """Give groups of which the mean correlation between any two that are joined is above a bound, the largest first.

    Parameters
    ----------
    correlation
        `[asset, asset]`.
    above
        What the mean correlation of all pairs across two groups has to exceed, for them to be one.

    References
    ----------
    R. Sokal and C. Michener (1958), University of Kansas Science Bulletin 38: average linkage.
    """
    groups = [[place] for place in range(len(correlation))]
    tied = np.array(correlation, np.float64)
    np.fill_diagonal(tied, -np.inf)
    while len(groups) > 1:
        first, second = sorted(divmod(int(np.argmax(tied)), len(tied)))
        if not tied[first, second] > above:
            break
        own, other = len(groups[first]), len(groups[second])
        tied[first] = (own * tied[first] + other * tied[second]) / (own + other)
        tied[:, first] = tied[first]
        tied[first, first] = -np.inf
        tied = np.delete(np.delete(tied, second, axis=0), second, axis=1)
        groups[first] += groups.pop(second)
    return sorted((sorted(one) for one in groups), key=lambda one: (-len(one), one))


def _tie(one: _Array, other: _Array) -> float | None:
    away, by = one - one.mean(), other - other.mean()
    whole = math.sqrt(float(away @ away) * float(by @ by))
    return min(max(float(away @ by) / whole, -1.0), 1.0) if whole > 0 else None


def _fisher(correlation: float) -> float:
    return math.atanh(min(max(correlation, -1 + 1e-12), 1 - 1e-12))
