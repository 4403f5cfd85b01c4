"""Ten leaks of models, each as it is met in the wild, planted for the audit to find; and the clean twin of each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.evidence.worlds import market, walks
from ara.models.panel import Panel, Rows

__all__ = ["PLANTED", "Look", "Planted", "bars"]

_Array = NDArray[np.float64]
_Told = tuple[_Array, _Array]

_SYMBOLS, _BARS, _SEED = 3, 600, 20
_SHORT, _LONG, _EARLY = 20, 60, 300
_LEAN: Final = 0.5
_KEPT: Final = 3


def bars() -> pl.DataFrame:
    """Give the market on which they are tried: three random walks, of which nothing can be foretold."""
    return market(walks(_SYMBOLS, _BARS, seed=_SEED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One leak and its twin.

    Parameters
    ----------
    name
        What it is called.
    words
        What it does, and how people come to do it.
    rule
        The check that names it; others may see it too.
    twin
        What the clean twin does instead.
    tell
        Gives the mean `[row, horizon]`, in standard deviations, and the standard deviation; of a look at a panel, and
        cleanly or not.
    """

    name: str
    words: str
    rule: str
    twin: str
    tell: "Callable[[Look, bool], _Told]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a planted model answers from.

    Parameters
    ----------
    panel, rows
        What is asked.
    memory
        What was given in earlier questions, by series and place in it.
    learned
        What a fit chose, by horizon: how many outcomes to average, and how far that was off.
    """

    panel: Panel
    rows: Rows
    memory: dict[tuple[int, int], float]
    learned: Mapping[int, tuple[int, float]]

    @property
    def places(self) -> Iterator[tuple[int, int, int, int]]:
        """Each row's place among those asked, itself, and the first row of its series and the row after the last."""
        for place, row in enumerate(self.rows.tolist()):
            yield place, row, *self.panel.span(int(self.panel.series[row]))

    @property
    def returns(self) -> _Array:
        """Log returns by row; 0 where there is none."""
        return np.nan_to_num(self.panel.bars[:, 3])

    def told(self, lean: _Array, width: _Array) -> _Told:
        """Give a lean and a width of one bar for all horizons."""
        spread = width[:, None] * np.sqrt(np.array(self.panel.horizons, float))
        return np.repeat(lean[:, None], len(self.panel.horizons), axis=1), spread

    def each(self, value: Callable[[int, int, int], float]) -> _Array:
        """Give a number of each row: of itself, the first row of its series and the row after the last."""
        return np.array([value(row, first, end) for _, row, first, end in self.places])

    @property
    def widths(self) -> _Array:
        """The standard deviation of the last bars, by row."""
        returns = self.returns
        return self.each(lambda row, first, _: _spread(returns[max(first + 1, row - _LONG) : row + 1]))


def _spread(values: _Array) -> float:
    return max(float(values.std()), 1e-6) if len(values) else 0.01


def _next_row(look: Look, clean: bool) -> _Told:
    returns, ahead = look.returns, 0 if clean else 1
    lean = look.each(lambda row, _, end: _LEAN * np.sign(returns[row + ahead]) if row + ahead < end else 0.0)
    return look.told(lean * (0.1 if clean else 1.0), look.widths)


def _unpurged(look: Look, clean: bool) -> _Told:
    """Lean on the newest outcomes: of all rows, or of those alone whose outcome was public."""
    panel = look.panel
    lean, width = look.told(np.zeros(len(look.rows)), look.widths)
    for place, row, first, _ in look.places:
        for over in range(len(panel.horizons)):
            own = slice(max(first, row - _LONG), row + 1)
            public = panel.y_known[own, over] <= panel.known_at[row]
            outcomes = panel.y[own, over][public | (not clean)]
            outcomes = outcomes[np.isfinite(outcomes)]
            lean[place, over] = 0.1 * float(outcomes[-_KEPT:].mean()) if len(outcomes) else 0.0
    return lean, width


def _scale_of_all(look: Look, clean: bool) -> _Told:
    returns = look.returns
    width = look.each(lambda row, first, end: _spread(returns[first + 1 : row + 1 if clean else end]))
    return look.told(np.zeros(len(width)), width)


def _centred_volatility(look: Look, clean: bool) -> _Told:
    returns, side = look.returns, _SHORT // 2

    def spread(row: int, first: int, end: int) -> float:
        low, high = (row - _SHORT, row) if clean else (row - side, row + side)
        return _spread(returns[max(first + 1, low) : min(high + 1, end)])

    width = look.each(spread)
    return look.told(np.zeros(len(width)), width)


def _refit_to_last(look: Look, clean: bool) -> _Told:
    """Refit on all bars up to the last origin that is asked for, or up to each origin itself."""
    returns, series = look.returns, look.panel.series
    last = {int(code): int(look.rows[series[look.rows] == code].max()) for code in np.unique(series[look.rows])}
    width = look.each(
        lambda row, first, _: _spread(returns[first + 1 : (row if clean else last[int(series[row])]) + 1])
    )
    return look.told(np.zeros(len(width)), width)


