"""Turbulence: bars that are unusual for all instruments together, by size or by going against their correlations."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import GAP, POSITIVE, shifted, window_of
from ara.features.cross.principal import principal
from ara.features.indicator import Param

__all__ = ["correlation_surprise", "turbulence"]

_LINE = NDArray[np.float64]

_PARAMS: Final = {
    "window": window_of(250, "Bars before this one that say what is usual.", low=10),
    "shrinkage": Param(
        default=0.2,
        low=0.01,
        high=1.0,
        words="How far correlations are drawn towards 0 before they are inverted; 1 leaves sizes alone.",
    ),
}


def _distances(close: Matrix, window: int, shrinkage: float) -> tuple[_LINE, _LINE]:
    """Give the squared distance of each bar from the usual over its expectation: with correlations and without."""
    found = principal(close, window)
    values = shifted(found.values, 1)
    usual = (1.0 - shrinkage) * values + shrinkage
    apart = (found.moves - shifted(found.centre, 1)) / shifted(found.size, 1)
    count = np.isfinite(apart).sum(axis=1).astype(np.float64)
    count[np.isnan(found.surprise).all(axis=1) | (count == 0)] = np.nan
    expected = np.nansum(values / usual, axis=1) * count / np.isfinite(values).sum(axis=1)
    return np.nansum(found.surprise**2 / usual, axis=1) / expected, np.nansum(apart**2, axis=1) / count


@panel_feature(
    inputs=["close"],
    params=_PARAMS,
    warmup=lambda window, shrinkage: window + 1,
    memory=lambda window, shrinkage: window + 2 + GAP,
    bounds=POSITIVE,
    formula="z'S^-1 z / tr(S^-1 R), S = (1 - d) R + d I, z = (r - mean) / sd, R: correlations, of the n bars before",
    reference="M. Kritzman, Y. Li (2010), Skulls, Financial Turbulence, and Risk Management, Financial Analysts J. 66",
    words="How unusual this bar is for all together: 1 is ordinary, beyond 3 the usual sizes or relations don't hold.",
    shared=True,
)
def turbulence(close: Matrix, *, window: int, shrinkage: float) -> _LINE:
    """Give the squared Mahalanobis distance of the bar's returns from those before, over its expectation."""
    return _distances(close, window, shrinkage)[0]


@panel_feature(
    inputs=["close"],
    params=_PARAMS,
    warmup=lambda window, shrinkage: window + 1,
    memory=lambda window, shrinkage: window + 2 + GAP,
    bounds=POSITIVE,
    formula="turbulence / (z'z / N), N series",
    reference="W. Kinlaw, D. Turkington (2014), Correlation Surprise, J. Asset Management 14:6",
    words="Above 1 instruments moved against their usual relations, whatever the size of the moves; below 1 with them.",
    shared=True,
)
def correlation_surprise(close: Matrix, *, window: int, shrinkage: float) -> _LINE:
    """Give how much of a bar's distance comes from its pattern instead of its size; 1 where nothing moved."""
    joined, alone = _distances(close, window, shrinkage)
    return np.where(alone > 0, joined / alone, 1.0 + 0.0 * alone)
