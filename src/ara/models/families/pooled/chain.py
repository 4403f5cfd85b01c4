"""The chain of monthly refits of one class: each forecasts the month that follows it, from what was known then."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ara.models.families.pooled.equations import dot
from ara.models.families.pooled.features import AHEAD, COLUMNS, Table
from ara.models.families.pooled.horizon import lean, reversion
from ara.models.families.pooled.seen import KINDS
from ara.models.families.pooled.shape import Scored, Scores, shape
from ara.models.families.pooled.sums import Scales, Second, Timing, Variance, fading
from ara.models.months import DAY, month_of, months_before, months_between
from ara.models.panel import Rows, distinct
from ara.models.quantiles import LEVELS

__all__ = ["ADJUSTED", "CALM", "EWMA", "REMEMBERED", "TRUST", "Belief", "Chain", "State", "forecast", "second_stage"]

_Array = NDArray[np.float64]

REMEMBERED: Final = 48
"""Months of past forecasts that the recalibration looks at."""

_SHAPED_DAYS: Final = 1000.0
_SECOND_DAYS: Final = 1500.0
ADJUSTED: Final = 0.35
"""The second stage moves a volatility by this share at most."""

CALM: Final = 0.5
"""A forecast so far below the usual log variance counts as calm in the second stage."""

EWMA: Final = 0.3
"""Weight of the EWMA variance beside that of the models, which add up to 4."""

TRUST: Final = 0.35
"""How much of the timing of returns is believed."""

_SHOCK: Final = COLUMNS.index("shock")
_LOW, _HIGH = LEVELS.index(0.1), LEVELS.index(0.9)


_Sums = TypeVar("_Sums", Variance, Second, Scales, Timing)


class State(NamedTuple):
    """What a class's models learned up to one moment; NaN in `weights` and `quantiles` of horizons not yet ready.

    Parameters
    ----------
    weights
        `[H, 3, k]` of the three nested models of variance.
    means, slopes
        `[H, k]` of the second stage.
    scales
        `[H, S + 1]`: each series' scale over its class's; the last is 1, for a series that was not there.
    timing_means, timing_slopes
        `[H, k]` of the timing of returns.
    quantiles, thirds, edges, own
        `[H, level]`, `[H, 3, level]`, `[H, 2]` and `[H, S + 1, level]` of the shapes.
    """

    weights: _Array
    means: _Array
    slopes: _Array
    scales: _Array
    timing_means: _Array
    timing_slopes: _Array
    quantiles: _Array
    thirds: _Array
    edges: _Array
    own: _Array


class Belief(NamedTuple):
    """What a state says of rows.

    Parameters
    ----------
    ahead
        `[n, H]`: log of the mean variance of the next bars by the widest model, relative to the usual.
    spread
        `[n, H]`: scale of the return, by the average of the models and the class's scale.
    width
        `[n, H]`: the same by the series' own scale.
    shift
        `[n, H]`: timing of the return, in widths.
    shapes, shape
        `[shape, H, level]`: quantiles over the width, few of them, and `[n]`, which one each row has.
    """

    ahead: _Array
    spread: _Array
    width: _Array
    shift: _Array
    shapes: _Array
    shape: NDArray[np.int64]

    @property
    def quantiles(self) -> _Array:
        """`[n, H, level]`: of the return, before recalibration; NaN where the class was not ready."""
        return self.at(np.arange(len(self.shape)))

    @property
    def bands(self) -> tuple[_Array, _Array]:
        """`[n, H]` each: the ends of the 80 % band."""
        low, high = (self.width * (self.shift + self.shapes[self.shape, :, end]) for end in (_LOW, _HIGH))
        return low, high

    def at(self, rows: Rows) -> _Array:
        """Give the quantiles of some of the rows."""
        return np.asarray(self.width[rows, :, None] * (self.shift[rows, :, None] + self.shapes[self.shape[rows]]))


def forecast(state: State, rows: Table, series: NDArray[np.int64], horizons: Sequence[int]) -> Belief:
    """Say what a state believes of rows; `series` are their places among the state's, -1 for one that was not there."""
    reach = np.array(horizons, float)
    told = dot(rows.design[:, None, None], state.weights) + dot(rows.ahead[:, :, None], state.weights[:, :, AHEAD])
    linear, near, wide = np.moveaxis(told, 2, 0)
    adjusted = dot(second_stage(rows.second, wide)[:, :, 1:] - state.means, state.slopes)
    second = wide + 2 * np.log1p(np.clip(adjusted, -ADJUSTED, ADJUSTED))
    average = (2 * second + near + linear + EWMA * rows.ewma[:, None]) / (4 + EWMA)
    back = np.array([1 - reversion(h) for h in horizons])
    spread = np.exp(np.clip((back * average + rows.slow[:, None]) / 2, -300.0, 300.0)) * np.sqrt(reach)
    width = spread * state.scales.T[series]
    timed = dot(rows.timing[:, None, :] - state.timing_means, state.timing_slopes)
    shift = TRUST * timed
    shapes, shape = _shapes_of(state, series, rows.design[:, _SHOCK], horizons)
    return Belief(ahead=wide, spread=spread, width=width, shift=shift, shapes=shapes, shape=shape)


