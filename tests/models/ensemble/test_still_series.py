"""A halted share among others: the pooled models learn nothing from it, and ensembles are not calibrated by it."""

from dataclasses import replace

import numpy as np
import pytest

from ara.models import Panel
from ara.models.ensemble import Fast
from ara.models.families.pooled import PooledHar
from tests.models.panels import go_on, last_rows
from tests.models.pooled.worlds import forget, small

MOVING = ("AAA", "BBB", "CCC", "DDD")


def halted(bars: int = 520) -> Panel:
    """Give stocks, a coin, a currency and a fund whose price has never moved."""
    panel = small(bars)
    mine = panel.series == panel.symbols.index("EEE")
    bar = np.where(mine[:, None] & np.isfinite(panel.bars), 0.0, panel.bars)
    scale = np.where(mine[:, None] & np.isfinite(panel.scale), 1e-8, panel.scale)
    y = np.where(mine[:, None] & np.isfinite(panel.y), 0.0, panel.y)
    return replace(panel, bars=bar, scale=scale, y=y)


def widths(model: Fast | PooledHar, panel: Panel, train: np.ndarray) -> np.ndarray:
    """Give the widths of the 80 % bands of what moves, at its newest bars."""
    forget()
    answer = model.fit(panel, train, train[:0], seed=0, watch=go_on).predict(panel, last_rows(panel))
    told = (answer.at(0.9) - answer.at(0.1))[[panel.symbols.index(name) for name in MOVING]]
    forget()
    return told


def test_the_pooled_model_learns_nothing_from_it() -> None:
    panel = halted()
    every, moving = np.arange(len(panel)), np.flatnonzero(panel.series != panel.symbols.index("EEE"))
    whole, without = (widths(PooledHar(), panel, rows) for rows in (every, moving))
    assert whole.tobytes() == without.tobytes()


def test_an_ensemble_is_as_wide_as_it_is_without_it() -> None:
    whole, without = (widths(Fast(), one, np.arange(len(one))) for one in (halted(), small(520, skip=("EEE",))))
    assert whole / without == pytest.approx(1.0, abs=0.05)
