import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.models import LEVELS
from ara.models.calibration import FARTHER, Surprise, eased, sizes

DAY = 86_400_000_000
FRESH = Surprise(step=DAY)


def days(count: int, crowd: int, first: int = 1) -> np.ndarray:
    return np.repeat((np.arange(count) + first) * DAY, crowd)


def ordinary(count: int, crowd: int, seed: int = 1) -> np.ndarray:
    return np.abs(np.random.default_rng(seed).standard_normal(count * crowd)) / 1.28


def test_nothing_is_widened_before_it_is_known_what_is_usual() -> None:
    sizes = np.where(np.arange(55 * 8) > 400, 3.0, ordinary(55, 8))
    _, factors, _ = FRESH.rolled(days(55, 8), sizes)
    assert (factors == 0).all()


def test_a_class_that_moves_more_than_foretold_is_widened_within_days_and_narrowed_again() -> None:
    sizes = ordinary(400, 8)
    sizes[300 * 8 : 306 * 8] *= 3
    _, factors, _ = FRESH.rolled(days(400, 8), sizes)
    assert (factors[60:300] > 0.02).mean() < 0.15
    assert factors[60:300].std() < 0.03
    assert factors[303:306].min() > 0.25
    assert factors[360:400].max() < 0.1


def test_one_series_alone_is_believed_half_as_much_as_a_crowd() -> None:
    alone, crowd = (
        FRESH.rolled(days(302, n), np.concatenate((np.tile([0.5, 0.7], 150 * n), np.full(2 * n, 3.0))))[1][-1]
        for n in (1, 40)
    )
    assert alone == pytest.approx(crowd / 2, rel=0.05)


def test_the_widening_has_a_limit_and_one_return_counts_no_more_than_three_bands() -> None:
    sizes = ordinary(300, 5)
    sizes[280 * 5 :] = 1e9
    _, factors, _ = FRESH.rolled(days(300, 5), sizes)
    again = FRESH.rolled(days(300, 5), np.minimum(sizes, 3.0))[1]
    assert factors.max() <= 0.8
    np.testing.assert_array_equal(factors, again)


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(1, 239), order=st.randoms(use_true_random=False))
def test_it_goes_on_where_it_stopped_and_the_order_within_does_not_matter(cut: int, order: object) -> None:
    at, sizes = days(240, 3), ordinary(240, 3, seed=4)
    whole = FRESH.rolled(at, sizes)
    mixed = np.arange(cut * 3)
    order.shuffle(mixed)
    early = FRESH.rolled(at[mixed], sizes[mixed])
    late = early[2].rolled(at[cut * 3 :], sizes[cut * 3 :])
    np.testing.assert_allclose(np.concatenate((early[1], late[1])), whole[1], rtol=0, atol=1e-12)


def test_markets_that_close_one_after_the_other_count_as_one_day() -> None:
    sizes = ordinary(300, 3)
    together = FRESH.rolled(days(300, 3), sizes)[1]
    hours = np.tile([0, DAY // 24, DAY // 12], 300)
    apart = FRESH.rolled(days(300, 3) + hours, sizes)[1]
    assert np.abs(apart[2::3] - together).mean() < 0.02


def test_nothing_new_changes_nothing() -> None:
    instants, factors, after = FRESH.rolled(np.empty(0, np.int64), np.empty(0))
    assert len(instants) == len(factors) == 0
    assert after == FRESH


def test_longer_horizons_take_less_of_it() -> None:
    shares = eased((1, 5, 21))
    assert shares[0] == 1
    assert (np.diff(shares) < 0).all()
    assert shares[2] > 0.1


def test_what_is_widened_now_and_then_is_narrowed_on_the_days_between() -> None:
    sizes = np.abs(np.random.default_rng(1).standard_t(3, 1800)) / 1.6
    _, factors, _ = FRESH.rolled(days(900, 2), sizes)
    assert np.abs(factors[300:]).max() > 0.05
    assert factors[300:].mean() < 0.003


def test_levels_take_it_by_the_square_of_their_distance() -> None:
    told = dict(zip(LEVELS, FARTHER, strict=True))
    assert told[0.5] == 0
    assert told[0.1] == told[0.9] == pytest.approx(1.0)
    assert told[0.975] == pytest.approx((1.959964 / 1.281552) ** 2, rel=1e-5)
    np.testing.assert_allclose(FARTHER, FARTHER[::-1])
    assert (np.diff(FARTHER[len(LEVELS) // 2 :]) > 0).all()


def test_what_bands_were_widened_by_is_taken_back() -> None:
    made = ordinary(3000, 8)
    for storm in range(300, 3000, 300):
        made[storm * 8 : (storm + 6) * 8] *= 3
    _, factors, _ = FRESH.rolled(days(3000, 8), made)
    assert factors[500:].max() > 0.2
    assert factors[500:].min() < 0
    assert abs(factors[500:].mean()) < 0.01


def test_a_bar_is_as_large_as_its_return_and_its_range_say_in_the_mean() -> None:
    told = sizes(np.array([1.0, 0.0, 2.0]), np.array([3.0, 1.0, np.nan]), np.array([2.0, 0.5, 4.0]))
    assert told.tolist() == [1.0, 1.0, 0.5]
