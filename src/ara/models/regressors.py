"""The learners in the form of scikit-learn: for its pipelines, searches and tests, on tables that are no panels."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ara import plugins
from ara.errors import ModelError
from ara.models.graphs import Output, Parts
from ara.models.learning.frame import LearnedModel, limits
from ara.models.learning.quantile_fit import fit_quantiles

__all__ = ["LEARNERS", "LinearQuantile", "LocationRegressor", "all_regressors"]

_Array = NDArray[np.float64]

LEARNERS = ("catboost", "elastic_net", "extra_trees", "lasso", "lightgbm", "random_forest", "ridge", "xgboost")
"""Families whose regressor of one target stands by itself."""


def all_regressors() -> list[Any]:
    """Give one instance of each, unfitted: every learner's, and the linear quantile."""
    return [*(LocationRegressor(learner=name) for name in LEARNERS), LinearQuantile()]


class LocationRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """One of the learners, with the settings it has as a family, fitted to one target.

    Parameters
    ----------
    learner
        One of `LEARNERS`.
    seed
        Of all that is random in it.
    """

    def __init__(self, learner: str = "ridge", seed: int = 0) -> None:
        self.learner = learner
        self.seed = seed

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 (the name that scikit-learn gives it)
        """Learn from rows of features and their targets."""
        if self.learner not in LEARNERS:
            raise ModelError(f"there is no learner {self.learner!r}", hint=f"There are: {', '.join(LEARNERS)}.")
        x, target, self.level_, self.spread_ = _table(self, X, y)
        family = plugins.load("models", self.learner)
        model: LearnedModel = family()
        inputs = limits(x, linear=model.linear)
        fit = model.begin(inputs.bounded(x) if model.linear else x, seed=self.seed)
        _, learned = fit(np.arange(len(x)), np.stack([target, target], axis=1), np.ones(len(x)))
        self.parts_ = Parts(width=x.shape[1], outputs={"location": Output(regressors=(learned.part(),))}, inputs=inputs)
        return self

    def predict(self, X: Any) -> _Array:  # noqa: N803
        """Give the forecast of each row."""
        check_is_fitted(self, "parts_")
        x = validate_data(self, X, reset=False, dtype=np.float64).astype(np.float32)
        return np.asarray(self.level_ + self.spread_ * self.parts_.values(x)["location"][:, 0])


class LinearQuantile(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """One quantile as a weighted sum of the features.

    Parameters
    ----------
    level
        Of the quantile, between 0 and 1.
    penalty
        In rows, on the weights of standardised features.
    """

    def __init__(self, level: float = 0.5, penalty: float = 1.0) -> None:
        self.level = level
        self.penalty = penalty

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Learn from rows of features and their targets."""
        if not 0 < self.level < 1:
            raise ModelError(f"a quantile has a level between 0 and 1, not {self.level!r}")
        x, target, level, spread = _table(self, X, y)
        wide = x.astype(np.float64)
        self.means_, deviations = wide.mean(axis=0), wide.std(axis=0)
        self.deviations_ = np.where(deviations > 0, deviations, 1.0)
        z = (wide - self.means_) / self.deviations_
        weights, start = fit_quantiles(z, target, np.ones(len(x)), (self.level,), self.penalty)
        self.coef_, self.intercept_ = spread * weights[:, 0], level + spread * float(start[0])
        return self

    def predict(self, X: Any) -> _Array:  # noqa: N803
        """Give the quantile of each row."""
        check_is_fitted(self, "coef_")
        x = validate_data(self, X, reset=False, dtype=np.float64).astype(np.float32).astype(np.float64)
        return np.asarray(np.einsum("nf,f->n", (x - self.means_) / self.deviations_, self.coef_) + self.intercept_)


def _table(estimator: Any, x: Any, y: Any) -> tuple[NDArray[np.float32], _Array, float, float]:
    """Check rows and target as scikit-learn does; give features as float32, and the target standardised."""
    x, y = validate_data(estimator, x, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
    target = column_or_1d(y, warn=True).astype(np.float64)
    level, spread = float(target.mean()), float(target.std()) or 1.0
    return x.astype(np.float32), (target - level) / spread, level, spread
