import pytest

from ara.data.waiting import lasting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.2, "1 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3_599, "1 h"),
        (7_260, "2 h 1 min"),
        (86_280, "23 h 58 min"),
        (86_398, "1 d"),
        (86_401, "1 d 1 h"),
        (604_799, "7 d"),
    ],
)
def test_a_time_in_the_two_largest_of_its_units(seconds, words):
    assert lasting(seconds) == words
