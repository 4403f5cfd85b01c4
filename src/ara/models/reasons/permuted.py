"""Permutation importance of one answer: what each block of inputs changes when it takes its place, one after another.

Where there is no exact share, blocks of what a model sees are put in the place of those of a usual bar in random
orders; what the answer moves by at a block's turn is the block's. However they are ordered, the moves of one walk sum
to the whole, so nothing is left over; what is random is only how the whole is split where inputs act together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.models.panel import Panel
from ara.models.reasons.told import log_width, sampled
from ara.models.series import FittedSeries, Line

if TYPE_CHECKING:
    from ara.models.head import Head

__all__ = ["Walked", "of_features", "of_stretches", "walked"]

_Array = NDArray[np.float64]
_Answer = Callable[[NDArray[Any]], _Array]

_SEED: Final = 20_140_801
_FEW: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walked:
    """What each block adds, on the mean of all walks.

    Parameters
    ----------
    parts
        `[block, horizon]`; they sum to `whole`.
    whole
        `[horizon]`: the answer to what was seen, less its mean over what is usual.
    error
        `[block, horizon]`: standard error of the parts, of the walks that were drawn; a walk and the same one backwards
        count as one.
    """

    parts: _Array
    whole: _Array
    error: _Array


def walked(answer: _Answer, seen: NDArray[Any], others: NDArray[Any], blocks: NDArray[np.bool_]) -> Walked:
    """Walk from each of the others to what was seen, block by block, in a random order and in the same one backwards.

    Parameters
    ----------
    answer
        Gives `[n, horizon]` of inputs `[n, ...]`.
    seen
        One input, and `others` `[b, ...]` those that are usual.
    blocks
        `[block, ...]`: which of its numbers belong to each; a number that belongs to none, or that is unknown on either
        side, stays as it was seen.

    References
    ----------
    E. Štrumbelj and I. Kononenko (2014), Explaining prediction models and individual predictions with feature
    contributions, Knowledge and Information Systems 41: the sampled walks; R. Mitchell et al. (2022), Sampling
    permutations for Shapley value estimation, JMLR 23: each with its reverse.
    """
    count, random = len(blocks), np.random.default_rng(_SEED)
    others = np.where(np.isfinite(others) & np.isfinite(seen) & blocks.any(axis=0), others, seen)
    orders = [random.permutation(count) for _ in others]
    ways = np.stack([way for order in orders for way in (order, order[::-1])])
    points = []
    for way, other in zip(ways, np.repeat(others, 2, axis=0), strict=True):
        passed = np.concatenate([np.zeros_like(blocks[:1]), np.logical_or.accumulate(blocks[way], axis=0)])
        points.append(np.where(passed, seen, other))
    told = answer(np.concatenate(points)).reshape(len(ways), count + 1, -1)
    moves = np.empty((len(ways), count, told.shape[2]))
    moves[np.arange(len(ways))[:, None], ways] = np.diff(told, axis=1)
    pairs = moves.reshape(len(others), 2, count, -1).mean(axis=1)
    spread = pairs.std(axis=0, ddof=1) if len(pairs) > 1 else np.full(pairs.shape[1:], np.nan)
    whole = told[0, -1] - told[::2, 0].mean(axis=0)
    return Walked(parts=pairs.mean(axis=0), whole=whole, error=spread / np.sqrt(len(pairs)))


def of_features(head: "Head", answer: _Answer, panel: Panel, row: int, blocks: list[list[int]]) -> Walked | None:
    """Give what each group of features adds to an answer; None where that is not a number.

    Usual are every tenth of the last 250 bars, each with its whole window where the model looks at one.

    Parameters
    ----------
    head
        Of the model.
    answer
        Gives `[n, horizon]` of what might have been seen: `[n, feature]`, or `[n, window, feature]` of a network.
    panel, row
        With its features.
    blocks
        The columns of each group.
    """
    rows, window = sampled(panel, row), head.window
    x = panel.windows(rows, window) if window else panel.x[rows]
    masks = np.zeros((len(blocks), *x.shape[1:]), bool)
    for place, columns in enumerate(blocks):
        masks[place][..., columns] = True
    return _finite(walked(answer, x[-1], x, masks))


def of_stretches(fitted: FittedSeries[Any], panel: Panel, row: int, ages: list[int]) -> Walked | None:
    """Give what each stretch of bars adds to the log of a band's width; None where the series is too short for it.

    Parameters
    ----------
    fitted
        Of a family that looks at one series.
    panel, row
        What it looks at.
    ages
        Bars between the row and the newest bar of each stretch, ascending; the last one reaches four times as far back.
    """
    code = int(panel.series[row])
    line = Line.of(panel, code)
    place = int(line.places(np.array([row]))[0])
    own, far = fitted.learned.get(panel.symbols[code]), 5 * max(ages[-1], 1)
    ends = [place - back for back in range(0, 250, 250 // _FEW) if place - back >= far][::-1]
    if own is None or len(ends) < _FEW:
        return None
    runs = np.stack([line.bars[end + 1 - far : end + 1] for end in ends])
    masks = np.zeros((len(ages), *runs.shape[1:]), bool)
    for number, (newest, oldest) in enumerate(zip(ages, [*ages[1:], far], strict=True)):
        masks[number, far - oldest : far - newest] = True

    def answer(some: NDArray[Any]) -> _Array:
        out = np.empty((len(some), len(panel.horizons)))
        for number, run in enumerate(some):
            bars = line.bars.copy()
            bars[place + 1 - far : place + 1] = run
            told = Line(rows=line.rows, at=line.at, known_at=line.known_at, bars=bars)
            out[number] = log_width(fitted.model.answer(own, told, np.array([place]), panel.horizons)[0])
        return out

    return _finite(walked(answer, runs[-1], runs, masks))


def _finite(found: Walked) -> Walked | None:
    return found if np.isfinite(found.parts).all() and np.isfinite(found.whole).all() else None
