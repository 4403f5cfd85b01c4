"""Where to look more closely: rows that change when two bars after them change places."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.features.audit.table import Table

__all__ = ["EVERY", "foretells", "still", "suspects", "swapped", "tamed"]

EVERY: Final = 5
"""Of so many bars two neighbours change places."""

_PRICES: Final = ("open", "high", "low", "close")
_CLOSE: Final = 3
_TIMES: Final = 5.0
_BEST: Final = 2
_TOLD, _CERTAIN, _WILD, _FLAT = 0.3, 5.5, 5.0, 1e-12

_Array = NDArray[np.float64]
_Rows = NDArray[np.int64]


def swapped(frame: pl.DataFrame, places: _Rows) -> pl.DataFrame:
    """Give bars of which those at these places and the ones after them have changed places, as moves of the price.

    From the second of each pair on every price is what it was, so windows that hold both hardly notice.
    """
    logs = np.log(frame.select(_PRICES).to_numpy())
    volume = frame["volume"].to_numpy().astype(np.float64)
    able = (places >= 1) & (places + 1 < len(logs))
    one = places[able]
    one = one[np.isfinite(logs[one - 1]).all(1) & np.isfinite(logs[one]).all(1) & np.isfinite(logs[one + 1]).all(1)]
    told, prices, two = logs.copy(), frame.select(_PRICES).to_numpy().astype(np.float64), one + 1
    told[one] = logs[two] - logs[one, _CLOSE][:, None] + logs[one - 1, _CLOSE][:, None]
    told[two] = logs[one] - logs[one - 1, _CLOSE][:, None] + told[one, _CLOSE][:, None]
    last = prices[two, _CLOSE]
    both = np.concatenate((one, two))
    prices[both] = np.exp(told[both])
    prices[two, _CLOSE] = last
    prices[both, 1], prices[both, 2] = prices[both].max(axis=1), prices[both].min(axis=1)
    volume[one], volume[two] = volume[two].copy(), volume[one].copy()
    columns = dict(zip((*_PRICES, "volume"), (*prices.T, volume), strict=True))
    return frame.with_columns(**{name: pl.Series(values).fill_nan(None) for name, values in columns.items()})


def suspects(
    whole: Table, told: Iterable[tuple[int, Table]], known: _Rows, *, tolerance: float
) -> list[tuple[str, int]]:
    """Name columns, and how many bars were known before the swaps that moved them most, the most telling first.

    What moves a row before two bars change places looks ahead, or remembers the swaps before: a long memory moves all
    rows a little, a look ahead moves few of them a lot. So this accuses nobody; it says where to ask.

    Parameters
    ----------
    whole
        What the subject says of all bars.
    told
        What it says of bars with swaps, and the place of the first.
    known
        When each bar was, in microseconds.
    tolerance
        Share of the usual size of a column that counts as nothing.
    """
    found: list[tuple[float, str, int]] = []
    for first, other in told:
        for apart, counts in _moved(whole, other, known, first, tolerance):
            usual = np.median(np.where(np.isfinite(apart), apart, 0.0), axis=0)
            score = apart / (usual + tolerance * whole.sizes + 1e-300)
            for column in np.flatnonzero((score > _TIMES).any(axis=0)):
                best = np.argsort(-score[:, column], kind="stable")[:_BEST]
                telling = best[score[best, column] > _TIMES]
                found += [(float(score[row, column]), whole.names[column], int(counts[row])) for row in telling]
    return [(name, count) for _, name, count in sorted(found, key=lambda one: -one[0])]


def _moved(whole: Table, other: Table, known: _Rows, first: int, tolerance: float) -> Iterator[tuple[_Array, _Rows]]:
    """Give how far rows moved, and how many bars were known before the next swap began, by their place between two."""
    if other.names != whole.names or not np.array_equal(other.at, whole.at):
        return
    bar = np.searchsorted(known, whole.known, side="right") - 1
    with np.errstate(invalid="ignore"):
        apart = np.abs(whole.x - other.x)
    apart[(whole.x == other.x) | (np.isnan(whole.x) & np.isnan(other.x))] = 0.0
    apart[np.isnan(apart)] = np.inf
    apart[apart <= tolerance * (np.nan_to_num(np.abs(whole.x)) + whole.sizes)] = 0.0
    for place in range(1, EVERY):
        following = bar + EVERY - place  # the first bar of the next pair is also how many came before it
        kept = np.flatnonzero((bar >= first) & ((bar - first) % EVERY == place) & (following < len(known) - 1))
        if len(kept):
            yield apart[kept], following[kept]


def still(whole: Table, told: Sequence[tuple[int, Table]]) -> list[str]:
    """Name the columns that say the same whatever bars change places: they are made of something else."""
    rest = [name for name, values in zip(whole.names, whole.x.T, strict=True) if len(np.unique(values)) > _BEST]
    for _, other in told:
        if other.names != whole.names or not np.array_equal(other.at, whole.at):
            return []
        same = (whole.x == other.x) | (np.isnan(whole.x) & np.isnan(other.x))
        rest = [name for name in rest if same[:, whole.names.index(name)].all()]
    return rest if told else []


def foretells(whole: Table, name: str, known: _Rows, close: _Array) -> tuple[float, int]:
    """Give the correlation of a column with the moves that follow its rows, 0 where it may be chance, and of how many.

    Parameters
    ----------
    whole, name
        What the subject says of all bars, and which column.
    known, close
        When each bar was known, in microseconds, and its close.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.append(np.diff(np.log(close)), np.nan)
    bar = np.searchsorted(known, whole.known, side="right") - 1
    values = whole.x[:, whole.names.index(name)]
    moves = np.where(bar >= 0, moves[np.maximum(bar, 0)], np.nan)
    there = np.isfinite(values) & np.isfinite(moves)
    if there.sum() < EVERY:
        return 0.0, int(there.sum())
    one, two = tamed(values[there]), tamed(moves[there])
    if min(one.std(), two.std()) < _FLAT:
        return 0.0, len(one)
    found = float(np.corrcoef(one, two)[0, 1])
    return (found if abs(found) > max(_TOLD, _CERTAIN / np.sqrt(len(one))) else 0.0), len(one)


def tamed(table: _Array) -> _Array:
    """Cut each column at five of its standard deviations, so that no crash or wrong price speaks for all."""
    spread = np.nanstd(table, axis=0)
    middle = np.nanmedian(table, axis=0)
    return np.asarray(np.clip(table, middle - _WILD * spread, middle + _WILD * spread))
