"""An instrument whose price stands still teaches nobody anything: what moves is forecast as if it were not there."""

from dataclasses import replace

import numpy as np
import pytest

from ara.models import Panel
from ara.models.model import Fitted, Model
from ara.models.stillness import STILL
from ara.models.training import lesson
from tests.models.learning.test_bad_input import IDS, SOME
from tests.models.learning.worlds import planted
from tests.models.panels import go_on


def halted(panel: Panel, *, since: int = 0) -> tuple[Panel, np.ndarray]:
    """Give the panel with its third series still from its `since`th bar on, and the rows of the other two."""
    mine = np.flatnonzero(panel.series == 2)[since:]
    bars, scale, y = panel.bars.copy(), panel.scale.copy(), panel.y.copy()
    bars[mine], scale[mine] = 0.0, 1e-8 * np.sqrt(panel.horizons)
    y[mine] = np.where(np.isfinite(y[mine]), 0.0, np.nan)
    return replace(panel, bars=bars, scale=scale, y=y), np.flatnonzero(panel.series < 2)


def learned(model: Model, panel: Panel, rows: np.ndarray) -> Fitted:
    return model.fit(panel, rows, rows[:0], seed=0, watch=go_on)


@pytest.mark.parametrize("make", SOME[:2], ids=IDS[:2])
def test_a_series_that_stands_still_changes_no_answer_of_the_others(make) -> None:
    panel, moving = halted(planted(bars=400, share=0.05, linear=True))
    whole, without = (learned(make(), panel, rows) for rows in (np.arange(len(panel)), moving))
    asked = moving[::17]
    assert whole.predict(panel, asked).values.tobytes() == without.predict(panel, asked).values.tobytes()


def test_no_network_hears_of_a_series_that_stands_still() -> None:
    panel, moving = halted(planted(bars=400, share=0.05, linear=True))
    whole, without = (lesson(panel, rows, rows[:0], window=12) for rows in (np.arange(len(panel)), moving))
    for name in ("train", "valid", "y", "y_valid"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(without, name), err_msg=name)
    assert len(whole.train) > 400


def test_bars_before_it_stood_still_are_learned_from() -> None:
    panel, moving = halted(planted(bars=400, share=0.05, linear=True), since=200)
    before = np.flatnonzero((panel.series == 2) & (np.arange(len(panel)) - panel.span(2)[0] < 200 + STILL - 1))
    scale = panel.scale.copy()
    scale[before] = 0.01 * np.sqrt(panel.horizons)
    panel = replace(panel, scale=scale)
    told = [
        learned(SOME[0](), panel, rows).predict(panel, moving[::17]).values
        for rows in (np.arange(len(panel)), np.union1d(moving, before), moving)
    ]
    assert told[0].tobytes() == told[1].tobytes()
    assert np.abs(told[0] - told[2]).max() > 1e-6
