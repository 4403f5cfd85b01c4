"""One instrument, thousands of them, classes that a fit never met: families answer, in memory that grows with rows."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from ara import plugins
from ara.models import Panel
from ara.models.checks import toy_panel
from ara.models.ensemble.members import CORE
from ara.models.inputs import attached
from ara.models.registry import load_folder
from ara.models.registry.training import Plan, train

MANY = 5_000
MOST = 40
"""How often a panel's own bytes a fit and an answer may take, at their highest."""
ENOUGH = 300
"""Bars of a series from which every light family answers by itself; with 40 all of them answer as `ewma_t` does."""

PANEL = toy_panel(bars=600, horizons=(1, 5))
ALONE = replace(
    PANEL,
    symbols=("ONE",),
    **{name: getattr(PANEL, name)[PANEL.series == 0] for name in (
        "at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known",
    )},
)  # fmt: skip


def crowd(count: int, *, bars: int = 40) -> Panel:
    """Give a panel of so many short random walks."""
    one = toy_panel(bars=bars, horizons=(1,))
    first, random = one.series == 0, np.random.default_rng(1)
    returns = 0.01 * random.standard_t(5, (count, bars))
    y = np.full((count, bars), np.nan)
    y[:, :-1] = returns[:, 1:] / 0.01
    returns[:, 0] = np.nan
    body = np.stack([0 * returns, np.maximum(returns, 0), np.minimum(returns, 0), returns], axis=-1)
    return Panel(
        at=np.tile(one.at[first], count),
        known_at=np.tile(one.known_at[first], count),
        series=np.repeat(np.arange(count, dtype=np.int32), bars),
        symbols=tuple(f"S{number:04d}" for number in range(count)),
        group=np.zeros(count * bars, np.int32),
        groups=("stock",),
        bars=body.reshape(-1, 4),
        volume=random.lognormal(12, 0.4, count * bars),
        x=np.empty((count * bars, 0), np.float32),
        names=(),
        scale=np.tile(one.scale[first], (count, 1)),
        y=y.reshape(-1, 1),
        y_known=np.tile(one.y_known[first], (count, 1)),
        horizons=(1,),
    )


def cost(family: str, panel: Panel) -> tuple[float, np.ndarray]:
    """Fit a family and ask it for each series' last bar; give its highest memory over the panel's own, and answers."""
    rows, last = np.arange(len(panel)), np.flatnonzero(panel.at == panel.at.max())
    parts = (panel.at, panel.known_at, panel.series, panel.group, panel.bars, panel.volume, panel.scale, panel.y)
    own = sum(one.nbytes for one in parts) + panel.y_known.nbytes
    model = plugins.load("models", family)()
    tracemalloc.start()
    try:
        whole = attached(panel, model)
        fitted = model.fit(whole, rows, rows[:0], seed=0, watch=lambda _: True)
        values = fitted.predict(whole, last).values
        highest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert values.shape[0] == len(panel.symbols)
    assert np.isfinite(values).all()
    return highest / own, values


def test_five_thousand_instruments_take_memory_by_their_rows():
    assert cost("ewma_t", crowd(MANY))[0] < MOST


def learned(family: str, count: int) -> float:
    """Give the memory of a family over the panel's own, where it learned: most answers are not those of `ewma_t`."""
    panel = crowd(count, bars=ENOUGH)
    most, values = cost(family, panel)
    plain = cost("ewma_t", panel)[1]
    own = [bool((one != other).any()) for one, other in zip(values, plain, strict=True)]
    assert family == "ewma_t" or np.mean(own) > 0.5
    return most


@pytest.mark.parametrize("family", ["fhs", "hist"])
def test_a_light_family_learns_from_two_hundred(family):
    assert learned(family, 200) < MOST


@pytest.mark.slow
@pytest.mark.parametrize("family", [name for name in CORE if name not in {"gjr_t"}])
def test_each_light_family_learns_from_five_thousand(family):
    """`gjr_t` is `garch_t` with one parameter more, and takes as long again."""
    assert learned(family, MANY) < MOST


@pytest.mark.parametrize("family", CORE)
def test_one_instrument_by_itself_is_trained_judged_and_answered(family, tmp_path):
    cut = int(ALONE.known_at[500])
    made = train(ALONE, Plan(family=family, params={}, seed=0, cut=cut), str(tmp_path), watch=lambda _: True)
    assert [score.horizon for score in made.scores] == [1, 5]
    assert all(np.isfinite(score.crps) for score in made.scores)
    values = load_folder(tmp_path).predict(ALONE, np.array([len(ALONE) - 1])).values
    assert np.isfinite(values).all()


@pytest.mark.parametrize("family", CORE)
def test_a_class_that_was_absent_at_training_is_answered(family, tmp_path):
    """The third series is a coin now; the model learned from shares alone."""
    stocks = np.flatnonzero(PANEL.series < 2)
    columns = ("at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known")
    known = replace(PANEL, symbols=PANEL.symbols[:2], **{name: getattr(PANEL, name)[stocks] for name in columns})
    train(known, Plan(family=family, params={}, seed=0, cut=None), str(tmp_path), watch=lambda _: True)
    both = replace(PANEL, groups=("stock", "crypto"), group=(PANEL.series == 2).astype(np.int32))
    last = np.flatnonzero(both.at == both.at.max())
    values = load_folder(tmp_path).predict(both, last).values
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=2) >= 0).all()
