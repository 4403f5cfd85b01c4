import numpy as np

from ara.models.learning.standard import Standard


def test_features_are_on_one_scale_and_sums_are_of_features_as_they_come() -> None:
    x = np.random.default_rng(1).normal(3.0, [2.0, 0.5, 9.0], (200, 3)).astype(np.float32)
    x[:, 1] = 4.0
    own = Standard.of(x)
    np.testing.assert_allclose(own.z.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(own.z.std(axis=0), [1.0, 0.0, 1.0], rtol=1e-5)
    weights = np.array([0.7, 5.0, -0.2])
    summed = own.summed(weights, 0.3)
    np.testing.assert_allclose(summed.predict(x), own.z @ weights + 0.3, atol=1e-5)
    assert summed.part() is summed.linear
    assert summed.linear.weights[1] == 0.0
