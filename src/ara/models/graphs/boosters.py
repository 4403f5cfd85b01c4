"""Boosted trees of LightGBM, XGBoost and CatBoost as plain arrays; read from what each library itself writes."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.trees import Trees, below, floor32, sorted_by_depth

__all__ = ["from_catboost", "from_lightgbm", "from_xgboost"]

_LIGHTGBM: Final = frozenset(("regression", "regression_l1", "huber", "fair", "quantile", "mape", "custom", "none"))
_XGBOOST: Final = frozenset(
    ("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror", "reg:linear")
)
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_ZERO: Final = np.float32(1e-35)


def from_lightgbm(model: Any) -> Trees:
    """Read a LightGBM booster or regressor, up to its best iteration.

    The objective must leave the sum of the trees as it is; categories, linear leaves and zeros that mean missing are
    refused.
    """
    booster = getattr(model, "booster_", model)
    head, *blocks = booster.model_to_string().split("\nTree=")
    told = _lines(head)
    objective = told.get("objective", "custom").split()
    if objective[0] not in _LIGHTGBM or "sqrt" in objective:
        raise _refused("LightGBM", f"the objective {' '.join(objective)}, which changes the sum of the trees")
    trees = [_lightgbm_tree(_lines(block.split("\nend of trees")[0])) for block in blocks]
    share = 1 / max(len(trees), 1) if "average_output" in head.splitlines() else 1.0
    return _all(trees).times(share)


def _lines(text: str) -> dict[str, str]:
    return {name: value for name, found, value in (line.partition("=") for line in text.splitlines()) if found}


def _lightgbm_tree(told: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    if told["num_cat"] != "0" or told.get("is_linear", "0") != "0":
        raise _refused("LightGBM", "categories or linear leaves")

    def read(name: str, kind: Any = np.float64) -> NDArray[Any]:
        return np.array(told.get(name, "").split(), kind)

    leaves = read("leaf_value")
    if told["num_leaves"] == "1":
        return _single(float(leaves[0]))
    inner, kinds = len(leaves) - 1, read("decision_type", np.int32)
    missing = (kinds >> 2) & 3
    if (kinds & _CATEGORICAL).any() or (missing == 1).any():
        raise _refused("LightGBM", "categories or zeros that mean missing")
    threshold = read("threshold")
    empty = np.zeros(len(leaves))

    def to(name: str) -> NDArray[np.int64]:
        child = read(name, np.int64)
        return np.concatenate((np.where(child < 0, inner + ~child, child), empty.astype(np.int64)))

    return {
        "feature": np.concatenate((read("split_feature", np.int32), np.full(len(leaves), -1))),
        "threshold": np.concatenate((_about_zero(floor32(threshold)), empty)),
        "left": to("left_child"),
        "right": to("right_child"),
        "missing_left": np.concatenate((np.where(missing == 0, threshold >= 0, kinds & _DEFAULT_LEFT), empty)),
        "value": np.concatenate((np.zeros(inner), leaves)),
        "cover": np.concatenate((read("internal_count"), read("leaf_count"))),
    }


def _about_zero(threshold: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move thresholds so near to 0 that LightGBM takes all numbers there for 0, to beyond these."""
    moved = np.where(threshold < 0, np.nextafter(-_ZERO, np.float32(-1)), _ZERO)
    return np.where(np.abs(threshold) <= _ZERO, moved, threshold)


def from_xgboost(model: Any) -> Trees:
    """Read an XGBoost booster or regressor, up to its best iteration, from the JSON that it writes."""
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    learner = msgspec.json.decode(bytes(booster.save_raw("json")))["learner"]
    objective = learner["objective"]["name"]
    gradient = learner["gradient_booster"]
    if objective not in _XGBOOST or gradient["name"] != "gbtree":
        raise _refused("XGBoost", f"the objective {objective} with {gradient['name']}")
    told = learner["learner_model_param"]
    start = np.atleast_1d(np.array(msgspec.json.decode(told["base_score"].encode()), float))
    if len(start) > 1 or int(told.get("num_target", "1")) > 1:
        raise _refused("XGBoost", "more than one target")
    per_round = int(gradient["model"]["gbtree_model_param"].get("num_parallel_tree", "1"))
    best = getattr(booster, "best_iteration", None) if booster.attr("best_iteration") is not None else None
    count = None if best is None else (best + 1) * per_round
    return Trees.stacked([_xgboost_tree(tree) for tree in gradient["model"]["trees"][:count]], base=float(start[0]))


