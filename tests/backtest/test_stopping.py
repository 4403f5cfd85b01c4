"""Long work that is stopped ends while a piece of it is still at work, here, in processes and on a cluster."""

from importlib.util import find_spec

import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.backtest.cross import cross
from ara.backtest.going_on import Glance
from ara.backtest.monte_carlo import monte_carlo
from ara.backtest.sweep import size_of, sweep
from ara.backtest.walk_forward import walk
from ara.errors import CancelledError, ValidationError
from ara.evidence.sham import on_placebos
from ara.trading.strategies import BuyAndHold, Momentum, made

TAPE = made_up(200)["ONE"]
ONE = {"ONE": TAPE}


class Stuck(Momentum):
    """Comes back in the past that was, and never with other parameters or on another market."""

    def plan(self, tape):
        while self.window != 10 or tape.closes[-1] != TAPE.closes[-1]:
            pass
        return super().plan(tape)


STUCK = made(f"{__name__}:Stuck", {"window": 10})


def swept(**how):
    sweep(made(f"{__name__}:Stuck"), {"window": [3, 5]}, TAPE, cuts=0, **how)


def crossed(**how):
    cross(made(f"{__name__}:Stuck"), {"window": [3, 5]}, TAPE, groups=4, **how)


def lived(**how):
    found = run(STUCK, ONE, name="stuck", parameters=STUCK.parameters, cuts=0)
    monte_carlo(found, STUCK, ONE, draws=4, played=2, **how)


def shammed(**how):
    on_placebos(STUCK, ONE, markets=2, **how)


WORK = [swept, *(pytest.param(one, marks=pytest.mark.slow) for one in (crossed, lived, shammed))]


@pytest.mark.parametrize("work", WORK)
def test_work_in_processes_is_stopped_while_an_answer_is_waited_for(work):
    with pytest.raises(CancelledError, match="cancelled after 0 of"):
        work(workers=2, watch=lambda done, total: False)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")
def test_work_on_a_cluster_is_stopped_while_an_answer_is_waited_for(ray_head):
    place = {"on": "ray", "address": ray_head[1], "workers": 2}
    for work in (swept, crossed, lived, shammed):
        with pytest.raises(CancelledError, match="cancelled after 0 of"):
            work(watch=lambda done, total: False, **place)


def test_one_world_is_stopped_in_the_middle(monkeypatch):
    monkeypatch.setattr("ara.backtest.going_on._LOOK", 0.0)
    monkeypatch.setattr("ara.backtest.engine._STEP", 64)
    found = run(BuyAndHold, ONE, cuts=0)
    for work in (
        lambda: monte_carlo(found, BuyAndHold, ONE, draws=2, watch=lambda done, total: False),
        lambda: on_placebos(BuyAndHold, ONE, markets=2, watch=lambda done, total: False),
    ):
        with pytest.raises(CancelledError, match="cancelled after 0 of 2"):
            work()


def test_a_sweep_is_stopped_between_two_combinations(monkeypatch):
    monkeypatch.setattr("ara.backtest.going_on._LOOK", 0.0)
    with pytest.raises(CancelledError, match="after 3 of 10 combinations"):
        sweep(Momentum, {"window": list(range(5, 15))}, TAPE, watch=lambda done, total: done < 3)


def test_a_look_is_taken_at_once_where_it_is_asked_for_and_else_after_a_while(monkeypatch):
    taken = []
    glance = Glance(lambda: taken.append(1))
    monkeypatch.setattr("ara.backtest.going_on._LOOK", 3600.0)
    assert glance(1, 2)
    assert taken == []
    glance.now()
    assert taken == [1]
    monkeypatch.setattr("ara.backtest.going_on._LOOK", 0.0)
    assert glance()
    assert taken == [1, 1]


@pytest.mark.parametrize("tried", [walk, cross, sweep])
def test_a_parameter_without_a_value_is_named(tried):
    with pytest.raises(ValidationError, match="the grid has no value of 'stop'") as error:
        tried(made("momentum"), {"window": [5, 10], "stop": []}, ONE if tried is walk else TAPE)
    assert "leave it out" in error.value.hint
    assert size_of({}) == 0
    assert size_of({"window": [1, 2], "stop": [0.1]}) == 2
