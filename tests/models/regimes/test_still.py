"""A price that stands still, as of a halted share or a fixed rate, is in no state, and proves no regimes."""

import numpy as np
import pytest

from ara.errors import ModelError, ValidationError
from ara.models.regimes import measured, regimes, standing
from ara.reports import charts
from tests.models.regimes.test_regimes import made

MOVED, STILL = 700, 20


@pytest.fixture(scope="module")
def halted():
    """Noise, a halt of 60 bars, noise again, a halt to the end."""
    random = np.random.default_rng(3)
    steps = [0.01 * random.standard_normal(MOVED), np.zeros(60), 0.01 * random.standard_normal(200), np.zeros(100)]
    return made(np.concatenate(steps))


@pytest.fixture(scope="module")
def told(halted):
    return regimes(measured(halted))


def test_a_bar_is_in_a_state_until_the_price_has_stood_still_for_twenty(told):
    still = np.zeros(len(told), bool)
    still[MOVED + STILL - 1 : MOVED + 60] = still[-100 + STILL - 1 :] = True
    known = np.isfinite(told.probabilities[:, 0])
    assert known[MOVED:].all()
    np.testing.assert_array_equal(told.states < 0, still | ~known)


def test_what_is_easily_foreseen_proves_nothing(told):
    still = told.inputs.still
    assert still.sum() == 41 + 81
    assert np.isnan(told.gains[still]).all()
    assert np.isnan(told.surprises[still]).all()
    assert np.isfinite(told.gains[MOVED : MOVED + 10]).all()


def test_no_change_is_told_and_no_stay_lasts_while_nothing_moves(told):
    still = told.inputs.still
    assert not any(still[one.bar] for one in told.changes(level=0.3))
    assert not any(still[first:end].any() for _, first, end in told.runs())


def test_the_states_of_such_a_bar_are_refused_in_words(told, halted):
    with pytest.raises(ModelError, match="has stood still for 20 bars or more"):
        told.at()
    assert told.at(MOVED + 10).state
    last = halted.dates()[-101]
    with pytest.raises(ValidationError, match=f"ONE has stood still since {last}: it is in no state") as caught:
        standing(halted)
    assert "before" in caught.value.hint


def test_charts_leave_such_bars_blank_and_say_that_none_is_known_now(told, halted):
    chart = charts.regimes(told, halted.frame["at"].to_list(), halted.frame["close"].to_list(), symbol="ONE")
    assert chart.title == "ONE: no state is known now"
    blank = [not name for name in chart.columns["state"]]
    assert blank == (told.states < 0).tolist()
    assert np.isnan(np.asarray(chart.columns["probability"])[blank]).all()


def test_a_price_that_never_moved_has_too_few_bars_that_do():
    with pytest.raises(ValidationError, match="that move before the month begins"):
        standing(made(np.zeros(400)))
