"""Principal factors: what few forces move many instruments, how much of all, and what they leave unexplained."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.features.cross.feature import Matrix, panel_feature
from ara.features.cross.matrices import ALL, GAP, line_average, line_spread, shifted, window_of
from ara.features.cross.principal import Principal, principal
from ara.features.loops import compiled

__all__ = [
    "absorption_ratio",
    "absorption_shift",
    "effective_factors",
    "pca_loading",
    "pca_return",
    "pca_rotation",
    "pca_share",
    "pca_specific",
    "residual_score",
]

_LINE = NDArray[np.float64]

_WINDOW: Final = {"window": window_of(250, "Bars whose correlations count; more of them are steadier.", low=10)}
_NAMES: Final = ("first", "second", "third")
_PEARSON: Final = "K. Pearson (1901), On Lines and Planes of Closest Fit, Philosophical Magazine 2:11"
_EIGEN: Final = "M. Avellaneda, J.-H. Lee (2010), Statistical Arbitrage in the US Equities Market, Quant. Finance 10"
_ABSORPTION: Final = "M. Kritzman, Y. Li, S. Page, R. Rigobon (2011), Principal Components as a Measure of Systemic "
_RISK: Final = _ABSORPTION + "Risk, J. Portfolio Management 37:4; of correlations"
_FIFTH: Final = 5


def _recent(window: int) -> int:
    return window + 1 + GAP


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    outputs=_NAMES,
    warmup=lambda window: window + 1,
    memory=None,
    bounds=ALL,
    formula="sum w[i] r[i], w[i] = (v[i] / s[i]) / sum |v / s|, v: eigenvector of the correlations known a bar before",
    reference=_EIGEN,
    words="This bar's return of the portfolio that is each factor; the first is mostly the market. Names and signs are "
    "kept from bar to bar.",
    shared=True,
)
def pca_return(close: Matrix, *, window: int) -> tuple[_LINE, ...]:
    """Give the log return of each factor's portfolio, by weights known one bar before."""
    found = principal(close, window)
    weights = found.vectors / found.size[:, None, :]
    before = np.full_like(weights, np.nan)
    before[1:] = weights[:-1]
    known = np.isfinite(before) & np.isfinite(found.moves)[:, None, :]
    gross = np.where(known, np.abs(before), 0.0).sum(axis=2)
    gained = np.where(known, before * found.moves[:, None, :], 0.0).sum(axis=2)
    out = np.where(gross > 0, gained / gross, np.nan) + 0.0 * shifted(found.named, 1)
    return tuple(out.T.copy())


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    outputs=_NAMES,
    warmup=lambda window: window,
    memory=None,
    bounds=(-1.0, 1.0),
    formula="v[i, k] sqrt(l[k]), v and l: eigenvectors and eigenvalues of the correlations over n bars",
    reference=_PEARSON,
    words="How it goes with each factor, as a correlation: 1 in step, 0 not at all, -1 against it.",
)
def pca_loading(close: Matrix, *, window: int) -> tuple[Matrix, ...]:
    """Give each series' correlation with each factor."""
    found = principal(close, window)
    return tuple(_loadings(found).transpose(1, 0, 2).copy())


def _loadings(found: Principal) -> NDArray[np.float64]:
    counts = np.where(np.isfinite(found.size), 0.0, np.nan)[:, None, :]
    return np.asarray(np.clip(found.vectors * np.sqrt(found.named)[:, :, None], -1.0, 1.0) + counts)


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    outputs=_NAMES,
    warmup=lambda window: window,
    memory=None,
    bounds=(0.0, 1.0),
    formula="l[k] / sum of l, l: eigenvalues of the correlations over n bars",
    reference=_PEARSON,
    words="The share of all movement that each factor makes; a first one near 1 is a market of one mind.",
    shared=True,
)
def pca_share(close: Matrix, *, window: int) -> tuple[_LINE, ...]:
    """Give the share of the variance that each factor explains."""
    found = principal(close, window)
    share = found.named / np.nansum(found.values, axis=1, keepdims=True)
    return tuple(np.clip(share, 0.0, 1.0).T.copy())


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=(0.0, 1.0),
    formula="1 - sum over the 3 strongest factors of pca_loading^2",
    reference=_PEARSON,
    words="The share of its movement that the three common factors don't explain; near 1 it goes its own way.",
)
def pca_specific(close: Matrix, *, window: int) -> Matrix:
    """Give the share of each series' variance outside the factors."""
    squares = _loadings(principal(close, window)) ** 2
    missing = np.isnan(squares).all(axis=1)
    return np.where(missing, np.nan, np.clip(1.0 - np.nansum(squares, axis=1), 0.0, 1.0))


@panel_feature(
    inputs=["close"],
    params={**_WINDOW, "path": window_of(60, "Bars over which residual returns are added up.", low=5)},
    warmup=lambda window, path: max(window, path),
    memory=lambda window, path: max(window, path) + 1 + GAP,
    bounds=ALL,
    formula="(X[t] - mean(X)) / sd(X) over p bars, X: running sum of standardised returns less the 3 factors' part",
    reference=f"{_EIGEN}; z-score of the path",
    words="How far it has run from what the factors explain: beyond 2 either way it is read as stretched.",
)
def residual_score(close: Matrix, *, window: int, path: int) -> Matrix:
    """Give where each series' residual path stands within itself; 0 where it doesn't move."""
    found = principal(close, window)
    out = np.full_like(found.moves, np.nan)
    compiled(_strayed)(found.moves, found.centre, found.size, found.vectors, found.named, path, out)
    return out


