"""Models of scikit-learn as plain arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.linear import Linear
from ara.models.graphs.trees import Trees, floor32, sorted_by_depth

__all__ = ["from_forest", "from_linear"]


def from_forest(model: Any) -> Trees:
    """Read a random forest, extra trees or a single tree for regression: the mean of its trees."""
    members = list(getattr(model, "estimators_", [model]))
    if any(getattr(one, "n_outputs_", 1) > 1 for one in members) or getattr(model, "init_", None) is not None:
        raise ModelError(f"{type(model).__name__} with more than one target, or boosted, can't be served as a forest")
    share = 1 / len(members)
    return Trees.stacked([_tree(one.tree_, one.tree_.value[:, 0, 0] * share) for one in members])


def from_linear(model: Any, *, means: NDArray[Any] | None = None, deviations: NDArray[Any] | None = None) -> Linear:
    """Read a linear model (ridge, lasso, elastic net, quantile regression) fitted on standardised features or not."""
    weights, intercept = np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64).ravel()
    if weights.size != weights.shape[-1] or intercept.size != 1:
        raise ModelError(f"{type(model).__name__} with more than one target can't be served as one linear model")
    return Linear.of(weights, float(intercept[0]), means=means, deviations=deviations)


def _tree(tree: Any, value: NDArray[np.float64]) -> Trees:
    leaf = tree.children_left < 0
    feature = np.where(leaf, 0, tree.feature)
    return sorted_by_depth(
        roots=np.zeros(1, np.int32),
        feature=np.where(leaf, -1, feature),
        threshold=np.where(leaf, np.float32(0), floor32(tree.threshold)),
        left=tree.children_left,
        right=tree.children_right,
        missing_left=tree.missing_go_to_left.astype(bool),
        value=np.where(leaf, value, 0.0),
        cover=tree.weighted_n_node_samples,
        base=0.0,
    )
