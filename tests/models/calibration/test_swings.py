import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.models.calibration import drawn

WIDTHS = st.floats(1e-6, 1.0)


@given(half=WIDTHS, usual=WIDTHS, kind=st.sampled_from(["crypto", "forex"]))
def test_a_band_is_drawn_to_what_it_was_of_late_and_never_past_it(half: float, usual: float, kind: str) -> None:
    factor = np.exp(drawn(np.array([[half]]), np.log([[usual]]), kind, (1,))[0, 0])
    low, high = sorted((half, usual))
    assert low * (1 - 1e-12) <= half * factor <= high * (1 + 1e-12)
    assert abs(np.log(factor)) <= 0.1 + 1e-12


def test_the_next_bar_takes_a_tenth_of_the_swing_and_five_bars_none() -> None:
    half, usual = np.full((1, 4), 0.03), np.full((1, 4), np.log(0.02))
    told = drawn(half, usual, "crypto", (1, 2, 5, 21))[0]
    assert told[0] == pytest.approx(-0.1 * np.log(1.5))
    assert told[0] < told[1] < 0
    assert (told[2:] == 0).all()


@pytest.mark.parametrize("kind", ["equity", "other"])
def test_stocks_and_what_is_of_no_class_stay_as_they_are(kind: str) -> None:
    assert (drawn(np.array([[0.05]]), np.log([[0.01]]), kind, (1,)) == 0).all()


@pytest.mark.parametrize(("half", "usual"), [(0.0, 0.0), (np.nan, 0.0), (0.01, np.nan)])
def test_where_nothing_is_known_nothing_is_drawn(half: float, usual: float) -> None:
    assert (drawn(np.array([[half]]), np.array([[usual]]), "forex", (1,)) == 0).all()