def _strayed(moves: Any, centre: Any, size: Any, vectors: Any, named: Any, path: Any, out: Any) -> None:
    """Add up what the factors leave of each series' returns, and score the end of that path."""
    (bars, width), factors = moves.shape, vectors.shape[1]
    part, left = np.zeros(width), np.zeros((path, width))
    for bar in range(path, bars):
        if not math.isfinite(named[bar, 0]):
            continue
        for row in range(path):
            for i in range(width):
                scale = size[bar, i]
                value = (moves[bar - path + 1 + row, i] - centre[bar, i]) / scale if scale > 0.0 else 0.0
                part[i] = value if math.isfinite(value) else 0.0
                left[row, i] = part[i]
            for factor in range(factors):
                along = 0.0
                for i in range(width):
                    along += part[i] * vectors[bar, factor, i]
                for i in range(width):
                    left[row, i] -= along * vectors[bar, factor, i]
        for i in range(width):
            walk, total = 0.0, 0.0
            for row in range(path):
                walk += left[row, i]
                left[row, i] = walk
                total += walk
            middle, squares = total / path, 0.0
            for row in range(path):
                squares += (left[row, i] - middle) ** 2
            spread = math.sqrt(squares / path)
            score = 0.0 if spread <= 1e-9 else (walk - middle) / spread
            out[bar, i] = score if math.isfinite(size[bar, i]) else math.nan


@panel_feature(
    inputs=["close"],
    params={**_WINDOW, "shift": window_of(20, "Bars between the two sets of factors.", low=1)},
    warmup=lambda window, shift: window + shift,
    memory=lambda window, shift: window + shift + 1 + GAP,
    bounds=(0.0, 1.0),
    formula="1 - sum over j and k of (v[j, t]'v[k, t-s])^2 / 3, v: the 3 strongest eigenvectors",
    reference="W. J. Krzanowski (1979), Between-Groups Comparison of Principal Components, J. American Stat. Assoc. 74",
    words="How far the plane of the factors has turned: 0 the same forces as before, 1 others altogether.",
    shared=True,
)
def pca_rotation(close: Matrix, *, window: int, shift: int) -> _LINE:
    """Give how little the factors have in common with those of some bars ago."""
    found = principal(close, window)
    out = np.full(len(close), np.nan)
    there = np.isfinite(found.named).sum(axis=1)
    now, before = found.vectors[shift:], found.vectors[: max(len(close) - shift, 0)]
    shared = (np.einsum("tki,tji->tkj", now, before) ** 2).sum(axis=(1, 2))
    count = np.minimum(there[shift:], there[: max(len(close) - shift, 0)])
    out[shift:] = np.where(count > 0, np.clip(1.0 - shared / np.maximum(count, 1), 0.0, 1.0), np.nan)
    return out


def _absorbed(close: Matrix, window: int) -> _LINE:
    """Give the share of the variance in the strongest fifth of the eigenvectors, one at least."""
    values = principal(close, window).values
    count = np.isfinite(values).sum(axis=1)
    strongest = np.arange(values.shape[1]) < -(-count // _FIFTH)[:, None]
    share = np.where(strongest, values, 0.0).sum(axis=1) / np.nansum(values, axis=1)
    return np.where(count > 0, np.clip(share, 0.0, 1.0), np.nan)


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=(0.0, 1.0),
    formula="sum of the largest fifth of l / sum of l, l: eigenvalues of the correlations over n bars",
    reference=_RISK,
    words="How tightly markets hang together: near 1 a shock anywhere is felt everywhere.",
    shared=True,
)
def absorption_ratio(close: Matrix, *, window: int) -> _LINE:
    """Give the share of the variance that the strongest fifth of the factors absorbs."""
    return _absorbed(close, window)


@panel_feature(
    inputs=["close"],
    params={
        **_WINDOW,
        "fast": window_of(15, "Bars of the mean that is compared."),
        "slow": window_of(250, "Bars of the mean and spread that it is compared with.", low=5),
    },
    warmup=lambda window, fast, slow: window + max(fast, slow) - 1,
    memory=lambda window, fast, slow: window + max(fast, slow) + GAP,
    bounds=ALL,
    formula="(mean of a over f bars - mean of a over s bars) / sd of a over s bars, a = absorption_ratio",
    reference=_RISK,
    words="Whether markets have grown tighter: above 1 has often come before falls, below -1 before rises.",
    shared=True,
)
def absorption_shift(close: Matrix, *, window: int, fast: int, slow: int) -> _LINE:
    """Give the standardised shift of the absorption ratio; 0 where it doesn't vary."""
    found = _absorbed(close, window)
    spread = line_spread(found, slow)
    apart = line_average(found, fast) - line_average(found, slow)
    return np.where(spread > 0, apart / spread, 0.0 * apart)


@panel_feature(
    inputs=["close"],
    params=_WINDOW,
    warmup=lambda window: window,
    memory=_recent,
    bounds=(0.0, 1.0),
    formula="exp(-sum p ln p) / n, p[k] = l[k] / sum of l, n series",
    reference="O. Roy, M. Vetterli (2007), The Effective Rank: A Measure of Effective Dimensionality, EUSIPCO",
    words="How many independent forces there are per instrument: 1 each goes its own way, near 0 all are one.",
    shared=True,
)
def effective_factors(close: Matrix, *, window: int) -> _LINE:
    """Give the effective number of factors as a share of the series that count."""
    values = principal(close, window).values
    count = np.isfinite(values).sum(axis=1)
    share = values / np.nansum(values, axis=1, keepdims=True)
    entropy = -np.where(share > 0, share * np.log(np.where(share > 0, share, 1.0)), 0.0).sum(axis=1)
    return np.where(count > 0, np.clip(np.exp(entropy) / np.maximum(count, 1), 0.0, 1.0), np.nan)
