"""Two prices that stay together: whether a spread of them returns, how fast, and how far it is from its mean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["Pair", "cointegrated", "pairs"]

_Array = NDArray[np.float64]

_FEWEST: Final = 60
_NORMAL: Final = NormalDist()
# MacKinnon's surface for two series and a constant: below the kink, above it, and where the chance is 0 or 1
_LOW: Final = (2.92, 1.5012, 0.039796)
_HIGH: Final = (2.1945, 0.64695, -0.29198, -0.042377)
_KINK, _NEVER, _ALWAYS = -2.62, -18.86, 0.92


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two instruments, and whether a spread of their log prices returns to its mean.

    Parameters
    ----------
    first, second
        Symbols; the spread is log first - hedge · log second.
    hedge
        Value of the second to sell for each unit of value of the first.
    statistic
        Of the test: the further below 0, the surer.
    p
        Chance of so low a one, were they to drift apart for ever.
    corrected
        The same, given how many pairs were looked at (Holm).
    half_life
        Bars in which half of a distance is made good; None where none is.
    distance
        Of the spread from its mean now, in its deviations.
    """

    first: str
    second: str
    hedge: float
    statistic: float
    p: float
    corrected: float
    half_life: float | None
    distance: float

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "first": self.first,
            "second": self.second,
            "hedge": self.hedge,
            "statistic": self.statistic,
            "p": self.p,
            "p_corrected": self.corrected,
            "half_life": self.half_life,
            "distance": self.distance,
        }


def cointegrated(first: _Array, second: _Array, *, names: tuple[str, str] = ("", ""), lags: int = 1) -> Pair:
    """Test whether two log prices have a spread that returns to its mean.

    The hedge is that of least squares with a constant; what is left is tested for a unit root with `lags` earlier
    changes, and judged by MacKinnon's surface for two series.

    Parameters
    ----------
    first, second
        Log prices of the same bars, 60 at the least.
    names
        Their symbols.
    lags
        Earlier changes of the spread that are allowed for.

    References
    ----------
    R. Engle and C. Granger (1987), Co-integration and error correction, Econometrica 55; J. MacKinnon (1994), Journal
    of Business & Economic Statistics 12.
    """
    if len(first) != len(second) or len(first) < _FEWEST:
        raise ValidationError(f"There are {len(first)} and {len(second)} prices; {_FEWEST} of each are needed.")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValidationError("Log prices are finite numbers.")
    about, by = first - first.mean(), second - second.mean()
    size = float(by @ by)
    hedge = float(about @ by) / size if size > 0 else 0.0
    if min(float(np.ptp(first)), float(np.ptp(second))) <= 1e-12:  # what stands still is tied to nothing
        return _told(names, 0.0, 1e6, None, 0.0)
    spread = about - hedge * by
    wide = float(spread.std(ddof=1))
    if wide <= 1e-12 * max(float(np.abs(about).max()), 1e-300):
        return _told(names, hedge, -math.inf, None, 0.0)
    held = float(spread[1:] @ spread[:-1]) / float(spread[:-1] @ spread[:-1])
    half = math.log(0.5) / math.log(held) if 0 < held < 1 else None
    return _told(names, hedge, _unit_root(spread, lags), half, float(spread[-1]) / wide)


def pairs(symbols: Sequence[str], prices: _Array, *, lags: int = 1) -> list[Pair]:
    """Test every two instruments, the surest first, each p corrected for how many there are.

    Of the two ways to write a pair the surer counts, and both count as tests.

    Parameters
    ----------
    symbols
        Of the columns.
    prices
        `[bar, instrument]`, above 0.
    lags
        As for `cointegrated`.

    References
    ----------
    S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    if len(symbols) < 2 or prices.shape[1] != len(symbols):
        raise ValidationError(f"There are {len(symbols)} instruments; two are the least.")
    if not (prices > 0).all():
        raise ValidationError("A price is not above 0, so it has no logarithm.")
    logs = np.log(prices)
    found = []
    for one in range(len(symbols)):
        for other in range(one + 1, len(symbols)):
            ways = (
                cointegrated(logs[:, a], logs[:, b], names=(symbols[a], symbols[b]), lags=lags)
                for a, b in ((one, other), (other, one))
            )
            found.append(min(ways, key=lambda way: way.statistic))
    ordered = sorted(found, key=lambda one: (one.p, one.statistic, one.first, one.second))
    left, worst = 2 * len(ordered), 0.0
    out: list[Pair] = []
    for pair in ordered:
        worst = min(1.0, max(worst, pair.p * left))
        out.append(replace(pair, corrected=worst))
        left -= 2
    return out


def _unit_root(spread: _Array, lags: int) -> float:
    """Give the t statistic of the level in a regression of its changes on it and on earlier changes."""
    change = np.diff(spread)
    rows = [spread[lags:-1], *(change[lags - lag : len(change) - lag] for lag in range(1, lags + 1))]
    x, y = np.column_stack(rows), change[lags:]
    inverse = np.linalg.pinv(x.T @ x, hermitian=True)
    slope = inverse @ (x.T @ y)
    rest = y - x @ slope
    variance = float(rest @ rest) / (len(y) - x.shape[1])
    error = math.sqrt(max(variance * float(inverse[0, 0]), 0.0))
    return float(slope[0]) / error if error > 0 else 0.0


def _told(names: tuple[str, str], hedge: float, statistic: float, half: float | None, distance: float) -> Pair:
    chance = _chance(statistic)
    return Pair(
        first=names[0],
        second=names[1],
        hedge=hedge,
        statistic=max(statistic, -1e6),
        p=chance,
        corrected=chance,
        half_life=half,
        distance=distance,
    )


def _chance(statistic: float) -> float:
    if statistic <= _NEVER:
        return 0.0
    if statistic >= _ALWAYS:
        return 1.0
    powers = _LOW if statistic <= _KINK else _HIGH
    return _NORMAL.cdf(math.fsum(one * statistic**power for power, one in enumerate(powers)))
