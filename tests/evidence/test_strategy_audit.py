"""The audit of strategies finds what sees the future, and lets pass what doesn't."""

import numpy as np
import pytest

from ara.backtest.checks import made_up
from ara.evidence.leaks.strategy import audit_strategy
from ara.evidence.leaks.strategy_traps import PLANTED_STRATEGIES, PlantedStrategy, self_test
from ara.trading import Planned, Signal
from ara.trading.strategies import MeanReversion, Momentum


@pytest.fixture(scope="module")
def tapes():
    return {"ONE": made_up(300)["ONE"]}


def test_ten_planted_leaks_are_found_and_their_twins_pass():
    told = []
    traps = self_test(step=lambda done, total: told.append((done, total)))
    assert len(traps) == 2 * len(PLANTED_STRATEGIES) == 20
    assert [trap.name for trap in traps if not trap.caught] == []
    assert told[-1] == (20, 20)


@pytest.mark.parametrize("kind", [Momentum, MeanReversion])
def test_honest_strategies_pass(tapes, kind):
    found = audit_strategy(lambda: kind(15), tapes, name="mine")
    assert (found.verdict, found.findings, found.moments) == ("clear", (), 300)
    assert found.decisions > 3


def test_a_look_at_the_next_bar_is_found_without_any_replay(tapes):
    found = audit_strategy(lambda: PlantedStrategy("tomorrow"), tapes, name="mine", cuts=0)
    assert [one.rule for one in found.findings] == ["permuted"]
    assert found.verdict == "leaks"
    assert "standard errors above 0" in found.as_dict()["findings"][0]["words"]


def test_what_proves_nothing_is_no_pass(tapes):
    class Silent:
        def decide(self, view):
            return None

    class Coin:
        def __init__(self):
            self.random = np.random.default_rng()

        def decide(self, view):
            return Signal(symbol="ONE", size=float(self.random.random()))

    class Breaks(Planned):
        def plan(self, tape):
            raise OSError("no file")

    rules = {}
    for kind in (Silent, Coin, Breaks):
        found = audit_strategy(kind, tapes, name=kind.__name__)
        assert found.verdict == "unknown"
        rules[kind.__name__] = [one.rule for one in found.findings]
    assert rules == {"Silent": [], "Coin": ["same"], "Breaks": ["fails"]}
