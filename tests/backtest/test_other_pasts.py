"""Monte Carlo and cross-validation: what stays the same stays, what is random follows from the seed."""

import json

import numpy as np
import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.backtest.cross import cross
from ara.backtest.monte_carlo import KINDS, late, monte_carlo, shaken
from ara.errors import CancelledError, ValidationError
from ara.trading import Costs, Planned, Signal
from ara.trading.strategies import BuyAndHold, MeanReversion, Momentum

TAPES = made_up(300)
ONE = {"ONE": TAPES["ONE"]}
PARAMETERS = {"window": 10, "short": False, "stop": 0.0}


@pytest.fixture(scope="module")
def found():
    return run(lambda: Momentum(**PARAMETERS), ONE, parameters=PARAMETERS, cuts=0)


@pytest.fixture(scope="module")
def carlo(found):
    return monte_carlo(found, Momentum, ONE, draws=300, played=12, seed=4)


def test_four_ways_each_with_its_worlds(found, carlo):
    assert [(one.kind, one.draws) for one in carlo.worlds] == [
        ("returns", 300), ("trades", 300), ("parameters", 12), ("delays", 12),
    ]  # fmt: skip
    assert {one.kind for one in carlo.worlds} == set(KINDS)
    returns = carlo.worlds[0]
    assert returns.equity.own == pytest.approx(found.equity)
    assert returns.drawdown.own == pytest.approx(found.measures.drawdown)
    assert returns.sharpe.own == pytest.approx(found.measures.sharpe)
    for one in carlo.worlds:
        values = list(one.equity.quantiles.values())
        assert values == sorted(values)
        assert all(-1 <= value <= 0 for value in one.drawdown.quantiles.values())
        assert 0 <= one.lost <= 1
    assert json.loads(json.dumps(carlo.as_dict()))["worlds"][0]["equity"]["quantiles"]["0.5"] > 0


def test_another_order_of_trades_keeps_the_end_and_changes_the_way(found, carlo):
    trades = carlo.worlds[1]
    ends = list(trades.equity.quantiles.values())
    assert ends == pytest.approx([ends[0]] * 5)
    assert ends[0] == pytest.approx(trades.equity.own)
    gained = sum(one.gain for one in found.trips)
    assert trades.equity.own - 10_000 == pytest.approx(gained, rel=0.02)
    assert trades.drawdown.quantiles[0.05] < trades.drawdown.quantiles[0.95]
    assert trades.sharpe.quantiles == {}


def test_returns_in_other_blocks_lie_around_their_own(carlo):
    sharpe = carlo.worlds[0].sharpe
    assert sharpe.quantiles[0.05] < sharpe.own < sharpe.quantiles[0.95]
    assert 0.2 < sharpe.beyond < 0.8


def test_the_seed_makes_the_worlds(found, carlo):
    again = monte_carlo(found, Momentum, ONE, draws=300, played=12, seed=4)
    assert again == carlo
    assert monte_carlo(found, Momentum, ONE, draws=300, played=12, seed=5) != carlo


def test_a_wish_that_is_late_is_filled_late():
    class Once:
        def decide(self, view):
            return Signal(symbol="ONE", size=1.0) if view.index() >= 10 else None

    prompt = run(Once, ONE, cuts=0).fills[0].at
    waits = set()
    for seed in range(12):
        fills = run(lambda seed=seed: late(Once(), seed=seed), ONE, cuts=0).fills
        assert len(fills) == 1
        waits.add((fills[0].at - prompt).days)
    assert waits == {1, 2, 3}


def test_shaken_parameters_keep_their_kind():
    made = shaken({"window": 2, "entry": 2.0, "short": True, "name": "x", "stop": 0.0}, 50, 1)
    assert {type(one["window"]) for one in made} == {int}
    assert min(one["window"] for one in made) >= 1
    assert len({one["entry"] for one in made}) == 50
    assert {(one["short"], one["name"], one["stop"]) for one in made} == {(True, "x", 0.0)}
    assert shaken({"short": True}, 5, 1) == []


