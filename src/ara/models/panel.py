"""The table that every model sees: rows of several series, each knowing when it was known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.lineage import digest_arrays
from ara.market.bars import Bars
from ara.statistics.volatility import ewma_variance

__all__ = ["Panel", "Rows", "distinct", "instant", "united"]

Rows: TypeAlias = NDArray[np.int64]
"""Positions of rows in a panel."""

_NEVER = np.iinfo(np.int64).max
_ARRAYS: Final = ("at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known")


def instant(moment: datetime) -> int:
    """Give an aware time as microseconds since 1970 UTC, the panel's unit."""
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Give the distinct values, ascending; those that ascend already, or are all the same, need no sorting."""
    if len(values) < 2 or bool((values[1:] > values[:-1]).all()):
        return values
    return values[:1] if bool((values == values[0]).all()) else np.unique(values)


def united(train: Rows, valid: Rows) -> Rows:
    """Give the rows of both, ascending and each once; what is so already is given as it is."""
    return train if not len(valid) and bool((train[1:] > train[:-1]).all()) else np.union1d(train, valid)


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Panel:
    """Rows of all series, sorted by series and time. Every row may be used as context; `until` is the only cut.

    Parameters
    ----------
    at, known_at
        When each bar opened and when its close was public, microseconds since 1970 UTC.
    series, symbols
        Index of each row's series, and the series' names.
    group, groups
        Index of each row's asset class, and the classes' names.
    bars
        `[n, 4]`: logs of open, high, low and close over the previous close; NaN in a series' first row and where a
        price is not above 0.
    volume
        `[n]`: as the bars have it; NaN where there is none, which is always so for currencies.
    x, names
        `[n, F]` features as float32, as serving sees them, and their names.
    scale
        `[n, H]`: volatility of the log return over each horizon as known at the row; NaN during its warm-up.
    y, y_known
        `[n, H]`: log return over each horizon divided by the scale, and when it was public; NaN and the end of time
        where it is not known.
    horizons
        In bars of the series' own calendar.
    """

    at: NDArray[np.int64]
    known_at: NDArray[np.int64]
    series: NDArray[np.int32]
    symbols: tuple[str, ...]
    group: NDArray[np.int32]
    groups: tuple[str, ...]
    bars: NDArray[np.float64]
    volume: NDArray[np.float64]
    x: NDArray[np.float32]
    names: tuple[str, ...]
    scale: NDArray[np.float64]
    y: NDArray[np.float64]
    y_known: NDArray[np.int64]
    horizons: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.at)

    @classmethod
    def build(cls, bars: Sequence[Bars], horizons: Sequence[int]) -> "Panel":
        """Make the panel of several instruments' bars, with targets over the horizons."""
        ordered = sorted(bars, key=lambda one: one.instrument.symbol)
        groups = tuple(sorted({one.instrument.asset_class.value for one in ordered}))
        sizes = [len(one) for one in ordered]
        frame = pl.concat([one.frame for one in ordered], rechunk=True)
        # column by column and as they lie: what polars computes is not worth its start, for one row of an answer
        prices = np.stack([frame[name].to_numpy() for name in ("open", "high", "low", "close")]).T
        at, known = (frame[name].to_numpy().view(np.int64) for name in ("at", "known_at"))
        parts = [
            _series(prices[end - size : end], known[end - size : end], horizons)
            for size, end in zip(sizes, np.cumsum(sizes), strict=True)
        ]
        return cls(
            at=at,
            known_at=known,
            series=np.repeat(np.arange(len(ordered), dtype=np.int32), sizes),
            symbols=tuple(one.instrument.symbol for one in ordered),
            group=np.repeat(np.array([groups.index(b.instrument.asset_class.value) for b in ordered], np.int32), sizes),
            groups=groups,
            bars=np.concatenate([part[0] for part in parts]),
            volume=frame["volume"].to_numpy(),
            x=np.empty((len(known), 0), np.float32),
            names=(),
            scale=np.concatenate([part[1] for part in parts]),
            y=np.concatenate([part[2] for part in parts]),
            y_known=np.concatenate([part[3] for part in parts]),
            horizons=tuple(horizons),
        )

    def until(self, moment: int) -> "Panel":
        """Give what was known at `moment` (microseconds since 1970 UTC): later rows and later targets are gone."""
        keep: NDArray[np.bool_] | slice = self.known_at <= moment
        if len(self.symbols) == 1 and bool((self.known_at[1:] >= self.known_at[:-1]).all()):
            keep = slice(int(np.searchsorted(self.known_at, moment, side="right")))  # views: nothing is copied
        future = self.y_known[keep] > moment
        return replace(
            self,
            at=self.at[keep],
            known_at=self.known_at[keep],
            series=self.series[keep],
            group=self.group[keep],
            bars=self.bars[keep],
            volume=self.volume[keep],
            x=self.x[keep],
            scale=self.scale[keep],
            y=np.where(future, np.nan, self.y[keep]),
            y_known=np.where(future, _NEVER, self.y_known[keep]),
        )

    def alike(self, other: "Panel") -> bool:
        """Say whether a model sees the same in both, to the last byte, as `digest` would: in a fraction of its time."""
        words = ("symbols", "groups", "names", "horizons")
        return all(getattr(self, name) == getattr(other, name) for name in words) and all(
            _same(getattr(self, name), getattr(other, name)) for name in _ARRAYS
        )

    def by_series(self, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """Give the index of each series that has some of the rows, ascending, and the positions of these in `rows`."""
        own = self.series[rows]
        if not len(own):
            return
        if (own == own[0]).all():  # as of one instrument's forecast, which asks some fifty times
            yield int(own[0]), np.arange(len(own))
            return
        ascending = bool((own[1:] >= own[:-1]).all())
        order = np.arange(len(own)) if ascending else np.argsort(own, kind="stable")
        codes = own if ascending else own[order]
        starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
        yield from zip(codes[starts].tolist(), np.split(order, starts[1:]), strict=False)

    def span(self, code: int) -> tuple[int, int]:
        """Give the first row of the series with this index, and the row after its last."""
        if len(self.symbols) == 1 and code == 0:
            return 0, len(self.series)
        first, end = np.searchsorted(self.series, np.array((code, code + 1), self.series.dtype))
        return int(first), int(end)

    def windows(self, rows: Rows, length: int) -> NDArray[np.float32]:
        """Give `[row, length, F]`: features of each row and those before it in its series; NaN where none are."""
        places = rows[:, None] + np.arange(1 - length, 1)
        start = np.searchsorted(self.series, self.series[rows])
        out: NDArray[np.float32] = self.x[np.maximum(places, 0)]
        out[places < start[:, None]] = np.nan
        return out

    def digest(self) -> str:
        """Give the sha256 of all that a model can see."""
        names = "|".join((*self.symbols, "", *self.groups, "", *self.names, "", *map(str, self.horizons)))
        return digest_arrays(
            [("names", np.frombuffer(names.encode(), np.uint8)), *((name, getattr(self, name)) for name in _ARRAYS)]
        )


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Compare kinds, shapes and bytes."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    mine, its = (np.ascontiguousarray(array).view(np.uint8) for array in (one, other))
    return one is other or np.array_equal(mine, its)


def _series(
    prices: NDArray[np.float64], known: NDArray[np.int64], horizons: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Give one series' bars, scale, targets and when these are known."""
    count, logs = len(prices), np.log(np.where((prices > 0) & (prices < np.inf), prices, np.nan))
    close = logs[:, 3]
    before = np.concatenate(([np.nan], close[:-1]))
    variance = ewma_variance(close - before)
    scale = np.sqrt(np.maximum(variance, 1e-16)[:, None] * np.array(horizons, float))
    y = np.full((count, len(horizons)), np.nan)
    y_known = np.full((count, len(horizons)), _NEVER)
    for place, horizon in enumerate(horizons):
        if count > horizon:
            y[:-horizon, place] = (close[horizon:] - close[:-horizon]) / scale[:-horizon, place]
            y_known[:-horizon, place] = known[horizon:]
    return logs - before[:, None], scale, y, y_known
