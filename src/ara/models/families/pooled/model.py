"""`pooled_har`: variance learned from all series of a class together, and the shape their returns really had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.families.ewma_t import EwmaT, FittedEwmaT
from ara.models.families.pooled.chain import Chain, State, forecast
from ara.models.families.pooled.features import BLOCKS, COLUMNS, Table, table
from ara.models.families.pooled.recalibration import Memory, Past, remember, still_open, stretch
from ara.models.families.pooled.saved import Params, read, write
from ara.models.families.pooled.seen import KINDS
from ara.models.fits import Chains
from ara.models.head import Head, read_head, write_head
from ara.models.months import month_after, month_of
from ara.models.panel import Panel, Rows, united
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.stillness import still_rows
from ara.workers import Progress

__all__ = ["YOUNG", "FittedPooledHar", "PooledHar"]

_Array = NDArray[np.float64]

YOUNG: Final = 120
"""Bars that a series needs before it is forecast so; until then `ewma_t` answers for it."""

_YEAR: Final = 250
_MIDDLE = LEVELS.index(0.5)
_chains: Final = Chains[Mapping[int, Chain]](4, nbytes=lambda grown: sum(one.nbytes for one in grown.values()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedPooledHar:
    """`pooled_har` as it was learned at one moment.

    Parameters
    ----------
    horizons
        In bars; it answers for these.
    symbols
        Series it knows; another is taken as its class's average.
    seen
        Up to when the forecasts in `memory` were made.
    states
        By class; a class that is not in it gets `fallback`.
    memory
        How often each series' bands missed of late.
    fallback
        For rows of a class or a series that is too young.
    """

    horizons: tuple[int, ...]
    symbols: tuple[str, ...]
    seen: int
    states: Mapping[str, State]
    memory: Memory
    fallback: FittedEwmaT

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the quantiles of the return from each row, recalibrated by the misses that were known at it."""
        columns = self._columns(panel)
        values = np.full((len(rows), len(panel.horizons), len(LEVELS)), np.nan)
        if len(rows) and self.states:
            parts = [(mine, self._looked_at(panel, rows[mine])) for _, mine in panel.by_series(rows)]
            needed = np.concatenate([_and_its_year(panel, looked) for _, looked in parts])  # by series, so ascending
            whole = table(panel, needed)
            for mine, looked in parts:
                seen = whole.take(np.searchsorted(needed, looked))
                state = self.states.get(KINDS[seen.kind[0]])
                if state is not None:
                    values[mine] = self._series(panel, seen, rows[mine], looked, _at(state, columns), columns)
        gaps = ~np.isfinite(values).all(axis=2)
        late = np.flatnonzero(gaps.any(axis=1))
        if len(late):
            simple = self.fallback.predict(panel, rows[late]).values
            values[late] = np.where(gaps[late][:, :, None], simple, values[late])
        return Quantiles(horizons=panel.horizons, values=values)

    def save(self, folder: Path) -> None:
        """Write `params.json`, `arrays.npz` and `head.json`."""
        params = Params(
            horizons=self.horizons,
            symbols=self.symbols,
            kinds=tuple(self.states),
            seen=self.seen,
            decay=self.fallback.decay,
            tails=dict(self.fallback.shapes),
        )
        arrays: dict[str, NDArray[Any]] = {f"memory.{name}": value for name, value in self.memory._asdict().items()}
        for kind, state in self.states.items():
            arrays |= {f"{kind}.{name}": value for name, value in state._asdict().items()}
        write(folder, params, arrays)
        write_head(folder, Head(family=PooledHar.family, levels=LEVELS, horizons=self.horizons))

    def _columns(self, panel: Panel) -> list[int]:
        missing = [h for h in panel.horizons if h not in self.horizons]
        if missing:
            raise ModelError(
                f"this model was fitted for the horizons {', '.join(map(str, self.horizons))}, not for {missing[0]}",
                hint="Fit it on a panel with that horizon.",
            )
        return [self.horizons.index(h) for h in panel.horizons]

    def _own(self, panel: Panel, code: int) -> int:
        """Give the place of a series of the panel among those it knows, -1 where it is not."""
        name = panel.symbols[code]
        return self.symbols.index(name) if name in self.symbols else -1

    def _looked_at(self, panel: Panel, rows: Rows) -> Rows:
        """Give those rows of one series that its answers at some of them depend on, ascending."""
        code = int(panel.series[rows[0]])
        first, end = panel.span(code)
        known = panel.known_at[first:end]
        opened, _ = still_open(self.memory, self._own(panel, code), known)
        later = np.arange(int(np.searchsorted(known, self.seen, side="right")), int(rows.max()) + 1 - first)
        return np.unique(np.concatenate((first + opened, first + later, rows)))

    def _series(self, panel: Panel, seen: Table, rows: Rows, looked: Rows, state: State, columns: list[int]) -> _Array:
        """Answer for rows of one series; `seen` holds those that were looked at."""
        code = int(panel.series[rows[0]])
        first, end = panel.span(code)
        own = self._own(panel, code)
        belief = forecast(state, seen, np.full(len(looked), own), panel.horizons)
        y, low, high = (np.full((end - first, len(columns)), np.nan) for _ in range(3))
        y[looked - first] = seen.y
        fresh = (panel.known_at[looked] > self.seen) & seen.usable
        low[looked[fresh] - first], high[looked[fresh] - first] = (side[fresh] for side in belief.bands)
        past = Past(known_at=panel.known_at[first:end], y=y, low=low, high=high)
        factor = np.exp(stretch(_remembered(self.memory, columns), own, past, rows - first, panel.horizons))
        asked = np.searchsorted(looked, rows)
        answer = belief.at(asked)
        answer[~seen.usable[asked]] = np.nan
        middle = answer[:, :, _MIDDLE, None]
        out = np.maximum.accumulate(middle + (answer - middle) * factor[:, :, None], axis=2)
        out[rows - first < YOUNG] = np.nan
        return np.asarray(out)


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledHar:
    """Linear models of log variance pooled over each asset class, with the empirical shape of returns around them.

    Variance of the next bars is read from ranges on many scales, from falls and shocks (leverage), volume, the calendar
    and the state of the own class and of other markets; a second stage corrects it by what absolute returns tell; the
    logs of several models are averaged. Returns over that are given the shape they had: of the class, of the series, of
    calm and wild days, with part of the past drift. Bands that missed too often or too rarely of late, beyond chance,
    are stretched around their median. A refit forecasts only the month that follows it; later refits learn from what
    those before them forecast, so that nothing is tuned on what it was fitted to.

    Parameters
    ----------
    fallback
        The decay of the `ewma_t` that answers for series under 120 bars, and for classes with too few outcomes.

    References
    ----------
    F. Corsi (2009), Journal of Financial Econometrics 7, for the scales; T. Bollerslev, B. Hood, J. Huss and L. H.
    Pedersen (2018), Review of Financial Studies 31, for pooling over instruments.
    """

    fallback: float = 0.94
    family: ClassVar[str] = "pooled_har"
    untuned: ClassVar[str] = (
        "its penalties and shares were chosen once, before the years it is judged by, and each month goes on from the "
        "month before; all that can be changed is the decay of the ewma_t that stands in for series under 120 bars"
    )

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
    ) -> FittedPooledHar:
        """Learn month by month from the targets of `train` and `valid`; nothing is random, nothing stops early."""
        rows = united(train, valid)
        fallback = EwmaT(decay=self.fallback).fit(panel, train, valid, seed=seed, watch=_go_on)
        memory = Memory.empty(len(panel.symbols), panel.horizons)
        states: dict[str, State] = {}
        last = int(panel.known_at.max()) if len(panel) else 0
        moment = last if last == month_of(last) else month_after(last)
        if len(panel) and panel.horizons:
            chains = _linked(panel, rows, moment, watch)
            for kind, (chain, mine) in chains.items():
                if chain.state is not None:
                    states[KINDS[kind]] = chain.state
                remember(memory, chain, mine, moment)
        seen = panel.known_at[panel.known_at < moment]
        return FittedPooledHar(
            horizons=panel.horizons,
            symbols=panel.symbols,
            seen=int(seen.max()) if len(seen) else 0,
            states=states,
            memory=memory,
            fallback=fallback,
        )

    @classmethod
    def load(cls, folder: Path) -> FittedPooledHar:
        """Read what `FittedPooledHar.save` wrote."""
        read_head(folder, cls.family)
        params, arrays = read(folder)
        try:
            states = {k: State(*(arrays[f"{k}.{name}"] for name in State._fields)) for k in params.kinds}
            memory = Memory(*(arrays[f"memory.{name}"] for name in Memory._fields))
        except KeyError as error:
            raise ModelError(f"the model in {folder} is damaged: it lacks {error}") from error
        wrong = _misshapen(params, states, memory)
        if wrong:
            raise ModelError(
                f"the model in {folder} is damaged, or of another version: {wrong} has another shape",
                hint="Fit it again.",
            )
        return FittedPooledHar(
            horizons=params.horizons,
            symbols=params.symbols,
            seen=params.seen,
            states=states,
            memory=memory,
            fallback=FittedEwmaT(decay=params.decay, shapes=params.tails),
        )


