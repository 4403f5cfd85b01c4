"""How often the price turned at levels, against prices drawn as far away: whether they mattered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array, sums, true_range

__all__ = ["Turned", "turned", "turned_by_kind"]

_RANGE: Final = 14
_NEAR: Final = 0.25
_FAR: Final = 3.0
_DRAWS: Final = 10
_SAMPLES: Final = 2000
_BLOCK: Final = 3
_FEW: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """How often the price turned where it came to a level.

    Parameters
    ----------
    touches
        How often the price came to one.
    share
        Of these, how often it went a mean true range back before it went one beyond; NaN without a touch.
    base
        The same of prices that are no levels, drawn as far from the price.
    low, high
        The 95 % interval of `share - base`.
    words
        What that says.
    """

    touches: int
    share: float
    base: float
    low: float
    high: float
    words: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values; what is not known as None."""
        return {key: None if value != value else value for key, value in asdict(self).items()}


def turned(
    lines: NDArray[np.float64], high: Array, low: Array, close: Array, *, horizon: int = 10, seed: int = 0
) -> Turned:
    """Give how often the price turned at levels that were known before, and how often at random prices as far away.

    At every `horizon`-th bar the levels that stand between a quarter and three mean true ranges from the close are
    looked at. A level is touched where one of the next `horizon` bars reaches it; the price has turned there where a
    later bar, up to `2 * horizon` bars on, goes one mean true range back from it before any, the touching one
    included, goes one beyond; in doubt it has not. The random prices lie as far from the close, in mean true ranges
    and on the same side, as the levels of other bars do. The interval draws stretches of bars anew (seeded).

    Parameters
    ----------
    lines
        `[bar, level]`, the levels as they were known at each bar's close; NaN where there is none.
    high, low, close
        Of each bar.
    horizon
        Bars in which a touch counts.
    seed
        Of the draws.
    """
    lines = np.asarray(lines, np.float64)
    if lines.ndim != 2 or len(lines) != len(close) or horizon < 1:
        raise FeatureEngineeringError(
            f"lines {lines.shape} for {len(close)} bars, horizon {horizon}; give a row for each bar, horizon 1 or more."
        )
    with np.errstate(all="ignore"):
        usual = sums(true_range(high, low, close), _RANGE) / _RANGE
        at = np.arange(_RANGE, len(close) - 2 * horizon, horizon)
        distance = (lines[at] - close[at, None]) / usual[at, None]
        distance[~((np.abs(distance) >= _NEAR) & (np.abs(distance) <= _FAR))] = np.nan
        random = np.random.default_rng(seed)
        real = _outcomes(distance, at, usual, (high, low, close), horizon)
        drawn = _outcomes(_drawn(distance, random), at, usual, (high, low, close), horizon)
    return _told(np.concatenate([real, drawn], axis=1), random)


def turned_by_kind(
    columns: Mapping[str, Array], *, window: int = 250, span: int = 3, horizon: int = 10, seed: int = 0
) -> dict[str, Turned]:
    """Give how often the price turned at the levels of each kind, as the indicators tell them at each bar.

    Weekly standard pivots, retracements of the last swing, the nearest clusters of turns, point of control and value
    area.

    Parameters
    ----------
    columns
        `open`, `high`, `low`, `close`, `volume` and `session` of each bar.
    window, span
        As in `levels`.
    horizon, seed
        As in `turned`.
    """
    from ara.features.levels.clusters import support_resistance
    from ara.features.levels.fibonacci import fibonacci_retracement
    from ara.features.levels.pivots import pivot_standard
    from ara.features.levels.profile import volume_profile

    found = {
        "pivot": pivot_standard.compute(columns, period=2),
        "fibonacci": fibonacci_retracement.compute(columns, span=span)[2:],
        "cluster": support_resistance.compute(columns, span=span, window=window),
        "volume": volume_profile.compute(columns, window=window),
    }
    bars = (columns["high"], columns["low"], columns["close"])
    return {kind: turned(np.stack(lines, axis=1), *bars, horizon=horizon, seed=seed) for kind, lines in found.items()}


def _drawn(distance: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Give, for each distance, some of those that the levels of other bars had on the same side."""
    out = np.full((*distance.shape, _DRAWS), np.nan)
    for side in (distance > 0, distance < 0):
        pool = distance[side]
        if len(pool):
            out[side] = random.choice(pool, size=(int(side.sum()), _DRAWS))
    return out.reshape(len(distance), distance.shape[1] * _DRAWS)


def _outcomes(
    distance: NDArray[np.float64], at: NDArray[np.int64], usual: Array, bars: tuple[Array, Array, Array], horizon: int
) -> NDArray[np.float64]:
    """Give, `[bar, 2]`, how many prices at these distances were touched, and at how many of them the price turned."""
    high, low, close = bars
    way = np.where(distance > 0, 1.0, -1.0)
    size = usual[at, None]
    price = (close[at, None] + distance * size) * way
    touched = np.zeros(distance.shape, np.bool_)
    back, beyond = np.zeros_like(touched), np.zeros_like(touched)
    for step in range(1, 2 * horizon + 1):
        top, bottom = high[at + step, None], low[at + step, None]
        toward, away = np.where(way > 0, top, -bottom), np.where(way > 0, bottom, -top)
        before = touched.copy()
        if step <= horizon:
            touched |= toward >= price
        open_ = touched & ~back & ~beyond
        beyond |= open_ & (toward >= price + size)
        back |= open_ & before & ~beyond & (away <= price - size)
    return np.stack([touched.sum(axis=1), back.sum(axis=1)], axis=1).astype(np.float64)


def _told(counts: NDArray[np.float64], random: np.random.Generator) -> Turned:
    touches, turns, others, base_turns = counts.sum(axis=0).tolist()
    if touches < 1 or others < 1:
        words = "The price came to no such level in these bars, so nothing can be said."
        return Turned(touches=int(touches), share=np.nan, base=np.nan, low=np.nan, high=np.nan, words=words)
    share, base = turns / touches, base_turns / others
    blocks = np.add.reduceat(counts, np.arange(0, len(counts), _BLOCK))
    picks = random.multinomial(len(blocks), np.full(len(blocks), 1.0 / len(blocks)), size=_SAMPLES) @ blocks
    whole = picks[(picks[:, 0] > 0) & (picks[:, 2] > 0)]
    differences = whole[:, 1] / whole[:, 0] - whole[:, 3] / whole[:, 2]
    low, high = (float(one) for one in np.quantile(differences, (0.025, 0.975)))
    said = (
        "no more than chance" if low <= 0 <= high else "more often than chance" if low > 0 else "less often than chance"
    )
    few = f"; {int(touches)} touches are few" if touches < _FEW else ""
    words = (
        f"The price turned at {share:.0%} of {int(touches):,} such levels it came to, and at {base:.0%} of other "
        f"prices as far away: {said}{few}."
    ).replace("%", " %")
    return Turned(touches=int(touches), share=share, base=base, low=low, high=high, words=words)
