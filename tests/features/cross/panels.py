"""Panels for tests: made-up prices side by side, clean ones and ones with late starts, early ends and holidays."""

import numpy as np


def walk(rows, series, *, seed=1, common=0.01, own=0.01, betas=None):
    """Prices with one common factor; `betas` says how much of it each has."""
    random = np.random.default_rng(seed)
    factor = common * random.standard_normal(rows)
    loads = np.ones(series) if betas is None else np.asarray(betas)
    steps = factor[:, None] * loads + own * random.standard_normal((rows, series))
    return 100 * np.exp(np.cumsum(steps, axis=0)), factor


def panel(rows=110, series=6, *, seed=1, gaps=False):
    """All inputs of a panel."""
    random = np.random.default_rng(seed)
    close, factor = walk(rows, series, seed=seed, betas=np.linspace(0.4, 1.6, series))
    high = close * np.exp(np.abs(random.normal(0, 0.004, close.shape)))
    low = close * np.exp(-np.abs(random.normal(0, 0.004, close.shape)))
    volume = np.floor(random.lognormal(8, 0.5, close.shape))
    other = np.repeat(50 * np.exp(np.cumsum(factor + 0.004 * random.standard_normal(rows)))[:, None], series, axis=1)
    found = {"close": close, "high": high, "low": low, "volume": volume, "other": other}
    if gaps:
        for values in found.values():
            values[: rows // 3, 1] = np.nan
            values[-rows // 5 :, 2] = np.nan
            values[4::13, 3] = np.nan
            values[rows // 2 : rows // 2 + 6, 4] = np.nan
    return found
