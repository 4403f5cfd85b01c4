"""What bars betray by themselves: columns that are shifted, windows that reach ahead, gaps filled from behind."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.evidence.leaks.gaps import gaps
from ara.evidence.leaks.opens import closes_ahead
from ara.evidence.leaks.outcome import Finding
from ara.features.audit.swaps import tamed

__all__ = ["beside", "early", "enough", "tell"]

_Array = NDArray[np.float64]
_Mask = NDArray[np.bool_]

_FEWEST: Final = 100
_OUTSIDE, _OUT, _HAIR = 0.02, 20, 1e-9
_SELDOM, _LOPSIDED = 8, 5
_ECHOES, _APART, _BODY = 15, 1.3, 0.6
_TOLD: Final = 0.2
_VOLUME, _AHEAD, _USUAL = 0.3, 0.15, 20
_PARTLY, _CERTAIN, _BLUR = 0.35, 5.5, 1e-9
_SOME, _TIMES, _LEAST, _LIKE = 0.3, 3.0, 0.05, 0.8
_FILLED, _DRAWN, _CHANCE, _SIGMAS = 3, 5, 0.3, 5.0
_FIVE: Final = 5
_PRICES: Final = ("open", "high", "low", "close")


def tell(symbol: str, own: pl.DataFrame) -> Iterator[Finding]:
    """Find what one symbol's bars, ascending in time, can't be without a look ahead."""
    prices = own.select(_PRICES).to_numpy()
    at = own["ts"].to_list()
    yield from _outside(symbol, prices, at)
    yield from _next(symbol, prices, at)
    yield from closes_ahead(symbol, prices, at)
    yield from _volumes(symbol, prices, own["volume"].to_numpy().astype(float))
    yield from _drawn(symbol, prices, at)
    yield from gaps(symbol, own, prices, at)
    copies = [*_filled(symbol, own, prices, at), *_flat(symbol, prices, at)]
    yield from copies
    if not copies:
        yield from _echoed(symbol, prices, at)


def _outside(symbol: str, prices: _Array, at: list[datetime]) -> Iterator[Finding]:
    """Find opens or closes outside of their own bar that would be at home in the next."""
    low, high = prices[:, 2] * (1 - _HAIR), prices[:, 1] * (1 + _HAIR)
    for name, place in (("open", 0), ("close", 3)):
        value = prices[:, place]
        out = (value < low) | (value > high)
        ahead = out[1:-1] & (value[1:-1] >= low[2:]) & (value[1:-1] <= high[2:])
        behind = out[1:-1] & (value[1:-1] >= low[:-2]) & (value[1:-1] <= high[:-2])
        count = int(ahead.sum())
        share = count / max(len(ahead), 1)
        often = count >= _OUT and share > _OUTSIDE and count > behind.sum()
        lopsided = int((ahead & ~behind).sum()) >= max(_SELDOM, _LOPSIDED * int((behind & ~ahead).sum()))
        if often or lopsided:
            first = int(np.argmax(ahead)) + 1
            yield Finding(
                rule="range",
                symbol=symbol,
                at=at[first],
                column=name,
                was=float(value[first]),
                now=float(prices[first, 2 if value[first] < low[first] else 1]),
                size=share,
                count=count,
                detail=f"{share:.1%} of its bars",
            )


def _next(symbol: str, prices: _Array, at: list[datetime]) -> Iterator[Finding]:
    """Regress the next bar's move on what the bar itself tells."""
    logs = np.log(prices)
    move = np.diff(logs[:, 3], prepend=np.nan)
    shape = logs[:, :3] - logs[:, 3:]
    told = np.column_stack([shape, move, np.concatenate(([np.nan], move[:-1]))])[:-1]
    ahead = move[1:]
    known = np.isfinite(told).all(axis=1) & np.isfinite(ahead)
    if known.sum() < _FEWEST or np.std(ahead[known]) < 1e-12:
        return
    x, y = tamed(told[known]), tamed(ahead[known][:, None])[:, 0]
    x = np.column_stack([np.ones(len(x)), x])
    fit, *_ = np.linalg.lstsq(x, y, rcond=None)
    rest = float(np.var(y - x @ fit)) / max(float(np.var(y)), 1e-30)
    explained = 1 - rest * (len(y) - 1) / max(len(y) - x.shape[1], 1)
    if explained > _TOLD:
        yield Finding(
            rule="next_bar",
            symbol=symbol,
            at=at[-1],
            column="R2",
            was=explained,
            now=_TOLD,
            size=explained,
            count=len(y),
            detail="the next close to close move, by this bar's prices; real markets stay below .2",
        )


