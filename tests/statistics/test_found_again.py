"""What several ask for in turn is found again, to the byte, and nobody can spoil it for others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.statistics import distributions, ewma_variance, floored, ranges, sums, volatility
from ara.statistics.prefixes import Prefixes
from ara.statistics.sums import summed_quantiles

LEVELS = (0.05, 0.5, 0.9)


@settings(deadline=None, max_examples=40)
@given(
    count=st.integers(0, 90),
    gap=st.integers(0, 30),
    holes=st.lists(st.integers(0, 89), max_size=5),
    seed=st.integers(0),
)
def test_a_variance_is_the_plain_recursion_wherever_it_begins(
    count: int, gap: int, holes: list[int], seed: int
) -> None:
    returns = np.random.default_rng(seed).standard_normal(count) * 0.01
    returns[[place for place in holes if place < count]] = np.nan
    whole = np.concatenate((np.full(gap, np.nan), returns))
    variance, begun, plain = np.nan, [], []
    for value in whole.tolist():
        if value == value and variance != variance:
            begun.append(value * value)
            variance = float(np.array(begun).sum()) / 20 if len(begun) == 20 else np.nan
        elif value == value:
            variance = 0.94 * variance + (1.0 - 0.94) * (value * value)
        plain.append(variance)
    for _ in range(2):
        assert ewma_variance(whole).tobytes() == np.array(plain, float).tobytes()


@pytest.mark.parametrize("module", [volatility, ranges])
def test_a_long_series_is_made_as_a_short_one_is(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    values = np.abs(random.standard_normal(900))
    values[:3], values[500:503] = np.nan, np.nan
    kept = [ewma_variance(values, decay=0.9), floored(values, share=0.3)]
    monkeypatch.setattr(module, "_LONGEST", 5)
    made = [ewma_variance(values, decay=0.9), floored(values, share=0.3)]
    assert [one.tobytes() for one in kept] == [one.tobytes() for one in made]


def test_a_floor_is_the_median_of_what_is_known() -> None:
    values = np.random.default_rng(1).random(600)
    values[:7], values[90:95] = np.nan, np.nan
    got = floored(values, share=0.5, bars=50)
    for place in range(600):
        known = values[max(0, place - 49) : place + 1]
        known = known[~np.isnan(known)]
        floor = 0.5 * np.median(known) if len(known) else 0.0
        expected = np.nan if np.isnan(values[place]) else max(values[place], floor + 1e-12)
        assert got[place] == pytest.approx(expected, nan_ok=True, rel=1e-12)


def test_what_is_given_may_be_changed_by_who_got_it() -> None:
    returns = np.random.default_rng(2).standard_normal(60)
    asked = (
        lambda: ewma_variance(returns),
        lambda: floored(returns**2),
        lambda: distributions.student_t_quantiles(LEVELS, 4.5),
        lambda: summed_quantiles(returns[None], 5, LEVELS),
    )
    for one in asked:
        first = one()
        before = first.tobytes()
        first[:] = 7.0
        assert one().tobytes() == before


def test_a_sample_alone_is_answered_as_among_others() -> None:
    rows = np.random.default_rng(3).standard_normal((3, 200))
    whole = summed_quantiles(rows, 4, LEVELS)
    assert summed_quantiles(rows[1:2], 4, LEVELS).tobytes() == whole[1:2].tobytes()
    assert summed_quantiles(rows[1:2] * 1.0, 4, [*LEVELS]).tobytes() == whole[1:2].tobytes()
    assert summed_quantiles(rows[1:2], 5, LEVELS).tobytes() != whole[1:2].tobytes()
    assert sums._found_again.cache_info().maxsize


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 4),
    count=st.integers(1, 200),
    levels=st.lists(st.floats(0, 1), min_size=1, max_size=9),
    digits=st.integers(0, 9),
)
def test_one_draw_has_the_quantiles_of_numpy(rows: int, count: int, levels: list[float], digits: int) -> None:
    levels += [0.5, 0.25]  # half way between two, where numpy counts from the other side
    values = np.random.default_rng(count).standard_normal((rows, count)).round(digits)
    expected = np.quantile(values, sorted(levels), axis=1).T
    assert np.ascontiguousarray(summed_quantiles(values, 1, sorted(levels)) + 0.0).tobytes() == (
        np.ascontiguousarray(expected + 0.0).tobytes()
    )


@settings(deadline=None, max_examples=40)
@given(cuts=st.lists(st.integers(0, 300), min_size=1, max_size=6), seed=st.integers(0, 20))
def test_a_beginning_is_answered_as_if_there_were_no_more(cuts: list[int], seed: int) -> None:
    whole = np.abs(np.random.default_rng(seed).standard_normal(300))
    whole[[40, 41, 200]] = np.nan
    begun, usual = Prefixes(volatility._variance, most=2), Prefixes(ranges._usual)
    for cut in cuts:
        part = whole[:cut]
        assert begun(part, 0.9, 20).tobytes() == volatility._variance(part, 0.9, 20).tobytes()
        assert usual(part, 50).tobytes() == ranges._usual(part, 50).tobytes()


def test_series_that_begin_alike_are_told_apart_and_nobody_changes_an_answer() -> None:
    made: list[int] = []

    def summed(values: np.ndarray) -> np.ndarray:
        made.append(len(values))
        return np.cumsum(values, axis=0)

    again = Prefixes(summed, most=1)
    one = np.arange(40.0).reshape(20, 2)
    other = one.copy()
    other[-1] += 1.0
    for values in (one, other, one[:12], other, one):
        assert again(values).tobytes() == np.cumsum(values, axis=0).tobytes()
    assert made == [20, 20]
    assert not again(one).flags.writeable
    again(one + 5.0)  # one beginning is kept, and this is another
    again(one)
    assert made == [20, 20, 20, 20]
