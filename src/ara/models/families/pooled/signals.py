"""What one series says of its own variance: how large it is, on many scales, and what shook it."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, islice
from struct import pack
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ara.statistics.ranges import floored, range_variance
from ara.statistics.volatility import ewma_variance

__all__ = ["LEVERAGE", "OWN", "SPANS", "average", "rank", "signals"]

_Array = NDArray[np.float64]

SPANS: Final = (1.5, 5.0, 25.0, 125.0, 750.0)
"""Centres of mass, in bars, of the averages of log variance."""

LEVERAGE: Final = ("fall", "shock", "z5", "z25")
"""Names of the signals of returns over their volatility: falls and shocks raise variance."""

OWN: Final = ("r5", "r16", "v16", "gap", "gap5", "burst", "volume20", "volume60")
"""Names of the further signals of a series' own bars."""

_USUAL = 250.0
_TINY = 1e-12
_YEARS = 504
_TOGETHER = 1024
_ENOUGH = 100


def average(values: _Array, centre: float) -> _Array:
    """Give the exponentially weighted mean of all values up to each one; a NaN weighs nothing.

    Parameters
    ----------
    values
        Ascending in time.
    centre
        Centre of mass of the weights, in bars: yesterday's weight is centre / (1 + centre).
    """
    return _averages(values, (centre,))[0]


def _averages(values: _Array, centres: Sequence[float]) -> list[_Array]:
    """Give the means of the same values with several centres of mass."""
    known = ~np.isnan(values)
    first = len(known) - int(np.count_nonzero(known))
    keeps = [centre / (1.0 + centre) for centre in centres]
    if known[first:].all():
        rest = values[first:].tolist()
        return [_without_gaps(rest, first, keep) for keep in keeps]
    return [_with_gaps(values, known, keep) for keep in keeps]


def _with_gaps(values: _Array, known: NDArray[np.bool_], keep: float) -> _Array:
    parts = np.where(known, values, 0.0).tolist()
    total = parts[0] if parts else 0.0
    summed = np.array(parts[:1] + [total := keep * total + part for part in parts[1:]], float)
    weight = _weight(known, keep)
    return np.where(weight > 0, summed / np.where(weight > 0, weight, 1.0), np.nan)


def _without_gaps(rest: list[float], first: int, keep: float) -> _Array:
    """Give the mean where nothing is missing after the first; the weight of all that is known is then the same."""
    out, total, count = np.empty(first + len(rest)), 0.0 if first else -0.0, len(rest)
    out[:first] = np.nan
    if not rest:
        return out
    summed = np.frombuffer(pack(f"{count}d", *[total := keep * total + part for part in rest]))
    np.divide(summed, _whole_weight(keep, 1 << max(count - 1, 1).bit_length())[:count], out=out[first:])
    return out


def _weight(known: NDArray[np.bool_], keep: float) -> _Array:
    """Give the weight of all that is known up to each place."""
    steps = accumulate(known.tolist(), lambda weight, one: keep * weight + one, initial=0.0)
    return np.fromiter(islice(steps, 1, None), float, len(known))


@lru_cache(maxsize=64)
def _whole_weight(keep: float, count: int) -> _Array:
    return np.fromiter(accumulate([1.0] * count, lambda weight, one: keep * weight + one), float, count)


def signals(bars: _Array, volume: _Array) -> dict[str, _Array]:
    """Give the signals of one series at each bar's close; log variances are relative to `slow`, their usual level.

    Parameters
    ----------
    bars
        `[n, 4]`: logs of open, high, low and close over the previous close.
    volume
        `[n]`; NaN or 0 where there is none, which says nothing.
    """
    returns = bars[:, 3]
    variance = floored(range_variance(bars), share=0.02)
    x = np.log(variance)
    slow, *others = _averages(x, (_USUAL, *SPANS))
    means = dict(zip(SPANS, others, strict=True))
    quiet = np.exp(0.5 * _before(means[25.0]))
    z = np.nan_to_num(np.clip(returns / quiet, -8.0, 8.0))
    ewma = ewma_variance(returns)
    told = {"variance": variance, "slow": slow, "x": x - slow, "z": z, "ewma": ewma}
    told |= {f"x{span:g}": mean - slow for span, mean in means.items()}
    told |= {"fall": np.minimum(z, 0.0), "shock": np.abs(z)} | dict(
        zip(("z5", "z25"), _averages(z, (5.0, 25.0)), strict=True)
    )
    told |= _shaken(bars, variance, slow, quiet) | _volume(volume)
    told["excess"] = np.nan_to_num(x - _before(means[25.0]))
    return told


