"""How often one may be wrong: at the break-even rate nothing is earned; no chance is told of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.performance.trades import Deal, measure_trades, round_trips
from ara.performance.wrong import wrong
from ara.reports.wrong_words import wrong_words


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-100, 100).map(lambda one: round(one, 3)), min_size=1, max_size=60))
def test_at_the_break_even_rate_nothing_is_earned(gains):
    found = wrong(gains)
    if found.break_even is None:
        assert min(gains) >= 0 or max(gains) <= 0
        return
    earned = found.break_even * found.average_win + (1 - found.break_even) * found.average_loss
    assert earned == pytest.approx(0, abs=1e-9)
    if abs(sum(gains)) > 1e-6:
        assert (found.win_rate > found.break_even) == (sum(gains) > 0)


def test_it_is_what_trades_are_measured_to_and_costs_raise_it():
    deals = [
        Deal(instrument="A", at=at, quantity=quantity, price=price, fee=1.0)
        for at, quantity, price in ((0, 10, 50), (1, -10, 53), (2, 10, 53), (3, -10, 52), (4, 10, 52), (5, -10, 54))
    ]
    trips = round_trips(deals)
    found = wrong([one.gain for one in trips], [one.cost for one in trips])
    assert found.break_even == pytest.approx(measure_trades(trips).break_even)
    assert (found.cost, found.free_break_even) == (2.0, pytest.approx(10 / 35))
    assert found.break_even > found.free_break_even
    words = wrong_words(found, "{:.2f} EUR".format)
    assert words.startswith("A trade that lost took 12.00 EUR on average, one that won brought 23.00 EUR: ")
    assert "34.3 % have to win to break even, and 66.7 % of 3 did; so few say little of either." in words
    assert words.endswith("Commission is 2.00 EUR a trade; without any, 28.6 % would do.")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0, 20)), min_size=1, max_size=40))
def test_fewer_have_to_win_where_nothing_costs(pairs):
    """Sorted anew without costs, losses that costs alone had made fell out of the mean loss, and more had to win."""
    rounded = [(round(gain, 3), round(cost, 3)) for gain, cost in pairs]
    found = wrong([gain for gain, _ in rounded], [cost for _, cost in rounded])
    if found.break_even is None:
        assert found.free_break_even is None
        return
    assert 0 <= found.free_break_even <= found.break_even + 1e-12


def test_what_lost_by_its_costs_alone_still_counts_as_lost():
    found = wrong([9.0, -1.0, -11.0], [2.0, 2.0, 2.0])
    assert (found.break_even, found.free_break_even) == (pytest.approx(6 / 15), pytest.approx(4 / 15))
    assert wrong([9.0, -1.0], [2.0, 2.0]).free_break_even == 0.0


def test_no_hit_rate_is_called_beyond_chance():
    """Overlapping round trips of dice passed a binomial test of them in a third of the books."""
    found = wrong(np.concatenate([np.full(700, 1.0), np.full(300, -1.0)]))
    words = wrong_words(found, str, one="bar", many="bars")
    assert words.endswith("50.0 % have to win to break even, and 70.0 % of 1,000 did.")
    assert "chance" not in found.as_dict()


def test_nothing_lost_nothing_won_and_nothing_at_all():
    assert wrong_words(wrong([1.0, 2.0]), str) == "All 2 trades won: nothing says how often one may be wrong."
    assert "The only trade lost:" in wrong_words(wrong([-1.0, 0.0]), str)
    none = wrong([])
    assert (none.count, none.win_rate, none.break_even, none.cost) == (0, None, None, None)
    assert wrong_words(none, str) == ""
