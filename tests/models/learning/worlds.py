"""Panels with features and targets of known truth."""

from dataclasses import replace

import numpy as np

from ara.models import Panel
from ara.models.checks import toy_panel

__all__ = ["NAMES", "planted", "shuffled"]

NAMES = ("a", "b", "c", "d", "e", "f")


def planted(*, bars: int, share: float, linear: bool, seed: int = 3, horizons: tuple[int, ...] = (1,)) -> Panel:
    """Give a panel whose scaled return is noise but for `share` of its variance.

    That share is the product of the signs of `a` and `b`, which neither tells by itself, or `a` alone where `linear`.
    """
    random = np.random.default_rng(seed)
    panel = toy_panel(bars=bars, horizons=horizons)
    x = random.standard_normal((len(panel), len(NAMES))).astype(np.float32)
    signal = x[:, 0].astype(float) if linear else np.sign(x[:, 0] * x[:, 1]).astype(float)
    noise = random.standard_normal(len(panel))
    truth = np.sqrt(share) * signal + np.sqrt(1 - share) * noise
    y = np.where(np.isfinite(panel.y), truth[:, None], np.nan)
    return replace(panel, x=x, names=NAMES, y=y)


def shuffled(panel: Panel, seed: int = 5) -> Panel:
    """Give the panel with the targets of other rows."""
    y = panel.y.copy()
    known = np.flatnonzero(np.isfinite(y).all(axis=1))
    y[known] = y[np.random.default_rng(seed).permutation(known)]
    return replace(panel, y=y)
