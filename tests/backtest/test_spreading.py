"""Sweeps, other pasts and placebo markets in several processes and on a cluster: the same answers as here."""

from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec

import numpy as np
import polars as pl
import pytest

from ara.backtest import run
from ara.backtest.checks import made_up
from ara.backtest.cross import cross, cross_part
from ara.backtest.folds import Rules
from ara.backtest.monte_carlo import live_part, monte_carlo
from ara.backtest.sweep import combinations, sweep, try_part
from ara.backtest.walk_forward import walk
from ara.errors import StrategyError, ValidationError
from ara.evidence.sham import on_placebos, sham_part
from ara.trading import Costs
from ara.trading.strategies import Momentum, made

TAPE = made_up(200)["ONE"]
ONE = {"ONE": TAPE}
GRID = {"window": [5, 10, 15, 30], "stop": [0.0, 0.05]}
MAKE = made("momentum", {"window": 10})


class Endless(Momentum):
    """Comes back in the past that was, and never with other parameters or on another market."""

    def plan(self, tape):
        while self.window != 10 or tape.closes[-1] != TAPE.closes[-1]:
            pass
        return super().plan(tape)


@pytest.fixture(scope="module")
def found():
    return run(MAKE, ONE, name="momentum", parameters=MAKE.described(), cuts=0)


def spread_alike(found, place):
    """Hold all four to their answers here."""
    here = sweep(made("momentum"), GRID, TAPE, cuts=0)
    told = []
    there = sweep(made("momentum"), GRID, TAPE, cuts=0, watch=lambda *done: told.append(done) or True, **place)
    assert there.trials.equals(here.trials)
    assert (there.best.lineage.id, there.proof) == (here.best.lineage.id, here.proof)
    assert told[-1] == (8, 8)
    heard = []
    crossed = cross(made("momentum"), GRID, TAPE, groups=4, watch=lambda *done: heard.append(done) or True, **place)
    assert crossed == cross(made("momentum"), GRID, TAPE, groups=4)
    assert heard[-1] == (8, 8)
    assert monte_carlo(found, MAKE, ONE, draws=20, played=4, **place) == monte_carlo(
        found, MAKE, ONE, draws=20, played=4
    )  # fmt: skip
    assert on_placebos(MAKE, ONE, markets=4, **place) == on_placebos(MAKE, ONE, markets=4)


def test_the_pieces_of_work_put_together_are_the_whole(found):
    span = {"name": "momentum", "cash": Decimal(10_000), "costs": Costs(), "start": None, "patience": 600.0}
    tried = list(combinations(GRID))
    halves = [try_part(parameters={}, part=part, tape=TAPE, **span)[0] for part in (tried[:3], tried[3:])]
    trials = sweep(made("momentum"), GRID, TAPE, cuts=0).trials
    whole = pl.DataFrame(halves[0] + halves[1], infer_schema_length=None)
    assert whole.sort("sharpe", "total", descending=True, nulls_last=True).equals(trials)
    whole = cross_part(parameters={}, part=tried, tape=TAPE, **span)
    parts = [cross_part(parameters={}, part=part, tape=TAPE, **span) for part in (tried[:3], tried[3:])]
    assert np.array_equal(np.column_stack(parts), whole)
    jobs = [{"parameters": {**found.parameters, "window": 7}, "seed": None}]
    jobs += [{"parameters": dict(found.parameters), "seed": one} for one in (0, 1)]
    lives = {**span, "start": found.frame["at"][0], "parameters": {"window": 10}, "per_year": found.per_year}
    whole = live_part(part=jobs, tapes=ONE, **lives)
    assert whole == [live_part(part=[one], tapes=ONE, **lives)[0] for one in jobs]
    assert len({tuple(one) for one in whole}) == 3
    sham = on_placebos(MAKE, ONE, markets=4)
    ratios = [sham_part(parameters={"window": 10}, part=[one], tapes=ONE, seed=0, **span)[0][0] for one in range(4)]
    assert sham.median == pytest.approx(np.median(ratios))


class Stuck(Momentum):
    """Never comes back, nor to those who catch all errors."""

    def plan(self, tape):
        while True:
            try:
                while True:
                    pass
            except Exception:  # noqa: BLE001 - what is tested
                pass


STUCK = made(f"{__name__}:Stuck")


def limited(place):
    """Hold each way to spread work to the time that a strategy has."""
    ways = (
        lambda: sweep(STUCK, {"window": [3, 5]}, TAPE, cuts=0, patience=0.2, **place),
        lambda: cross(STUCK, {"window": [3, 5]}, TAPE, patience=0.2, **place),
        lambda: walk(STUCK, {"window": [3, 5]}, ONE, rules=Rules(window=90, every=60), patience=0.2, **place),
    )
    for way in ways:
        with pytest.raises(StrategyError, match=r"gave no answer within 0\.2 s and was stopped"):
            way()


def test_one_process_beside_gives_the_answer_and_holds_the_time_limit():
    there = sweep(made("momentum"), {"window": [7]}, TAPE, cuts=0, workers=2)
    assert there.trials.equals(sweep(made("momentum"), {"window": [7]}, TAPE, cuts=0).trials)
    with pytest.raises(StrategyError, match=r"gave no answer within 0\.2 s and was stopped"):
        walk(STUCK, {"window": [3, 5]}, ONE, rules=Rules(window=150, every=60), patience=0.2, workers=2)


@pytest.mark.slow
def test_processes_give_the_answers_that_are_given_here(found):
    spread_alike(found, {"workers": 2})
    limited({"workers": 2})


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")
def test_a_cluster_gives_the_answers_that_are_given_here(found, ray_head):
    place = {"on": "ray", "address": ray_head[1], "workers": 2}
    spread_alike(found, place)
    limited(place)


def test_what_can_not_be_spread_is_refused(found):
    with pytest.raises(ValidationError, match="here or on ray, not on 'moon'"):
        sweep(made("momentum"), GRID, TAPE, on="moon")
    asks = (
        lambda: sweep(Momentum, GRID, TAPE, on="ray"),
        lambda: cross(Momentum, GRID, TAPE, on="ray"),
        lambda: monte_carlo(found, Momentum, ONE, draws=5, on="ray"),
        lambda: on_placebos(Momentum, ONE, markets=2, on="ray"),
    )
    for ask in asks:
        with pytest.raises(ValidationError, match="found by its name is tried on a cluster"):
            ask()


def test_other_pasts_have_a_time_limit_too(found):
    endless = replace(MAKE, kind=Endless)
    with pytest.raises(StrategyError, match=r"no answer within 0\.2 s"):
        monte_carlo(found, endless, ONE, draws=5, played=2, patience=0.2)
    with pytest.raises(StrategyError, match=r"no answer within 0\.2 s"):
        on_placebos(endless, ONE, markets=2, patience=0.2)
