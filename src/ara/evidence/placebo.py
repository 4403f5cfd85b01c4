"""Placebo markets: real bars made into others of the same kind, in which nobody can know where the next price goes."""

from collections.abc import Iterator
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.evidence.leaks.markets import walked

__all__ = ["KINDS", "Kind", "placebo"]

Kind = Literal["phase", "regime"]
"""How a placebo is made: see `KINDS`."""

KINDS: Final[tuple[Kind, ...]] = ("phase", "regime")
"""How a placebo is made: by random phases of the squares, or day by day from the same state of volatility."""

_Array = NDArray[np.float64]
_Rows = NDArray[np.int64]

_FEWEST: Final = 60
_ROUNDS: Final = 200
_SPAN: Final = 21
_STATES: Final = 3


def placebo(bars: pl.DataFrame, kind: Kind, *, seed: int, drift: bool = False) -> pl.DataFrame:
    """Make another market of the bars of one: the same symbols, days, classes and first closes.

    Every bar is one of the symbol's own, moved to another day with its open, high, low and volume, so returns are
    distributed as they were, but for their mean, which is 0: whoever is always for a rise must not be right either.

    `phase` puts them in the order of an IAAFT surrogate of the squared returns: squares keep their values and, nearly,
    their autocorrelations; which sign follows which is random. Symbols with as many bars share their phases.
    `regime` walks through calm, middling and wild days by the chances with which they followed each other in the class,
    and draws each day from those of its state, the same for all symbols of the class that have the same days: they go
    on moving together.

    Parameters
    ----------
    bars
        As `read_bars` gives them.
    kind
        One of `KINDS`.
    seed
        Of what is random.
    drift
        Whether each symbol keeps its mean return.

    Raises
    ------
    ValidationError
        A symbol has too few bars.

    References
    ----------
    Schreiber and Schmitz (1996), Physical Review Letters 77, for the surrogate; Prichard and Theiler (1994), Physical
    Review Letters 73, for phases in common.
    """
    short = bars.group_by("symbol", maintain_order=True).len().filter(pl.col("len") < _FEWEST)
    if short.height or not bars.height:
        words = f"{short['symbol'][0]} has {short['len'][0]} bars" if short.height else "there are no bars"
        raise ValidationError(f"{words}; a placebo needs {_FEWEST} of each symbol", hint="Leave short ones out.")
    orders = _phased(bars, seed) if kind == "phase" else _drawn(bars, seed)
    made = [walked(own, order) for own, order in orders]
    return pl.concat(made if drift else [_level(own) for own in made])


def _level(own: pl.DataFrame) -> pl.DataFrame:
    """Take the mean return out of a symbol's bars: its last close is its first."""
    logs = np.log(own["close"].to_numpy())
    risen = np.linspace(0.0, logs[-1] - logs[0], len(logs))
    return own.with_columns(pl.col("open", "high", "low", "close") * pl.Series(np.exp(-risen)))


def _phased(bars: pl.DataFrame, seed: int) -> Iterator[tuple[pl.DataFrame, _Rows]]:
    for _, own in bars.group_by(["symbol"], maintain_order=True):
        yield own, 1 + _surrogate(_moves(own) ** 2, np.random.default_rng([seed, own.height]))


def _surrogate(values: _Array, random: np.random.Generator) -> _Rows:
    """Give an order of values whose spectrum is theirs and whose phases are random; each value once."""
    waves = np.fft.rfft(values)
    sizes, order = np.abs(waves), np.argsort(values, kind="stable")
    line = np.fft.irfft(waves * np.exp(2j * np.pi * random.random(len(waves))), len(values))
    before = np.empty(0, np.int64)
    for _ in range(_ROUNDS):
        rank = np.argsort(np.argsort(line, kind="stable"), kind="stable")
        if np.array_equal(rank, before):
            break
        before = rank
        line = np.fft.irfft(sizes * np.exp(1j * np.angle(np.fft.rfft(values[order][rank]))), len(values))
    return np.asarray(order[before], np.int64)


def _drawn(bars: pl.DataFrame, seed: int) -> Iterator[tuple[pl.DataFrame, _Rows]]:
    random = np.random.default_rng(seed)
    walks = {}
    for (name,), own in bars.group_by(["asset_class"], maintain_order=True):
        states = _states(own)
        states = states.with_columns(told=pl.Series(_walked(states["state"].to_numpy(), random)))
        walks[name] = states.with_columns(chance=pl.Series(random.random(states.height)))
    for _, own in bars.group_by(["symbol"], maintain_order=True):
        days = own.select("ts").join(walks[own["asset_class"][0]], on="ts", how="left", maintain_order="left")[1:]
        state, told, chance = (days[name].to_numpy() for name in ("state", "told", "chance"))
        rows = np.zeros(len(state), np.int64)
        for one in range(_STATES):
            mine = np.flatnonzero(state == one) if (state == one).any() else np.arange(len(state))
            asked = told == one
            rows[asked] = mine[(chance[asked] * len(mine)).astype(np.int64)]
        yield own, rows + 1


def _states(bars: pl.DataFrame) -> pl.DataFrame:
    """Give each day of a class its third of volatility: of the mean size of moves in the days around, by symbol."""
    log = pl.col("close").log()
    size = (log - log.shift(1)).abs().over("symbol")
    sized = bars.with_columns(size=size).with_columns(pl.col("size") / pl.col("size").mean().over("symbol"))
    days = sized.group_by("ts").agg(pl.col("size").mean()).sort("ts")
    level = days["size"].fill_nan(None).fill_null(1.0).rolling_mean(_SPAN, center=True, min_samples=1)
    third = (level.rank("ordinal") - 1) * _STATES // days.height
    return days.select("ts", state=third.cast(pl.Int64))


def _walked(states: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Walk through states by the chances with which they followed each other."""
    counts = np.ones((_STATES, _STATES)) / _STATES
    np.add.at(counts, (states[:-1], states[1:]), 1.0)
    chances = np.cumsum(counts / counts.sum(axis=1, keepdims=True), axis=1)
    chances[:, -1] = 1.0
    out = np.empty(len(states), np.int64)
    at = int(random.integers(_STATES))
    for place, draw in enumerate(random.random(len(states)).tolist()):
        out[place] = at = int(np.searchsorted(chances[at], draw, side="right"))
    return out


def _moves(own: pl.DataFrame) -> _Array:
    return np.diff(np.log(own["close"].to_numpy()))
