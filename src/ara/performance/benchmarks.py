"""What a strategy has to beat: holding, a mix, and entries at random with the same turnover."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.performance.inputs import deviation, yearly

__all__ = ["RandomEntry", "mix", "random_entry"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomEntry:
    """A strategy beside the same positions at other times.

    Parameters
    ----------
    sharpe
        Of the strategy, of a year; None where its returns never change, and then all else is.
    mean, low, high
        Of the same positions at other times: the mean, and bounds that hold 95 %.
    p
        Share of the other times that do as well: the chance of its timing where there is none.
    draws
        Other times that were tried.
    """

    sharpe: float | None
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    draws: int


def mix(returns: ArrayLike, weights: ArrayLike, *, every: int = 0) -> _Array:
    """Give the returns of holding instruments with given weights: buy and hold, or brought back to them.

    Parameters
    ----------
    returns
        `[bar, instrument]`: simple returns, each at least -1.
    weights
        Shares of the wealth at the beginning, each at least 0, that sum to 1: (0.6, 0.4).
    every
        Bars after which the weights are brought back, without costs; 0: never, which is buy and hold.
    """
    table, shares = np.asarray(returns, np.float64), np.asarray(weights, np.float64)
    if table.ndim != 2 or shares.shape != table.shape[1:] or not np.isfinite(table).all() or (table < -1).any():
        raise ValidationError(
            f"Returns {table.shape} and weights {shares.shape} don't fit.",
            hint="Give [bar, instrument], one weight each.",
        )
    if (shares < 0).any() or abs(float(shares.sum()) - 1) > 1e-9 or every < 0:
        raise ValidationError("The weights are no mix.", hint="Give shares from 0 up that sum to 1, and whole bars.")
    step, parts = every or max(len(table), 1), []
    for begin in range(0, len(table), step):
        grown = np.cumprod(1 + table[begin : begin + step], axis=0) @ shares
        before = np.concatenate(([1.0], grown[:-1]))
        parts.append(np.divide(grown, before, out=np.ones_like(grown), where=before > 0) - 1)
    return np.concatenate(parts) if parts else np.empty(0)


def random_entry(
    weights: ArrayLike, returns: ArrayLike, *, per_year: float, cost: float = 0.0, draws: int = 1000, seed: int = 0
) -> RandomEntry:
    """Hold a strategy's positions against the same positions at other times.

    All positions move by the same number of bars, those at the end to the beginning: holding times, sizes, turnover
    and how instruments go together stay as they are, only the timing is lost.

    Parameters
    ----------
    weights, returns
        `[bar]` or `[bar, instrument]`: shares of the equity held through the bar, and simple returns.
    per_year
        Bars of a year.
    cost
        Share of what is traded: 0.001 is 10 basis points.
    draws
        How many other times are tried; all of them where there are fewer.
    seed
        Of which are tried.
    """
    held, moved = (np.asarray(one, np.float64) for one in (weights, returns))
    held, moved = (one[:, None] if one.ndim == 1 else one for one in (held, moved))
    if held.ndim != 2 or held.shape != moved.shape or not (np.isfinite(held).all() and np.isfinite(moved).all()):
        raise ValidationError(
            f"Weights {held.shape} and returns {moved.shape} don't fit.", hint="Give one of each a bar."
        )
    if not 0 <= cost < 1 or draws < 1:
        raise ValidationError(f"cost is {cost:g} and draws {draws}.", hint="Give a share from 0 up, and draws from 1.")
    root = float(np.sqrt(yearly(per_year)))
    paid = cost * np.abs(held - np.roll(held, 1, axis=0)).sum(axis=1)
    own = _ratio((held * moved).sum(axis=1) - paid)
    if own is None or len(held) < 3:
        return RandomEntry(sharpe=None, mean=None, low=None, high=None, p=None, draws=0)
    count = min(draws, len(held) - 1)
    generator = np.random.Generator(np.random.PCG64(seed))
    shifts = generator.choice(np.arange(1, len(held)), count, replace=False)
    tried = (_ratio((np.roll(held, one, axis=0) * moved).sum(axis=1) - np.roll(paid, one)) for one in shifts.tolist())
    found = np.array([one or 0.0 for one in tried]) * root
    low, high = np.quantile(found, (0.025, 0.975))
    return RandomEntry(
        sharpe=own * root,
        mean=float(found.mean()),
        low=float(low),
        high=float(high),
        p=(1 + int((found >= own * root - 1e-12).sum())) / (1 + count),
        draws=count,
    )


def _ratio(values: _Array) -> float | None:
    spread = deviation(values)
    return float(values.mean()) / spread if spread else None