def enough(values: pl.Series) -> bool:
    """Say whether a column has values, and different ones, in so many bars that it can be judged."""
    known = values.cast(pl.Float64).fill_nan(None).drop_nulls()
    return len(known) > _FEWEST and known.n_unique() > 1


def beside(symbol: str, own: pl.DataFrame, columns: Sequence[str]) -> Iterator[Finding]:
    """Hold columns, their changes and their distance from the close against the next bar's move.

    One that explains more than a fifth of its variance is no news of its own bar.
    """
    log = np.log(own["close"].to_numpy())
    ahead = np.append(np.diff(log), np.nan)
    for name in columns:
        value = own[name].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()
        value[~np.isfinite(value)] = np.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            far = np.log(value) - log
        table = np.column_stack([value, np.diff(value, prepend=np.nan), np.where(np.isfinite(far), far, np.nan)])
        told, count = max((_goes(said, ahead) for said in table.T), key=lambda one: abs(one[0]))
        if abs(told) > max(math.sqrt(_TOLD), _CERTAIN / math.sqrt(max(count, 1))):
            yield Finding(
                rule="column",
                symbol=symbol,
                at=own["ts"][-1],
                column=name,
                was=told,
                now=math.sqrt(_TOLD),
                size=abs(told),
                count=count,
                detail="its correlation with the next close to close move; what is known by then stays far below",
            )


def _goes(said: _Array, ahead: _Array) -> tuple[float, int]:
    """Correlate what a column says with the next moves, both tamed; 0 where there is too little of it."""
    known = np.isfinite(said) & np.isfinite(ahead)
    if known.sum() < _FEWEST:
        return 0.0, int(known.sum())
    table = tamed(np.column_stack([said[known], ahead[known]]))
    return _alike(table[:, 0], table[:, 1]), len(table)


def _volumes(symbol: str, prices: _Array, volume: _Array) -> Iterator[Finding]:
    """Hold volumes against the ranges of their own bars and of the next ones, and against the next moves."""
    with np.errstate(divide="ignore", invalid="ignore"):
        busy, wide = np.log(volume), np.log(np.log(prices[:, 1] / prices[:, 2]))
        move = np.diff(np.log(prices[:, 3]), prepend=np.nan)
        size = np.log(np.abs(move))
    busy, wide, size = (_beside(np.where(np.isfinite(one), one, np.nan)) for one in (busy, wide, size))
    same, ahead = _alike(busy, wide), _alike(busy[:-1], wide[1:])
    if ahead > _VOLUME and ahead > same + _AHEAD:
        words = "how the volume goes with the range of the next bar, against that with its own"
        yield Finding(rule="shifted", symbol=symbol, column="volume", was=ahead, now=same, size=ahead, detail=words)
    for name, later in (("size of the next bar's move", size), ("next bar's move, up or down", move)):
        told, count = _partly(busy, later, wide)
        if abs(told) > max(_PARTLY, _CERTAIN / math.sqrt(max(count, 1))):
            words = f"what its own range and the bar before leave of the volume goes with the {name}"
            yield Finding(
                rule="shifted",
                symbol=symbol,
                column="volume",
                was=told,
                now=_PARTLY,
                size=abs(told),
                count=count,
                detail=f"{words}; real markets stay below .35",
            )


