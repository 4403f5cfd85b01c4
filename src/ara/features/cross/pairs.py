"""All pairs of a panel: how closely they go together, and which go ahead of the others."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.cross.eigen import Window
from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import ALL, GAP, POSITIVE, enough, line_average, line_spread, returns, window_of
from ara.features.cross.principal import Held
from ara.features.indicator import Param
from ara.features.loops import compiled

__all__ = [
    "Lead",
    "correlation_shift",
    "lead_score",
    "lead_signal",
    "lead_strength",
    "leaders",
    "mean_correlation",
    "peer_correlation",
]

_LINE = NDArray[np.float64]

_WINDOW: Final = {"window": window_of(60, "Bars whose correlations count; more of them are steadier.", low=5)}
_LEADING: Final = {
    "window": window_of(120, "Bars whose correlations count; more of them are steadier.", low=10),
    "lag": Param(default=1, low=1, high=20, whole=True, words="How many bars one goes ahead of the other."),
}
_MEAN: Final = "J. M. Pollet, M. Wilson (2010), Average Correlation and Stock Market Returns, J. Financial Econ. 96:3"
_CROSS: Final = "A. W. Lo, A. C. MacKinlay (1990), When Are Contrarian Profits Due to Overreaction, RFS 3:2"
_LIKELY: Final = 3.0
_FEWEST: Final = 2


@lru_cache(maxsize=2)
def _together(held: Held, window: int) -> tuple[_LINE, Matrix]:
    """Give the mean correlation of all pairs, and of each series with the others, at each bar."""
    moves = returns(held.matrix)
    all_pairs, own = np.full(len(moves), np.nan), np.full_like(moves, np.nan)
    line = Window(moves, window, least=enough(window))
    for bar in range(_start(moves, window), len(moves)):
        line.at(bar)
        compiled(_averaged)(line.matrix, line.size, bar, own, all_pairs)
    return np.clip(all_pairs, -1.0, 1.0), np.clip(own, -1.0, 1.0)


def _averaged(matrix: Any, size: Any, bar: Any, own: Any, all_pairs: Any) -> None:
    """Fill in the mean of each row of correlations without its own, and the mean of those."""
    count, total = 0, 0.0
    for i in range(len(size)):
        count += size[i] > 0.0
    if count < _FEWEST:
        return
    for i in range(len(size)):
        if size[i] > 0.0:
            row = 0.0
            for j in range(len(size)):
                row += matrix[i, j]
            own[bar, i] = (row - 1.0) / (count - 1)
            total += own[bar, i]
    all_pairs[bar] = total / count


def _start(moves: Matrix, window: int) -> int:
    known = np.isfinite(moves).any(axis=1)
    return int(np.argmax(known)) + window - 1 if known.any() else len(moves)


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=lambda window: window + 1 + GAP,
    bounds=(-1.0, 1.0),
    formula="mean over pairs i < j of the correlation of r[i] and r[j] over n bars",
    reference=_MEAN,
    words="How much all go together: near 1 there is nowhere to hide, near 0 each has news of its own.",
    shared=True,
)
def mean_correlation(close: Matrix, *, window: int) -> _LINE:
    """Give the mean correlation of all pairs of series that move."""
    return _together(Held.of(close), window)[0]


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=lambda window: window + 1 + GAP,
    bounds=(-1.0, 1.0),
    formula="mean over j != i of the correlation of r[i] and r[j] over n bars",
    reference=_MEAN,
    words="How much it goes with each of the others on average; near 0 or below, it spreads the risk of the rest.",
)
def peer_correlation(close: Matrix, *, window: int) -> Matrix:
    """Give each series' mean correlation with the others."""
    return _together(Held.of(close), window)[1]


@panel_feature(
    inputs=["close"],
    params={**_WINDOW, "slow": window_of(250, "Bars of the mean and spread that it is compared with.", low=5)},
    warmup=lambda window, slow: window + slow - 1,
    memory=lambda window, slow: window + slow + GAP,
    bounds=ALL,
    formula="(c - mean of c over s bars) / sd of c over s bars, c = mean_correlation",
    reference=_MEAN,
    words="Whether all go together more than in their last year, in standard deviations; a jump is a common fear.",
    shared=True,
)
def correlation_shift(close: Matrix, *, window: int, slow: int) -> _LINE:
    """Give how far the mean correlation is from its own mean; 0 where it doesn't vary."""
    found = _together(Held.of(close), window)[0]
    spread, apart = line_spread(found, slow), found - line_average(found, slow)
    return np.where(spread > 0, apart / spread, 0.0 * apart)


@lru_cache(maxsize=2)
def _leads(held: Held, window: int, lag: int) -> tuple[Matrix, Matrix, Matrix]:
    """Give how each series leads less follows, the strongest lead over it, and what leads say of its next return."""
    moves = returns(held.matrix)
    score, strength, signal = (np.full_like(moves, np.nan) for _ in range(3))
    line = Window(moves, window, least=enough(window))
    for bar in range(_start(moves, window), len(moves)):
        newest = line.at(bar, lag=lag)[-1]
        compiled(_led)(line.matrix, line.size, newest, bar, score, strength, signal)
    root = math.sqrt(window)
    return np.clip(score, -2.0, 2.0), strength * root, signal * root


