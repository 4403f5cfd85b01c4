"""The distribution of a sum of draws, in full: what a bootstrap with endless draws would give."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["summed_quantiles"]

_Array = NDArray[np.float64]

_GRID: Final = 4096
_BATCH: Final = 128
_SMALL: Final = 1024


def summed_quantiles(values: _Array, count: int, levels: Sequence[float]) -> _Array:
    """Give, for each row of values, the quantiles of the sum of `count` of them, drawn with replacement.

    One draw has the sample's own quantiles, linear between its values. The distribution of a sum is computed on a grid,
    by the power of its characteristic function; its standard deviation is right to about 0.05 %. Nothing is random.

    Parameters
    ----------
    values
        `[row, n]`, finite.
    count
        How many are drawn, at least 1.
    levels
        Probabilities between 0 and 1, ascending; the result is `[row, level]`.

    References
    ----------
    B. Efron (1979), Annals of Statistics 7, for the bootstrap; P. Hall (1992), The Bootstrap and Edgeworth Expansion,
    appendix I, for what it converges to.
    """
    if count == 1:
        return _single(values, levels)
    if len(values) == 1 and values.shape[1] <= _SMALL:
        return _found_again(np.ascontiguousarray(values, np.float64).tobytes(), count, tuple(levels)).copy()
    parts = [_summed(values[at : at + _BATCH], count, levels) for at in range(0, len(values), _BATCH)]
    return np.concatenate([np.empty((0, len(levels))), *parts])


def _single(values: _Array, levels: Sequence[float]) -> _Array:
    """Give each row's own quantiles as `numpy.quantile` does, by sorting: that takes a tenth of finding them apart."""
    ordered, at = np.sort(values, axis=1), (values.shape[1] - 1) * np.array(levels)
    low = np.floor(at).astype(np.int64)
    share = at - low
    under, over = ordered[:, low], ordered[:, np.minimum(low + 1, values.shape[1] - 1)]
    gap = over - under
    return np.asarray(np.where(share >= 0.5, over - gap * (1 - share), under + gap * share))


@lru_cache(maxsize=1024)
def _found_again(values: bytes, count: int, levels: tuple[float, ...]) -> _Array:
    """Give the quantiles of one sample's sum: served answers ask for the same until there is another bar."""
    return _summed(np.frombuffer(values)[None], count, levels)


def _summed(values: _Array, count: int, levels: Sequence[float]) -> _Array:
    middle = values.mean(axis=1, keepdims=True)
    gaps = values - middle
    spread = np.sqrt(np.mean(gaps * gaps, axis=1, keepdims=True))
    unit = np.divide(gaps, spread, out=np.zeros_like(gaps), where=spread > 0)
    reach = np.abs(unit).max(axis=1, keepdims=True)
    # four draws of the farthest value, and what the others add: farther out there is next to nothing
    step = 2 * (min(count, 4) * reach + 8 * math.sqrt(count)) / _GRID
    shares = _gridded(unit / step)
    spectrum = np.fft.rfft(shares, axis=1)
    whole = np.fft.irfft(_power(spectrum, count), n=_GRID, axis=1)
    below = np.cumsum(np.maximum(np.fft.fftshift(whole, axes=1), 0.0), axis=1)
    edges = np.arange(_GRID) - _GRID // 2 + 0.5
    found = np.stack([np.interp(levels, own / own[-1], edges) for own in below])
    return np.asarray(middle * count + spread * step * found)


def _gridded(places: _Array) -> _Array:
    """Give `[row, grid]`: the share of values at each point, each split between its neighbours; 0 stands first."""
    low = np.floor(places)
    part = places - low
    line = _GRID * np.arange(len(places))[:, None]
    ends = [(low.astype(np.int64) + side) % _GRID + line for side in (0, 1)]
    weights = np.concatenate([(1 - part).ravel(), part.ravel()])
    index = np.concatenate([end.ravel() for end in ends])
    counts = np.bincount(index, weights, _GRID * len(places)).reshape(len(places), _GRID)
    return np.asarray(counts / places.shape[1])


def _power(base: NDArray[np.complex128], count: int) -> NDArray[np.complex128]:
    out = np.ones_like(base)
    while count:
        if count % 2:
            out = out * base
        base, count = base * base, count // 2
    return out