def _partly(busy: _Array, later: _Array, wide: _Array) -> tuple[float, int]:
    """Correlate the volume with what the next bar does, both less what this bar's range and the last volume tell.

    All are surprises: values less their usual level. Gives the correlation and of how many bars; 0 where they are too
    few, or where a volume is nothing but its bar's range.
    """
    table = np.column_stack([busy[1:-1], later[2:], wide[1:-1], busy[:-2]])
    known = table[np.isfinite(table).all(axis=1)]
    if len(known) < _FEWEST or np.ptp(known[:, 1]) < _BLUR:
        return 0.0, len(known)
    told = np.column_stack([np.ones(len(known)), known[:, 2:]])
    fit, *_ = np.linalg.lstsq(told, known[:, :2], rcond=None)
    left = known[:, :2] - told @ fit
    if (left.std(axis=0) < _BLUR).any():
        return 0.0, len(known)
    return float(np.corrcoef(left.T)[0, 1]), len(known)


def _filled(symbol: str, own: pl.DataFrame, prices: _Array, at: list[datetime]) -> Iterator[Finding]:
    """Find bars without volume, or on days without a session, that are copies of the bar after them."""
    volume = own["volume"].fill_null(0.0).to_numpy()
    weekday = own["ts"].dt.weekday().to_numpy() <= _FIVE
    same = (prices[:-1] == prices[1:]).all(axis=1)
    # neither the bar before once more, nor its close alone, as a bar without trade is told
    behind, last = (prices[1:-1] != prices[:-2]).any(axis=1), (prices[1:-1] != prices[:-2, 3:]).any(axis=1)
    fresh = np.concatenate(([True], behind & last))
    hollow = (volume[:-1] == 0) & (volume[1:] > 0)
    trades = weekday.mean() > 0.9 if len(weekday) else False
    hollow |= ~weekday[:-1] & weekday[1:] & trades
    yield from _many("filled", symbol, same & fresh & hollow, at, _FILLED, "copies of the next bar")


def _drawn(symbol: str, prices: _Array, at: list[datetime]) -> Iterator[Finding]:
    """Find bars whose four prices lie half-way between those of their neighbours, or on a longer line."""
    flat = np.ptp(prices, axis=1) < _HAIR * prices[:, 3]
    steps = np.diff(prices, axis=0)
    bend = np.abs(steps[1:] - steps[:-1]) <= _HAIR * np.abs(prices[1:-1])
    moves = (np.abs(steps[1:]) > 100 * _HAIR * np.abs(prices[1:-1])).any(axis=1)
    lines = np.concatenate(([False], bend.all(axis=1) & moves & ~flat[1:-1]))
    # where prices have few steps some lie on a line by themselves: more closes than whole bars, and of few slopes
    chance = bend[:, 3] & moves & ~bend.all(axis=1)
    slopes = np.unique(np.round(np.abs(steps[:-1, 3][lines[1:]]), 6))
    if lines.sum() > _CHANCE * chance.sum() and len(slopes) > lines.sum() / 2:
        yield from _many("drawn", symbol, lines, at, _DRAWN, "on a line between their neighbours")


def _flat(symbol: str, prices: _Array, at: list[datetime]) -> Iterator[Finding]:
    """Find single prices in the place of bars that are half-way to the next close, or that close itself."""
    close, flat = prices[:, 3], np.ptp(prices, axis=1) < _HAIR * prices[:, 3]
    before, here, after = close[:-2], close[1:-1], close[2:]

    def near(value: _Array) -> _Mask:
        return np.asarray(np.abs(value - here) <= _HAIR * np.abs(here))

    moved = ~near(before) & ~flat[2:]
    lone, usual = moved & flat[1:-1], moved & ~flat[1:-1]
    half = (near((before + after) / 2) | near(np.sqrt(np.abs(before * after)))) & ~near(after)
    for rule, found, words in (
        ("drawn", half, "single prices half-way between the closes of their neighbours"),
        ("filled", near(after), "single prices, the close of the next bar"),
    ):
        by_chance = float(found[usual].mean()) * float(lone.sum()) if usual.any() else 0.0
        if found[lone].sum() > max(lone.sum() / 2, by_chance + _SIGMAS * math.sqrt(by_chance)):
            yield from _many(rule, symbol, np.concatenate(([False], found & lone)), at, _DRAWN, words)