def _shapes_of(
    state: State, series: NDArray[np.int64], shock: _Array, horizons: Sequence[int]
) -> tuple[_Array, NDArray[np.int64]]:
    """Give the shapes that occur, `[shape, H, level]`, and each row's: by its series, and by how large its shock is."""
    codes = distinct(series)
    place = np.searchsorted(codes, series)
    unit = state.quantiles[None] + state.own[:, codes].transpose(1, 0, 2)
    if 1 in horizons:
        first = list(horizons).index(1)
        unit = np.repeat(unit, len(state.thirds[first]), axis=0)
        unit[:, first] += np.tile(state.thirds[first], (len(codes), 1))
        place = len(state.thirds[first]) * place + np.searchsorted(state.edges[first], shock, side="right")
    return np.sort(unit, axis=2), place


def second_stage(second: _Array, ahead: _Array) -> _Array:
    """Give the regressors of the second stage `[n, H, k]`: 1, the forecast, how calm it is, and those of the row."""
    shape = (*ahead.shape, second.shape[1])
    calm = np.minimum(ahead + CALM, 0.0)
    own = np.broadcast_to(second[:, None, :], shape)
    return np.concatenate([np.ones((*ahead.shape, 1)), ahead[:, :, None], calm[:, :, None], own], axis=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One class's refits up to a moment, and what each of them forecast for the month after it.

    Parameters
    ----------
    kind
        Index into `KINDS`.
    at
        The moment; rows known before it are forecast, targets known by then are learned from.
    series
        How many series the panel has.
    horizons
        In bars.
    state
        What was learned; None before the first month.
    variance, second, scales, timing
        The sums it was learned from.
    ahead, spread, width, shift, low, high
        `[n, H]` of the class's rows in order of time: what was forecast; NaN where nothing was.
    """

    kind: int
    at: int
    series: int
    horizons: tuple[int, ...]
    state: State | None
    variance: Variance
    second: Second
    scales: Scales
    timing: Timing
    ahead: _Array
    spread: _Array
    width: _Array
    shift: _Array
    low: _Array
    high: _Array

    @classmethod
    def begin(cls, rows: Table, kind: int, *, series: int, horizons: tuple[int, ...]) -> "Chain":
        """Give the chain that has learned nothing, at the month of the class's first row."""
        count, nothing = len(horizons), np.zeros((0, len(horizons)))
        return cls(
            kind=kind,
            at=month_of(int(rows.known_at[0])),
            series=series,
            horizons=horizons,
            state=None,
            variance=Variance.empty(count),
            second=Second.empty(count, series, rows.second.shape[1] + 3),
            scales=Scales.empty(count, series),
            timing=Timing.empty(count, rows.timing.shape[1] + 1),
            ahead=nothing,
            spread=nothing,
            width=nothing,
            shift=nothing,
            low=nothing,
            high=nothing,
        )

    @property
    def nbytes(self) -> int:
        """How much memory what was forecast takes."""
        return sum(part.nbytes for part in (self.ahead, self.spread, self.width, self.shift, self.low, self.high))

    def copied(self, count: int) -> "Chain":
        """Give a copy to go on with, with room for `count` rows."""
        return replace(
            self,
            variance=_copied(self.variance),
            second=_copied(self.second),
            scales=_copied(self.scales),
            timing=_copied(self.timing),
            ahead=_longer(self.ahead, count),
            spread=_longer(self.spread, count),
            width=_longer(self.width, count),
            shift=_longer(self.shift, count),
            low=_longer(self.low, count),
            high=_longer(self.high, count),
        )

    def until(self, rows: Table, moment: int) -> "Chain":
        """Go on, month by month, to a later moment; `rows` are all of the class's in order of time."""
        work = _Work.on(self, rows)
        for month in months_between(self.at, moment):
            work.forecast_until(month)
            work.learn_until(month, shaped=month >= months_before(moment, REMEMBERED))
        return work.chain


class _Work:
    """A copy of a chain that goes on in place, and the order in which its rows' targets become known."""

    def __init__(self, chain: Chain, rows: Table, order: list[Rows], upto: list[NDArray[np.int64]]) -> None:
        self.chain, self.rows, self.order, self.upto = chain, rows, order, upto
        self.moments = [np.unique(known_at) for known_at in upto]
        self.scores = [Scores() for _ in order]

    @classmethod
    def on(cls, chain: Chain, rows: Table) -> "_Work":
        order, upto = [], []
        for place in range(len(chain.horizons)):
            known = np.isfinite(rows.target[:, place]) & np.isfinite(rows.y[:, place])
            ordered = np.argsort(rows.y_known[:, place], kind="stable")
            order.append(ordered[known[ordered]])
            upto.append(rows.y_known[order[-1], place])
        return cls(chain.copied(len(rows.known_at)), rows, order, upto)

    def forecast_until(self, month: int) -> None:
        chain = self.chain
        first, end = np.searchsorted(self.rows.known_at, (chain.at, month))
        if chain.state is None or first == end:
            return
        mine = self.rows.take(np.arange(first, end))
        belief = forecast(chain.state, mine, mine.series.astype(np.int64), chain.horizons)
        chain.ahead[first:end], chain.spread[first:end] = belief.ahead, belief.spread
        chain.width[first:end], chain.shift[first:end] = belief.width, belief.shift
        chain.low[first:end], chain.high[first:end] = belief.bands

    def learn_until(self, month: int, *, shaped: bool) -> None:
        """Learn from the targets that became known, and refit; the shapes only where somebody will look at them."""
        chain = self.chain
        chain.second.fade(fading(month - chain.at, _SECOND_DAYS))
        chain.scales.fade(fading(month - chain.at, _SHAPED_DAYS))
        for place in range(len(chain.horizons)):
            first, end = np.searchsorted(self.upto[place], (chain.at, month), side="right")
            self._add(place, self.order[place][first:end])
        reach = np.array(chain.horizons, float)
        means, slope = chain.second.solve(reach)
        timing_means, timing_slopes = chain.timing.solve(reach)
        state = State(
            weights=chain.variance.solve(),
            means=means,
            slopes=slope,
            scales=np.concatenate((chain.scales.solve(reach), np.ones((len(reach), 1))), axis=1),
            timing_means=timing_means,
            timing_slopes=timing_slopes,
            **self._shapes(month, shaped=shaped),
        )
        self.chain = replace(chain, at=month, state=state)

    def _add(self, place: int, new: Rows) -> None:
        """Add rows whose targets of one horizon became known: to the first stage all, to the others if forecast."""
        chain, rows = self.chain, self.rows
        x = rows.design[new]
        x[:, AHEAD] = rows.ahead[new, place]
        chain.variance.add(place, x, rows.target[new, place])
        new = new[np.isfinite(chain.ahead[new, place])]
        if not len(new):
            return
        y, series, ahead = rows.y[new, place], rows.series[new], chain.ahead[new, place]
        reach = np.sqrt(chain.horizons[place])
        wide = np.exp(np.clip((ahead + rows.slow[new]) / 2, -300.0, 300.0)) * reach
        told = second_stage(rows.second[new], ahead[:, None])[:, 0]
        chain.second.add(place, told, np.abs(y) / wide, series)
        chain.scales.add(place, np.abs(y) / chain.spread[new, place], series)
        timing = np.concatenate((np.ones((len(new), 1)), rows.timing[new]), axis=1)
        chain.timing.add(place, timing, y / chain.width[new, place])

    def _shapes(self, month: int, *, shaped: bool) -> dict[str, _Array]:
        chain = self.chain
        made = []
        for place, h in enumerate(chain.horizons):
            if shaped:
                self._score(place, int(np.searchsorted(self.upto[place], month, side="right")))
            days = (month - self.moments[place]) / DAY
            sample = self.scores[place].sample(0.5 ** (np.maximum(days, 0.0) / _SHAPED_DAYS))
            believed = lean(KINDS[chain.kind], h, series=int(np.count_nonzero(chain.scales.count[place])))
            made.append(shape(sample, horizon=h, lean=believed, series=chain.series + 1))
        return {
            name: np.stack([getattr(one, name) for one in made]) for name in ("quantiles", "thirds", "edges", "own")
        }

    def _score(self, place: int, end: int) -> None:
        """Put the forecasts of one horizon whose outcomes became known since the last time beside those before."""
        chain, rows, scores = self.chain, self.rows, self.scores[place]
        known = self.order[place][scores.seen : end]
        moment = np.searchsorted(self.moments[place], self.upto[place][scores.seen : end])
        told = np.isfinite(chain.width[known, place])
        known, moment = known[told], moment[told]
        width = chain.width[known, place]
        scored = Scored(
            values=rows.y[known, place] / width - chain.shift[known, place],
            shock=rows.design[known, _SHOCK],
            series=rows.series[known],
            squares=(rows.size[known, place] / width) ** 2,
            moment=moment,
        )
        scores.add(scored, seen=end)


def _longer(values: _Array, count: int) -> _Array:
    """Give a copy with room for as many rows as there are now."""
    room = np.full((count, values.shape[1]), np.nan)
    room[: len(values)] = values
    return room


def _copied(sums: _Sums) -> _Sums:
    return replace(sums, **{one.name: getattr(sums, one.name).copy() for one in fields(sums)})
