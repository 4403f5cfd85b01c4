"""Models of scikit-learn as plain arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.linear import Linear
from ara.models.graphs.trees import Trees, floor32, sorted_by_depth

__all__ = ["from_forest", "from_isolation", "from_linear"]

_EULER = 0.5772156649015329


def from_forest(model: Any) -> Trees:
    """Read a random forest, extra trees or a single tree for regression: the mean of its trees."""
    members = list(getattr(model, "estimators_", [model]))
    if any(getattr(one, "n_outputs_", 1) > 1 for one in members) or getattr(model, "init_", None) is not None:
        raise ModelError(f"{type(model).__name__} with more than one target, or boosted, can't be served as a forest")
    share = 1 / len(members)
    return Trees.stacked([_tree(one.tree_, one.tree_.value[:, 0, 0] * share) for one in members])


def from_isolation(model: Any) -> Trees:
    """Read an isolation forest: how deep a row falls over how deep rows fall by chance.

    2 ** -answer is the anomaly score, 0 to 1, high for what is unlike the rest: scikit-learn's `-score_samples`.
    """
    expected = _by_chance(np.array([float(model.max_samples_)]))[0] * len(model.estimators_)
    parts = []
    for one, columns in zip(model.estimators_, model.estimators_features_, strict=True):
        tree = one.tree_
        depth = np.zeros(tree.node_count)
        for node in np.flatnonzero(tree.children_left >= 0):
            depth[tree.children_left[node]] = depth[tree.children_right[node]] = depth[node] + 1
        value = (depth + _by_chance(tree.n_node_samples.astype(float))) / (expected if expected > 0 else 1.0)
        parts.append(_tree(tree, value, columns=np.asarray(columns)))
    return Trees.stacked(parts)


def from_linear(model: Any, *, means: NDArray[Any] | None = None, deviations: NDArray[Any] | None = None) -> Linear:
    """Read a linear model (ridge, lasso, elastic net, quantile regression) fitted on standardised features or not."""
    weights, intercept = np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64).ravel()
    if weights.size != weights.shape[-1] or intercept.size != 1:
        raise ModelError(f"{type(model).__name__} with more than one target can't be served as one linear model")
    return Linear.of(weights, float(intercept[0]), means=means, deviations=deviations)


def _by_chance(count: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean depth of a search among so many rows that fails (Liu, Ting and Zhou, 2008)."""
    many = np.maximum(count, 3.0)
    usual = 2 * (np.log(many - 1) + _EULER) - 2 * (many - 1) / many
    return np.asarray(np.where(count <= 1, 0.0, np.where(count <= 2, 1.0, usual)))


def _tree(tree: Any, value: NDArray[np.float64], *, columns: NDArray[Any] | None = None) -> Trees:
    leaf = tree.children_left < 0
    feature = np.where(leaf, 0, tree.feature)
    return sorted_by_depth(
        roots=np.zeros(1, np.int32),
        feature=np.where(leaf, -1, feature if columns is None else columns[feature]),
        threshold=np.where(leaf, np.float32(0), floor32(tree.threshold)),
        left=tree.children_left,
        right=tree.children_right,
        missing_left=tree.missing_go_to_left.astype(bool),
        value=np.where(leaf, value, 0.0),
        cover=tree.weighted_n_node_samples,
        base=0.0,
    )