def _echoed(symbol: str, prices: _Array, at: list[datetime]) -> Iterator[Finding]:
    """Find closes that are the next bar's close, though that bar opens far from them and moves; and whole bars alike.

    Prices that stand still by chance come with a gap to the next bar that is no larger than usual. Of two bars that are
    the same the later is the copy unless the gap before them is larger than the one after them. And where prices have
    few steps, gaps have few sizes.
    """
    opened, close = prices[:, 0], prices[:, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        gap, body = np.abs(np.log(opened[1:] / close[:-1])), np.abs(np.log(close / opened))
    same = np.abs(close[1:] - close[:-1]) <= _HAIR * np.abs(close[1:])
    found = (same & (np.ptp(prices[1:], axis=1) > _HAIR * close[1:]))[1:-1]
    if found.sum() < _ECHOES:
        return
    copied = (prices[1:-2] == prices[2:-1]).all(axis=1)
    into = np.where(copied, gap[:-2], gap[1:-1])[found]
    here, after, usual = (float(np.nanmedian(one)) for one in (into, gap[2:][found], gap))
    large = here > max(_APART * after, _APART * usual, _BODY * float(np.nanmedian(body)), _HAIR)
    steps = np.unique(np.round(into * np.where(copied, close[:-3], close[1:-2])[found], 6))
    if large and len(steps) > found.sum() / 3:
        words = "closes of the next bar, which opened elsewhere"
        yield from _many("echoed", symbol, np.concatenate(([False], found)), at, _ECHOES, words)


def _many(rule: str, symbol: str, found: _Mask, at: list[datetime], least: int, words: str) -> Iterator[Finding]:
    count = int(found.sum())
    if count >= least:
        first = at[int(np.argmax(found))]
        share = count / max(len(at), 1)
        detail = f"{count:,} of {len(at):,} bars are {words}"
        yield Finding(rule=rule, symbol=symbol, at=first, size=share, count=count, detail=detail)


def early(bars: pl.DataFrame) -> Iterator[Finding]:
    """Find symbols whose bars are a bar ahead of those of their class; three of a class are needed."""
    log = pl.col("close").log()
    for _, own in bars.group_by(["asset_class"], maintain_order=True):
        moves = own.with_columns(move=log - log.shift(1).over("symbol"))
        wide = moves.pivot(on="symbol", index="ts", values="move").sort("ts").drop("ts")
        if wide.width < 3:
            continue
        table = tamed(wide.to_numpy().astype(float))
        for place, symbol in enumerate(wide.columns):
            others = np.delete(table, place, axis=1)
            mean = _mean(others)
            lead, same = _alike(table[:-1, place], mean[1:]), _alike(table[:, place], mean)
            usual = np.median([_alike(others[:, n], _mean(np.delete(others, n, 1))) for n in range(others.shape[1])])
            if lead > max(_SOME, _TIMES * max(same, _LEAST), _LIKE * float(usual)):
                words = "how it goes with the others' next bar, against that with the same"
                yield Finding(
                    rule="early", symbol=symbol, column="correlation", was=lead, now=same, size=lead, detail=words
                )


def _mean(table: _Array) -> _Array:
    known = np.isfinite(table)
    return np.where(
        known.any(axis=1), np.where(known, table, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.nan
    )


def _beside(values: _Array) -> _Array:
    """Give values less their usual level: the mean of the last twenty."""
    level = pl.Series(values).fill_nan(None).rolling_mean(_USUAL, min_samples=_USUAL // 2).shift(1)
    return np.asarray(values - level.cast(pl.Float64).fill_null(float("nan")).to_numpy())


def _alike(one: _Array, other: _Array) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < _FEWEST or min(np.ptp(one[known]), np.ptp(other[known])) < 1e-12:
        return 0.0
    return float(np.corrcoef(one[known], other[known])[0, 1])
