"""Exact Shapley values of served models: how much each feature moved each answer, from the arrays kept with the graph.

For a leaf of value v reached through D different features, feature j is due

    v · (o_j - z_j) · ∫₀¹ ∏_{k≠j} (z_k (1 - t) + o_k t) dt

where o_k says whether the row obeys all splits on feature k on the way, and z_k is the share of what the tree was
fitted on that does. The integrand is a polynomial of degree D - 1, so D / 2 points of Gauss and Legendre give it
exactly; no set of features is listed. The values are those of TreeSHAP "path dependent" (Lundberg, Erion and Lee, 2018;
https://arxiv.org/abs/1802.03888), which LightGBM and XGBoost call contributions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.linear import Linear
from ara.models.graphs.parts import Inputs, Regressor
from ara.models.graphs.trees import Trees
from ara.models.panel import Panel, Rows
from ara.models.served import Served

__all__ = ["Shares", "of_linear", "of_trees", "values"]

_Floats: TypeAlias = NDArray[np.float64]
_Flags: TypeAlias = NDArray[np.bool_]
_ROOM = 1 << 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What the features add to each answer; base and values of a row sum to the graph's answer.

    Parameters
    ----------
    names
        Of the features.
    base
        By output: `[M]`, the answer where nothing is known of a row.
    values
        By output: `[row, M, F]`, in the answer's own units: volatilities for a location, logs for a log scale. An
        anomaly's are those of the depth, before it becomes a score.
    """

    names: tuple[str, ...]
    base: Mapping[str, _Floats]
    values: Mapping[str, NDArray[np.float64]]


def values(served: Served, panel: Panel, rows: Rows) -> Shares:
    """Give the Shapley values of each output of the graph for each of the rows.

    Raises
    ------
    ModelError
        The model has no trees and no linear parts (a network), or the panel has not its features.
    """
    parts = served.parts
    if parts is None:
        raise ModelError(
            f"this {served.head.family} is no sum of trees or of linear parts; it has no exact Shapley values",
            hint="Ask for those of a model of trees, such as lightgbm, or of a linear one.",
        )
    served.refuse_other(panel)
    x = parts.inputs.filled(panel.x[rows])
    found = {id(one): _of(one, x, parts.inputs) for one in parts.regressors}
    base, given = {}, {}
    for name, one in parts.outputs.items():
        raw = [found[id(part)] for part in one.regressors]
        base[name] = np.einsum("k,km->m", np.array([start for start, _ in raw]), one.mixing) + one.moving
        given[name] = np.einsum("knf,km->nmf", np.stack([own for _, own in raw]), one.mixing)
    return Shares(names=panel.names, base=base, values=given)


def _of(part: Regressor, x: NDArray[np.float32], inputs: Inputs) -> tuple[float, _Floats]:
    if isinstance(part, Trees):
        return of_trees(part, x)
    return of_linear(part, inputs.bounded(x), centre=inputs.bounded(part.centre))


def of_linear(part: Linear, x: _Floats, *, centre: _Floats | None = None) -> tuple[float, _Floats]:
    """Give the base and the values `[row, F]`: weight times the distance from the usual row."""
    usual = part.centre if centre is None else centre
    return float(part.predict(usual[None])[0]), np.asarray(part.weights * (np.asarray(x, np.float64) - usual))


