"""Breadth: how many instruments take part in what the market does."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import ema
from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import GAP, averages, line_average, moved, returns, shifted, window_of
from ara.features.indicator import Param
from ara.features.indicators.trend.terms import settles

__all__ = [
    "advance_decline",
    "arms_index",
    "breadth",
    "breadth_thrust",
    "mcclellan",
    "new_highs_lows",
    "rising_share",
]

_LINE = NDArray[np.float64]

_FORTUNE: Final = "R. W. Colby (2003), The Encyclopedia of Technical Market Indicators, 2nd ed."
_FAST: Final = window_of(19, "Bars of the quick mean.")
_SLOW: Final = window_of(39, "Bars of the slow mean; longer than the quick one.")
_FEWEST: Final = 2


def _share(states: Matrix) -> _LINE:
    """Give the mean of each row's known states; NaN where fewer than two are."""
    known = np.isfinite(states)
    count = known.sum(axis=1)
    total = np.where(known, states, 0.0).sum(axis=1)
    return np.where(count >= _FEWEST, total / np.maximum(count, 1), np.nan)


def _when(truth: Any, known: Matrix) -> Matrix:
    return np.where(np.isnan(known), np.nan, np.asarray(truth, np.float64))


def _net(close: Matrix) -> _LINE:
    """Give advancing less declining ones over both; 0 where none moved."""
    moves = np.sign(returns(close))
    up, down = _share(_when(moves > 0, moves)), _share(_when(moves < 0, moves))
    return np.where(up + down > 0, (up - down) / (up + down), 0.0 * up)


@panel_feature(
    inputs=["close"],
    params={"window": window_of(50, "Bars of the mean that prices are held against.")},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    bounds=(0.0, 1.0),
    formula="share of i with C[i] > mean of C[i] over n bars",
    reference=_FORTUNE,
    words="The share of instruments above their own mean: above 0.7 most rise, below 0.3 most fall.",
    shared=True,
)
def breadth(close: Matrix, *, window: int) -> Matrix:
    """Give the share of series above their own moving mean."""
    line = averages(close, window)
    return _share(_when(close > line, close + line))