def test_what_can_not_be_lived_again_is_said():
    held = run(BuyAndHold, ONE, parameters={}, cuts=0)
    told = monte_carlo(held, BuyAndHold, ONE, draws=20, played=3)
    assert [one.kind for one in told.worlds] == ["returns", "delays"]
    assert len(told.notes) == 2
    near = {"window": 20, "entry": 0.3, "leave": 0.25}
    tight = run(lambda: MeanReversion(**near), ONE, parameters=near, cuts=0)
    notes = monte_carlo(tight, MeanReversion, ONE, draws=20, played=20).notes
    assert any("are none that it takes" in one for one in notes)
    with pytest.raises(ValidationError, match="1 to 100,000"):
        monte_carlo(held, BuyAndHold, ONE, draws=0)
    with pytest.raises(CancelledError, match="cancelled after 1 of 3"):
        monte_carlo(held, BuyAndHold, ONE, draws=20, played=3, watch=lambda done, total: False)


GRID = {"window": [5, 10, 20, 40], "stop": [0.0, 0.03]}


def test_choices_are_judged_where_they_were_not_made():
    told = cross(Momentum, GRID, ONE["ONE"], groups=6, judged=2)
    assert (told.combinations, told.splits, len(told.paths)) == (8, 15, 5)
    assert sum(count for _, count in told.often) == 15
    assert told.overfitting.divisions == 12_870
    assert told.learned > np.mean(told.paths)
    assert json.loads(json.dumps(told.as_dict()))["pbo"]["chance"] == told.overfitting.chance
    fewer = cross(Momentum, GRID, ONE["ONE"], groups=4, judged=1)
    assert (fewer.splits, len(fewer.paths)) == (4, 1)


@pytest.mark.parametrize("bars", [12, 14])
def test_too_few_bars_to_choose_by_are_said(bars):
    with pytest.raises(ValidationError, match=f"of {bars} bars in 6 groups [0-2] are left to choose by"):
        cross(Momentum, GRID, made_up(bars)["ONE"])


def test_true_skill_survives_the_crossing():
    class Knows(Planned):
        def __init__(self, skill=0.0):
            super().__init__()
            self.skill = skill

        def plan(self, tape):
            random = np.random.default_rng(3)
            seen = np.append(np.diff(tape.close) > 0, False)
            return np.where(random.random(len(tape)) < self.skill, seen, random.random(len(tape)) < 0.5).astype(float)

    told = cross(Knows, {"skill": [0.0, 0.1, 0.9]}, ONE["ONE"], costs=Costs.none())
    assert [one["skill"] for one, _ in told.often] == [0.9]
    assert min(told.paths) > 1
    assert told.overfitting.chance == 0
    assert (told.held.trials, told.held.best, told.held.told) == (3, 2, True)


def test_the_best_of_a_grid_is_held_against_holding_with_the_same_costs(found):
    told = cross(Momentum, {"window": [10], "stop": [0.0, 0.9]}, ONE["ONE"], groups=4).held
    own, hold = (found.frame[name].to_numpy() for name in ("equity", "hold"))
    gains = [np.diff(one, prepend=10_000.0) / np.insert(one[:-1], 0, 10_000.0) for one in (own, hold)]
    assert told.trials == 2
    assert told.gain == pytest.approx(np.mean(gains[0] - gains[1]))  # so far away a stop changes nothing
    alike = cross(lambda kept: BuyAndHold(), {"kept": [1, 2]}, ONE["ONE"], groups=4).held
    assert (alike.gain, alike.p, alike.reality_check) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("grid", "more", "words"),
    [
        ({"window": [5]}, {}, "1 combinations; 2 to"),
        (GRID, {"groups": 1}, "can't be cut"),
        (GRID, {"purge": -1}, "can't be purged"),
    ],
)
def test_crossings_that_can_not_be(grid, more, words):
    with pytest.raises(ValidationError, match=words):
        cross(Momentum, grid, ONE["ONE"], **more)
    with pytest.raises(CancelledError):
        cross(Momentum, GRID, ONE["ONE"], watch=lambda done, total: False)
