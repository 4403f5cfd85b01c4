"""How returns move together, estimated so that the answer can be used: shrunk, weighed, or by few factors."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = [
    "METHODS",
    "correlation",
    "covariance",
    "ewma_covariance",
    "factor_covariance",
    "firm",
    "ledoit_wolf",
    "nearest_psd",
    "oas",
    "sample_covariance",
]

_Array = NDArray[np.float64]

METHODS: Final = ("sample", "ledoit_wolf", "oas", "ewma", "factor", "dcc")
"""Names that `covariance` understands."""

_FEWEST: Final = 2
_HALF_LIFE: Final = 60.0
_MONTH: Final = 21
_ROUNDS: Final = 100
_CLOSE: Final = 1e-12
_STAYS: Final = 1e-6
_FIRM: Final = 1e-5
_MANY: Final = 256
"""Instruments from which on it counts what an eigen-decomposition takes: seconds for two thousand of them."""


def covariance(returns: _Array, method: str = "ledoit_wolf") -> _Array:
    """Give `[asset, asset]`: the covariance of returns by one of `METHODS`, with no negative direction.

    Parameters
    ----------
    returns
        `[bar, asset]`. NaN where an asset has none: `sample` then takes each pair's own bars and repairs what comes of
        it, the others take the bars that all have.
    method
        `sample`; `ledoit_wolf` and `oas`, drawn to a multiple of the unit matrix; `ewma`, recent bars count more (half
        as much 60 bars ago); `factor`, few common factors and an own variance each; `dcc`, the mean of what GARCH and
        dynamic correlations foresee for the next 21 bars.
    """
    if method not in METHODS:
        raise ValidationError(f"There is no covariance {method!r}.", hint=f"There are: {', '.join(METHODS)}.")
    if method in ("ledoit_wolf", "oas"):
        return (ledoit_wolf if method == "ledoit_wolf" else oas)(returns)[0]
    if method == "ewma":
        return ewma_covariance(returns)
    if method == "dcc":
        from ara.statistics.dcc import dcc_covariance  # it stands on this module

        return dcc_covariance(returns, horizon=_MONTH)
    return factor_covariance(returns) if method == "factor" else sample_covariance(returns)


def sample_covariance(returns: _Array, *, ddof: int = 1) -> _Array:
    """Give the sample covariance; with NaN that of each pair's common bars, made free of negative directions.

    Parameters
    ----------
    returns
        `[bar, asset]`.
    ddof
        What is taken from the number of bars: 1 is unbiased, 0 the population's.
    """
    _checked(returns, gaps=True)
    known = np.isfinite(returns)
    if known.all():
        away = returns - returns.mean(axis=0)
        return np.asarray(away.T @ away / (len(returns) - ddof))
    return nearest_psd(_pairwise(returns, known, ddof))


def _pairwise(returns: _Array, known: NDArray[np.bool_], ddof: int) -> _Array:
    """Give each pair's covariance over the bars that both have."""
    here = known.astype(np.float64)
    counts = here.T @ here
    if counts.min() <= ddof:
        raise ValidationError("Two of the instruments have no bars in common.", hint="Leave one of them out.")
    # about each one's own mean first, so that nothing is lost where prices hardly move beside their drift
    away = np.where(known, returns - np.nanmean(returns, axis=0), 0.0)
    sums = away.T @ here
    return np.asarray((away.T @ away - sums * sums.T / counts) / (counts - ddof))


def ledoit_wolf(returns: _Array) -> tuple[_Array, float]:
    """Give the covariance drawn to a multiple of the unit matrix, and how far (0 not at all, 1 all the way).

    Parameters
    ----------
    returns
        `[bar, asset]`; bars with a NaN are left out.

    References
    ----------
    O. Ledoit and M. Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices, Journal of
    Multivariate Analysis 88.
    """
    away, own = _centred(returns)
    count, width = away.shape
    level = float(np.trace(own)) / width
    distance = float((own * own).sum()) - width * level**2
    square = away * away
    noise = float((square.T @ square).sum()) / count - float((own * own).sum())
    share = 0.0 if distance <= 0 else min(max(noise, 0.0) / count / distance, 1.0)
    return _drawn(own, level, share), share


