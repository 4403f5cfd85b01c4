"""Bars that hold nothing of their own, and closes that were put in: are they made of what came after them?

A bar in the place of one that is missing has no volume, lies on a day without a session, is a single price, or has
neither a high nor a low beyond its open and close. Few bars of a market are so. Those that are, and others, are held
against the bars around them; what they agree in with the bar after them counts where it is far more often so than
among all other bars of the symbol, of which some agree by chance.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.evidence.leaks.outcome import Finding

__all__ = ["gaps"]

_Array = NDArray[np.float64]
_Mask = NDArray[np.bool_]

_FEWEST: Final = 100
_HAIR: Final = 1e-9
_LEAST, _SHARE, _TIMES, _SIGMAS, _COMMON = 6, 0.2, 3.0, 5.0, 0.2
_ROOM: Final = 10
_DIGITS, _ROUNDED = range(7), 0.9
_MOST_TRADE, _LONGEST, _THIN = 0.8, 20, 0.05
_IDLE, _SINGLE, _BARE = "bars without trade", "single prices", "bars without a wick"
_FIVE: Final = 5
_FROM: Final = {
    "open": ("filled", "the open of the next bar"),
    "close": ("filled", "the close of the next bar"),
    "between": ("drawn", "on a line between the closes around them"),
    "opened": ("drawn", "on a line from the last close to the next open"),
}


@dataclass(frozen=True, slots=True)
class _Bars:
    prices: _Array
    time: _Array
    at: list[datetime]
    near: float

    @property
    def close(self) -> _Array:
        return self.prices[:, 3]


def gaps(symbol: str, own: pl.DataFrame, prices: _Array, at: list[datetime]) -> Iterator[Finding]:
    """Find bars of one symbol, ascending in time, that stand for missing ones and are made of what came after."""
    if len(prices) < _FEWEST:
        return
    bars = _Bars(prices, own["ts"].dt.epoch("us").to_numpy().astype(float), at, _step(prices))
    kinds = _kinds(own, prices)
    usual = ~np.any(list(kinds.values()), axis=0)
    if usual.sum() < _FEWEST:
        return
    by_chance = _held(bars, np.zeros(len(prices), bool))
    # where few trades make a bar a single price is one, and some sources then repeat it as the next open
    thin = kinds[_BARE].mean() > _THIN
    for words, some in kinds.items():
        for name, (hits, able) in _held(bars, some).items():
            alike, known = by_chance[name][0][usual].sum(), by_chance[name][1][usual].sum()
            found, many = hits & some, int((able & some).sum())
            if known < _FEWEST or not found.any() or (thin and (words, name) == (_SINGLE, "open")):
                continue
            share = float(alike / known)
            due = many * min(1.0, _TIMES * share) + _SIGMAS * math.sqrt(many * share)
            if share < _COMMON and found.sum() >= max(_LEAST, due, _SHARE * many):
                rule, source = _FROM[name]
                yield _said(rule, symbol, bars, found, f"{words}, {source}")
    yield from _room(symbol, bars, usual)
    yield from _put_in(symbol, bars, usual)


def _step(prices: _Array) -> float:
    """Give how far what was rounded to the step of the prices lies from what it was at most; 0 where there is none."""
    for digits in _DIGITS:
        if (np.abs(prices - np.round(prices, digits)) <= _HAIR * prices).mean() > _ROUNDED:
            return float(0.5 * 10.0**-digits)
    return 0.0


def _kinds(own: pl.DataFrame, prices: _Array) -> dict[str, _Mask]:
    """Give bars that hold nothing of their own, by what they lack."""
    volume = own["volume"].cast(pl.Float64).fill_null(0.0).fill_nan(0.0).to_numpy()
    weekday = own["ts"].dt.weekday().to_numpy() <= _FIVE
    opened, high, low, close = prices.T
    idle = (volume == 0) & bool((volume > 0).mean() > _MOST_TRADE)
    idle |= ~weekday & bool(weekday.mean() > _ROUNDED)
    single = (high - low <= _HAIR * close) & ~idle
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    bare = (high <= top * (1 + _HAIR)) & (low >= bottom * (1 - _HAIR)) & ~single & ~idle
    return {_IDLE: idle, _SINGLE: single, _BARE: bare}


def _held(bars: _Bars, some: _Mask) -> dict[str, tuple[_Mask, _Mask]]:
    """Tell which bars end at what came after them, or on the way there; and of which that can be said at all.

    It can't where a close is the last one again. Bars of `some` that follow one another stand in one gap: they are held
    against the bars before and after it.
    """
    count = len(bars.at)
    place = np.arange(count)
    before = np.where(some, np.maximum.accumulate(np.where(some, -1, place)), place - 1)
    after = np.where(some, np.minimum.accumulate(np.where(some, count, place)[::-1])[::-1], place + 1)
    inside = (before >= 0) & (after < count) & (after - before <= _LONGEST)
    before, after = np.where(inside, before, 0), np.where(inside, after, 0)
    close, last, then, opens = bars.close, bars.close[before], bars.close[after], bars.prices[after, 0]
    moved = inside & ~_same(close, last)
    found = {"open": (moved & _same(close, opens), moved)}
    apart = moved & ~_same(close, opens)
    found["close"] = (apart & _same(close, then), apart)
    with np.errstate(all="ignore"):
        steps = (place - before) / (after - before)
        times = (bars.time - bars.time[before]) / (bars.time[after] - bars.time[before])
        for name, end in (("between", then), ("opened", opens)):
            able = moved & ~_same(close, end) & (np.abs(end - last) > 4 * (bars.near + _HAIR * last))
            on = np.zeros(count, bool)
            for way in (steps, times):
                for drawn in (last + way * (end - last), last * (end / last) ** way):
                    on |= np.abs(close - drawn) <= bars.near * (1 + 1e-6) + _HAIR * close
            found[name] = (able & on, able)
    return found


def _same(one: _Array, other: _Array) -> _Mask:
    return np.asarray(np.abs(one - other) <= _HAIR * np.abs(other))


def _room(symbol: str, bars: _Bars, usual: _Mask) -> Iterator[Finding]:
    """Find closes that are the next open, and for which their own bar's high or low had to make room."""
    _, high, low, close = bars.prices.T
    edge = (close >= high * (1 - _HAIR)) | (close <= low * (1 + _HAIR))
    told = np.append(_same(close[:-1], bars.prices[1:, 0]), False) & usual
    others = usual & ~told
    if not told.any() or not others.any():
        return
    many, share = int(told.sum()), float(edge[others].mean())
    due = many * _TIMES * share + _SIGMAS * math.sqrt(many * share)
    found = told & edge
    if told.sum() < _COMMON * usual.sum() and found.sum() > max(_ROOM, due):
        yield _said("filled", symbol, bars, found, "bars whose high or low is their close, the open of the next bar")


