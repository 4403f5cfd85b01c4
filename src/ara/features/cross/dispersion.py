"""How far instruments come apart, how much they move in all, and the correlation that follows from both."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import quotient
from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import (
    ALL,
    GAP,
    POSITIVE,
    across,
    line_average,
    line_spread,
    moved,
    returns,
    spreads,
    window_of,
)

__all__ = [
    "cross_skew",
    "dispersion_ratio",
    "diversification_ratio",
    "implied_correlation",
    "index_volatility",
    "panel_volatility",
    "return_dispersion",
    "volatility_dispersion",
]

_LINE = NDArray[np.float64]

_WINDOW: Final = {"window": window_of(60)}
_BARS: Final = window_of(1, "Bars over which returns are taken.", low=1)
_SPREAD: Final = "B. Solnik, J. Roulet (2000), Dispersion as Cross-Sectional Correlation, Financial Analysts J. 56:1"
_NOTHING: Final = 1e-12


def _recent(window: int) -> int:
    return window + 1 + GAP


@panel_feature(
    inputs=["close"],
    params={"bars": _BARS},
    warmup=lambda bars: bars,
    memory=lambda bars: bars + 1 + GAP,
    bounds=POSITIVE,
    formula="standard deviation across i of ln(C[i] / C[i, t-n])",
    reference=_SPREAD,
    words="How far instruments came apart in this bar; larger leaves more to gain and lose by choosing among them.",
    shared=True,
)
def return_dispersion(close: Matrix, *, bars: int) -> _LINE:
    """Give the standard deviation of the series' log returns."""
    return across(moved(close, bars))[1]


@panel_feature(
    inputs=["close"],
    params={"window": window_of(250, "Bars of the mean that dispersion is held against.")},
    warmup=lambda window: window,
    memory=_recent,
    bounds=POSITIVE,
    formula="return_dispersion / its mean over n bars",
    reference=_SPREAD,
    words="How far they come apart against the usual: 1 is an ordinary bar, 2 twice as far.",
    shared=True,
)
def dispersion_ratio(close: Matrix, *, window: int) -> _LINE:
    """Give dispersion over its own mean; 0 where nothing came apart."""
    found = across(returns(close))[1]
    return quotient(found, line_average(found, window), otherwise=0.0)


@panel_feature(
    inputs=["close"],
    params={"bars": _BARS},
    warmup=lambda bars: bars,
    memory=lambda bars: bars + 1 + GAP,
    bounds=ALL,
    formula="mean across i of ((x[i] - mean) / sd)^3, x = ln(C / C[t-n])",
    reference="S. S. Oh, J. A. Wachter (2022), Cross-Sectional Skewness, Review of Asset Pricing Studies 12:1",
    words="Above 0 a few did far better than the rest, below 0 a few far worse.",
    shared=True,
)
def cross_skew(close: Matrix, *, bars: int) -> _LINE:
    """Give the skewness of the series' log returns; 0 where all are equal."""
    found = moved(close, bars)
    average, spread = across(found)
    apart = found - average[:, None]
    equal = spread <= _NOTHING * np.abs(average)
    return np.where(equal, 0.0 * spread, across((apart / np.where(equal, 1.0, spread)[:, None]) ** 3)[0])


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=POSITIVE,
    formula="mean over i of sd(r[i]) over n bars",
    reference="J. Y. Campbell, M. Lettau, B. G. Malkiel, Y. Xu (2001), Have Individual Stocks Become More Volatile, "
    "J. Finance 56:1",
    words="The usual move of one bar in the mean of all instruments; larger is wilder everywhere.",
    shared=True,
)
def panel_volatility(close: Matrix, *, window: int) -> _LINE:
    """Give the mean of the series' volatilities."""
    return across(spreads(returns(close), window))[0]


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=POSITIVE,
    formula="sd over n bars of mean over i of r[i]",
    reference="J. Y. Campbell, M. Lettau, B. G. Malkiel, Y. Xu (2001), Have Individual Stocks Become More Volatile, "
    "J. Finance 56:1",
    words="The usual move of one bar of all instruments held in equal parts: what spreading can't remove.",
    shared=True,
)
def index_volatility(close: Matrix, *, window: int) -> _LINE:
    """Give the volatility of the equal-weighted mean return."""
    return line_spread(across(returns(close))[0], window)


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=POSITIVE,
    formula="sd across i of sd(r[i]) over n bars, over their mean",
    reference="A. Ang, R. J. Hodrick, Y. Xing, X. Zhang (2006), The Cross-Section of Volatility, J. Finance 61:1",
    words="How different instruments are in how much they move: 0 all alike; it shrinks when all are afraid at once.",
    shared=True,
)
def volatility_dispersion(close: Matrix, *, window: int) -> _LINE:
    """Give the spread of the series' volatilities over their mean; 0 where nothing moves."""
    average, apart = across(spreads(returns(close), window))
    return quotient(apart, average, otherwise=0.0)


def _parts(close: Matrix, window: int) -> tuple[_LINE, _LINE, _LINE, _LINE]:
    """Give the index's volatility over the rows of all, the sum and the sum of squares of the volatilities, the count.

    The index is the mean of the series that have enough returns in the window.
    """
    moves = returns(close)
    each = spreads(moves, window)
    known = np.isfinite(each)
    count = known.sum(axis=1).astype(np.float64)
    count[count < 2] = np.nan
    total = np.where(known, each, 0.0).sum(axis=1)
    squares = np.where(known, each * each, 0.0).sum(axis=1)
    index = line_spread(across(moves)[0], window)
    return index, total, squares, count


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=(-1.0, 1.0),
    formula="(n^2 s^2 - sum s[i]^2) / ((sum s[i])^2 - sum s[i]^2), s = index_volatility, s[i] = sd(r[i])",
    reference="Cboe (2009), Implied Correlation Index; of realised volatilities",
    words="The one correlation that would make the index as wild as it is: near 1 nothing spreads the risk.",
    shared=True,
)
def implied_correlation(close: Matrix, *, window: int) -> _LINE:
    """Give the correlation that index and single volatilities imply; 0 where nothing moves."""
    index, total, squares, count = _parts(close, window)
    below = total * total - squares
    found = (count * count * index * index - squares) / below
    return np.where(below > _NOTHING * squares, np.clip(found, -1.0, 1.0), 0.0 * count * index)


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=POSITIVE,
    formula="mean over i of sd(r[i]) / sd of mean over i of r[i], over n bars",
    reference="Y. Choueifaty, Y. Coignard (2008), Toward Maximum Diversification, J. Portfolio Management 35:1",
    words="How much calmer all together are than each alone: 1 spreading does nothing, larger it helps.",
    shared=True,
)
def diversification_ratio(close: Matrix, *, window: int) -> _LINE:
    """Give the mean of the volatilities over that of the mean; 1 where nothing moves."""
    index, total, _, count = _parts(close, window)
    return quotient(total / count, index, otherwise=1.0)