def oas(returns: _Array) -> tuple[_Array, float]:
    """Give the covariance drawn to a multiple of the unit matrix as is best for normal returns, and how far.

    Parameters
    ----------
    returns
        `[bar, asset]`; bars with a NaN are left out.

    References
    ----------
    Y. Chen, A. Wiesel, Y. C. Eldar and A. O. Hero (2010), Shrinkage algorithms for MMSE covariance estimation, IEEE
    Transactions on Signal Processing 58, equation 23.
    """
    away, own = _centred(returns)
    count, width = away.shape
    level = float(np.trace(own)) / width
    alpha = float((own * own).mean())
    over = (count + 1.0) * (alpha - level**2 / width)
    share = 1.0 if over <= 0 else min((alpha + level**2) / over, 1.0)
    return _drawn(own, level, share), share


def ewma_covariance(returns: _Array, *, half_life: float = _HALF_LIFE) -> _Array:
    """Give the covariance in which a bar counts half as much as one that is `half_life` bars younger.

    Means are taken as 0, as is usual for returns over a day or less.

    Parameters
    ----------
    returns
        `[bar, asset]`, ascending in time; bars with a NaN are left out.
    half_life
        In bars, above 0; larger is steadier.
    """
    if not half_life > 0:
        raise ValidationError(f"half_life is {half_life}; it is above 0.")
    rows = _whole(returns)
    weights = 0.5 ** (np.arange(len(rows))[::-1] / half_life)
    return np.asarray((rows * (weights / weights.sum())[:, None]).T @ rows)


def factor_covariance(returns: _Array, *, factors: int | None = None) -> _Array:
    """Give the covariance that a few common factors leave, and each asset's own variance beside them.

    Factors are the principal axes of the correlations, whose diagonal is what the factors explain, found in turn.

    Parameters
    ----------
    returns
        `[bar, asset]`; bars with a NaN are left out.
    factors
        How many; if None, the components that are larger than noise alone would make them.

    References
    ----------
    V. A. Marchenko and L. A. Pastur (1967), Mathematics of the USSR-Sbornik 1: the largest eigenvalue of noise,
    (1 + √(assets / bars))².
    """
    away, own = _centred(returns)
    count, width = away.shape
    deviation = np.sqrt(np.diag(own))
    scale = np.where(deviation > 0, deviation, 1.0)
    tied = own / np.outer(scale, scale)
    if factors is None:
        factors = max(1, int((_sizes(away / scale, tied) > (1 + np.sqrt(width / count)) ** 2).sum()))
    if not 1 <= factors <= width:
        raise ValidationError(f"factors is {factors}; it is a whole number from 1 to {width}.")
    loadings = _axes(tied, factors)
    common = loadings @ loadings.T
    np.fill_diagonal(common, np.where(deviation > 0, 1.0, 0.0))
    return np.asarray(common * np.outer(scale, scale) * count / (count - 1))


def _axes(tied: _Array, factors: int) -> _Array:
    """Give the loadings of principal axes: each asset's own share is taken off the diagonal until it stays the same."""
    now = tied.copy()
    for _ in range(_ROUNDS):
        sizes, ways = _largest(now, factors)
        loadings = ways * np.sqrt(np.maximum(sizes, 0.0))
        explained = (loadings * loadings).sum(axis=1)
        loadings /= np.sqrt(np.maximum(explained, 1.0))[:, None]
        shares = np.minimum(explained, np.diag(tied))
        if np.abs(shares - np.diag(now)).max() < _STAYS:
            break
        np.fill_diagonal(now, shares)
    return np.asarray(loadings)


def _sizes(away: _Array, tied: _Array) -> _Array:
    """Give the eigenvalues of correlations, but for those that are 0 because there are fewer bars than assets."""
    bars, width = away.shape
    return np.asarray(np.linalg.eigvalsh(away @ away.T / bars if _MANY <= bars < width else tied))


def _largest(matrix: _Array, count: int) -> tuple[_Array, _Array]:
    """Give the largest so many eigenvalues, ascending, and their vectors; the others only where that costs little."""
    if len(matrix) < _MANY or count > len(matrix) // 8:
        sizes, ways = np.linalg.eigh(matrix)
        return sizes[-count:], ways[:, -count:]
    from scipy.sparse.linalg import eigsh

    sizes, ways = eigsh(matrix, k=count, which="LA", v0=np.random.default_rng(0).standard_normal(len(matrix)))
    order = np.argsort(sizes)
    return sizes[order], ways[:, order]


