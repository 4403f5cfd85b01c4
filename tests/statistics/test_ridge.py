"""Ridge regression against its normal equations."""

import numpy as np
import pytest

from ara.statistics import Ridge


def test_without_a_penalty_it_is_least_squares():
    random = np.random.default_rng(1)
    x = random.standard_normal((200, 3)) * [1, 10, 0.1] + 5
    y = x @ [1.0, -0.2, 3.0] + 2 + random.standard_normal(200)
    design = np.column_stack([x, np.ones(200)])
    expected = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    np.testing.assert_allclose(Ridge(penalty=0.0).fit(x, y).predict(x), expected, rtol=1e-8)


def test_a_penalty_shrinks_and_gaps_count_as_the_mean():
    random = np.random.default_rng(2)
    x = random.standard_normal((300, 2))
    y = x[:, 0] + random.standard_normal(300)
    weak, strong = (Ridge(penalty=penalty).fit(x, y) for penalty in (0.1, 10.0))
    assert abs(strong.weights[0]) < abs(weak.weights[0])
    gap = weak.predict(np.array([[np.nan, np.nan]]))
    assert gap[0] == pytest.approx(y.mean())
    still = Ridge().fit(np.column_stack([x, np.full(300, 7.0)]), y)
    assert still.weights[2] == 0.0
    assert np.isfinite(still.predict(np.ones((1, 3)))).all()
