"""Weights are learned over 1, 5 and 21 bars, and lie on a line between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.models.ensemble import ALL, Fast, fitting, report
from ara.models.ensemble.by_regime import parted
from ara.models.ensemble.reach import between, taught
from ara.models.ensemble.state import ClassState
from ara.models.fits import fit_until
from tests.models.pooled.worlds import forget, small, start_of_month


@pytest.mark.parametrize(
    ("horizons", "learned"),
    [
        ((1, 5, 21), (1, 5, 21)),
        (range(1, 31), (1, 5, 21)),
        ((1, 3, 5), (1, 5)),
        ((1, 30), (1, 30)),
        ((21, 30), (21,)),
        ((1, 4), (1, 4)),
        ((3, 5), (3, 5)),
        ((2, 7, 10), (2, 7, 10)),
        ((1, 5, 9), (1, 5, 9)),
        ((7,), (7,)),
    ],
)
def test_what_lies_between_two_is_not_learned(horizons, learned):
    assert [tuple(horizons)[place] for place in taught(tuple(horizons))] == list(learned)


def state(rows):
    count = len(rows)
    return ClassState(
        weights=tuple(map(tuple, rows)),
        skill=tuple(map(tuple, rows)),
        error=tuple(map(tuple, rows)),
        months=tuple(float(place) for place in range(count)),
        stretches=((0.0, 0.0, 0.0),) * count,
        centre=(0.0,) * count,
    )


@given(
    st.sets(st.integers(1, 60), min_size=1, max_size=12),
    st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=12, max_size=12),
)
def test_weights_are_shares_at_every_horizon_and_stay_where_they_were_learned(horizons, rows):
    horizons = tuple(sorted(horizons))
    places = taught(horizons)
    shares = np.array(rows[: len(places)])
    shares /= shares.sum(axis=1, keepdims=True)
    own = parted(state(shares.tolist()), [shares.tolist()] * 3)
    found = between(own, horizons)
    weights = np.array(found.weights)
    assert weights.shape == (len(horizons), 3)
    assert weights.sum(axis=1) == pytest.approx(1)
    assert weights[places] == pytest.approx(shares)
    assert np.array(found.regimes) == pytest.approx(np.array([weights] * 3))
    assert [len(part) for part in (found.skill, found.error, found.months, found.stretches, found.centre)] == (
        [len(horizons)] * 5
    )
    if len(places) == len(horizons):
        assert found is own


def test_between_two_a_weight_goes_by_the_logarithm_and_beyond_the_last_it_stays():
    told = np.array(between(state([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]), tuple(range(1, 31))).weights)
    assert told[[0, 4, 20]].tolist() == [[1, 0], [0.5, 0.5], [0, 1]]
    assert told[1, 0] == pytest.approx(1 - 0.5 * np.log(2) / np.log(5))
    assert told[9, 0] == pytest.approx(0.5 - 0.5 * np.log(2) / np.log(21 / 5))
    assert (told[21:] == told[20]).all()
    assert (np.diff(told[:, 0]) <= 0).all()


@pytest.fixture(autouse=True)
def fresh():
    forget()
    fitting._stages.clear()
    yield
    forget()
    fitting._stages.clear()


def learned(horizons, *members):
    model = Fast(members=("ewma_t", *members))
    return fit_until(model, small(560, horizons=horizons), start_of_month(2019, 9), seed=0).state


def test_weights_do_not_depend_on_what_else_was_fitted():
    """Five horizons say no more of the members than the two that are learned."""
    few, many = (learned(horizons, "drift", "har_t", "har_fhs") for horizons in ((1, 5), (1, 2, 3, 4, 5)))
    assert few.classes.keys() == many.classes.keys() > {ALL}
    for name, own in few.classes.items():
        for place, there in ((0, 0), (1, 4)):
            assert many.classes[name].weights[there] == own.weights[place]
            assert many.classes[name].skill[there] == own.skill[place]
    assert any(weight not in (0, 1) for weight in many.classes["equity"].weights[2])


def test_who_judges_between_two_horizons_is_the_shorter():
    assert {(line.horizon, line.judged) for line in report(learned((1, 2, 5), "drift"))} == {(1, 1), (2, 1), (5, 5)}
