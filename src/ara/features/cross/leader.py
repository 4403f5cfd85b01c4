"""The instrument that leads a market, as BTC leads coins: how closely each follows, and what is still to come of it."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import ALL, GAP, across, joint, moved, returns, shifted, window_of

__all__ = ["leader_beta", "leader_correlation", "leader_dominance", "leader_gap", "leader_pull", "leader_return"]

_LINE = NDArray[np.float64]

_WINDOW: Final = {"window": window_of(60, low=5)}
_BOTH: Final = ("close", "other")
_ONE: Final = "W. F. Sharpe (1963), A Simplified Model for Portfolio Analysis, Management Science 9:2"
_COINS: Final = "N. Borri (2019), Conditional Tail-Risk in Cryptocurrency Markets, J. Empirical Finance 50; "
_ITSELF: Final = 1.0 - 1e-12


def _recent(window: int) -> int:
    return window + 1 + GAP


@panel_feature(
    inputs=_BOTH,
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=ALL,
    formula="cov(r[i], r[leader]) / var(r[leader]) over n bars",
    reference=_ONE,
    words="How far it usually moves when its market's leader moves by 1; of coins that is BTC, of shares SPY.",
)
def leader_beta(close: Matrix, other: Matrix, *, window: int) -> Matrix:
    """Give the beta to the leader; 0 where that doesn't move."""
    return joint(returns(close), returns(other), window).slope


@panel_feature(
    inputs=_BOTH,
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=(-1.0, 1.0),
    formula="correlation over n bars of r[i] and r[leader]",
    reference=_ONE,
    words="1 moves in step with its market's leader, 0 on its own; of coins that is BTC, of shares SPY.",
)
def leader_correlation(close: Matrix, other: Matrix, *, window: int) -> Matrix:
    """Give the correlation with the leader; 0 where one doesn't move."""
    return joint(returns(close), returns(other), window).correlation


@panel_feature(
    inputs=_BOTH,
    params={"bars": window_of(1, "Bars over which the move is taken.", low=1)},
    warmup=lambda bars: bars,
    memory=lambda bars: bars + 1 + GAP,
    bounds=ALL,
    formula="ln(C[leader] / C[leader, t-n])",
    reference=f"{_ONE}; the leader's return",
    words="What its market's leader has just done, as far as it was public at this bar's close.",
)
def leader_return(close: Matrix, other: Matrix, *, bars: int) -> Matrix:
    """Give the leader's log return."""
    return np.where(np.isfinite(close), moved(other, bars), np.nan)


@panel_feature(
    inputs=_BOTH,
    params={"window": window_of(120, low=10)},
    warmup=lambda window: window + 1,
    memory=lambda window: window + 2 + GAP,
    bounds=ALL,
    formula="b r[leader, t], b: slope over n bars of r[i] on r[leader, t-1]",
    reference="A. W. Lo, A. C. MacKinlay (1990), When Are Contrarian Profits Due to Overreaction, RFS 3:2",
    words="What the leader's newest move has meant for its next bar: above 0 a rise, if it still follows late.",
)
def leader_pull(close: Matrix, other: Matrix, *, window: int) -> Matrix:
    """Give the return that the leader's newest one foretells by the line of the last bars."""
    ahead = returns(other)
    return np.asarray(joint(returns(close), shifted(ahead, 1), window).slope * ahead)


@panel_feature(
    inputs=_BOTH,
    params={"window": window_of(60, low=5), "bars": window_of(5, "Bars over which the gap opened.", low=1)},
    warmup=lambda window, bars: window + bars,
    memory=lambda window, bars: window + bars + 1 + GAP,
    bounds=ALL,
    formula="(R[i] - b R[leader]) / (sd(e) sqrt(m)), R over the last m bars; b, e: line of r over n bars before",
    reference=_COINS + "gap of a line",
    words="How far it has run from where its leader would have it: beyond 2 either way it is stretched.",
)
def leader_gap(close: Matrix, other: Matrix, *, window: int, bars: int) -> Matrix:
    """Give the move beyond what the leader explains, in usual residuals; 0 where there are none."""
    found = joint(returns(close), returns(other), window)
    slope = shifted(found.slope, bars)
    residual = np.asarray(np.sqrt(found.variance * (1.0 - found.correlation**2)))
    left = shifted(residual, bars) * math.sqrt(bars)
    apart = moved(close, bars) - slope * moved(other, bars)
    return np.where(left > 0, apart / left, 0.0 * apart * left)


@panel_feature(
    inputs=_BOTH,
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=(0.0, 1.0),
    formula="mean over i of correlation(r[i], r[leader])^2 over n bars, the leader itself left out",
    reference=_COINS + "share of variance",
    words="How much of all movement is the leader's: near 1 the market is one bet on it, near 0 each goes its own way.",
    shared=True,
)
def leader_dominance(close: Matrix, other: Matrix, *, window: int) -> _LINE:
    """Give the mean share of variance that the leader explains."""
    found = joint(returns(close), returns(other), window).correlation
    return across(np.where(np.abs(found) >= _ITSELF, np.nan, found**2), fewest=1)[0]
