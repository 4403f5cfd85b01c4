"""A walk forward: what is chosen follows from the past alone, is remembered, and leaves the hold-out alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.backtest.choosing import choose
from ara.backtest.cross import cross
from ara.backtest.folds import Rules, chosen, steps, timeline
from ara.backtest.spreading import named
from ara.backtest.sweep import sweep
from ara.backtest.walk_forward import usual_grid, walk
from ara.errors import CancelledError, ForesightError, StrategyError, ValidationError
from ara.trading import Costs, Planned
from ara.trading.strategies import Momentum, made

TAPES = made_up(420)
ONE = {"ONE": TAPES["ONE"]}
RULES = Rules(window=60, every=40)
GRID = {"window": [5, 15, 30], "stop": [0.0, 0.03]}


class Sure(Planned):
    """Knows in which bars to be in, and has a parameter that turns it round."""

    def __init__(self, side=1.0):
        super().__init__()
        self.side = side

    def plan(self, tape):
        return np.append((np.diff(tape.close) * self.side > 0).astype(float), 0.0)


def test_each_choice_is_what_a_sweep_of_its_bars_alone_would_choose():
    found = walk(Momentum, GRID, ONE, rules=RULES, name="momentum", cuts=0)
    assert len(found.folds) == len(steps(336, RULES)) == 7
    assert found.combinations == 6
    for fold in (found.folds[0], found.folds[-1]):
        ratios = {}
        for window in GRID["window"]:
            for stop in GRID["stop"]:
                chosen = {"window": window, "stop": stop}
                tried = run(lambda chosen=chosen: Momentum(**chosen), ONE, cuts=0, start=fold.learned_from,
                            end=fold.learned_to)  # fmt: skip
                ratios[window, stop] = tried.measures.sharpe
        best = max(one for one in ratios.values() if one is not None)
        assert ratios[fold.chosen["window"], fold.chosen["stop"]] == pytest.approx(best)
        assert fold.sharpe == pytest.approx(best)
        assert fold.learned_to < fold.first
    assert found.learned == pytest.approx(np.mean([one.sharpe for one in found.folds if one.sharpe is not None]))


def test_nothing_later_changes_what_was_chosen_or_done_before():
    whole = walk(Momentum, GRID, ONE, rules=replace(RULES, hold_out=0), cuts=0)
    part = walk(Momentum, GRID, {"ONE": ONE["ONE"].until(whole.result.frame["at"][200].timestamp() * 1e6)},
                rules=replace(RULES, hold_out=0), cuts=0)  # fmt: skip
    count = len(part.folds) - 1
    assert part.folds[:count] == whole.folds[:count]
    fills = [one for one in whole.result.fills if one.at <= part.result.frame["at"][-1]]
    assert list(part.result.fills) == fills[: len(part.result.fills)]
    assert len(fills) - len(part.result.fills) <= 1


def test_the_hold_out_is_left_alone_until_it_is_opened():
    sealed = walk(Momentum, GRID, ONE, rules=RULES)
    first, last = sealed.sealed
    known = timeline(ONE)
    assert first.timestamp() * 1e6 == known[336]
    assert last.timestamp() * 1e6 == known[-1]
    assert sealed.result.frame["at"][-1] < first
    assert sealed.opened is None
    cut = walk(Momentum, GRID, {"ONE": ONE["ONE"].until(known[335])}, rules=replace(RULES, hold_out=0))
    assert (cut.result.fills, cut.sealed) == (sealed.result.fills, None)
    opened = walk(Momentum, GRID, ONE, rules=RULES, opened=True)
    assert opened.result.fills == sealed.result.fills
    assert opened.opened.frame["at"][0] == first
    assert opened.folds[: len(sealed.folds) - 1] == sealed.folds[:-1]
    document = json.loads(json.dumps(opened.as_dict()))
    assert document["hold_out"]["opened"]["bars"] == 84


def test_what_was_chosen_is_kept_and_a_stopped_walk_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("ara.pace._ENOUGH", 0.0)
    path, counted = tmp_path / "deep" / "choices.json", []

    class Counting(Momentum):
        def plan(self, tape):
            counted.append(len(tape))
            return super().plan(tape)

    with pytest.raises(CancelledError, match="after 3 of 7 steps"):
        walk(Counting, GRID, ONE, rules=RULES, kept=path, watch=lambda done, total: done < 3)
    assert len(json.loads(path.read_text())["choices"]) == 3
    asked = []
    found = walk(Counting, GRID, ONE, rules=RULES, kept=path, cuts=0, told=lambda left, s: asked.append(left))
    assert asked == [2]  # of the four that were left, two tell how long the others take
    counted.clear()
    again = walk(Counting, GRID, ONE, rules=RULES, kept=path, cuts=0)
    assert again.as_dict() == found.as_dict() == walk(Counting, GRID, ONE, rules=RULES, cuts=0).as_dict()
    assert walk(Counting, GRID, ONE, rules=RULES, kept=path, cuts=0, cash=5_000).folds
    assert len(json.loads(path.read_text())["choices"]) == 14
    path.write_text("{")
    assert walk(Counting, GRID, ONE, rules=RULES, kept=path, cuts=0).folds == found.folds


@pytest.mark.slow
def test_processes_choose_alike():
    own, other = (walk(made("momentum"), GRID, ONE, rules=RULES, name="momentum", workers=many) for many in (1, 2))
    assert [one.chosen for one in other.folds] == [one.chosen for one in own.folds]
    assert [one.sharpe for one in other.folds] == pytest.approx([one.sharpe for one in own.folds], rel=1e-12)
    assert other.result.as_dict()["measures"] == own.result.as_dict()["measures"]
    assert other.result.lineage.id == own.result.lineage.id


def test_what_a_process_is_asked_for_gives_the_same():
    moments, todo = timeline(ONE), steps(336, RULES)
    asked = {"tapes": ONE, "moments": moments, "todo": todo, "cash": Decimal(10_000), "costs": Costs()}
    grid = [{"window": 5}, {"window": 15}]
    maker = made("momentum", {"stop": 0.05})
    assert named(maker) == "ara.trading.strategies.momentum:Momentum"
    there = choose(name=named(maker), parameters={"stop": 0.05}, grid=grid, **asked)

    def own(window):
        return Momentum(window, stop=0.05)

    assert there == list(chosen(own, grid, **asked))


def test_who_saw_the_future_is_stopped_here_too():
    with pytest.raises(ForesightError):
        walk(Sure, {"side": [1.0, -1.0]}, ONE, rules=RULES)


def test_strategies_of_several_instruments_are_tried_by_the_engine():
    rules = Rules(window=60, every=120, hold_out=0.4)
    found = walk(made("pairs"), {"window": [20, 30]}, TAPES, rules=rules, name="pairs")
    assert len(found.folds) == 2
    for fold in found.folds:
        ratios = [
            run(made("pairs", {"window": window}), TAPES, cuts=0, start=fold.learned_from, end=fold.learned_to)
            .measures.sharpe for window in (20, 30)
        ]  # fmt: skip
        assert fold.sharpe == pytest.approx(max(ratios))

    class Breaks:
        def __init__(self, at=3):
            self.at = at

        def decide(self, view):
            if view.index() > self.at:
                raise ValueError("no")

    with pytest.raises(StrategyError, match=r"no \(with at 3\)"):
        walk(Breaks, {"at": [3, 4]}, ONE, rules=RULES)


def test_without_anything_to_choose_the_strategy_is_judged_as_it_is():
    found = walk(lambda: Momentum(20), {}, ONE, rules=RULES)
    plain = run(lambda: Momentum(20), ONE, start=found.result.frame["at"][0], end=found.result.frame["at"][-1])
    assert found.result.fills == plain.fills
    assert (found.learned, found.combinations) == (None, 1)


def test_rules_by_bars():
    rules = Rules(window=100, every=50, least=40, purge=5, anchored=True)
    made_of = steps(200, rules)
    assert [(one.learn, one.until, one.begin, one.end) for one in made_of] == [
        (0, 35, 40, 90), (0, 85, 90, 140), (0, 135, 140, 190), (0, 185, 190, 200),
    ]  # fmt: skip
    rolling = steps(200, replace(rules, anchored=False))
    assert [(one.learn, one.until) for one in rolling] == [(0, 35), (0, 85), (40, 135), (90, 185)]
    assert usual_grid("momentum", {"window": 5}) == {}
    assert "window" in usual_grid("momentum", {})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"window": 1}, "a window is 2 or more"),
        ({"hold_out": 1.0}, "share below 1"),
        ({"window": 400}, "336 bars can't be walked"),
        ({"purge": 60}, "60 left out"),
    ],
)
def test_walks_that_can_not_be_are_refused(more, words):
    with pytest.raises(ValidationError, match=words):
        walk(Momentum, GRID, ONE, rules=Rules(**{"window": 60, "every": 40, **more}))
    with pytest.raises(ValidationError):
        walk(Momentum, {"window": list(range(1, 400)), "stop": [n / 1000 for n in range(400)]}, ONE, rules=RULES)


def test_dates_bound_the_walk():
    start, end = datetime(2018, 3, 1, tzinfo=UTC), datetime(2018, 12, 31, tzinfo=UTC)
    found = walk(Momentum, GRID, ONE, rules=RULES, start=start, end=end)
    assert found.folds[0].learned_from >= start
    assert found.sealed[1] <= end


class Counted(Momentum):
    """Counts how many were made."""

    made = 0

    def __init__(self, window=10, stop=0.0):
        super().__init__(window=window, stop=stop)
        Counted.made += 1


def test_a_walk_is_cancelled_between_two_combinations_of_one_step(monkeypatch):
    monkeypatch.setattr("ara.backtest.going_on._LOOK", 0.0)
    monkeypatch.setattr(Counted, "made", 0)
    looks = []
    with pytest.raises(CancelledError, match="cancelled after 0 of 7 steps"):
        walk(Counted, {"window": list(range(5, 55))}, ONE, rules=RULES, cuts=0,
             watch=lambda done, total: looks.append(done) or len(looks) < 5)  # fmt: skip
    assert looks == [0] * 5
    assert Counted.made < 10


class Stuck(Momentum):
    """Never comes back with its plan."""

    def plan(self, tape):
        while True:
            pass


def test_a_walk_in_processes_is_cancelled_while_an_answer_is_waited_for():
    with pytest.raises(CancelledError, match="cancelled after 0 of 7 steps"):
        walk(made(f"{__name__}:Stuck"), GRID, ONE, rules=RULES, cuts=0, workers=2, watch=lambda done, total: False)


@pytest.mark.parametrize("tried", [walk, cross, sweep])
def test_a_grid_without_bounds_is_counted_and_not_listed(tried):
    grid = {"window": range(5, 5_000_005), "stop": range(5_000_000), "target": range(5_000_000)}
    with pytest.raises(ValidationError, match="the grid has 125000000000000000000 combinations"):
        tried(Momentum, grid, ONE if tried is walk else TAPES["ONE"])
