"""Panels with features whose meaning is known, for tests of networks."""

from dataclasses import replace

import numpy as np

from ara.models import Panel
from ara.models.checks import toy_panel
from ara.models.networks import BiLstm, CnnLstm, Gru, SeqToSeq, Transformer

__all__ = ["FAMILIES", "cut", "featured", "planted"]

FAMILIES = (BiLstm, CnnLstm, Gru, SeqToSeq, Transformer)


def planted(*, bars: int = 2000, share: float = 0.05, shuffled: bool = False) -> tuple[Panel, np.ndarray]:
    """Give a panel of one horizon whose return is the product of two of four features, and noise; and that product.

    The product explains this share of the variance, and no feature alone explains anything.
    """
    panel = toy_panel(bars=bars, horizons=(1,))
    random = np.random.default_rng(3)
    x = random.standard_normal((len(panel), 4)).astype(np.float32)
    signal = (x[:, 0] * x[:, 1]).astype(float)
    y = np.sqrt(share) * signal + np.sqrt(1 - share) * random.standard_normal(len(panel))
    if shuffled:
        y = random.permutation(y)
    y = np.where(np.isnan(panel.y[:, 0]), np.nan, y)[:, None]
    scale = np.full((len(panel), 1), 0.01)
    return replace(panel, x=x, names=("f0", "f1", "f2", "f3"), y=y, scale=scale), signal


def featured(*, bars: int = 300, horizons: tuple[int, ...] = (1, 5), width: int = 5, seed: int = 1) -> Panel:
    """Give a toy panel with features of noise beside each row's return."""
    panel = toy_panel(bars=bars, horizons=horizons)
    x = np.random.default_rng(seed).standard_normal((len(panel), width)).astype(np.float32)
    x[:, 0] = np.nan_to_num(panel.bars[:, 3] / 0.01)
    return replace(panel, x=x, names=tuple(f"f{place}" for place in range(width)))


def cut(panel: Panel, share: float) -> tuple[Panel, np.ndarray]:
    """Give what was known after this share of the days, and the rows of the panel that came later and have a target."""
    moment = int(np.quantile(panel.known_at, share))
    later = np.flatnonzero((panel.known_at > moment) & ~np.isnan(panel.y).any(axis=1))
    return panel.until(moment), later
