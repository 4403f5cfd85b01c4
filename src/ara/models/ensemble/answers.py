"""An ensemble's answer: the members' own, mixed, and calibrated by what was known of the class at each row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ara.models.calibration import FARTHER, Surprise, drawn, eased, leaning, sizes, trust
from ara.models.ensemble.by_regime import belonging
from ara.models.ensemble.lately import remember
from ara.models.ensemble.members import DEAR
from ara.models.ensemble.panels import alone, next_alone, ranges_after, standings
from ara.models.ensemble.state import ClassState, State
from ara.models.families.ewma_t import EwmaT
from ara.models.families.pooled.seen import KINDS, kind_of
from ara.models.fits import fit_until, refits
from ara.models.model import Fitted, Model
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.series import SeriesModel

__all__ = ["Answering"]

_Array = NDArray[np.float64]

_LOW, _MIDDLE, _TOP = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """One panel, and the ensemble that is asked about it.

    Parameters
    ----------
    models, fitted, state, symbols, seed
        As in `FittedEnsemble`.
    panel
        One bar ahead is its first horizon.
    """

    models: Mapping[str, Model]
    fitted: Mapping[str, Fitted]
    state: State
    symbols: tuple[str, ...]
    seed: int
    panel: Panel

    def answer(self, rows: Rows) -> _Array:
        """Give the quantiles `[row, horizon, level]`."""
        panel, columns = self.panel, [self.state.horizons.index(h) for h in self.panel.horizons]
        out = np.full((len(rows), len(columns), len(LEVELS)), np.nan)
        kind = np.array([kind_of(group) for group in panel.groups], np.int64)[panel.group]
        for code in np.unique(kind[rows]):
            mine = np.flatnonzero(kind[rows] == code)
            state = self.state.of(KINDS[code])
            whole = np.flatnonzero(kind == code)
            since = self._since(whole, int(panel.known_at[rows].max()))
            every = np.union1d(rows[mine], since)
            raw = self._mixed(every, np.isin(every, rows[mine]), state, columns)
            place = np.searchsorted(every, rows[mine])
            answer = self._leant(raw[place], KINDS[code], [state.centre[column] for column in columns])
            log = np.array([state.stretches[column] for column in columns])
            slow = np.einsum("nr,hr->nh", belonging(standings(panel, rows[mine])), log)
            half = (answer[:, :, _TOP] - answer[:, :, _LOW]) / 2
            slow += drawn(half, self._usual(rows[mine], columns), KINDS[code], panel.horizons)
            raw_next = raw[np.searchsorted(every, since), 0]
            fast = self._surprise(state.surprise, np.unique(panel.series[whole]), since, raw_next)(rows[mine])
            out[mine] = _widened(answer, slow, fast[:, None] * eased(panel.horizons))
        return out

    def _usual(self, rows: Rows, columns: list[int]) -> _Array:
        """Give `[row, horizon]` how wide the bands of each row's series were of late, as a log; NaN where unknown."""
        nothing = (np.nan,) * len(self.state.horizons)
        told = np.array([self.state.usual.get(symbol, nothing) for symbol in self.panel.symbols])
        return np.asarray(told[:, columns][self.panel.series[rows]])

    def bare(self, rows: Rows) -> _Array:
        """Give the members' mean `[row, horizon, level]` as it is: nothing of calibration is looked at."""
        panel, columns = self.panel, [self.state.horizons.index(h) for h in self.panel.horizons]
        out = np.full((len(rows), len(columns), len(LEVELS)), np.nan)
        kind = np.array([kind_of(group) for group in panel.groups], np.int64)[panel.group]
        for code in np.unique(kind[rows]):
            mine = np.flatnonzero(kind[rows] == code)
            own = np.unique(rows[mine])
            mixed = self._mixed(own, np.ones(len(own), bool), self.state.of(KINDS[code]), columns)
            out[mine] = mixed[np.searchsorted(own, rows[mine])]
        return np.maximum.accumulate(out, axis=2)

    def _since(self, rows: Rows, last: int) -> Rows:
        """Give those of a class's rows whose forecasts tell how it does since the fit: of series that the fit knew."""
        known = np.isin(np.array(self.panel.symbols), self.symbols)[self.panel.series[rows]]
        at = self.panel.known_at[rows]
        whole = np.isfinite(self.panel.scale[rows]).all(axis=1)
        since = (at > self.state.seen) | (at >= self.state.at)
        return rows[known & whole & since & (at < last)]

    def _mixed(self, rows: Rows, asked: NDArray[np.bool_], state: ClassState, columns: list[int]) -> _Array:
        """Give the members' mean; of rows that nobody `asked` for, only the next bar is sure to be there."""
        used = state.counted(columns)
        said = [np.empty((0, 0, 0))] * len(used)
        for place in np.flatnonzero(used):
            name = self.state.members[place]
            if name in DEAR and not asked.all():
                said[place] = np.full((len(rows), len(self.panel.horizons), len(LEVELS)), np.nan)
                said[place][asked] = self._said(name, rows[asked], self.panel)
                said[place][~asked, :1] = self._said(name, rows[~asked], next_alone(self.panel))
            else:
                said[place] = self._said(name, rows, self.panel)
            if np.count_nonzero(asked) == 1:
                last = int(np.argmax(asked))
                remember(self.panel, self.fitted[name], int(rows[last]), said[place][last])
        out, standing = np.full((len(rows), len(columns), len(LEVELS)), np.nan), standings(self.panel, rows)
        for mine, reach in ((asked, columns), (~asked, columns[:1])):
            if mine.any():
                some = [one[mine, : len(reach)] if len(one) else one for one in said]
                out[mine, : len(reach)] = state.mixed(some, standing[mine], reach, middle=_MIDDLE)
        return out

    def _said(self, name: str, rows: Rows, panel: Panel) -> _Array:
        """Give one member's quantiles; of a series that it has not met, those of a fit to that series alone."""
        model = self.models[name]
        values = np.empty((len(rows), len(panel.horizons), len(LEVELS)))
        known = frozenset(self.symbols)
        strange = np.array([symbol not in known for symbol in panel.symbols], bool)[panel.series[rows]]
        if not isinstance(model, SeriesModel | EwmaT):
            strange = np.zeros(len(rows), bool)
        if not strange.all():
            values[~strange] = self.fitted[name].predict(panel, rows[~strange]).values
        apart = np.flatnonzero(strange)
        for code, some in panel.by_series(rows[apart]):
            mine = apart[some]
            own, first = alone(panel, code)
            for moment, places in refits(panel.known_at[rows[mine]]):
                fitted = fit_until(model, own, moment, seed=self.seed)
                values[mine[places]] = fitted.predict(own, rows[mine[places]] - first).values
        return values

    def _leant(self, values: _Array, kind: str, centre: list[float]) -> _Array:
        """Move each answer so that its chance of a rise is what is believed."""
        chances = Quantiles(horizons=self.panel.horizons, values=values).above(0.0)
        believed = np.array([trust(kind, horizon) for horizon in self.panel.horizons])
        return np.asarray(values + leaning(values, chances, believed=believed, centre=np.array(centre))[:, :, None])

    def _surprise(
        self, usual: Surprise | None, codes: NDArray[np.int32], since: Rows, raw: _Array
    ) -> Callable[[Rows], _Array]:
        """Give what tells the log of the factor for the next bar's band at rows, by what was known at each."""
        if usual is None:
            return lambda rows: np.zeros(len(rows))
        left, middles, halves = self._open(codes)
        middle = np.concatenate((middles, raw[:, _MIDDLE]))
        half = np.concatenate((halves, (raw[:, _TOP] - raw[:, _LOW]) / 2))
        known, size = self._sizes(np.concatenate((left, since)), middle, half)
        instants, factors, _ = usual.rolled(known, size)
        steps = np.concatenate(([usual.now], factors))
        return lambda rows: steps[np.searchsorted(instants, self.panel.known_at[rows], side="right")]

    def _open(self, codes: NDArray[np.int32]) -> tuple[Rows, _Array, _Array]:
        """Find the rows whose next bar was forecast before the fit and had not come by then."""
        found = []
        for code in codes.tolist():
            first, end = self.panel.span(code)
            at, middle, half = self.state.open.get(self.panel.symbols[code], (0, 0.0, 0.0))
            row = first + int(np.searchsorted(self.panel.known_at[first:end], at))
            if half > 0 and row < end and self.panel.known_at[row] == at:
                found.append((row, middle, half))
        rows, middles, halves = zip(*found, strict=True) if found else ((), (), ())
        return np.array(rows, np.int64), np.array(middles), np.array(halves)

    def _sizes(self, rows: Rows, middle: _Array, half: _Array) -> tuple[NDArray[np.int64], _Array]:
        """Give when the bars after rows were known, and how large they were over the band."""
        y = self.panel.y[rows, 0] * self.panel.scale[rows, 0]
        done = np.isfinite(y) & (half > 0)
        size = sizes(np.abs(y - middle)[done], ranges_after(self.panel, rows[done]), half[done])
        return self.panel.y_known[rows, 0][done], size


def _widened(values: _Array, slow: _Array, fast: _Array) -> _Array:
    """Give bands `[n, H, level]` about their medians, wider by these logs `[n, H]`: `fast` by how far out a level lies.

    Where that would make levels cross, the outer one follows the inner.
    """
    middle = values[:, :, _MIDDLE, None]
    told = middle + (values - middle) * np.exp(slow[:, :, None] + fast[:, :, None] * FARTHER)
    lower = np.minimum.accumulate(told[:, :, _MIDDLE::-1], axis=2)[:, :, ::-1]
    upper = np.maximum.accumulate(told[:, :, _MIDDLE:], axis=2)
    return np.asarray(np.concatenate((lower[:, :, :-1], upper), axis=2))