def of_trees(part: Trees, x: NDArray[np.float32]) -> tuple[float, _Floats]:
    """Give the base, which is the mean over what the trees were fitted on, and the values `[row, F]`."""
    out = np.zeros((len(x), x.shape[1]))
    base = part.base + float(part.value[_alone(part)].sum())
    for ways in _ways(part):
        count, depth = ways.feature.shape
        step = max(1, _ROOM // (min(1 << depth, 1 << 12) * depth * 8))
        for first in range(0, count, step):
            some = ways.cut(first, first + step)
            base += float((some.value * some.share.prod(axis=1)).sum())
            _add(out, some, x)
    return base, out


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """Leaves that are reached through equally many different features: `[leaf, D]`, and `[leaf]`."""

    feature: NDArray[np.int32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    missing: _Flags
    share: _Floats
    value: _Floats

    def cut(self, first: int, end: int) -> "_Ways":
        return _Ways(**{name: getattr(self, name)[first:end] for name in _Ways.__slots__})

    def obeyed(self, x: NDArray[np.float32]) -> _Flags:
        """Say `[row, leaf, D]` whether each row obeys the splits on each feature."""
        seen = x[:, self.feature]
        inside = ((seen > self.low) | np.isneginf(self.low)) & (seen <= self.high)
        return np.asarray(np.where(np.isnan(seen), self.missing, inside))

    def due(self, obeyed: _Flags) -> _Floats:
        """Give `[row, leaf, D]`: what each feature is due, for rows that obey so."""
        depth = self.feature.shape[1]
        points, weights = np.polynomial.legendre.leggauss((depth + 1) // 2)
        at = (points + 1) / 2
        factors = self.share[:, :, None] * (1 - at) + obeyed[..., None] * at
        others = np.ones_like(factors)
        before = np.ones_like(factors[..., 0, :])
        after = np.ones_like(before)
        for j in range(depth):
            others[..., j, :] *= before
            others[..., depth - 1 - j, :] *= after
            before = before * factors[..., j, :]
            after = after * factors[..., depth - 1 - j, :]
        return np.asarray(self.value[:, None] * (obeyed - self.share) * np.einsum("...q,q->...", others, weights / 2))


def _add(out: _Floats, ways: _Ways, x: NDArray[np.float32]) -> None:
    """Add what some leaves say of all rows; where rows are more than ways to obey, these are worked out once."""
    count, depth = ways.feature.shape
    bits = 1 << np.arange(depth)
    few = 1 << depth < len(x)
    table = ways.due(((np.arange(1 << depth)[:, None] & bits) > 0)[:, None, :]) if few else None
    order = np.argsort(ways.feature, axis=None, kind="stable")
    features, starts = np.unique(ways.feature.ravel()[order], return_index=True)
    points = 1 if few else (depth + 1) // 2
    step = max(1, _ROOM // (count * depth * points))
    for first in range(0, len(x), step):
        obeyed = ways.obeyed(x[first : first + step])
        own = ways.due(obeyed) if table is None else table[obeyed @ bits, np.arange(count)]
        flat = own.reshape(len(own), -1)[:, order]
        out[first : first + step, features] += np.add.reduceat(flat, starts, axis=1)


def _alone(part: Trees) -> NDArray[np.int32]:
    """Give the trees that are but a leaf."""
    return part.roots[part.feature[part.roots] < 0]


def _ways(part: Trees) -> Iterator[_Ways]:
    """Give all leaves with the bounds that their ways set on each feature, sorted by how many features these are."""
    inner = np.flatnonzero(part.feature >= 0)
    if not len(inner):
        return
    above = np.full(len(part.feature), -1, np.int64)
    above[part.left[inner]], above[part.right[inner]] = inner, inner
    leaves = np.flatnonzero((part.feature < 0) & (above >= 0))
    steps: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []
    which, node = np.arange(len(leaves)), leaves
    while len(node):
        parent = above[node]
        keep = parent >= 0
        which, node, parent = which[keep], node[keep], parent[keep]
        steps.append((which, node, parent))
        node = parent
    which, node, parent = (np.concatenate([step[i] for step in steps]) for i in range(3))
    yield from _grouped(part, leaves, which, node, parent)


def _grouped(
    part: Trees, leaves: NDArray[np.int64], which: NDArray[np.int64], node: NDArray[np.int64], parent: NDArray[np.int64]
) -> Iterator[_Ways]:
    """Merge each leaf's splits on the same feature, then sort the leaves by how many features are left."""
    feature = part.feature[parent]
    order = np.lexsort((feature, which))
    which, node, parent, feature = which[order], node[order], parent[order], feature[order]
    first = np.flatnonzero(np.r_[True, (np.diff(which) != 0) | (np.diff(feature) != 0)])
    left = part.left[parent] == node
    threshold = part.threshold[parent]
    cover = part.cover[parent]
    share = np.where(cover > 0, part.cover[node] / np.where(cover > 0, cover, 1.0), 0.0)
    infinite = np.float32(np.inf)
    low = np.maximum.reduceat(np.where(left, -infinite, threshold), first)
    high = np.minimum.reduceat(np.where(left, threshold, infinite), first)
    missing = np.logical_and.reduceat(part.missing_left[parent] == left, first)
    shares = np.multiply.reduceat(share, first)
    owner = which[first]
    many = np.bincount(owner, minlength=len(leaves))
    starts = np.cumsum(many) - many
    for depth in np.unique(many).tolist():
        mine = np.flatnonzero(many == depth)
        at = starts[mine][:, None] + np.arange(depth)
        yield _Ways(
            feature=feature[first][at], low=low[at], high=high[at], missing=missing[at], share=shares[at],
            value=part.value[leaves[mine]],
        )  # fmt: skip
