"""Many instruments together: returns drawn at once, each as its own forecast says, all as closely tied as they were."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.market.bars import Bars
from ara.models.quantiles import LEVELS
from ara.prediction.meeting import labels

__all__ = ["Ties", "drawn", "past", "placed", "scores", "ties"]

_Array = NDArray[np.float64]

_BARS: Final = 500
_HALF: Final = 250.0
_SPAN: Final = 20
_ALIKE: Final = 2.0
_CHUNK: Final = 500
_SCORES: Final = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ties:
    """How returns moved together.

    Parameters
    ----------
    days
        `[day, instrument]`: returns over their own deviation, each day weighed; their products sum to correlations.
    mean
        The mean correlation, to which all of them are drawn; not below 0.
    share
        How far: 0 is as they were, 1 all alike.
    """

    days: _Array
    mean: float
    share: float

    @property
    def correlation(self) -> _Array:
        """`[instrument, instrument]`: the correlations, shrunk."""
        own = np.einsum("ti,tj->ij", self.days, self.days)
        alike = np.full_like(own, self.mean)
        out = (1 - self.share) * own + self.share * alike
        np.fill_diagonal(out, 1.0)
        return np.asarray(out)


def past(bars: Sequence[Bars], until: int | None = None) -> _Array:
    """Give `[day, instrument]`: the last 500 daily log returns, by their market's session; NaN where one had none.

    A currency's bar begins on the evening before its session, so neither its opening's date nor, of a coin, its close's
    is the day on which it moved with the others.

    Parameters
    ----------
    bars
        One series for each instrument.
    until
        Only closes that were public at this moment, microseconds since 1970 UTC; all of them if None.
    """
    kept = []
    for one in bars:
        frame = one.frame if until is None else one.frame.filter(pl.col("known_at").dt.epoch("us") <= until)
        kept.append(replace(one, frame=frame.tail(_BARS + 1)))
    moves = [one.frame.select(place=pl.lit(place), move=pl.col("close").log().diff()) for place, one in enumerate(kept)]
    whole = pl.concat(moves).with_columns(day=pl.Series(labels(kept))).drop_nulls().filter(pl.col("move").is_finite())
    days = whole["day"].unique().sort()
    out = np.full((len(days), len(bars)), np.nan)
    out[days.search_sorted(whole["day"]).to_numpy(), whole["place"].to_numpy()] = whole["move"].to_numpy()
    return out[-_BARS:]


def ties(returns: _Array) -> Ties:
    """Estimate how returns move together: recent days count more, and days in a market as wild as it is now twice.

    Correlations are drawn to their mean by as much as there are instruments against days that count. A product of
    returns over a mean of squares has no negative direction, so neither have the shrunk correlations.

    References
    ----------
    O. Ledoit and M. Wolf (2004), Honey, I shrunk the sample covariance matrix, Journal of Portfolio Management 30:
    the target, a constant correlation.
    """
    count, width = returns.shape
    weights = 0.5 ** (np.arange(count)[::-1] / _HALF) * _like_now(returns)
    weights /= weights.sum()
    known = np.isfinite(returns)
    moves = np.where(known, returns, 0.0)
    scale = np.sqrt(np.einsum("t,ti->i", weights, moves * moves))
    days = np.sqrt(weights)[:, None] * moves / np.where(scale > 0, scale, 1.0)
    whole = np.einsum("ti->t", days)
    mean = float((whole * whole).sum() - (days * days).sum()) / max(width * (width - 1), 1)
    effective = 1 / float((weights * weights).sum())
    return Ties(days=days, mean=float(np.clip(mean, 0.0, 0.99)), share=width / (width + effective))


def _like_now(returns: _Array) -> _Array:
    """Give each day's weight by its market: 2 in the third of the wildness that the last day is in, 1 elsewhere."""
    size = np.nan_to_num(np.abs(returns)).mean(axis=1)
    if len(size) < 3 * _SPAN:
        return np.ones(len(size))
    wild = np.convolve(size, np.ones(_SPAN) / _SPAN, mode="full")[: len(size)]
    third = np.argsort(np.argsort(wild, kind="stable"), kind="stable") * 3 // len(wild)
    return np.where(third == third[-1], _ALIKE, 1.0)


def drawn(quantiles: _Array, tied: Ties, *, draws: int, seed: int) -> _Array:
    """Give `[draw, instrument]`: log returns drawn together.

    Each instrument's draws have its own quantiles; which of them come together follows from the ties, by normal scores.

    Parameters
    ----------
    quantiles
        `[instrument, level]`: log returns at `LEVELS`.
    tied
        How they move together.
    draws, seed
        How many, and of what chance.
    """
    return placed(scores(tied, draws=draws, seed=seed), quantiles)


def scores(tied: Ties, *, draws: int, seed: int) -> _Array:
    """Give `[draw, instrument]`: normal scores with the correlations of the ties."""
    dice = np.random.default_rng(seed)
    count, width = tied.days.shape
    out = np.empty((draws, width))
    for first in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - first)
        own = np.einsum("dt,ti->di", dice.standard_normal((size, count)), tied.days)
        alike = np.sqrt(tied.mean) * dice.standard_normal((size, 1))
        alike = alike + np.sqrt(1 - tied.mean) * dice.standard_normal((size, width))
        out[first : first + size] = np.sqrt(1 - tied.share) * own + np.sqrt(tied.share) * alike
    return out


def placed(scores: _Array, quantiles: _Array) -> _Array:
    """Give `[draw, instrument]`: what normal scores mean by each instrument's `[instrument, level]`."""
    return np.stack([_placed(scores[:, place], own) for place, own in enumerate(quantiles)], axis=1)


def _placed(scores: _Array, values: _Array) -> _Array:
    """Give what normal scores mean by a forecast's quantiles; beyond the outermost, these go on as straight lines."""
    inside = np.interp(scores, _SCORES, values)
    low = (values[1] - values[0]) / (_SCORES[1] - _SCORES[0])
    high = (values[-1] - values[-2]) / (_SCORES[-1] - _SCORES[-2])
    below = values[0] + low * np.minimum(scores - _SCORES[0], 0.0)
    above = values[-1] + high * np.maximum(scores - _SCORES[-1], 0.0)
    return np.where(scores < _SCORES[0], below, np.where(scores > _SCORES[-1], above, inside))