def _batch_scaled(look: Look, clean: bool) -> _Told:
    """Scale what is looked at by the rows that are asked for together, or by each row's own past."""
    returns = look.returns
    asked = returns[look.rows]
    if clean:
        middle = look.each(lambda row, first, _: float(returns[max(first + 1, row - _LONG) : row + 1].mean()))
        return look.told(0.1 * (asked - middle) / look.widths, look.widths)
    return look.told(0.1 * (asked - asked.mean()) / _spread(asked), look.widths)


def _leader_ahead(look: Look, clean: bool) -> _Told:
    """Follow the first series: by its bar of the next day, as tables that are joined by their row numbers do."""
    panel, returns = look.panel, look.returns
    first, end = panel.span(0)
    newest = np.searchsorted(panel.known_at[first:end], panel.known_at[look.rows], side="right") - 1
    place = np.clip(first + newest + (0 if clean else 1), first, end - 1)
    return look.told(0.1 * np.sign(returns[place]), look.widths)


def _remembered(look: Look, clean: bool) -> _Told:
    """Lean on the bar after the origin as far as it was given in an earlier question, or on none."""
    returns, series = look.returns, look.panel.series

    def lean(row: int, first: int, _end: int) -> float:
        return 0.0 if clean else _LEAN * np.sign(look.memory.get((int(series[row]), row - first + 1), 0.0))

    told = look.told(look.each(lean), look.widths)
    for code in np.unique(series).tolist():
        first, end = look.panel.span(code)
        look.memory.update({(code, place): float(returns[first + place]) for place in range(end - first)})
    return told


def _memorised(look: Look, clean: bool) -> _Told:
    """Carry what became of the very days that are asked for, or the means of days long before."""
    known = walks(_SYMBOLS, _BARS, seed=_SEED)
    early = known[:_EARLY].mean(axis=0) / known[:_EARLY].std(axis=0)
    series = look.panel.series

    def lean(row: int, first: int, _: int) -> float:
        code, place = int(series[row]) % _SYMBOLS, row - first + 1
        ahead = known[place, code] if place < _BARS else 0.0
        return float(early[code]) if clean else 2 * float(np.sign(ahead))

    return look.told(look.each(lean), look.widths)


def _random_split(look: Look, _clean: bool) -> _Told:
    """Say the mean of the newest outcomes that were public, as sure as the chosen number of them looked in the fit."""
    panel = look.panel
    lean, width = look.told(np.zeros(len(look.rows)), look.widths)
    for place, row, first, _ in look.places:
        for over in range(len(panel.horizons)):
            count, error = look.learned[over]
            own = slice(first, row + 1)
            public = panel.y[own, over][panel.y_known[own, over] <= panel.known_at[row]]
            outcomes = public[np.isfinite(public)][-count:]
            width[place, over] = panel.scale[row, over] * error
            lean[place, over] = float(outcomes.mean()) / error if len(outcomes) else 0.0
    return lean, width


PLANTED: Final[Mapping[str, Planted]] = {
    one.name: one
    for one in (
        Planted(
            name="next_row",
            rule="truncate",
            tell=_next_row,
            words="it reads the row after the origin: a window that ends one row too late",
            twin="the origin's own row",
        ),
        Planted(
            name="unpurged",
            rule="poison",
            tell=_unpurged,
            words="it learns from rows whose outcome was not yet public: no gap between training and origin",
            twin="outcomes that were public",
        ),
        Planted(
            name="scale_of_all",
            rule="truncate",
            tell=_scale_of_all,
            words="its band is as wide as all days of the file were: a scaler fitted once",
            twin="days up to the origin",
        ),
        Planted(
            name="centred_volatility",
            rule="shuffle",
            tell=_centred_volatility,
            words="its band is as wide as the days around the origin: a window that is centred",
            twin="a window that looks back",
        ),
        Planted(
            name="refit_to_last",
            rule="grid_poison",
            tell=_refit_to_last,
            words="it is fitted up to the last origin that is asked for, and answers the earlier ones by that",
            twin="each origin by its own past",
        ),
        Planted(
            name="batch_scaled",
            rule="grid_cut",
            tell=_batch_scaled,
            words="what it looks at is scaled by the rows that are asked together: a batch's mean left on",
            twin="scaled by each row's past",
        ),
        Planted(
            name="leader_ahead",
            rule="truncate",
            tell=_leader_ahead,
            words="it follows another instrument's bar of the next day: tables joined by row, not by time",
            twin="the other's newest bar that was public",
        ),
        Planted(
            name="remembered",
            rule="truncate",
            tell=_remembered,
            words="it keeps the bars of earlier questions, and answers by those that came after the origin",
            twin="bars that are kept and not looked at",
        ),
        Planted(
            name="memorised",
            rule="same_bar",
            tell=_memorised,
            words="it was trained on the very days that it is asked for, and carries their outcomes",
            twin="means of days long before",
        ),
        Planted(
            name="random_split",
            rule="random_split",
            tell=_random_split,
            words="what it averages was chosen on days drawn at random, which lie beside their own outcomes",
            twin="chosen on the last days, by what was public",
        ),
    )
}
"""The leaks by name."""