def _shaken(bars: _Array, variance: _Array, slow: _Array, quiet: _Array) -> dict[str, _Array]:
    """Give what returns alone say of variance, and how much of it came over night."""
    square = bars[:, 3] ** 2
    gap = np.minimum(np.log1p(np.minimum((bars[:, 0] / quiet) ** 2, 1e4)), 2.0)
    quick, steady = _averages(square, (5.0, 16.0))
    return {
        "r5": np.log(quick + _TINY) - slow,
        "r16": np.log(steady + _TINY) - slow,
        "v16": np.log(average(variance, 16.0)) - slow,
        "gap": np.nan_to_num(gap),
        "gap5": np.nan_to_num(average(gap, 5.0)),
        "burst": np.nan_to_num(np.log(np.clip(square / variance, 0.01, 20.0))),
    }


def _volume(volume: _Array) -> dict[str, _Array]:
    traded = (volume > 0) & (volume < np.inf)
    logs = np.log(np.where(traded, volume, 1.0))
    logs[~traded] = np.nan
    week, month, quarter = _averages(logs, (5.0, 20.0, 60.0))
    recent = {"volume20": logs - month, "volume60": week - quarter}
    return {name: np.clip(np.nan_to_num(value), -3.0, 3.0) for name, value in recent.items()}


def _before(values: _Array) -> _Array:
    return np.concatenate(([np.nan], values[:-1]))


def rank(values: _Array, places: NDArray[np.int64]) -> _Array:
    """Give the rank, 0 to 1, of the values at some places among those of the two years up to each.

    0.5 until there are enough.
    """
    if not len(places):
        return np.empty(0)
    first, last = int(places.min()), int(places.max())
    if first == last:
        return np.full(len(places), _lone_rank(values[max(0, first + 1 - _YEARS) : first + 1]))
    begin = max(0, first + 1 - _YEARS)
    padded = np.concatenate((np.full(_YEARS - 1 - (first - begin), np.nan), values[begin : last + 1]))
    known = np.cumsum(np.concatenate(([0], ~np.isnan(padded))))
    count = known[_YEARS:] - known[:-_YEARS]
    parts = [padded[one : one + _TOGETHER + _YEARS - 1] for one in range(0, len(count), _TOGETHER)]
    below = np.concatenate([_below(part) for part in parts])
    told = (count >= _ENOUGH) & ~np.isnan(padded[_YEARS - 1 :])
    return np.where(told, (below + 1) / 2 / np.maximum(count, 1), 0.5)[places - first]


def _below(values: _Array) -> NDArray[np.int64]:
    """Give, for the last of each two years, how many of these are smaller and, besides, how many are not larger.

    Small whole numbers in the values' stead are compared many at a time; the largest, for what is missing, is never
    smaller than another.
    """
    codes = np.unique(values, return_inverse=True)[1].astype(np.int16)
    codes[np.isnan(values)] = np.iinfo(np.int16).max
    windows = sliding_window_view(codes, _YEARS)
    last = windows[:, -1:]
    # eight answers lie in each word: no sum of them grows beyond a byte
    words = (windows < last).view(np.uint64).sum(axis=1) + (windows <= last).view(np.uint64).sum(axis=1)
    return np.asarray(words.view(np.uint8).reshape(-1, 8).sum(axis=1, dtype=np.int64))


def _lone_rank(window: _Array) -> float:
    """Give the rank of the last of some values among all of them, as `rank` does; an answer asks for one alone."""
    value, known = window[-1], int(np.count_nonzero(~np.isnan(window)))
    if np.isnan(value) or known < _ENOUGH:
        return 0.5
    return (int(np.count_nonzero(window < value)) + int(np.count_nonzero(window <= value)) + 1) / 2 / known