def _and_its_year(panel: Panel, rows: Rows) -> Rows:
    """Give rows of one series and the year up to the last: reasons look at that, and rows cost little beside others."""
    first, _ = panel.span(int(panel.series[rows[-1]]))
    year = np.arange(max(first, int(rows[-1]) + 1 - _YEAR), int(rows[-1]) + 1)
    return np.concatenate((rows[rows < year[0]], year))


def _misshapen(params: Params, states: Mapping[str, State], memory: Memory) -> str:
    """Give the name of an array that can't be of this model; nothing where all can."""
    reach, series, levels = len(params.horizons), len(params.symbols) + 1, len(LEVELS)
    shapes: dict[str, tuple[int, ...]] = {
        "weights": (reach, len(BLOCKS), len(COLUMNS)),
        "scales": (reach, series),
        "quantiles": (reach, levels),
        "thirds": (reach, 3, levels),
        "edges": (reach, 2),
        "own": (reach, series, levels),
    }
    for kind, state in states.items():
        for name, expected in shapes.items():
            if getattr(state, name).shape != expected:
                return f"{kind}.{name}"
    bands = (series, max(params.horizons, default=1), reach)
    own = {"sums": (series, reach, 3), "last": bands[:1], "open_at": bands[:2], "open_low": bands, "open_high": bands}
    return next((f"memory.{name}" for name, expected in own.items() if getattr(memory, name).shape != expected), "")


