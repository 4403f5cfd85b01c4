"""What the peers of each instrument do, where peers are those it has gone with of late.

The weight of a peer is its correlation with exponential weights, known one bar before, and never below a small floor:
who counts follows the changes of correlation.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import ALL, GAP, moved, returns, spreads, window_of
from ara.features.indicator import Param
from ara.features.loops import compiled

__all__ = ["peer_change", "peer_count", "peer_gap", "peer_momentum", "peer_return", "peer_volatility"]

_NEGLIGIBLE: Final = 1e-12
_LEAST: Final = 20
_FLOOR: Final = 0.01
_AT_ONCE: Final = 1 << 20
_DECAY: Final = Param(
    default=0.97, low=0.8, high=0.999, words="Weight of yesterday's correlation; nearer to 1 remembers longer."
)
_BARS: Final = {"decay": _DECAY, "bars": window_of(60, "Bars over which moves are taken.", low=1)}
_WEIGHTS: Final = "weights w[i, j] = max(c[i, j], 0) + 0.01 by c, the correlation with exponential weights until t-1"
_SOURCE: Final = "C. A. Parsons, R. Sabbatucci, S. Titman (2020), Geographic Lead-Lag Effects, RFS 33:10; peers by "
_RISK: Final = "J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th ed., section 5.2"


def _forgets(decay: float) -> int:
    return 2 + GAP + _LEAST + math.ceil(math.log(_NEGLIGIBLE) / math.log(decay))


def _weights(close: Matrix, decay: float) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Give, some bars at a time, their first and `[bar, i, j]`: the weights of each series' peers; rows sum to 1.

    They are by the correlations known one bar before. A product of returns counts where both are known; pairs with
    fewer than twenty have no weight, and neither has a peer without a bar for longer than a short gap.
    """
    moves = _finite(returns(close))
    bars, width = moves.shape
    products, seen = np.zeros((width, width)), np.zeros((width, width))
    last = np.full(width, -GAP - 1)
    many = max(1, _AT_ONCE // max(width * width, 1))
    for first in range(0, bars, many):
        weight = np.zeros((min(many, bars - first), width, width))
        compiled(_learned)(moves, first, decay, products, seen, last, weight)
        yield first, weight


def _finite(values: Matrix) -> Matrix:
    return np.ascontiguousarray(np.where(np.isfinite(values), values, np.nan))


def _learned(moves: Any, first: Any, decay: Any, products: Any, seen: Any, last: Any, weight: Any) -> None:
    """Fill in the weights of some bars, and learn from each bar after its own."""
    width = moves.shape[1]
    for row in range(len(weight)):
        bar = first + row
        for i in range(width):
            if moves[bar, i] == moves[bar, i]:
                last[i] = bar
        for i in range(width):
            total = 0.0
            for j in range(width):
                if i != j and seen[i, j] >= _LEAST and bar - last[j] <= GAP:
                    scale = math.sqrt(products[i, i]) * math.sqrt(products[j, j])
                    together = products[i, j] / scale if scale > 0.0 else 0.0
                    weight[row, i, j] = min(max(together, 0.0), 1.0) + _FLOOR
                    total += weight[row, i, j]
            for j in range(width):
                weight[row, i, j] = weight[row, i, j] / total if total > 0.0 else math.nan
        for i in range(width):
            for j in range(width):
                both = moves[bar, i] * moves[bar, j]
                if both == both:
                    products[i, j] = decay * products[i, j] + both
                    seen[i, j] += 1.0


def _of_peers(close: Matrix, values: Matrix, decay: float) -> Matrix:
    """Give the mean of the peers' values by their weights; those without a value have no say."""
    out = np.full_like(values, np.nan)
    for first, weight in _weights(close, decay):
        compiled(_averaged)(_finite(values), first, weight, out)
    return out


def _averaged(values: Any, first: Any, weight: Any, out: Any) -> None:
    rows, width = len(weight), values.shape[1]
    for row in range(rows):
        for i in range(width):
            total, summed = 0.0, 0.0
            for j in range(width):
                value = values[first + row, j]
                if value == value:
                    total += weight[row, i, j]
                    summed += weight[row, i, j] * value
            if total > 0.0:
                out[first + row, i] = summed / total


@panel_feature(
    inputs=["close"],
    params=_BARS,
    warmup=lambda decay, bars: max(_LEAST + 1, bars),
    memory=lambda decay, bars: max(_forgets(decay), bars + 1 + GAP),
    bounds=ALL,
    formula=f"sum over j != i of w[i, j] ln(C[j] / C[j, t-n]) / sum of w[i, j]; {_WEIGHTS}",
    reference=_SOURCE + "correlation",
    words="The momentum of those it goes with: above 0 its peers have risen, and it may follow.",
)
def peer_momentum(close: Matrix, *, decay: float, bars: int) -> Matrix:
    """Give the mean log move of each series' peers."""
    return _of_peers(close, moved(close, bars), decay)


@panel_feature(
    inputs=["close"],
    params=_BARS,
    warmup=lambda decay, bars: max(_LEAST + 1, bars),
    memory=lambda decay, bars: max(_forgets(decay), bars + 1 + GAP),
    bounds=ALL,
    formula=f"ln(C[i] / C[i, t-n]) - peer_momentum; {_WEIGHTS}",
    reference="E. Gatev, W. N. Goetzmann, K. G. Rouwenhorst (2006), Pairs Trading, RFS 19:3; against all peers",
    words="How far it has run from those it goes with: above 0 it is ahead of them, which pairs traders sell.",
)
def peer_gap(close: Matrix, *, decay: float, bars: int) -> Matrix:
    """Give each series' log move less that of its peers."""
    own = moved(close, bars)
    return np.asarray(own - _of_peers(close, own, decay))


@panel_feature(
    inputs=["close"],
    params={"decay": _DECAY},
    warmup=_LEAST + 1,
    memory=_forgets,
    bounds=ALL,
    formula=f"sum over j != i of w[i, j] r[j] / sum of w[i, j]; {_WEIGHTS}",
    reference=_SOURCE + "correlation",
    words="What those it goes with did in this bar: news that it may not have taken up yet.",
)
def peer_return(close: Matrix, *, decay: float) -> Matrix:
    """Give the mean newest log return of each series' peers."""
    return _of_peers(close, returns(close), decay)


@panel_feature(
    inputs=["close"],
    params={"decay": _DECAY, "window": window_of(20, "Bars of the volatilities.", low=3)},
    warmup=lambda decay, window: max(_LEAST + 1, window),
    memory=lambda decay, window: max(_forgets(decay), window + 1 + GAP),
    bounds=(0.0, 1.0),
    formula=f"s[i] / (s[i] + p[i]), s = sd(r) over n bars, p: mean of s[j] by the weights; {_WEIGHTS}",
    reference=_RISK + "; against peers",
    words="Its volatility against that of those it goes with: 0.5 alike, nearer to 1 it is the wilder one.",
)
def peer_volatility(close: Matrix, *, decay: float, window: int) -> Matrix:
    """Give each series' volatility as a share of its own and its peers'; a half where nothing moves."""
    own = spreads(returns(close), window)
    both = own + _of_peers(close, own, decay)
    return np.where(both > 0, own / both, 0.5 + 0.0 * both)


@panel_feature(
    inputs=["close"],
    params={"decay": _DECAY},
    warmup=_LEAST + 1,
    memory=_forgets,
    bounds=(0.0, 1.0),
    formula=f"1 / (n sum over j of w[i, j]^2), w summing to 1 over n peers; {_WEIGHTS}",
    reference="O. C. Herfindahl (1950), Concentration in the Steel Industry; of weights",
    words="Whether it goes with all the others alike, near 1, or with a few of them, near 0.",
)
def peer_count(close: Matrix, *, decay: float) -> Matrix:
    """Give the effective number of each series' peers as a share of the others."""
    out = np.full_like(close, np.nan, dtype=np.float64)
    for first, weight in _weights(close, decay):
        squares, count = (weight * weight).sum(axis=2), (weight > 0).sum(axis=2)
        out[first : first + len(weight)] = np.where(count > 0, 1.0 / (squares * np.maximum(count, 1)), np.nan)
    return np.asarray(np.clip(out, 0.0, 1.0))


@panel_feature(
    inputs=["close"],
    params={"decay": _DECAY, "bars": window_of(20, "Bars between the two sets of weights.", low=1)},
    warmup=lambda decay, bars: _LEAST + 1 + bars,
    memory=lambda decay, bars: _forgets(decay) + bars,
    bounds=(0.0, 1.0),
    formula=f"sum over j of |w[i, j, t] - w[i, j, t-n]| / 2, w summing to 1; {_WEIGHTS}",
    reference="R. C. Grinold, R. N. Kahn (1999), Active Portfolio Management, 2nd ed.: turnover; of peers",
    words="How much its peers have changed: 0 it goes with the same ones as before, 1 with others altogether.",
)
def peer_change(close: Matrix, *, decay: float, bars: int) -> Matrix:
    """Give the share of each series' peer weights that has moved to others."""
    out = np.full_like(close, np.nan, dtype=np.float64)
    kept = np.full((bars, close.shape[1], close.shape[1]), np.nan)
    for first, weight in _weights(close, decay):
        known = np.concatenate([kept, weight])
        moved_on = np.abs(weight - known[: len(weight)]).sum(axis=2)
        out[first : first + len(weight)] = np.clip(moved_on / 2.0, 0.0, 1.0)
        kept = known[len(weight) :]
    return out