def _put_in(symbol: str, bars: _Bars, usual: _Mask) -> Iterator[Finding]:
    """Find closes half-way between those beside them, more often than half-way between others as near."""
    close = bars.close

    def half(back: int, ahead: int) -> _Mask:
        last, then = np.roll(close, back), np.roll(close, -ahead)
        far = np.abs(then - last) > 4 * (bars.near + _HAIR * last)
        near = np.zeros(len(close), bool)
        for middle in ((last + then) / 2, np.sqrt(np.abs(last * then))):
            near |= np.abs(close - middle) <= bars.near * (1 + 1e-6) + _HAIR * close
        near[:2] = near[-2:] = False
        return near & far & usual

    found = half(1, 1)
    by_chance = 1 + float(half(1, 2).sum() + half(2, 1).sum()) / 2
    if found.sum() > max(_ROOM, _TIMES * by_chance + _SIGMAS * math.sqrt(by_chance)):
        yield _said("drawn", symbol, bars, found, "closes half-way between those beside them")


def _said(rule: str, symbol: str, bars: _Bars, found: _Mask, words: str) -> Finding:
    count, share = int(found.sum()), float(found.mean())
    detail = f"{count:,} of {len(bars.at):,} bars are {words}"
    return Finding(rule=rule, symbol=symbol, at=bars.at[int(np.argmax(found))], size=share, count=count, detail=detail)
