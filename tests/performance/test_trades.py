"""Round trips, matched by hand and by their sums."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.performance import Deal, exposure, measure_trades, round_trips
from ara.performance.trades import expectancy, profit_factor, turnover, win_rate


def deals(*rows):
    return [Deal(instrument=name, at=at, quantity=much, price=price, fee=fee) for name, at, much, price, fee in rows]


def test_what_was_opened_first_is_closed_first():
    found = round_trips(
        deals(("A", 0, 10, 5, 1), ("B", 0, 1, 100, 0), ("A", 1, 10, 6, 2), ("A", 3, -15, 7, 3), ("B", 4, 1, 90, 0))
    )
    assert [(one.quantity, one.entry, one.exit, one.opened, one.closed) for one in found] == [
        (10, 5, 7, 0, 3),
        (5, 6, 7, 1, 3),
    ]
    assert [one.cost for one in found] == pytest.approx([1 + 2, 1 + 1])
    assert [one.gain for one in found] == pytest.approx([17, 3])
    assert [one.held for one in found] == [3, 2]
    assert found[0].share == pytest.approx(17 / 50)


def test_a_deal_may_turn_a_position():
    first, second = round_trips(deals(("A", 0, 10, 5, 0), ("A", 1, -30, 4, 3), ("A", 2, 20, 3, 2)))
    assert (first.quantity, first.gain) == (10, pytest.approx(-10 - 1))
    assert (second.quantity, second.gain) == (-20, pytest.approx(20 - 2 - 2))


def test_measures_by_hand():
    trips = round_trips(
        deals(
            *(("A", 2 * k, 1, 10, 0) for k in range(1)),
            ("A", 1, -1, 14, 0),
            ("A", 2, 1, 10, 0),
            ("A", 4, -1, 8, 0.5),
            ("A", 5, 1, 10, 0),
            ("A", 6, -1, 9, 0),
            ("A", 6, 1, 10, 0),
            ("A", 8, -1, 10, 0),
        )
    )
    found = measure_trades(trips)
    assert (found.count, found.gain, found.cost) == (4, pytest.approx(0.5), 0.5)
    assert found.win_rate == pytest.approx(1 / 3)
    assert found.profit_factor == pytest.approx(4 / 3.5)
    assert found.expectancy == pytest.approx(0.5 / 3)
    assert (found.average_win, found.average_loss, found.best, found.worst) == (4, -1.75, 4, -2.5)
    assert found.break_even == pytest.approx(1.75 / 5.75)
    assert found.held == pytest.approx((1 + 2 + 1 + 2) / 4)
    assert found.losing_run == 2
    assert found.break_even * found.average_win + (1 - found.break_even) * found.average_loss == pytest.approx(0)


def test_without_trips_or_losses_there_is_nothing_to_divide_by():
    none = measure_trades([])
    assert (none.count, none.gain, none.losing_run) == (0, 0.0, 0)
    assert {none.win_rate, none.profit_factor, none.expectancy, none.payoff, none.break_even, none.held} == {None}
    won = measure_trades(round_trips(deals(("A", 0, 1, 0, 0), ("A", 1, -1, 2, 0))))
    assert (won.win_rate, won.profit_factor, won.payoff) == (1.0, None, None)
    assert won.as_dict()["gain"] == 2.0
    assert (win_rate([0.0]), profit_factor([]), expectancy([0.0])) == (None, None, None)
    assert round_trips(deals(("A", 0, 1, 0, 0), ("A", 1, -1, 2, 0)))[0].share is None


ROWS = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(-5, 5).filter(bool), st.integers(1, 20), st.integers(0, 3)),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_gains_and_what_is_open_add_up_to_the_cash(rows):
    done = deals(*((name, at, much, price, fee) for at, (name, much, price, fee) in enumerate(rows)))
    cash, held = 0.0, dict.fromkeys("AB", 0.0)
    for one in done:
        cash -= one.quantity * one.price + one.fee
        held[one.instrument] += one.quantity
    last = len(done)
    closing = [Deal(instrument=name, at=last, quantity=-much, price=7, fee=0) for name, much in held.items() if much]
    trips = round_trips([*done, *closing])
    assert sum(one.gain for one in trips) == pytest.approx(cash + 7 * sum(held.values()), abs=1e-9)
    assert sum(one.cost for one in trips) == pytest.approx(sum(one.fee for one in done))
    assert all(one.held >= 0 for one in trips)


def test_turnover_and_exposure():
    assert turnover([100, 0, -100, 0], [100] * 4, per_year=8) == pytest.approx(2.0)
    assert turnover([], [], per_year=252) is None
    assert turnover([1.0], [0.0], per_year=252) is None
    found = exposure([[0.5, -0.5], [0.0, 0.0], [1.0, 0.5]])
    assert (found.share, found.gross, found.net, found.largest) == (
        pytest.approx(2 / 3),
        pytest.approx(2.5 / 3),
        pytest.approx(0.5),
        1.5,
    )
    assert exposure([0.0, 1.0]).share == 0.5
    assert exposure([]) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: round_trips(deals(("A", 1, 1, 1, 0), ("A", 0, -1, 1, 0))),
        lambda: round_trips(deals(("A", 1, math.nan, 1, 0))),
        lambda: round_trips(deals(("A", 1, 1, 1, -1))),
        lambda: turnover([1.0], [1.0, 2.0], per_year=252),
        lambda: exposure([math.nan]),
        lambda: exposure(np.zeros((1, 1, 1))),
        lambda: win_rate([math.inf]),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValidationError):
        call()
