"""The rows of a subject as arrays, and where two tellings of the same past differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError

__all__ = ["Difference", "Table", "differences", "spread"]

_CLOCK: Final = pl.Datetime("us", "UTC")
_STAMPS: Final = ("at", "known_at")
_BESIDE: Final = (*_STAMPS, "symbol")

_Array = NDArray[np.float64]
_Instants = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Table:
    """What a subject gave.

    Parameters
    ----------
    at, known
        When each row's bar opened, and when the row is said to be known, in microseconds; `at` ascends.
    names
        Of the columns.
    x
        `[row, column]`; NaN for no value.
    """

    at: _Instants
    known: _Instants
    names: tuple[str, ...]
    x: _Array

    @classmethod
    def of(cls, frame: Any, *, name: str) -> "Table":
        """Read a frame; FeatureEngineeringError where it has no stamps, or columns that are no numbers."""
        if not isinstance(frame, pl.DataFrame):
            raise FeatureEngineeringError(
                f"{name} gave {type(frame).__name__}; give a data frame of polars with at, known_at and the features."
            )
        for stamp in _STAMPS:
            if stamp not in frame.columns or not isinstance(frame.schema[stamp], pl.Datetime):
                raise FeatureEngineeringError(f"{name} gave no column {stamp!r} of times.", hint=_STAMPED)
            if frame[stamp].null_count():
                raise FeatureEngineeringError(f"{name} gave rows without {stamp}.", hint=_STAMPED)
        frame = frame.sort("at")
        if frame["at"].is_duplicated().any():
            twice = frame.filter(pl.col("at").is_duplicated())["at"][0]
            raise FeatureEngineeringError(f"{name} gave two rows for {twice:%Y-%m-%d %H:%M}.", hint=_STAMPED)
        kinds = dict(frame.schema)
        names = tuple(column for column in kinds if column not in _BESIDE)
        strange = [column for column in names if not (kinds[column].is_numeric() or kinds[column] == pl.Boolean)]
        if strange or not names:
            words = f"{strange[0]!r:.60} of {kinds[strange[0]]}" if strange else "no feature"
            raise FeatureEngineeringError(f"{name} gave {words}; a feature is a column of numbers.")
        x = frame.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
        at, known = (frame[stamp].cast(_clock(frame, stamp)).to_physical().to_numpy() for stamp in _STAMPS)
        return cls(at=at, known=known, names=names, x=np.ascontiguousarray(x))

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def events(self) -> NDArray[np.bool_]:
        """Say where a column has a value that isn't its usual one: in nearly all rows, or only where something is."""
        ordered = np.sort(self.x, axis=0)  # NaN go last
        count = (~np.isnan(self.x)).sum(axis=0)
        usual = ordered[np.maximum(count - 1, 0) // 2, np.arange(len(count))] if len(self) else np.zeros(len(count))
        return np.asarray(~np.isnan(self.x) & (self.x != usual))

    @cached_property
    def sizes(self) -> _Array:
        """Give the usual size of each column: the median of its absolute values, their mean where that is 0."""
        size = np.where(np.isfinite(self.x), np.abs(self.x), np.nan)
        known = np.isfinite(size)
        count = known.sum(axis=0)
        ordered = np.sort(size, axis=0)  # NaN go last
        middle = np.clip((count - 1) // 2, 0, max(len(self) - 1, 0))
        median = np.nan_to_num(ordered[middle, np.arange(len(count))]) if len(self) else np.zeros(len(count))
        mean = np.where(known, size, 0.0).sum(axis=0) / np.maximum(count, 1)
        return np.asarray(np.where(median > 0, median, mean))


_STAMPED: Final = (
    "Every row needs `at`, when its bar opened, and `known_at`, when it could be known; one row for each at."
)


def _clock(frame: pl.DataFrame, stamp: str) -> pl.Datetime:
    return pl.Datetime("us", getattr(frame.schema[stamp], "time_zone", None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One column that two tellings differ in.

    Parameters
    ----------
    column
        Its name.
    at, known
        Of the first row that differs.
    count
        How many rows do.
    whole, other
        The value of that row in the whole and in the other telling; NaN for none.
    """

    column: str
    at: int
    known: int
    count: int
    whole: float
    other: float


def differences(
    whole: Table,
    other: Table,
    *,
    until: int,
    since: int | _Instants | None = None,
    tolerance: float,
    noise: Mapping[str, float] | None = None,
) -> list[Difference]:
    """Compare what two tellings say was known by an instant; a row that one lacks has no values there.

    Parameters
    ----------
    whole, other
        The tellings; columns are those of `whole`.
    until
        In microseconds; rows known later are passed over.
    since
        Rows before this opening are passed over: one instant for all columns, or one for each.
    tolerance
        Share of a value, and of the column's usual size, that counts as equal.
    noise
        How far the values of a column may be apart besides; a column of infinite noise is passed over.
    """
    own, theirs = whole.known <= until, other.known <= until
    grid = np.union1d(whole.at[own], other.at[theirs])
    a, b = _laid(whole, whole.names, grid, own), _laid(other, whole.names, grid, theirs)
    apart = (a != b) & ~(np.isnan(a) & np.isnan(b))
    allowed = np.array([(noise or {}).get(name, 0.0) for name in whole.names])
    apart &= np.isfinite(allowed)
    moved = np.flatnonzero(apart.any(axis=0))
    with np.errstate(invalid="ignore", over="ignore"):
        was, now = a[:, moved], b[:, moved]
        near = np.abs(was - now) <= tolerance * (np.abs(was) + whole.sizes[moved]) + allowed[moved]
        near &= np.isfinite(was)
    apart[:, moved] &= ~near
    if since is not None:
        apart &= grid[:, None] >= np.broadcast_to(since, len(whole.names))[None, :]
    found = []
    known = np.full(len(grid), until, np.int64)
    known[np.searchsorted(grid, whole.at[own])] = whole.known[own]
    for place in np.flatnonzero(apart.any(axis=0)):
        row = int(np.argmax(apart[:, place]))
        found.append(
            Difference(
                column=whole.names[place],
                at=int(grid[row]),
                known=int(known[row]),
                count=int(apart[:, place].sum()),
                whole=float(a[row, place]),
                other=float(b[row, place]),
            )
        )
    return found


def spread(one: Table, other: Table) -> dict[str, float]:
    """Give how far two tellings of the same are apart at most, by column; endless where only one has a value."""
    if one.names != other.names or not np.array_equal(one.at, other.at):
        return dict.fromkeys(one.names, np.inf)
    with np.errstate(invalid="ignore"):
        apart = np.abs(one.x - other.x)
    apart[(one.x == other.x) | (np.isnan(one.x) & np.isnan(other.x))] = 0.0
    apart[np.isnan(apart)] = np.inf
    return {name: float(most) for name, most in zip(one.names, apart.max(axis=0, initial=0.0), strict=True)}


def _laid(table: Table, names: tuple[str, ...], grid: _Instants, rows: NDArray[np.bool_]) -> _Array:
    if table.names == names and len(grid) == np.count_nonzero(rows):
        return table.x[rows]
    out = np.full((len(grid), len(names)), np.nan)
    places = np.searchsorted(grid, table.at[rows])
    if table.names == names:
        out[places] = table.x[rows]
        return out
    for column, name in enumerate(names):
        if name in table.names:
            out[places, column] = table.x[rows, table.names.index(name)]
    return out