def _xgboost_tree(tree: Mapping[str, Any]) -> Trees:
    if any(tree.get("split_type", ())) or tree.get("categories"):
        raise _refused("XGBoost", "categories")
    left = np.array(tree["left_children"], np.int64)
    leaf = left < 0
    at = np.array(tree["split_conditions"], np.float32)
    return _one(
        feature=np.where(leaf, -1, np.array(tree["split_indices"], np.int64)),
        threshold=np.where(leaf, np.float32(0), below(at)),
        left=left,
        right=np.array(tree["right_children"], np.int64),
        missing_left=np.array(tree["default_left"], bool),
        value=np.where(leaf, at.astype(np.float64), 0.0),
        cover=np.array(tree["sum_hessian"], np.float64),
    )


def from_catboost(model: Any) -> Trees:
    """Read a CatBoost regressor with symmetric trees from the JSON that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        told = msgspec.json.decode(path.read_bytes())
    info = told["features_info"]
    if "oblivious_trees" not in told or info.get("categorical_features") or info.get("text_features"):
        raise _refused("CatBoost", "trees that are not symmetric, or categories")
    scale, bias = told["scale_and_bias"]
    if len(bias) > 1:
        raise _refused("CatBoost", "more than one target")
    features = info["float_features"]
    flat = np.array([one["flat_feature_index"] for one in features], np.int32)
    high = np.array([one["nan_value_treatment"] == "AsTrue" for one in features], bool)
    trees = [_catboost_tree(tree, flat, high) for tree in told["oblivious_trees"]]
    return Trees.stacked([one.times(float(scale)) for one in trees], base=float(bias[0]) if bias else 0.0)


def _catboost_tree(tree: Mapping[str, Any], flat: NDArray[np.int32], high: NDArray[np.bool_]) -> Trees:
    """Unfold a symmetric tree, whose levels all ask the same, from its last split down, as CatBoost's contributions do.

    So the leaves come in the order of their numbers, and node i goes on to 2 i + 1 and 2 i + 2.
    """
    splits: Sequence[Mapping[str, Any]] = tree["splits"] or ()
    leaves = np.array(tree["leaf_values"], np.float64)
    if not splits:
        return _leaf(float(leaves[0]))
    if any(split["split_type"] != "FloatFeature" for split in splits):
        raise _refused("CatBoost", "splits on what is not a number")
    depth = len(splits)
    level = depth - 1 - np.repeat(np.arange(depth), 1 << np.arange(depth))
    asked = np.array([split["float_feature_index"] for split in splits], np.int64)[level]
    border = np.array([split["border"] for split in splits], np.float32)[level]
    left = 2 * np.arange(len(level)) + 1
    weights = [np.array(tree["leaf_weights"], np.float64)]
    for _ in range(depth):
        weights.insert(0, weights[0][::2] + weights[0][1::2])
    none = np.zeros(len(leaves))
    return _one(
        feature=np.concatenate((flat[asked], none - 1)),
        threshold=np.concatenate((border, none)),
        left=np.concatenate((left, none)),
        right=np.concatenate((left + 1, none)),
        missing_left=np.concatenate((~high[asked], none)),
        value=np.concatenate((np.zeros(len(level)), leaves)),
        cover=np.concatenate(weights),
    )


def _one(**arrays: NDArray[Any]) -> Trees:
    """Make the trees of one tree, whose first node is the root; the numbers of its nodes are in any order."""
    whole = {name: arrays[name].astype(np.int64) for name in ("feature", "left", "right")}
    return sorted_by_depth(roots=np.zeros(1, np.int32), base=0.0, **(arrays | whole))


def _all(trees: Sequence[Mapping[str, NDArray[Any]]]) -> Trees:
    """Make the trees of several, each as arrays whose first node is its root; their nodes are sorted once, together."""
    starts = np.cumsum([0, *(len(one["feature"]) for one in trees)])[:-1]
    whole = {name: np.concatenate([one[name] for one in trees]) for name in (trees[0] if trees else _single(0.0))}
    moved = np.repeat(starts, [len(one["feature"]) for one in trees])
    places = {name: whole[name].astype(np.int64) + moved for name in ("left", "right")}
    return sorted_by_depth(
        roots=starts.astype(np.int32), base=0.0, **(whole | places | {"feature": whole["feature"].astype(np.int64)})
    )


def _single(value: float) -> dict[str, NDArray[Any]]:
    """Give the arrays of a tree that is one leaf."""
    none = np.zeros(1)
    return {
        "feature": np.array([-1]), "threshold": none, "left": none, "right": none, "missing_left": none,
        "value": np.array([value]), "cover": np.ones(1),
    }  # fmt: skip


def _leaf(value: float) -> Trees:
    return _one(**_single(value))


def _refused(library: str, what: str) -> ModelError:
    return ModelError(f"a {library} model with {what} can't be served", hint="Fit plain regression trees on numbers.")
