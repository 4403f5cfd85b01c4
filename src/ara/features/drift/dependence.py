"""How long a feature remembers: neighbours in time say nearly the same, so many bars are few cases."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["memory_time", "memory_times", "shuffled_windows"]

_WINDOW: Final = 5.0
_SHARE: Final = 8

_Array = NDArray[np.float64]


def memory_time(values: _Array) -> float:
    """Give the integrated autocorrelation time: how many bars say as much as one independent case; at least 1.

    1 + 2 sum r[k], k up to the first lag that is five times the result, or up to an eighth of the bars, whichever gives
    more: weak dependence over many bars, as that of volatility, shows in the second alone. r is the autocorrelation of
    the ranks, or of the ranks of the distances from the median where that remembers longer.

    Parameters
    ----------
    values
        Ascending in time, without NaN.

    References
    ----------
    A. Sokal (1997), Monte Carlo methods in statistical mechanics, section 3.
    """
    return max(memory_times(values))


def memory_times(values: _Array) -> tuple[float, float]:
    """Give the memory of the level and that of the spread, as `memory_time` takes them."""
    if len(values) < 2:
        return 1.0, 1.0
    return _time(_ranks(values)), _time(_ranks(np.abs(values - np.median(values))))


def shuffled_windows(
    before: int, after: int, block: int, count: int, random: np.random.Generator
) -> NDArray[np.float32]:
    """Give `[count, before + after]`: 1 where a bar belongs to the later window after blocks of bars were shuffled.

    The bars are laid in a circle that begins anywhere, cut into blocks, and the blocks shuffled; the last `after` bars
    then make the later window. Within a block, time goes on as it did.

    Parameters
    ----------
    before, after
        Bars in the earlier and in the later window.
    block
        Bars in a block.
    count
        How many shuffles.
    random
        Where chance comes from.
    """
    length = before + after
    starts = np.arange(0, length, block)
    sizes = np.minimum(starts + block, length) - starts
    out = np.zeros((count, length), np.float32)
    for row in range(count):
        order = random.permutation(len(starts))
        ends = np.cumsum(sizes[order])
        laid = np.repeat(starts[order] - ends + sizes[order], sizes[order]) + np.arange(length)
        out[row, (laid[before:] + int(random.integers(length))) % length] = 1.0
    return out


def _ranks(values: _Array) -> _Array:
    ordered = np.sort(values)
    low, high = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((low + high) / 2.0)


def _time(values: _Array) -> float:
    values = values - values.mean()
    size = 1 << (2 * len(values) - 1).bit_length()
    spectrum = np.fft.rfft(values, size)
    covariance = np.fft.irfft(spectrum * spectrum.conj(), size)[: len(values)]
    if not covariance[0] > 0:
        return 1.0
    sums = 2.0 * np.cumsum(covariance / covariance[0]) - 1.0
    long_enough = np.flatnonzero(np.arange(len(sums)) >= _WINDOW * sums)
    far = (len(values) - 1) // _SHARE
    return max(1.0, float(sums[long_enough[0] if len(long_enough) else far]), float(sums[far]))
