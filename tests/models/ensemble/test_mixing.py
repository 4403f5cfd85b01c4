import numpy as np
import pytest

from ara.models.ensemble.mixing import mixed, mixtures

LEVELS = 5


def line(middle: float, width: float) -> np.ndarray:
    return np.broadcast_to(middle + width * np.linspace(-1, 1, LEVELS), (3, 2, LEVELS)).copy()


def test_quantiles_are_averaged_level_by_level() -> None:
    found = mixed([line(0.1, 1), line(0.3, 3)], [(0.5, 0.5), (0.25, 0.75)], middle=2)
    np.testing.assert_allclose(found[:, 0], line(0.2, 2)[:, 0])
    np.testing.assert_allclose(found[:, 1], line(0.25, 2.5)[:, 1])


def test_who_takes_no_view_of_direction_leaves_it_to_the_others() -> None:
    found = mixed([line(0.0, 1), line(0.3, 3)], [(0.5, 0.5), (0.5, 0.5)], middle=2)
    np.testing.assert_allclose(found, line(0.3, 2))
    assert mixed([line(0.0, 1), line(0.0, 3)], [(0.5, 0.5)] * 2, middle=2)[0, 0, 2] == 0


def test_who_has_no_weight_may_be_anything() -> None:
    found = mixed([line(0.1, 1), np.empty((0, 0, 0))], [(1.0, 0.0)] * 2, middle=2)
    np.testing.assert_allclose(found, line(0.1, 1))


def test_who_was_not_asked_leaves_it_to_the_others() -> None:
    absent = line(5.0, 9)
    absent[1] = np.nan
    found = mixed([line(0.1, 1), absent], [(0.9, 0.1)] * 2, middle=2)
    np.testing.assert_allclose(found[1], line(0.1, 1)[1])
    assert found[0, 0, 2] == pytest.approx(0.59)
    assert np.isnan(mixed([line(0.1, 1), absent], [(0.0, 1.0)] * 2, middle=2)[1]).all()


def test_several_mixtures_at_once_are_those_that_are_made_one_by_one():
    absent = line(0.4, 2)
    absent[0] = np.nan
    said, several = (
        [line(0.1, 1), absent, line(0.0, 3)],
        [[(0.5, 0.3, 0.2)] * 2, [(0.0, 1.0, 0.0)] * 2, [(1, 0, 2)] * 2],
    )
    for weights, found in zip(several, mixtures(said, several, middle=2), strict=True):
        assert found.tobytes() == mixed(said, weights, middle=2).tobytes()