def correlation(matrix: _Array) -> _Array:
    """Give the correlations of a covariance; an asset that never moves has none with any other but itself."""
    deviation = np.sqrt(np.diag(matrix))
    scale = np.where(deviation > 0, deviation, 1.0)
    out = np.clip(matrix / np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def nearest_psd(matrix: _Array) -> _Array:
    """Give a covariance without negative directions: its variances as they are, its correlations the nearest valid.

    A matrix that is valid already comes back as it is. Of hundreds of instruments, what is not is repaired in fewer
    rounds, so that it takes seconds: valid and near, but not the very nearest.

    References
    ----------
    N. J. Higham (2002), Computing the nearest correlation matrix, IMA Journal of Numerical Analysis 22: alternating
    projections with Dykstra's correction.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise ValidationError(
            f"A covariance is a square table; this one is {' by '.join(map(str, matrix.shape)) or 'a single number'}.",
            hint="Name at least one instrument.",
        )
    if not np.isfinite(matrix).all() or (np.diag(matrix) < 0).any():
        raise ValidationError("The covariance holds NaN, infinity or a variance below 0.")
    even = (matrix + matrix.T) / 2
    if _valid(even, _CLOSE * max(float(np.abs(even).max()), 1e-300)):
        return np.asarray(even)
    deviation = np.sqrt(np.diag(even))
    scale = np.where(deviation > 0, deviation, 1.0)
    now, gap = even / np.outer(scale, scale), np.zeros_like(even)
    np.fill_diagonal(now, 1.0)
    for _ in range(max(int(_ROUNDS * min(_MANY / len(now), 1.0) ** 3), 2)):
        before = now - gap
        valid = _clipped(before)
        gap = valid - before
        moved = valid.copy()
        np.fill_diagonal(moved, 1.0)
        if np.abs(moved - now).max() < _CLOSE:
            break
        now = moved
    last = _clipped(now)
    size = np.sqrt(np.maximum(np.diag(last), 1e-300))
    return np.asarray(last / np.outer(size, size) * np.outer(deviation, deviation))


def firm(matrix: _Array) -> bool:
    """Say whether a covariance is so far from singular that it may be solved as it is, without its pseudoinverse."""
    try:
        sizes = np.diag(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        return False
    return bool(sizes.min() > _FIRM * sizes.max())


def _valid(matrix: _Array, slack: float) -> bool:
    """Say whether no direction is below 0 by more than rounding; a triangle tells it many times as soon as a yes."""
    try:
        np.linalg.cholesky(matrix + slack * np.eye(len(matrix)))
    except np.linalg.LinAlgError:
        return bool(np.linalg.eigvalsh(matrix)[0] >= -slack)
    return True


def _clipped(matrix: _Array) -> _Array:
    sizes, ways = np.linalg.eigh(matrix)
    return np.asarray((ways * np.maximum(sizes, 0.0)) @ ways.T)


def _drawn(own: _Array, level: float, share: float) -> _Array:
    out = (1 - share) * own
    out[np.diag_indices_from(out)] += share * level
    return np.asarray(out)


def _centred(returns: _Array) -> tuple[_Array, _Array]:
    """Give the bars that all have, about their means, and the population's covariance."""
    rows = _whole(returns)
    away = rows - rows.mean(axis=0)
    return away, np.asarray(away.T @ away / len(rows))


def _whole(returns: _Array) -> _Array:
    _checked(returns, gaps=True)
    rows: _Array = returns[np.isfinite(returns).all(axis=1)]
    _checked(rows, gaps=False)
    return np.asarray(rows)


def _checked(returns: _Array, *, gaps: bool) -> None:
    if returns.ndim != 2 or not returns.shape[1]:
        raise ValidationError("Returns are a table with a column for each instrument.")
    if np.isinf(returns).any():
        raise ValidationError("The returns hold infinity.", hint="A price of 0 makes one; leave that bar out.")
    least = np.isfinite(returns).sum(axis=0).min() if len(returns) else 0
    if least < _FEWEST:
        words = "An instrument has" if gaps else "The instruments have"
        raise ValidationError(f"{words} {least} returns{'' if gaps else ' in common'}; {_FEWEST} are needed.")