def _led(matrix: Any, size: Any, newest: Any, bar: Any, score: Any, strength: Any, signal: Any) -> None:
    """Fill in one bar of what each series says of all others, and they of it."""
    count = 0
    for i in range(len(size)):
        count += size[i] > 0.0
    if count < _FEWEST:
        return
    for j in range(len(size)):
        if size[j] > 0.0:
            leads, follows, most, told = 0.0, 0.0, 0.0, 0.0
            for i in range(len(size)):
                if i != j and size[i] > 0.0:
                    leads += matrix[j, i]
                    follows += matrix[i, j]
                    most = max(most, abs(matrix[i, j]))
                    told += matrix[i, j] * newest[i]
            score[bar, j] = (leads - follows) / (count - 1)
            strength[bar, j] = most
            signal[bar, j] = told / (count - 1)


@panel_feature(
    inputs=["close"],
    params=_LEADING,
    warmup=lambda window, lag: window,
    memory=lambda window, lag: window + 1 + GAP,
    bounds=(-2.0, 2.0),
    formula="mean over j != i of c(r[i, t-lag], r[j, t]) - c(r[j, t-lag], r[i, t]), c: correlation over n bars",
    reference=_CROSS,
    words="Above 0 the others follow it, below 0 it follows them; small figures are chance.",
)
def lead_score(close: Matrix, *, window: int, lag: int) -> Matrix:
    """Give how much more each series leads the others than it follows them."""
    return _leads(Held.of(close), window, lag)[0]


@panel_feature(
    inputs=["close"],
    params=_LEADING,
    warmup=lambda window, lag: window,
    memory=lambda window, lag: window + 1 + GAP,
    bounds=POSITIVE,
    formula="sqrt(n) max over j != i of |c(r[j, t-lag], r[i, t])|, c: correlation over n bars",
    reference=_CROSS,
    words="The strongest lead of any other over it, as a z-value; among 50 others chance alone often gives 3.",
)
def lead_strength(close: Matrix, *, window: int, lag: int) -> Matrix:
    """Give the strongest lagged correlation of each series with another's past."""
    return _leads(Held.of(close), window, lag)[1]


@panel_feature(
    inputs=["close"],
    params=_LEADING,
    warmup=lambda window, lag: window,
    memory=lambda window, lag: window + 1 + GAP,
    bounds=ALL,
    formula="mean over j != i of c(r[j, t-lag], r[i, t]) z[j, t], z = (r - mean) / sd over n bars",
    reference=_CROSS,
    words="What the newest returns of the others have meant for this one: above 0 a rise, if leads last.",
)
def lead_signal(close: Matrix, *, window: int, lag: int) -> Matrix:
    """Give what the others' newest returns say of each series' return some bars later, in standard deviations."""
    return _leads(Held.of(close), window, lag)[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One series going ahead of another.

    Parameters
    ----------
    leader, follower
        Places of the two series.
    lag
        By how many bars.
    correlation
        Of the leader's return with the follower's that many bars later.
    z
        The sum of the products of both over the root of the sum of their squares, so that a few wild bars are no lead
        (H. White, 1980).
    """

    leader: int
    follower: int
    lag: int
    correlation: float
    z: float


def leaders(close: Matrix, *, window: int = 250, lags: int = 3, chance: float = 0.05) -> list[Lead]:
    """Give who leads whom in the last bars: pairs too strong for chance among all pairs and lags, strongest first.

    The threshold takes account of how many pairs and lags are looked at (C. E. Bonferroni, 1936), so that among series
    that move on their own some lead is found with the probability `chance` at most, roughly.

    Parameters
    ----------
    close
        Prices, `[time, series]`.
    window
        How many of the last returns count.
    lags
        Lags from 1 to this are looked at.
    chance
        The probability to allow for.

    Raises
    ------
    FeatureEngineeringError
        There are fewer bars than the window and one.
    """
    from statistics import NormalDist

    moves = returns(np.asarray(close, np.float64))
    if len(moves) <= window:
        words = f"Leads over {window} bars need {window + 1} of them; there are {len(moves)}."
        raise FeatureEngineeringError(words, hint="Give more bars, or a shorter window.")
    line = Window(moves, window, least=enough(window))
    found: list[Lead] = []
    width = moves.shape[1]
    tests = max(width * (width - 1) * lags, 1)
    threshold = max(NormalDist().inv_cdf(1.0 - chance / (2.0 * tests)), _LIKELY)
    for lag in range(1, lags + 1):
        squares = line.at(len(moves) - 1, lag=lag) ** 2
        error = np.sqrt(np.einsum("ti,tj->ij", squares[:-lag], squares[lag:]))
        z = np.where(error > 0, line.matrix / np.where(error > 0, error, 1.0), 0.0)
        np.fill_diagonal(z, 0.0)
        for leader, follower in np.argwhere(np.abs(z) > threshold).tolist():
            strength = float(line.matrix[leader, follower])
            found.append(
                Lead(leader=leader, follower=follower, lag=lag, correlation=strength, z=float(z[leader, follower]))
            )
    return sorted(found, key=lambda one: (-abs(one.z), one.lag, one.leader, one.follower))