def _linked(panel: Panel, rows: Rows, moment: int, watch: Callable[[Progress], bool]) -> dict[int, tuple[Chain, Table]]:
    """Give each class's chain at the moment and its rows, going on from the last one that lies on the same past.

    Rows whose price stands still say nothing of those that move, and are not learned from.
    """
    seen = table(panel)
    whole, apart = len(rows) == len(panel), np.flatnonzero(still_rows(panel))
    if not whole:
        apart = np.union1d(apart, np.setdiff1d(np.arange(len(panel)), rows))
    if len(apart):
        seen = seen.take(np.arange(len(panel)))
        seen.target[apart], seen.y[apart] = np.nan, np.nan
    before = (_chains.latest(panel, moment) if whole else None) or {}
    made: dict[int, tuple[Chain, Table]] = {}
    kinds = np.unique(seen.kind[seen.usable])
    for done, kind in enumerate(kinds.tolist(), 1):
        mine = np.flatnonzero((seen.kind == kind) & seen.usable)
        own = seen.take(mine[np.argsort(seen.known_at[mine], kind="stable")])
        chain = before.get(kind) or Chain.begin(own, kind, series=len(panel.symbols), horizons=panel.horizons)
        made[kind] = chain.until(own, moment), own
        if not watch(Progress(done=done, total=len(kinds), words="fitting pooled_har")):
            return made
    if whole:
        _chains.keep(panel, moment, {kind: one for kind, (one, _) in made.items()})
    return made


def _at(state: State, columns: list[int]) -> State:
    """Give the state of some of its horizons."""
    return State(*(part[columns] for part in state))


def _remembered(memory: Memory, columns: list[int]) -> Memory:
    return memory._replace(
        sums=memory.sums[:, columns],
        open_low=memory.open_low[:, :, columns],
        open_high=memory.open_high[:, :, columns],
    )


def _go_on(_: Progress) -> bool:
    return True