@panel_feature(
    inputs=["close"],
    params={"window": window_of(10, "Bars over which the balance is averaged; 1 is that of the bar alone.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1 + GAP,
    bounds=(-1.0, 1.0),
    formula="mean over n bars of (A - D) / (A + D), A and D the numbers of series that rose and fell",
    reference=_FORTUNE,
    words="1 all rose, -1 all fell; a market that rises while this falls is carried by few.",
    shared=True,
)
def advance_decline(close: Matrix, *, window: int) -> _LINE:
    """Give the mean balance of advances and declines."""
    return line_average(_net(close), window)


@panel_feature(
    inputs=["close", "high", "low"],
    params={"window": window_of(250, "Bars whose highs a new high exceeds.")},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    bounds=(-1.0, 1.0),
    formula="share of i with H[i] > max of H over the n bars before, less share with L[i] < min of L over them",
    reference=_FORTUNE,
    words="New highs less new lows as a share of all: above 0 more break out upwards than downwards.",
    shared=True,
)
def new_highs_lows(close: Matrix, high: Matrix, low: Matrix, *, window: int) -> _LINE:
    """Give the share of series at a new high less that at a new low."""
    top, bottom = -_lowest(-high, window), _lowest(low, window)
    known = close + high + low
    return _share(_when(high > shifted(top, 1), known + shifted(top, 1))) - _share(
        _when(low < shifted(bottom, 1), known + shifted(bottom, 1))
    )


def _lowest(values: Matrix, window: int) -> Matrix:
    """Give the smallest of the last known values, where there are enough."""
    from ara.features.library import talib

    out = averages(values, window)
    filled = np.where(np.isnan(values), np.inf, values)
    for column in range(values.shape[1]):
        line = np.ascontiguousarray(filled[:, column])
        if len(line) >= window:
            out[:, column] = np.where(np.isnan(out[:, column]), np.nan, talib().MIN(line, window))
    return out


@panel_feature(
    inputs=["close"],
    params={"fast": _FAST, "slow": _SLOW},
    warmup=lambda fast, slow: max(fast, slow),
    memory=lambda fast, slow: 1 + GAP + max(fast, slow) + settles(2.0 / (max(fast, slow) + 1.0)),
    bounds=(-1.0, 1.0),
    formula="ema(n, f) - ema(n, s), n = (A - D) / (A + D)",
    reference="S. McClellan, M. McClellan (1970), Patterns for Profit; ratio-adjusted, a thousandth of its usual scale",
    words="Whether advances gain on declines: above 0 breadth gets better, beyond 0.1 either way it is stretched.",
    shared=True,
)
def mcclellan(close: Matrix, *, fast: int, slow: int) -> _LINE:
    """Give the quick less the slow exponential mean of net advances."""
    net = _net(close)
    line = _gapless(net)
    return np.where(np.isnan(net), np.nan, ema(line, fast) - ema(line, slow))


@panel_feature(
    inputs=["close"],
    params={"window": window_of(10)},
    warmup=lambda window: window,
    memory=lambda window: 1 + GAP + window + settles(2.0 / (window + 1.0)),
    bounds=(0.0, 1.0),
    formula="ema(A / (A + D), n)",
    reference="M. Zweig (1986), Winning on Wall Street",
    words="From below 0.4 to above 0.615 within ten days is Zweig's thrust: a rise that takes all along.",
    shared=True,
)
def breadth_thrust(close: Matrix, *, window: int) -> _LINE:
    """Give the exponential mean of the share of advances; a half where none moved."""
    net = _net(close)
    return np.where(np.isnan(net), np.nan, np.clip(ema((_gapless(net) + 1.0) / 2.0, window), 0.0, 1.0))


def _gapless(line: _LINE) -> _LINE:
    """Give a line in which rows without a value repeat the last one, as exponential means go on from it."""
    place = np.arange(len(line))
    last = np.maximum.accumulate(np.where(np.isnan(line), -1, place)) if len(line) else place
    return np.where(last >= 0, line[np.maximum(last, 0)], np.nan)


@panel_feature(
    inputs=["close"],
    params={"window": window_of(120, "Bars over which a move is taken.", low=1)},
    warmup=lambda window: window,
    memory=lambda window: window + 1 + GAP,
    bounds=(0.0, 1.0),
    formula="share of i with C[i] > C[i, t-n]",
    reference="T. J. Moskowitz, Y. H. Ooi, L. H. Pedersen (2012), Time Series Momentum, J. Financial Economics 104:2",
    words="The share of instruments that stand higher than half a year ago: near 1 all rise, near 0 all fall.",
    shared=True,
)
def rising_share(close: Matrix, *, window: int) -> _LINE:
    """Give the share of series with a rise over the window."""
    found = moved(close, window)
    return _share(_when(found > 0, found))


_USUAL: Final = Param(
    default=50, low=2, high=5000, whole=True, words="Bars of the mean volume that an instrument's is held against."
)


@panel_feature(
    inputs=["close", "volume"],
    params={"window": window_of(10), "usual": _USUAL},
    warmup=lambda window, usual: window - 1 + max(usual - 1, 1),
    memory=lambda window, usual: window + usual + 1 + GAP,
    bounds=(-1.0, 1.0),
    formula="(u - d) / (u + d), u and d: sums over n bars of V / mean of V per rising and per falling series",
    reference="R. W. Arms (1967), Jack Be Nimble, Barron's; volumes relative to their own mean, as a balance",
    words="Where volume goes, per mover: above 0 those that rise are traded more than usual, below 0 those that fall.",
    shared=True,
)
def arms_index(close: Matrix, volume: Matrix, *, window: int, usual: int) -> _LINE:
    """Give the balance of relative volume in a rising and in a falling series; 0 where one side is empty."""
    sign = np.sign(returns(close))
    known = 0.0 * sign + volume / averages(volume, usual)
    begun = np.isfinite(known).sum(axis=1) >= _FEWEST
    per_mover = []
    for side in (sign > 0, sign < 0):
        traded, count = (np.where(side, one, 0.0 * known) for one in (known, 1.0 + 0.0 * known))
        total, movers = (line_average(_total(one, begun), window) for one in (traded, count))
        per_mover.append(np.where(movers > 0, total / movers, 0.0 * movers))
    up, down = per_mover
    return np.where((up > 0) & (down > 0), (up - down) / (up + down), 0.0 * up)


def _total(values: Matrix, begun: NDArray[np.bool_]) -> _LINE:
    return np.where(begun, np.where(np.isfinite(values), values, 0.0).sum(axis=1), np.nan)
