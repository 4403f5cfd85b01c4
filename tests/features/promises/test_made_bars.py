"""Every registered indicator keeps its promises on bars with gaps, stand-stills, leaps, idle bars and absurd prices."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ara.features import catalogue
from ara.features.checks import check_indicator
from tests.features.promises.worlds import NAMES, World, differing

WORLDS = st.builds(
    World,
    seed=st.integers(0, 2**31),
    unit=st.sampled_from([1e-14, 1e-6, 1.0, 1e10]),
    step=st.sampled_from([0.0, 0.001, 0.01, 0.05]),
    still=st.sampled_from([0.0, 0.2, 0.7]),
    stretch=st.integers(0, 6),
    leaps=st.sampled_from([0.0, 0.01]),
    tick=st.sampled_from([0.0, 0.5]),
    holes=st.sampled_from([0.0, 0.004, 0.05]),
    idle=st.sampled_from([0.0, 0.3, 1.0]),
    session=st.sampled_from([1, 7]),
)


def count(name):
    thing = catalogue.get(name)
    return thing.spec.warmup(**thing.spec.resolve({})) + min(thing.memory() or 0, 150) + 60


def keeps_all(name, world):
    bars = world.bars(count(name))
    assert [(one.name, one.words) for one in check_indicator(catalogue.get(name), bars) if not one.ok] == []
    assert differing([name], bars) == {}


@pytest.mark.parametrize("name", NAMES)
def test_promises_hold_where_bars_are_nasty(name):
    keeps_all(name, World(holes=0.02, leaps=0.02, session=7))
    keeps_all(name, World(unit=1e-14, idle=0.5))
    keeps_all(name, World(unit=1e10, tick=1.0, still=0.5))
    keeps_all(name, World(step=0.0))


@pytest.mark.parametrize("family", sorted(catalogue.families()))
@settings(derandomize=True, max_examples=12, deadline=None, database=None)
@given(data=st.data(), world=WORLDS)
def test_promises_of_some_hold_in_any_world(family, data, world):
    keeps_all(data.draw(st.sampled_from(sorted(catalogue.families()[family]))), world)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(derandomize=True, max_examples=8, deadline=None, database=None)
@given(world=WORLDS)
@example(world=World(holes=0.02))
@example(world=World(leaps=0.02, session=7))
def test_promises_hold_in_any_world(name, world):
    keeps_all(name, world)


@pytest.mark.parametrize("name", NAMES)
def test_a_gap_is_over_once_it_has_left_the_window(name):
    thing = catalogue.get(name)
    warmup = thing.spec.warmup(**thing.spec.resolve({}))
    bars = World(seed=7).bars(2 * warmup + 500)
    for column in set(bars) - {"session"}:
        bars[column][300] = np.nan
    for output, line in zip(thing.spec.outputs, thing.compute(bars), strict=True):
        assert np.isfinite(line[302 + warmup :]).all(), output


def test_what_has_a_window_forgets_what_was_before_a_long_stand_still():
    """A mean that decays keeps a share of all, and a ratio of two such means shows it when both have nearly gone."""
    bars = World(seed=7, stretch=90).bars(420)
    known = {name: catalogue.get(name) for name in NAMES}
    windowed = [name for name, one in known.items() if (one.memory() or 10_000) <= one.warmup() + 2]
    assert len(windowed) > 200
    assert differing(windowed, bars) == {}
    for name in windowed:
        assert [one.words for one in check_indicator(catalogue.get(name), bars) if not one.ok] == [], name
