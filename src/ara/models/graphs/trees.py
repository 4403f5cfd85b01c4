"""Trees as plain arrays: one form for every library, from which answers, graphs and Shapley values are made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError

__all__ = ["Trees", "below", "floor32", "sorted_by_depth"]

_Floats: TypeAlias = NDArray[np.float64]
_FIELDS = ("roots", "feature", "threshold", "left", "right", "missing_left", "value", "cover", "base")
_ROWS = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trees:
    """A sum of regression trees. At a node a row goes left where its feature is at most the threshold.

    Parameters
    ----------
    roots
        `[T]`: each tree's first node.
    feature
        `[n]`: which feature each node looks at; -1 in a leaf.
    threshold
        `[n]` float32, as the features are: no rounding stands between two sides.
    left, right
        `[n]`: the next node; always a later one.
    missing_left
        `[n]`: whether NaN goes left.
    value
        `[n]`: what a leaf adds.
    cover
        `[n]`: how much of what it was fitted on came through the node.
    base
        Added to every answer.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: _Floats
    cover: _Floats
    base: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what isn't trees: a node out of place would send a row round in circles."""
        count = len(self.feature)
        arrays = (self.threshold, self.left, self.right, self.missing_left, self.value, self.cover)
        if self.feature.ndim != 1 or any(one.shape != self.feature.shape for one in arrays):
            raise ModelError("the arrays of the trees are not equally long")
        inner = np.flatnonzero(self.feature >= 0)
        after = np.stack((self.left[inner], self.right[inner]))
        if (after <= inner).any() or (after >= count).any() or (self.feature < -1).any():
            raise ModelError("the trees are damaged: a node leads nowhere")
        if (self.roots < 0).any() or (self.roots >= count).any():
            raise ModelError("the trees are damaged: a tree has no root")
        if not (np.isfinite(self.value).all() and np.isfinite(self.cover).all() and np.isfinite(self.base)):
            raise ModelError("the trees are damaged: a number in them is not finite")
        if np.isnan(self.threshold[inner]).any():  # infinite where a node only parts NaN from the rest
            raise ModelError("the trees are damaged: a threshold is missing")

    @classmethod
    def stacked(cls, trees: Sequence["Trees"], *, base: float = 0.0) -> "Trees":
        """Give all trees of several as one, their nodes sorted by depth; nodes that no row can reach are left out."""
        starts = np.cumsum([0, *(len(one.feature) for one in trees)])[:-1].astype(np.int32)

        def of(name: str, moved: bool = False) -> NDArray[Any]:
            parts = [getattr(one, name) + (start if moved else 0) for one, start in zip(trees, starts, strict=True)]
            return np.concatenate(parts) if parts else np.empty(0, np.int32)

        found = {name: of(name) for name in ("feature", "threshold", "missing_left", "value", "cover")}
        found["missing_left"] = found["missing_left"].astype(bool)
        return sorted_by_depth(
            roots=of("roots", moved=True), left=of("left", moved=True), right=of("right", moved=True), **found,
            base=base + sum(one.base for one in trees),
        )  # fmt: skip

    def times(self, factor: float) -> "Trees":
        """Give the trees whose answer is this times the factor."""
        return replace(self, value=self.value * factor, base=self.base * factor)

    def leaves(self, x: NDArray[np.float32]) -> NDArray[np.int32]:
        """Give the leaf `[row, tree]` in which each row ends."""
        node = np.repeat(self.roots[None, :], len(x), axis=0)
        rows = np.arange(len(x))[:, None]
        while True:
            feature = self.feature[node]
            if (feature < 0).all():
                return node
            seen = x[rows, feature]
            left = np.where(np.isnan(seen), self.missing_left[node], seen <= self.threshold[node])
            node = np.where(feature < 0, node, np.where(left, self.left[node], self.right[node]))

    def predict(self, x: NDArray[np.float32]) -> _Floats:
        """Give the answer for each row of features; the graph's is the same but for the last bits of a sum."""
        parts = [self.value[self.leaves(x[i : i + _ROWS])].sum(axis=1) for i in range(0, len(x), _ROWS)]
        return np.asarray(self.base + np.concatenate([np.empty(0), *parts]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays by name, to be kept."""
        return {name: np.asarray(getattr(self, name)) for name in _FIELDS}

    @classmethod
    def of_arrays(cls, arrays: dict[str, NDArray[Any]]) -> "Trees":
        """Make the trees of kept arrays."""
        kinds = (np.int32, np.int32, np.float32, np.int32, np.int32, np.bool_, np.float64, np.float64)
        for name, kind in zip(_FIELDS, kinds, strict=False):
            if arrays[name].dtype != kind or arrays[name].ndim != 1:
                raise ModelError(f"the trees are damaged: {name} is not a list of {np.dtype(kind).name}")
        return cls(**{name: arrays[name] for name in _FIELDS[:-1]}, base=float(arrays["base"]))


def sorted_by_depth(
    *, roots: NDArray[Any], feature: NDArray[Any], left: NDArray[Any], right: NDArray[Any], base: float,
    **rest: NDArray[Any],
) -> Trees:  # fmt: skip
    """Renumber nodes so that all of one depth come before those of the next."""
    levels, front = [], roots
    while len(front):
        levels.append(front)
        inner = front[feature[front] >= 0]
        front = np.concatenate((left[inner], right[inner]))
        if sum(map(len, levels)) > len(feature):
            raise ModelError("the trees are damaged: a node is reached twice")
    order = np.concatenate(levels) if levels else np.empty(0, np.int32)
    place = np.zeros(len(feature), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    leaf = feature[order] < 0
    kinds = {"threshold": np.float32, "missing_left": np.bool_, "value": np.float64, "cover": np.float64}
    return Trees(
        roots=place[roots],
        feature=feature[order].astype(np.int32),
        left=np.where(leaf, 0, place[left[order] * ~leaf]).astype(np.int32),
        right=np.where(leaf, 0, place[right[order] * ~leaf]).astype(np.int32),
        base=base,
        **{name: rest[name][order].astype(kind) for name, kind in kinds.items()},
    )


def floor32(threshold: NDArray[Any]) -> NDArray[np.float32]:
    """Give the largest float32 up to each threshold: it parts the same float32 numbers."""
    exact = np.asarray(threshold, np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(np.float32)
    return np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)


def below(threshold: NDArray[Any]) -> NDArray[np.float32]:
    """Give the float32 before each threshold: up to it are just those that are below the threshold."""
    return np.nextafter(np.asarray(threshold, np.float32), np.float32(-np.inf))
