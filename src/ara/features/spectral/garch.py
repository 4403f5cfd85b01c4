"""Whether volatility clusters, and how long: GARCH models weighed by how well they foresaw the last bars."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import change, logs, runs, sums
from ara.features.indicator import Param, Scale, indicator
from ara.features.loops import compiled

__all__ = ["garch"]

_Array = NDArray[np.float64]

_PERSISTENCE: Final = (0.7, 0.85, 0.93, 0.97, 0.99)
_SHOCK: Final = (0.02, 0.05, 0.1, 0.2)
_STILL: Final = 1e-26
_NEGLIGIBLE: Final = 1e-12


def _grid() -> tuple[_Array, _Array]:
    """Give the weights of the last square and of the last variance; the first model has none: it never changes."""
    pairs = [(0.0, 0.0), *((shock, kept - shock) for kept in _PERSISTENCE for shock in _SHOCK)]
    shocks, kept = zip(*pairs, strict=True)
    return np.array(shocks), np.array(kept)


def _memory(window: int) -> int:
    slowest = max(_PERSISTENCE) - min(_SHOCK)
    return 1 + 2 * window + math.ceil(math.log(_NEGLIGIBLE) / math.log(slowest))


@indicator(
    inputs=["close"],
    params={
        "window": Param(
            default=250,
            low=50,
            high=2000,
            whole=True,
            words="Bars that judge the models, and that say what the usual variance is; few follow a change sooner.",
        )
    },
    outputs=["volatility", "persistence", "shock", "clustering", "surprise"],
    warmup=lambda window: 2 * window,
    memory=_memory,
    scale=Scale.FREE,
    bounds={
        "volatility": (0.0, math.inf),
        "persistence": (0.0, 1.0),
        "shock": (0.0, 1.0),
        "clustering": (0.0, 1.0),
        "surprise": (-math.inf, math.inf),
    },
    formula=(
        "v[t+1] = (1 - a - b) * mean(r^2, n) + a * r[t]^2 + b * v[t] for 21 pairs (a, b), weighed by their normal"
        " likelihood of the last n returns, a = b = 0 beforehand by a half"
    ),
    reference=(
        "T. Bollerslev (1986), Journal of Econometrics 31; target: R. F. Engle and J. Mezrich (1996), Risk 9; "
        "weights: J. A. Hoeting and others (1999), Statistical Science 14"
    ),
    words=(
        "The next bar's volatility by GARCH, how long shocks last, how hard they hit, how sure it is that volatility"
        " clusters at all, and the last return over what was foreseen; weighed anew at each bar, by the past alone."
    ),
)
def garch(close: _Array, *, window: int) -> tuple[_Array, ...]:
    """Give the mixture's volatility, persistence, weight of a shock, certainty of clustering, and last surprise."""
    return runs(lambda returns: _mixed(returns, window), change(logs(close)), outputs=5)


def _mixed(returns: _Array, window: int) -> tuple[_Array, ...]:
    squares = returns * returns
    usual = sums(squares, window) / window
    usual = np.where(usual > _STILL, usual, np.nan)
    shocks, kept = _grid()
    ahead = np.full((len(shocks), len(returns)), np.nan)
    known = np.flatnonzero(np.isfinite(usual))
    if not len(known):
        return tuple(np.full(len(returns), np.nan) for _ in range(5))
    compiled(_recur)(squares, usual, shocks, kept, int(known[0]), ahead)
    foreseen = np.concatenate([np.full((len(shocks), 1), np.nan), ahead[:, :-1]], axis=1)
    fits = -0.5 * (np.log(foreseen) + squares / foreseen)
    scores = np.stack([sums(one, window) for one in fits])
    scores[0] += math.log(len(shocks) - 1)  # beforehand it is as likely that volatility clusters as that it doesn't
    weights = np.exp(scores - scores.max(axis=0))
    weights /= weights.sum(axis=0)
    # What was foreseen for a bar is weighed by what was known before it; of the first bar by its own, there is none.
    before = np.concatenate([weights[:, :1], weights[:, :-1]], axis=1)
    before = np.where(np.isnan(before), weights, before)
    expected = np.sqrt((before * foreseen).sum(axis=0))
    clustering = np.clip(1.0 - weights[0], 0.0, 1.0)
    share = weights[1:] / weights[1:].sum(axis=0)
    persistence = (share * (shocks + kept)[1:, None]).sum(axis=0)
    shock = (share * shocks[1:, None]).sum(axis=0)
    volatility = np.sqrt((weights * ahead).sum(axis=0))
    surprise = np.where(np.isfinite(volatility), returns / expected, np.nan)
    return volatility, persistence, shock, clustering, surprise


def _recur(squares: Any, usual: Any, shocks: Any, kept: Any, first: Any, out: Any) -> None:
    """Carry each model's variance from bar to bar; where nothing moved for a window, begin anew after it."""
    for model in range(len(shocks)):
        variance = usual[first]
        for bar in range(first, len(squares)):
            if np.isnan(usual[bar]):
                variance = np.nan
                continue
            if np.isnan(variance):
                variance = usual[bar]
            rest = (1.0 - shocks[model] - kept[model]) * usual[bar]
            variance = rest + shocks[model] * squares[bar] + kept[model] * variance
            out[model, bar] = variance
