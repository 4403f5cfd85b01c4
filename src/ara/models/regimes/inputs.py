"""What regimes are told by: each input with its window, as it was known at the close of each bar."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ara.market.bars import Bars
from ara.market.timeframe import DAY_LENGTH
from ara.models.stillness import STILL

__all__ = ["INPUTS", "Inputs", "measured"]

_Array = NDArray[np.float64]
_Instants = NDArray[np.int64]

_SPEEDS: Final = (20, 50, 200)
_VOLATILITY: Final = 20
_VOLUME: Final = (5, 60)
_CORRELATION: Final = 60
_BREADTH: Final = 50
_FEWEST: Final = 3
_DIRECTION: Final = 4.0
_MOMENTA: Final = tuple(f"momentum_{span}" for span in _SPEEDS)
_STALE: Final = 7 * DAY_LENGTH
_SMALLEST: Final = 1e-8

INPUTS: Final[Mapping[str, tuple[int, str]]] = {
    "return": (1, "log return of the bar"),
    "momentum_20": (20, "log return over 20 bars"),
    "momentum_50": (50, "log return over 50 bars"),
    "momentum_200": (200, "log return over 200 bars"),
    "realised_volatility": (20, "log of the root mean square return of 20 bars"),
    "implied_volatility": (20, "log of an index of implied volatility, such as ^VIX"),
    "volume": (5, "log of the mean volume of 5 bars over that of 60"),
    "correlation": (60, "mean correlation with the others of a panel, over 60 bars"),
    "breadth": (50, "share of a panel that closes above its mean of 50 bars"),
}
"""Each input's window in bars and its meaning. A bar counts as one observation over the window, since the rest of it is
in the bars before too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Inputs of one instrument, a row for each bar.

    Parameters
    ----------
    known_at
        When each bar's close was public, microseconds since 1970 UTC.
    names
        Of the columns: those of `INPUTS` that there are. The first is `return`.
    values
        `[bar, input]`; NaN where one is not known yet.
    missing
        Why each of the other inputs is not there.
    """

    known_at: _Instants
    names: tuple[str, ...]
    values: _Array
    missing: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def returns(self) -> _Array:
        """Log returns; NaN where there is no price."""
        return self.values[:, 0]

    @property
    def still(self) -> NDArray[np.bool_]:
        """Whether the last 20 bars up to each closed as the one before, as of a halted share or a fixed rate."""
        place = np.arange(len(self))
        return np.asarray(place - np.maximum.accumulate(np.where(self.returns != 0, place, 0)) >= STILL)

    @property
    def weights(self) -> _Array:
        """How many separate observations a bar of each input is worth: one over its window; four of momentum.

        Direction shows far less in a bar than volatility does: with one, states would tell apart volatility alone.
        """
        return np.array([(_DIRECTION if name in _MOMENTA else 1) / INPUTS[name][0] for name in self.names])

    def until(self, moment: int) -> "Inputs":
        """Give what was known at a moment, microseconds since 1970 UTC."""
        end = int(np.searchsorted(self.known_at, moment, side="right"))
        return replace(self, known_at=self.known_at[:end], values=self.values[:end])


def measured(bars: Bars, *, implied: Bars | None = None, others: Sequence[Bars] = ()) -> Inputs:
    """Measure the inputs of an instrument at each of its bars.

    Parameters
    ----------
    bars
        The instrument's, ascending in time.
    implied
        An index of implied volatility; its last close that was public with each bar counts, for seven days.
    others
        Further instruments, for correlation (with at least one) and breadth (three in all).
    """
    known = _known(bars)
    close = _prices(bars, "close")
    logs = np.log(close)
    panel = [np.log(_as_of(known, other)) for other in others]
    columns: dict[str, _Array] = {"return": _change(logs, 1)}
    columns |= {f"momentum_{span}": _change(logs, span) for span in _SPEEDS}
    columns["realised_volatility"] = _volatility(columns["return"])
    missing = {}
    candidates: Mapping[str, tuple[bool, str, Callable[[], _Array]]] = {
        "implied_volatility": (
            implied is not None, "no index of implied volatility is at hand", lambda: _implied(known, implied),
        ),
        "volume": (True, "no volume is known", lambda: _busy(_prices(bars, "volume"))),
        "correlation": (bool(panel), "no other instrument was named", lambda: _alike(logs, panel)),
        "breadth": (
            len(panel) + 1 >= _FEWEST, f"fewer than {_FEWEST} instruments were named", lambda: _broad([logs, *panel]),
        ),
    }  # fmt: skip
    for name, (there, why, make) in candidates.items():
        column = make() if there else np.empty(0)
        if np.isfinite(column).any():
            columns[name] = column
        else:
            missing[name] = why if name == "volume" or not there else "no bar has a value of it"
    return Inputs(
        known_at=known, names=tuple(columns), values=np.stack(list(columns.values()), axis=1), missing=missing
    )


def _known(bars: Bars) -> _Instants:
    return bars.frame["known_at"].dt.epoch("us").to_numpy()


def _prices(bars: Bars, column: str) -> _Array:
    """Give a column; NaN where it is not above 0."""
    given = bars.frame[column].fill_null(np.nan).to_numpy()
    return np.where((given > 0) & (given < np.inf), given, np.nan)


def _as_of(known: _Instants, other: Bars) -> _Array:
    """Give another's last close that was public at each instant; NaN where that is older than seven days."""
    theirs = _known(other)
    if not len(theirs):
        return np.full(len(known), np.nan)
    place = np.searchsorted(theirs, known, side="right") - 1
    fresh = (place >= 0) & (known - theirs[np.maximum(place, 0)] <= _STALE)
    return np.where(fresh, _prices(other, "close")[np.maximum(place, 0)], np.nan)


