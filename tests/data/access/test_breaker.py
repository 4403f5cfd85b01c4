import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.data.access.board import Board
from ara.data.access.breaker import State, admit, look, record


class Hand:
    def __init__(self):
        self.now = 1_000_000.0
        self.board = Board(now=lambda: self.now)

    def look(self):
        return self.board.run(lambda connection, now: look(connection, now, source="acme"))

    def admit(self, lease=30.0):
        return self.board.run(lambda connection, now: admit(connection, now, source="acme", lease=lease))

    def record(self, outcomes):
        """Record `+` for each answer and `-` for each failure; give how it stands at the end."""
        for ok in (each == "+" for each in outcomes):
            found = self.board.run(lambda connection, now, ok=ok: record(connection, now, source="acme", ok=ok))
        return found


@pytest.fixture
def hand():
    return Hand()


def test_it_walks_from_closed_over_open_and_half_open_back_to_closed(hand):
    assert (hand.look().state, hand.admit().left) == (State.CLOSED, 0)
    assert hand.record("----").state is State.CLOSED
    found = hand.record("-")
    assert (found.state, found.left, found.failures) == (State.OPEN, 5.0, 5)
    assert hand.admit().left == 5.0
    hand.now += 5
    assert (hand.look().state, hand.look().left) == (State.HALF, 0)
    assert hand.admit().left == 0, "the probe goes ahead"
    assert (hand.admit().state, hand.admit().left) == (State.HALF, 30.0), "the others wait for it"
    assert hand.record("+").state is State.CLOSED
    assert hand.record("----").state is State.CLOSED, "it counts from the beginning"


def test_a_probe_that_fails_doubles_the_rest_up_to_five_minutes(hand):
    hand.record("-----")
    rests = []
    for _ in range(9):
        hand.now += hand.look().left
        hand.admit()
        rests.append(hand.record("-").left)
    assert rests == [10, 20, 40, 80, 160, 300, 300, 300, 300]


def test_what_was_under_way_when_it_opened_doesnt_prolong_the_rest(hand):
    hand.record("-----")
    hand.now += 1
    assert hand.record("--").left == 4.0


def test_half_of_the_recent_ones_failing_opens_it_too(hand):
    assert hand.record("-+" * 9 + "-").state is State.CLOSED
    assert hand.record("+").state is State.CLOSED
    assert hand.record("-").state is State.OPEN


def test_a_probe_whose_process_died_holds_its_place_for_its_lease_only(hand):
    hand.record("-----")
    hand.now += 5
    hand.admit(lease=30)
    hand.now += 30
    assert hand.admit().left == 0


def test_a_clock_that_is_set_back_doesnt_keep_it_open(hand):
    hand.record("-----")
    hand.now -= 3_600
    assert hand.admit().left == 0
    assert hand.record("-").left == 10


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 400)), max_size=60))
def test_it_never_rests_longer_than_five_minutes_and_always_recovers(steps):
    hand = Hand()
    for ok, pause in steps:
        hand.now += pause
        if not hand.admit().left:
            assert hand.record("+" if ok else "-").left <= 300
    hand.now += 301
    assert hand.admit().left == 0
    assert hand.record("+").state is State.CLOSED
