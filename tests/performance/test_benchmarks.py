"""What a strategy has to beat."""

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.performance.benchmarks import mix, random_entry
from ara.performance.growth import sharpe

GENERATOR = np.random.Generator(np.random.PCG64(6))
RETURNS = GENERATOR.normal(0, 0.01, (250, 2))


def test_holding_is_the_sum_of_what_each_part_became():
    whole = np.prod(1 + RETURNS, axis=0) @ (0.6, 0.4)
    assert np.prod(1 + mix(RETURNS, (0.6, 0.4))) == pytest.approx(whole)
    assert mix(RETURNS, (1, 0)) == pytest.approx(RETURNS[:, 0])


def test_a_mix_is_brought_back():
    assert mix(RETURNS, (0.6, 0.4), every=1) == pytest.approx(RETURNS @ (0.6, 0.4))
    found = mix(RETURNS, (0.6, 0.4), every=100)
    assert np.prod(1 + found[:100]) == pytest.approx(np.prod(1 + RETURNS[:100], axis=0) @ (0.6, 0.4))
    assert np.prod(1 + found[100:200]) == pytest.approx(np.prod(1 + RETURNS[100:200], axis=0) @ (0.6, 0.4))
    assert mix([[-1.0], [0.5]], [1]).tolist() == [-1.0, 0.0]
    assert len(mix(np.empty((0, 2)), (0.5, 0.5))) == 0


def test_who_knows_tomorrow_beats_other_times_and_who_does_not_does_not():
    oracle = (RETURNS[:, 0] > 0).astype(float)
    knows = random_entry(oracle, RETURNS[:, 0], per_year=252)
    assert (knows.draws, knows.p) == (249, 1 / 250)
    assert knows.sharpe == pytest.approx(sharpe(np.maximum(RETURNS[:, 0], 0), per_year=252))
    assert knows.low < knows.mean < knows.high < knows.sharpe
    blind = random_entry(np.roll(oracle, 1)[:, None] * [1, -1], RETURNS, per_year=252, draws=100)
    assert 0.05 < blind.p < 0.95
    assert random_entry(oracle, RETURNS[:, 0], per_year=252) == knows


def test_costs_are_those_of_the_turnover():
    often, seldom = np.arange(250) % 2, (np.arange(250) > 125).astype(float)
    found = [random_entry(one, np.zeros(250), per_year=252, cost=0.01).sharpe for one in (often, seldom)]
    assert found[0] is None  # it pays the same in every bar
    assert found[1] < 0
    free = random_entry(seldom, RETURNS[:, 1], per_year=252).sharpe
    assert random_entry(seldom, RETURNS[:, 1], per_year=252, cost=0.01).sharpe < free
    assert random_entry([0.0] * 9, [0.1] * 9, per_year=252).p is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: mix(RETURNS, (0.6, 0.6)),
        lambda: mix(RETURNS, (1.0,)),
        lambda: mix(RETURNS, (1.5, -0.5)),
        lambda: mix(RETURNS, (0.5, 0.5), every=-1),
        lambda: random_entry([1.0], [0.1, 0.2], per_year=252),
        lambda: random_entry([1.0, 1.0], [0.1, 0.2], per_year=252, cost=1.0),
        lambda: random_entry([1.0, 1.0], [0.1, 0.2], per_year=252, draws=0),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValidationError):
        call()
