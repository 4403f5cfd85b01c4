"""How far two samples of a feature are apart: four measures, none of which asks for a shape of the distribution."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["jensen_shannon", "kolmogorov_smirnov", "population_stability", "wasserstein"]

_Array = NDArray[np.float64]


def kolmogorov_smirnov(reference: _Array, current: _Array) -> float:
    """Give the largest distance of both distribution functions, 0 to 1.

    sup |F(x) - G(x)|

    Parameters
    ----------
    reference, current
        Numbers without NaN, one at least each.

    References
    ----------
    N. Smirnov (1948), Table for estimating the goodness of fit of empirical distributions.
    """
    grid = np.concatenate([reference, current])
    return float(np.abs(_below(reference, grid) - _below(current, grid)).max())


def wasserstein(reference: _Array, current: _Array) -> float:
    """Give the area between both distribution functions, in the feature's own unit: how far values must be moved.

    integral of |F(x) - G(x)| dx

    Parameters
    ----------
    reference, current
        Numbers without NaN, one at least each.

    References
    ----------
    L. N. Vaserstein (1969), Markov processes over denumerable products of spaces.
    """
    grid = np.sort(np.concatenate([reference, current]))
    apart = np.abs(_below(reference, grid[:-1]) - _below(current, grid[:-1]))
    return float(apart @ np.diff(grid))


def population_stability(reference: _Array, current: _Array, *, bins: int = 10) -> float:
    """Give the population stability index over bins that hold equal shares of the reference.

    sum of (q - p) ln(q / p), p and q the shares of the reference and of the current sample; half a case is added to
    each bin, so that an empty one counts as rare, not as impossible. Custom has it that below 0.1 little changed, and
    above 0.25 much; of few or dependent cases it is larger by chance alone.

    Parameters
    ----------
    reference, current
        Numbers without NaN, one at least each.
    bins
        How many, before equal edges become one.

    References
    ----------
    N. Siddiqi (2006), Credit Risk Scorecards, chapter 9.
    """
    p, q = _shares(reference, current, bins)
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(reference: _Array, current: _Array, *, bins: int = 10) -> float:
    """Give the Jensen-Shannon distance over the bins of `population_stability`, 0 (equal) to 1 (apart).

    sqrt((KL(p, m) + KL(q, m)) / 2), m = (p + q) / 2, logarithms of base 2.

    Parameters
    ----------
    reference, current
        Numbers without NaN, one at least each.
    bins
        How many, before equal edges become one.

    References
    ----------
    J. Lin (1991), Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory 37.
    """
    p, q = _shares(reference, current, bins)
    middle = (p + q) / 2
    divergence = (p * np.log2(p / middle) + q * np.log2(q / middle)).sum() / 2
    return float(np.sqrt(max(divergence, 0.0)))


def _below(values: _Array, grid: _Array) -> _Array:
    return np.asarray(np.searchsorted(np.sort(values), grid, side="right") / len(values))


def _shares(reference: _Array, current: _Array, bins: int) -> tuple[_Array, _Array]:
    edges = np.unique(np.quantile(reference, np.arange(1, bins) / bins))
    counts = (np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) for values in (reference, current))
    p, q = ((count + 0.5) / (count.sum() + 0.5 * len(count)) for count in counts)
    return p, q