def _change(logs: _Array, span: int) -> _Array:
    out = np.full(len(logs), np.nan)
    out[span:] = logs[span:] - logs[:-span]
    return out


def _means(values: _Array, window: int) -> _Array:
    """Give the mean of each window that has no gap; what left it leaves no trace."""
    out = np.full(values.shape, np.nan)
    if len(values) >= window:
        out[window - 1 :] = sliding_window_view(values, window, axis=0).mean(axis=-1)
    return out


def _volatility(returns: _Array) -> _Array:
    return np.log(np.sqrt(_means(returns * returns, _VOLATILITY)) + _SMALLEST)


def _implied(known: _Instants, implied: Bars | None) -> _Array:
    return np.full(len(known), np.nan) if implied is None else np.log(_as_of(known, implied))


def _busy(volume: _Array) -> _Array:
    quick, slow = (_means(volume, span) for span in _VOLUME)
    return np.log(quick / slow)


def _alike(logs: _Array, panel: Sequence[_Array]) -> _Array:
    """Give the mean correlation of an instrument's returns with the others'; of those that have one."""
    own = _change(logs, 1)
    found = np.stack([_correlation(own, _change(other, 1)) for other in panel])
    known = np.isfinite(found)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, found, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _correlation(one: _Array, two: _Array) -> _Array:
    mean_one, mean_two = _means(one, _CORRELATION), _means(two, _CORRELATION)
    shared = _means(one * two, _CORRELATION) - mean_one * mean_two
    spread = (_means(one * one, _CORRELATION) - mean_one**2) * (_means(two * two, _CORRELATION) - mean_two**2)
    return np.where(spread > _SMALLEST**4, shared / np.sqrt(np.maximum(spread, _SMALLEST**4)), np.nan)


def _broad(panel: Sequence[_Array]) -> _Array:
    """Give the share of a panel above its mean; NaN where fewer than three have one."""
    gaps = np.stack([logs - _means(logs, _BREADTH) for logs in panel])
    known = np.isfinite(gaps)
    count = known.sum(axis=0)
    return np.where(count >= _FEWEST, (known & (gaps > 0)).sum(axis=0) / np.maximum(count, 1), np.nan)
