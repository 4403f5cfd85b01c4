"""The track of a strategy, an account or a portfolio: its returns, what they are set beside, what luck would do."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ara.performance.bootstrap import drawn, usual_block
from ara.performance.growth import wealth
from ara.performance.returns import Measures, measure

if TYPE_CHECKING:
    from ara.performance.luck import Significance

__all__ = ["DRAWS", "REGIMES", "Band", "Track", "bands", "excess", "histories", "regimes"]

DRAWS: Final = 500
"""Histories drawn anew for the intervals, of up to 20,000 days; fewer of more."""

_DRAWN: Final = 10_000_000
_LEAST: Final = 100

REGIMES: Final = ("rising, calm", "rising, wild", "falling, calm", "falling, wild")
"""What a market may have been, by what was known the bar before."""

_SHARE: Final = 0.95
_AT_ONCE: Final = 100_000
"""Bars of histories that are measured together: so many stay near the processor."""
_TREND: Final = 200
_WILD: Final = 20

_Array = NDArray[np.float64]
_Days = NDArray[np.datetime64]
Band = tuple[float | None, float | None]
"""The bounds that 95 % of the histories drawn anew lie between."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Returns, one a bar, beside those of something that could have been had instead.

    Parameters
    ----------
    name
        Whose they are.
    at
        When each return ended, UTC, ascending.
    returns
        Simple returns.
    per_year
        Bars of a year.
    other_name, other
        What they are set beside, over the same bars; empty and None for nothing.
    free
        What cash earns in a year.
    trials
        How many were tried, this one among them.
    """

    name: str
    at: _Days
    returns: _Array
    per_year: float
    other_name: str = ""
    other: _Array | None = None
    free: float = 0.0
    trials: int = 1

    @property
    def days(self) -> _Days:
        """Date of each return, UTC."""
        return self.at.astype("datetime64[D]")

    def measures(self) -> Measures:
        """Measure the returns beside the others."""
        return measure(self.returns, per_year=self.per_year, free=self.free, benchmark=self.other)

    def beside(self) -> Measures | None:
        """Measure the others; None where there are none."""
        return None if self.other is None else measure(self.other, per_year=self.per_year, free=self.free)

    def daily(self) -> "Track":
        """Give the returns of whole days, the bars of a day taken together; itself where no day has two bars."""
        days = self.days
        ends = np.flatnonzero(np.diff(days).astype(np.int64) != 0)
        ends = np.append(ends, len(days) - 1) if len(days) else ends
        if len(ends) == len(days):
            return self
        other = None if self.other is None else _together(self.other, ends)
        return Track(
            name=self.name, at=self.at[ends], returns=_together(self.returns, ends), other_name=self.other_name,
            per_year=max(self.per_year * len(ends) / len(days), 1.0), other=other, free=self.free, trials=self.trials,
        )  # fmt: skip

    def significance(self) -> "Significance":
        """Say what the Sharpe ratio proves after all trials; without the interval, which `bands` gives."""
        from ara.performance.luck import significance

        return significance(self.returns, per_year=self.per_year, trials=self.trials, free=self.free, draws=0)


def excess(track: Track) -> "Significance | None":
    """Say what the lead over the other proves after all trials; None where there is no other, or both are the same."""
    from ara.performance.luck import significance

    if track.other is None or not len(track.returns):
        return None
    apart = np.maximum(track.returns - track.other, -1.0)
    if not np.any(np.abs(apart) > 1e-12):
        return None
    return significance(apart, per_year=track.per_year, trials=track.trials, draws=0)


def histories(count: int) -> int:
    """Give how many histories of so many days are drawn, so that a report of centuries is written in a second too."""
    return max(min(DRAWS, _DRAWN // max(count, 1)), _LEAST)


def bands(track: Track, *, draws: int = 0, seed: int = 0) -> dict[str, Band]:
    """Give, by measure, where it lies in 95 % of the histories drawn anew in blocks of the track's own days.

    `lead` is the Sharpe ratio of the distance from the other; both are drawn on the same days.

    References
    ----------
    Politis and Romano (1994), The Stationary Bootstrap, Journal of the American Statistical Association 89.
    """
    count = len(track.returns)
    if count < 10 or not np.any(track.returns):
        return {}
    found: dict[str, list[_Array]] = {}
    cash = (1 + track.free) ** (1 / track.per_year) - 1
    with np.errstate(divide="ignore"):
        logs = np.log1p(track.returns)
    apart = None if track.other is None else track.returns - track.other
    rows = max(_AT_ONCE // count, 1)
    for many in drawn(count, draws or histories(count), block=usual_block(track.returns), seed=seed):
        for places in (many[first : first + rows] for first in range(0, len(many), rows)):
            for name, values in _figures(track.returns[places], logs[places], track.per_year, cash).items():
                found.setdefault(name, []).append(values)
            if apart is not None:
                found.setdefault("lead", []).append(_ratio(apart[places]) * track.per_year**0.5)
    return {name: _bounds(np.concatenate(parts)) for name, parts in found.items()}


def regimes(track: Track) -> list[str]:
    """Give the market each bar was in, by what was known the bar before; empty while too little was known.

    The market is what the track is set beside, itself where there is nothing. Rising: above the mean of its last 200
    values. Wild: the root mean square of its last 20 returns is above the median of all that were known until then.
    """
    import polars as pl

    market = track.returns if track.other is None else track.other
    level = pl.Series(wealth(market)) if len(market) else pl.Series([], dtype=pl.Float64)
    mean = level.rolling_mean(_TREND)
    size = (pl.Series(market) ** 2).rolling_mean(_WILD)
    usual = _median_so_far(size.to_numpy())
    rising, wild = (level > mean).to_list(), size.to_numpy() > usual
    known = mean.is_not_null().to_numpy()
    told = [
        f"{'rising' if up else 'falling'}, {'wild' if much else 'calm'}" if there else ""
        for up, much, there in zip(rising, wild, known, strict=True)
    ]
    return ["", *told[:-1]] if told else []


def _together(returns: _Array, ends: NDArray[np.int64]) -> _Array:
    level = np.concatenate(([1.0], wealth(returns)[ends]))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(level[1:] / level[:-1] - 1)


def _figures(drawn_: _Array, steps: _Array, per_year: float, cash: float) -> dict[str, _Array]:
    """Give measures of many histories `[draw, bar]` at once, from their returns and the logarithms of their growth."""
    count, root = drawn_.shape[1], per_year**0.5
    logs = np.cumsum(steps, axis=1, out=steps)
    growth = np.expm1(logs[:, -1] * (per_year / count))
    peak = np.maximum.accumulate(np.maximum(logs, 0.0), axis=1)
    deepest = np.expm1(np.subtract(logs, peak, out=peak).min(axis=1))
    below = np.minimum(drawn_ - cash, 0.0)
    down = np.sqrt(np.einsum("ij,ij->i", below, below) / count)
    mean, spread = drawn_.mean(axis=1), drawn_.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        sortino = np.where(down > 0, (mean - cash) / down, np.nan) * root
        calmar = np.where(deepest < 0, growth / -deepest, np.nan)
    return {
        "total": np.expm1(logs[:, -1]),
        "cagr": growth,
        "volatility": spread * root,
        "sharpe": _over(mean - cash, spread) * root,
        "sortino": sortino,
        "calmar": calmar,
        "drawdown": deepest,
    }


def _ratio(drawn_: _Array) -> _Array:
    return _over(drawn_.mean(axis=1), drawn_.std(axis=1, ddof=1))


def _over(mean: _Array, spread: _Array) -> _Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, mean / spread, np.nan)


def _bounds(values: _Array) -> Band:
    there = values[np.isfinite(values)]
    if len(there) < len(values) / 2:
        return None, None
    low, high = np.quantile(there, ((1 - _SHARE) / 2, (1 + _SHARE) / 2))
    return float(low), float(high)


def _median_so_far(values: _Array) -> _Array:
    """Give the median of all values up to each place that are numbers: a heap of the lower half, one of the upper."""
    from heapq import heappush, heappushpop

    lower: list[float] = []  # with the signs turned, so that the largest stands first
    upper: list[float] = []
    out = np.full(len(values), np.nan)
    for place, value in enumerate(values.tolist()):
        if value == value:
            if len(lower) > len(upper):
                heappush(upper, -heappushpop(lower, -value))
            else:
                heappush(lower, -heappushpop(upper, value))
        if lower:
            out[place] = -lower[0] if len(lower) > len(upper) else (upper[0] - lower[0]) / 2
    return out
