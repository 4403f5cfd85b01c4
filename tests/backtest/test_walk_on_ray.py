"""A walk that chooses on a real Ray cluster is the walk that chooses here."""

from importlib.util import find_spec

import pytest

from ara.backtest.checks import made_up
from ara.backtest.folds import Rules
from ara.backtest.walk_forward import walk
from ara.errors import CancelledError, StrategyError, ValidationError
from ara.trading.strategies import Momentum, made

ONE = {"ONE": made_up(300)["ONE"]}
RULES = Rules(window=80, every=40)
GRID = {"window": [5, 15, 30]}


def test_a_place_that_is_none_is_refused():
    with pytest.raises(ValidationError, match="here or on ray, not on 'moon'"):
        walk(made("momentum"), GRID, ONE, rules=RULES, on="moon")
    with pytest.raises(ValidationError, match="found by its name is tried on a cluster"):
        walk(Momentum, GRID, ONE, rules=RULES, on="ray")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")
def test_choices_of_a_cluster_are_those_made_here(tmp_path, ray_head):
    place = {"on": "ray", "address": ray_head[1], "workers": 2}
    kept, told = tmp_path / "choices.json", []
    with pytest.raises(CancelledError, match="was cancelled after"):
        walk(made("momentum"), GRID, ONE, rules=RULES, kept=kept, **place, watch=lambda done, total: done < 2)
    found = walk(
        made("momentum"), GRID, ONE, rules=RULES, kept=kept, **place,
        watch=lambda done, total: told.append((done, total)) or True,
    )  # fmt: skip
    here = walk(made("momentum"), GRID, ONE, rules=RULES)
    assert found.folds == here.folds
    assert found.result.fills == here.result.fills
    assert told[-1][0] == told[-1][1] == len(here.folds)
    assert told[0][0] >= 2  # what was kept was not chosen again
    with pytest.raises(StrategyError, match="the strategy"):
        walk(
            made("tests.backtest.test_walk_on_ray:Breaks"), {"window": [1, 2]}, ONE, rules=RULES, **place
        )  # fmt: skip


class Breaks(Momentum):
    """Raises."""

    def plan(self, tape):
        raise OSError("no file")
