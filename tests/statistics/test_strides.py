"""A recursion in strides against the same bar by bar, and that a room may be used again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ara.statistics.strides import Strides, followed


@given(size=st.integers(0, 300), rows=st.integers(1, 4), beta=st.floats(0, 1), seed=st.integers(0, 99))
def test_it_is_what_comes_bar_by_bar(size: int, rows: int, beta: float, seed: int) -> None:
    drive = np.random.default_rng(seed).standard_normal((rows, size))
    plain = drive.copy()
    for bar in range(1, size):
        plain[:, bar] += beta * plain[:, bar - 1]
    np.testing.assert_allclose(followed(drive, beta), plain, rtol=1e-9, atol=1e-9)


def test_a_room_gives_the_same_bytes_each_time_and_leaves_other_rows_alone() -> None:
    drive = np.random.default_rng(3).standard_normal((3, 1501))
    room = Strides(np.empty((3, 1501)))
    for beta in (0.97, 0.5):
        room.rows[:] = drive
        room.follow(beta, count=2)
        assert room.rows[:2].tobytes() == followed(drive[:2], beta).tobytes()
        assert room.rows[2].tobytes() == drive[2].tobytes()


def test_what_is_too_small_to_count_ends_it() -> None:
    rows = np.ones((1, 64), np.float32)
    Strides(rows, least=1e-3).follow(0.01)
    assert rows[0, -1] == np.float32(1.01)
