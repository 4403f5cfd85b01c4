"""A series drawn anew in blocks, so that what follows each other stays together; every draw follows from the seed."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.inputs import checked

__all__ = ["Interval", "drawn", "drawn_means", "interval", "usual_block"]

_Array = NDArray[np.float64]
_Kind = Literal["stationary", "circular"]

_AT_ONCE = 2_000_000
_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure and where it would lie if the same world were lived again.

    Parameters
    ----------
    value
        The figure of the series itself; None where it is not defined.
    low, high
        Bounds that hold the stated share of the draws; None where too few draws have the figure.
    above
        Share of the draws above 0; None as the bounds.
    draws
        Draws that have the figure.
    """

    value: float | None
    low: float | None
    high: float | None
    above: float | None
    draws: int


def drawn(
    count: int, draws: int, *, block: float, seed: int = 0, kind: _Kind = "stationary"
) -> Iterator[NDArray[np.int64]]:
    """Give places `[draw, bar]` of a series drawn anew, some draws at a time.

    Parameters
    ----------
    count
        Bars of the series, and of each draw.
    draws
        How many, at most 100,000.
    block
        Mean length of a block (stationary), or the length of each (circular, rounded).
    seed
        Same seed, same draws.
    kind
        "stationary": blocks of random length. "circular": of one length. Both go on at the beginning after the end.

    References
    ----------
    Politis and Romano (1994), The Stationary Bootstrap, Journal of the American Statistical Association 89; Politis and
    Romano (1992), A Circular Block-Resampling Procedure for Stationary Data.
    """
    if count < 1 or not 1 <= draws <= _MOST or not 1 <= block < math.inf:
        raise ValidationError(
            f"{draws} draws of {count} bars in blocks of {block:g} can't be made.",
            hint=f"Give a bar or more, 1 to {_MOST:,} draws, blocks of at least 1.",
        )
    generator = np.random.Generator(np.random.PCG64(seed))
    chunk = max(_AT_ONCE // count, 1)
    for begin in range(0, draws, chunk):
        rows = min(chunk, draws - begin)
        yield _places(generator, (rows, count), block, kind)


def _places(generator: np.random.Generator, shape: tuple[int, int], block: float, kind: _Kind) -> NDArray[np.int64]:
    count = shape[1]
    if kind == "circular":
        length = min(round(block), count)
        starts = generator.integers(0, count, (shape[0], -(-count // length)))
        return np.asarray((starts[:, :, None] + np.arange(length)).reshape(shape[0], -1)[:, :count] % count)
    fresh = generator.random(shape) < 1 / block
    fresh[:, 0] = True
    starts = generator.integers(0, count, shape)
    if block > 1:
        along = np.arange(count)
        for row, new in enumerate(fresh):  # one after the other, so that all stays near the processor
            begins = np.flatnonzero(new)
            at = np.repeat(starts[row, begins] - begins, np.diff(begins, append=count)) + along
            starts[row] = at - count * (at >= count)  # after the end it goes on at the beginning
    return np.asarray(starts)


def drawn_means(values: _Array, draws: int, *, block: float, seed: int = 0, kind: _Kind = "stationary") -> _Array:
    """Give the mean of each column in each draw `[draw, column]` of a table `[bar, column]`, drawn by whole rows."""
    count, found = len(values), []
    for places in drawn(count, draws, block=block, seed=seed, kind=kind):
        row = np.arange(len(places))[:, None] * count
        often = np.bincount((places + row).ravel(), minlength=len(places) * count).reshape(len(places), count)
        found.append(often @ values / count)
    return np.concatenate(found)


def interval(
    returns: ArrayLike,
    statistic: Callable[[_Array], float | None],
    *,
    share: float = 0.95,
    draws: int = 1000,
    block: float | None = None,
    seed: int = 0,
    kind: _Kind = "stationary",
) -> Interval:
    """Give a figure of returns with the band that holds a share of what draws of them give.

    Parameters
    ----------
    returns
        Simple returns, one a bar.
    statistic
        What is asked of a series; None where it is not defined there.
    share
        What the band holds: 0.95 leaves 2.5 % on either side.
    draws, block, seed, kind
        As in `drawn`; without a block, `usual_block`.

    References
    ----------
    Politis and Romano (1994); Ledoit and Wolf (2008), Robust Performance Hypothesis Testing with the Sharpe Ratio,
    Journal of Empirical Finance 15.
    """
    array = checked(returns)
    if not 0 < share < 1:
        raise ValidationError(f"share is {share:g}.", hint="Give a share between 0 and 1, as 0.95.")
    value = statistic(array)
    if len(array) < 2:
        return Interval(value=value, low=None, high=None, above=None, draws=0)
    size = usual_block(array) if block is None else block
    figures = (
        statistic(array[one]) for places in drawn(len(array), draws, block=size, seed=seed, kind=kind) for one in places
    )
    found = np.array([one for one in figures if one is not None])
    if len(found) < draws / 2:
        return Interval(value=value, low=None, high=None, above=None, draws=len(found))
    low, high = np.quantile(found, ((1 - share) / 2, (1 + share) / 2))
    return Interval(value=value, low=float(low), high=float(high), above=float((found > 0).mean()), draws=len(found))


def usual_block(values: ArrayLike, *, kind: _Kind = "stationary") -> float:
    """Give the length of blocks that suits how long a series remembers, at least 1.

    References
    ----------
    Politis and White (2004), Automatic Block-Length Selection for the Dependent Bootstrap, Econometric Reviews 23;
    Patton, Politis and White (2009), Correction, Econometric Reviews 28.
    """
    x = checked(values, what="values", least=-math.inf)
    n = len(x)
    apart = x - x.mean() if n else x
    size = float(np.dot(apart, apart))
    if n < 10 or not size > 1e-26 * float(np.dot(x, x)):
        return 1.0
    near = max(5, math.ceil(math.log10(n)))
    most = min(math.ceil(math.sqrt(n)) + near, n - 1)
    told = [size / n]
    last = _forgotten(apart, told, near=near, most=most)
    reach = min(2 * max(last, 1), most)
    told += [_tied(apart, step) for step in range(len(told), reach + 1)]
    steps = np.arange(1, reach + 1)
    weights = np.minimum(1.0, 2 * (1 - steps / reach))
    after = np.array(told[1 : reach + 1])
    bent = 2 * float(np.dot(weights * steps, after))
    level = float(told[0] + 2 * np.dot(weights, after)) ** 2
    if not level > 0:
        return 1.0
    length = (2 * bent * bent / ((2 if kind == "stationary" else 4 / 3) * level)) ** (1 / 3) * n ** (1 / 3)
    return float(min(max(length, 1.0), math.ceil(min(3 * math.sqrt(n), n / 3))))


def _forgotten(apart: _Array, told: list[float], *, near: int, most: int) -> int:
    """Give the step from which on so many say nothing, and add what is asked on the way to what is told of steps."""
    n, run, loud = len(apart), 0, 1
    for step in range(1, most + 1):
        told.append(_tied(apart, step))
        if abs(told[step] / told[0]) < 2 * math.sqrt(math.log10(n) / n):
            run += 1
            if run == near:
                return step - near
        else:
            run, loud = 0, step
    return loud


def _tied(apart: _Array, step: int) -> float:
    return float(np.dot(apart[step:], apart[: len(apart) - step])) / len(apart)
