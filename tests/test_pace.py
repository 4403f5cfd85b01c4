"""How long the rest takes: by what was measured, and not before that is worth something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.pace import Pace


def told(*marks):
    one = Pace()
    for done, at in marks:
        one.heard(done, at)
    return one


def test_the_beginning_is_no_part_of_the_pace():
    one = told((0, 0.0), (1, 100.0), (2, 101.0), (3, 102.0), (4, 103.0))
    assert one.left(10, 103.0) == pytest.approx(6.0)
    assert one.a_second(10) == pytest.approx(1.0)


def test_what_was_known_from_before_is_no_part_of_the_pace():
    assert told((500, 0.1), (501, 2.1), (502, 4.1), (503, 6.1)).left(600, 6.1) == pytest.approx(194.0)


@pytest.mark.parametrize(
    "marks",
    [
        [],
        [(0, 5.0)],
        [(1, 5.0)],
        [(1, 5.0), (2, 15.0)],
        [(1, 5.0), (2, 15.0), (3, 25.0)],
        [(1, 0.0), (2, 0.1), (3, 0.2), (4, 0.3), (5, 0.4)],
        [(40, 0.0), (41, 9.0), (2, 18.0), (3, 27.0)],
    ],
    ids=["nothing", "nothing done", "the first", "two", "three", "too quick to tell", "other work"],
)
def test_nothing_is_said_before_it_is_worth_something(marks):
    assert told(*marks).left(100, 30.0) is None
    assert told(*marks).a_second(100) is None


def test_a_piece_in_which_something_was_compiled_is_no_measure():
    compiled = [(1, 0.0), (2, 0.1), (3, 8.0), (4, 8.1), (5, 8.2)]
    assert told(*compiled).left(5000, 8.2) is None
    assert told(*compiled, *((5 + n, 8.2 + 0.1 * n) for n in range(1, 40))).left(1044, 12.1) == pytest.approx(100.0)


def test_few_pieces_that_are_much_of_the_work_are_enough():
    assert told((1, 10.0), (2, 13.0)).left(5, 13.0) == pytest.approx(9.0)


def test_it_counts_down_within_a_piece_that_takes_no_longer_than_others():
    one = told((1, 0.0), (2, 10.0), (3, 20.0), (4, 30.0))
    assert [one.left(6, at) for at in (30.0, 35.0, 40.0, 90.0)] == [20.0, 15.0, 10.0, 10.0]


def test_work_that_slows_is_told_by_its_later_half():
    slowing = told(*((done, 0.1 * done**2) for done in range(1, 21)))
    assert slowing.left(40, 40.0) > 60  # 120 are right; the mean so far says 42


@given(st.integers(2, 3000), st.floats(0.01, 50), st.integers(0, 1000), st.floats(0, 1e6))
def test_an_even_pace_is_found_however_long_it_goes_on(pieces, each, known, began):
    one, total = Pace(), known + 2 * pieces
    for number in range(1, pieces + 1):
        one.heard(known + number, began + number * each)
    left = one.left(total, began + pieces * each)
    assert left is None or left == pytest.approx(pieces * each, rel=1e-3)
    assert (left is None) == ((pieces - 1) * each < 2.0 - 1e-6 or (pieces < 4 and pieces - 1 < 0.2 * (2 * pieces - 1)))
