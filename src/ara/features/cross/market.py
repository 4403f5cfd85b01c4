"""How each instrument moves with the market that the others of the panel make."""

import math
from typing import Final

import numpy as np

from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import (
    ALL,
    GAP,
    POSITIVE,
    Joint,
    averages,
    joint,
    of_others,
    returns,
    shifted,
    spreads,
    window_of,
)
from ara.features.indicator import Param

__all__ = [
    "downside_beta",
    "market_beta",
    "market_correlation",
    "price_delay",
    "residual_momentum",
    "specific_volatility",
]

_WINDOW: Final = {"window": window_of(60, low=5)}
_NOTHING: Final = 1e-12
_FEWEST: Final = 5
_SHARPE: Final = "W. F. Sharpe (1963), A Simplified Model for Portfolio Analysis, Management Science 9:2"


def _recent(window: int) -> int:
    return window + 1 + GAP


def _with_market(close: Matrix, window: int) -> Joint:
    moves = returns(close)
    return joint(moves, of_others(moves), window)


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=(-1.0, 1.0),
    formula="correlation over n bars of r[i] and M[i] = mean of r[j], j != i; r = ln(C / C[t-1])",
    reference=_SHARPE,
    words="1 moves in step with the mean of the others, 0 on its own, below 0 against them.",
)
def market_correlation(close: Matrix, *, window: int) -> Matrix:
    """Give the correlation with the mean return of the others; 0 where nothing varies."""
    return _with_market(close, window).correlation


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=ALL,
    formula="cov(r[i], M[i]) / var(M[i]) over n bars, M[i] = mean of r[j], j != i",
    reference=_SHARPE,
    words="How far it usually moves when the others move by 1: above 1 it exaggerates, below 1 it follows calmly.",
)
def market_beta(close: Matrix, *, window: int) -> Matrix:
    """Give the beta to the mean return of the others, each weighing the same."""
    return _with_market(close, window).slope


@panel_feature(
    inputs=["close"],
    params={"window": window_of(250, low=20)},
    warmup=lambda window: 2 * window - 1,
    memory=lambda window: 2 * window + GAP,
    bounds=ALL,
    formula="cov(r[i], M[i] | down) / var(M[i] | down) over n bars, down: M[i] below its own mean of n bars then",
    reference="A. Ang, J. Chen, Y. Xing (2006), Downside Risk, Review of Financial Studies 19:4",
    words="Its beta in bad bars alone: above its usual beta it falls with the market more than it rises with it.",
)
def downside_beta(close: Matrix, *, window: int) -> Matrix:
    """Give the beta over bars in which the others did worse than usual; 0 where fewer than 5 of a window are bad."""
    moves = returns(close)
    market = of_others(moves)
    usual = joint(moves, market, window).other_mean
    bad = np.where(np.isnan(moves + market + usual), np.nan, market < usual)
    share = averages(bad, window)
    products = (moves, market, market * market, moves * market)
    own, others, squares, both = (averages(bad * one, window) / share for one in products)
    spread = squares - others * others
    few = ~(spread > _NOTHING * squares) | (share * window < _FEWEST)
    return np.asarray(np.where(few, 0.0 * share, (both - own * others) / spread))


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=POSITIVE,
    formula="sd(r[i]) sqrt(1 - c^2) over n bars, c = market_correlation",
    reference="A. Ang, R. J. Hodrick, Y. Xing, X. Zhang (2006), The Cross-Section of Volatility, J. Finance 61:1",
    words="The size of one bar's move that the market doesn't explain; larger is news of its own.",
)
def specific_volatility(close: Matrix, *, window: int) -> Matrix:
    """Give the standard deviation of what a line on the others' mean return leaves over."""
    found = _with_market(close, window)
    return np.asarray(np.sqrt(found.variance * (1.0 - found.correlation**2)))


_SKIP: Final = Param(
    default=20, low=0, high=250, whole=True, words="Newest bars that are left out, as short runs tend to be taken back."
)
_FORMATION: Final = window_of(120, "Bars over which residuals are added up, the skipped ones among them.", low=10)


@panel_feature(
    inputs=["close"],
    params={"window": window_of(250, low=20), "formation": _FORMATION, "skip": _SKIP},
    warmup=lambda window, formation, skip: window + max(formation, skip + 2),
    memory=lambda window, formation, skip: window + max(formation, skip + 2) + 1 + GAP,
    bounds=ALL,
    formula="mean of e over bars t-f+1 ... t-s, over sd(e) there, times sqrt(f - s); e = r - a - b M, line of t-1",
    reference="D. Blitz, J. Huij, M. Martens (2011), Residual Momentum, J. Empirical Finance 18:3; rolling lines",
    words="Momentum of what the market doesn't explain, as a t-value: above 0 it has run ahead on its own.",
)
def residual_momentum(close: Matrix, *, window: int, formation: int, skip: int) -> Matrix:
    """Give the t-value of past residuals, each from the line known one bar before it."""
    moves = returns(close)
    market = of_others(moves)
    known = joint(moves, market, window)
    slope = shifted(known.slope, 1)
    residual = moves - shifted(known.mean, 1) - slope * (market - shifted(known.other_mean, 1))
    count = max(formation - skip, 2)
    past = shifted(residual, skip)
    average, spread = joint(past, past, count).mean, spreads(past, count)
    return np.where(spread > 0, average / spread * math.sqrt(count), 0.0 * average)


@panel_feature(
    inputs=["close"],
    params={"window": window_of(120, low=20)},
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2 + GAP,
    bounds=(0.0, 1.0),
    formula="1 - R2(r[i] on M[t]) / R2(r[i] on M[t] and M[t-1]) over n bars",
    reference="K. Hou, T. J. Moskowitz (2005), Market Frictions, Price Delay, Rev. Financial Studies 18:3; one lag",
    words="How much of what moves it is the market's bar before: near 0 it reacts at once, near 1 a bar late.",
)
def price_delay(close: Matrix, *, window: int) -> Matrix:
    """Give the share of the market's explanation that comes one bar late; 0 where it explains nothing."""
    moves = returns(close)
    now = of_others(moves)
    now, before = np.where(np.isnan(shifted(now, 1)), np.nan, now), np.where(np.isnan(now), np.nan, shifted(now, 1))
    at_once, late = (joint(moves, one, window).correlation for one in (now, before))
    both = joint(now + 0.0 * moves, before + 0.0 * moves, window).correlation
    apart = 1.0 - both**2
    explained = (at_once**2 + late**2 - 2.0 * at_once * late * both) / apart
    clear = (apart > _NOTHING) & (explained > _NOTHING)
    return np.where(clear, np.clip(1.0 - at_once**2 / explained, 0.0, 1.0), 0.0 * at_once)
