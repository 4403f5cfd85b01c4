"""Panels made by hand, for tests of families."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ara.models import Panel
from ara.models.checks import toy_panel
from ara.models.model import Fitted, Model

__all__ = ["bent", "fit", "go_on", "last_rows", "ranged", "with_bars"]


def go_on(_: object) -> bool:
    return True


def fit(model: Model, panel: Panel, seed: int = 0) -> Fitted:
    rows = np.arange(len(panel))
    return model.fit(panel, rows, rows[:0], seed=seed, watch=go_on)


def with_bars(panel: Panel, bars: np.ndarray) -> Panel:
    return replace(panel, bars=bars)


def ranged(panel: Panel, seed: int = 11) -> Panel:
    """Give the panel with a gap and a range around each body, as markets have them."""
    random = np.random.default_rng(seed)
    bars = panel.bars.copy()
    width = np.abs(bars[:, 3]) + 0.004
    bars[:, 0] = 0.3 * width * random.standard_normal(len(bars))
    bars[:, 1] = np.maximum(bars[:, 0], bars[:, 3]) + width * random.random(len(bars))
    bars[:, 2] = np.minimum(bars[:, 0], bars[:, 3]) - width * random.random(len(bars))
    return with_bars(panel, bars)


def last_rows(panel: Panel) -> np.ndarray:
    """Give the newest row of each series."""
    return np.searchsorted(panel.series, np.arange(len(panel.symbols)), side="right") - 1


def bent() -> Mapping[str, Panel]:
    """Give panels that markets should not have, and have."""
    panel = ranged(toy_panel(bars=440))
    one = np.flatnonzero(panel.series == 0)
    found = {}

    def put(name: str, change: object) -> None:
        bars = panel.bars.copy()
        change(bars)
        found[name] = with_bars(panel, bars)

    def still(bars: np.ndarray) -> None:
        bars[one[1:]] = 0.0

    def still_then_wild(bars: np.ndarray) -> None:
        bars[one[1:400]] = 0.0

    def wild_then_still(bars: np.ndarray) -> None:
        bars[one[60:]] = 0.0

    def holes(bars: np.ndarray) -> None:
        bars[one[::7]] = np.nan

    def empty(bars: np.ndarray) -> None:
        bars[one] = np.nan

    def no_ranges(bars: np.ndarray) -> None:
        bars[:, :3] = np.nan

    def one_jump(bars: np.ndarray) -> None:
        bars[one[300]] = 12.0

    def tiny(bars: np.ndarray) -> None:
        bars[one] *= 1e-9

    def huge(bars: np.ndarray) -> None:
        bars[one] *= 30.0

    def climbing(bars: np.ndarray) -> None:
        bars[one[1:]] = 0.01

    def two_values(bars: np.ndarray) -> None:
        bars[one[1:]] = np.where(np.arange(1, len(one)) % 2, 0.01, -0.01)[:, None]

    for change in (
        climbing, still, still_then_wild, wild_then_still, holes, empty, no_ranges, one_jump, tiny, huge, two_values
    ):  # fmt: skip
        put(change.__name__, change)
    return found
