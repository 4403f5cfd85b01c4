"""The ONNX graph of parts: opset 18, trees by `TreeEnsemble` in double precision, answers as float32."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.linear import Linear
from ara.models.graphs.trees import Trees

if TYPE_CHECKING:
    from ara.models.graphs.parts import Parts

__all__ = ["graph_of", "prepared"]

_OPSETS: Final = (("", 18), ("ai.onnx.ml", 5))
_IR: Final = 10


def graph_of(parts: "Parts") -> bytes:
    """Make the graph: input `x` [N, F] float32; each output under its name."""
    drawn = _Drawing()
    x = "x"
    if parts.inputs.medians is not None:
        x = drawn.filled(x, np.asarray(parts.inputs.medians, np.float32))
    wide = drawn.add("Cast", [x], to=11)
    trees = [one for one in parts.regressors if isinstance(one, Trees)]
    linear = [one for one in parts.regressors if isinstance(one, Linear)]
    raws = [drawn.trees(wide, trees)] if trees else []
    if linear:
        for op, bound in (("Max", parts.inputs.low), ("Min", parts.inputs.high)):
            wide = wide if bound is None else drawn.add(op, [wide, drawn.keep(np.asarray(bound, np.float64))])
        weights = drawn.add("MatMul", [wide, drawn.keep(np.stack([one.weights for one in linear], axis=1))])
        raws.append(drawn.add("Add", [weights, drawn.keep(np.array([one.intercept for one in linear]))]))
    raw = drawn.add("Concat", raws, axis=1) if len(raws) > 1 else raws[0]
    places = {id(one): place for place, one in enumerate((*trees, *linear))}
    for name, one in parts.outputs.items():
        blend = np.zeros((len(places), len(one.moving)))
        for place, part in enumerate(one.regressors):
            blend[places[id(part)]] += one.mixing[place]
        answer = drawn.add("Add", [drawn.add("MatMul", [raw, drawn.keep(blend)]), drawn.keep(one.moving)])
        if one.shape:
            answer = drawn.add("Reshape", [answer, drawn.keep(np.array((-1, *one.shape), np.int64))])
        drawn.answer(name, answer, one.shape or (len(one.moving),))
    return drawn.bytes(("n", parts.width))


def prepared(
    graph: bytes, *, medians: NDArray[Any] | None = None, means: NDArray[Any], deviations: NDArray[Any]
) -> bytes:
    """Put in front of a graph: NaN to medians, then (feature - mean) / deviation, all along the last axis.

    What stays NaN becomes 0 once standardised: the usual value. A deviation of 0 counts as 1.
    """
    onnx = _onnx()
    model = onnx.load_from_string(graph)
    front = _Drawing(prefix="before_")
    x = "x" if medians is None else front.filled("x", np.asarray(medians, np.float32))
    spread = np.asarray(deviations, np.float32)
    x = front.add("Sub", [x, front.keep(np.asarray(means, np.float32))])
    x = front.add("Div", [x, front.keep(np.where(spread > 0, spread, np.float32(1)))])
    x = front.filled(x, np.zeros(len(spread), np.float32))
    inside = model.graph.input[0].name
    taken = {name for node in model.graph.node for name in (*node.input, *node.output)}
    outside = "x" if inside == "x" or "x" not in taken else "features"
    for node in model.graph.node:
        node.input[:] = [x if name == inside else name for name in node.input]
    for node in front.nodes:
        node.input[:] = [outside if name == "x" else name for name in node.input]
    model.graph.input[0].name = outside
    nodes = [*front.nodes, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(front.kept)
    written: bytes = model.SerializeToString()
    return written


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ModelError(
            "a model is turned into a graph by the package onnx, which is not installed",
            hint="Install it: pip install 'ara-ai[train]'",
        ) from error
    return onnx


class _Drawing:
    """A graph while it is drawn; every node's one output has the node's number as its name."""

    def __init__(self, prefix: str = "") -> None:
        self.onnx, self.prefix = _onnx(), prefix
        self.nodes: list[Any] = []
        self.kept: list[Any] = []
        self.answers: list[Any] = []

    def add(self, op: str, inputs: Sequence[str], domain: str = "", **attributes: Any) -> str:
        name = f"{self.prefix}{op.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(op, list(inputs), [name], name, domain=domain, **attributes))
        return name

    def keep(self, array: NDArray[Any]) -> str:
        name = f"{self.prefix}kept_{len(self.kept)}"
        self.kept.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def filled(self, x: str, values: NDArray[np.float32]) -> str:
        return self.add("Where", [self.add("IsNaN", [x]), self.keep(values), x])

    def trees(self, x: str, several: Sequence[Trees]) -> str:
        """Draw all trees of all regressors as one node: `[N, K]`, each regressor's base added."""
        raw = self.add("TreeEnsemble", [x], "ai.onnx.ml", n_targets=len(several), **self._ensemble(several))
        return self.add("Add", [raw, self.keep(np.array([one.base for one in several]))])

    def _ensemble(self, several: Sequence[Trees]) -> dict[str, Any]:
        """Number nodes and leaves apart, as the operator wants them; a tree of one leaf gets a node before it."""
        inner, leaf = _Rows(), _Rows()
        roots: list[int] = []
        for target, one in enumerate(several):
            is_leaf = one.feature < 0
            place = np.where(is_leaf, leaf.count + np.cumsum(is_leaf) - 1, inner.count + np.cumsum(~is_leaf) - 1)
            leaf.add(weights=one.value[is_leaf], targets=np.full(is_leaf.sum(), target))
            left, right = one.left[~is_leaf], one.right[~is_leaf]
            inner.add(
                splits=one.threshold[~is_leaf].astype(np.float64), features=one.feature[~is_leaf],
                missing=one.missing_left[~is_leaf], true=place[left], false=place[right],
                true_leaf=is_leaf[left], false_leaf=is_leaf[right],
            )  # fmt: skip
            for root in one.roots.tolist():
                if is_leaf[root]:
                    at = place[root : root + 1]
                    roots.append(inner.count)
                    inner.add(
                        splits=np.zeros(1), features=np.zeros(1), missing=np.zeros(1), true=at, false=at,
                        true_leaf=np.ones(1), false_leaf=np.ones(1),
                    )  # fmt: skip
                else:
                    roots.append(int(place[root]))
        tensor = self.onnx.numpy_helper.from_array
        return {
            "aggregate_function": 1,
            "tree_roots": roots,
            "nodes_splits": tensor(inner.of("splits"), "splits"),
            "nodes_modes": tensor(np.zeros(inner.count, np.uint8), "modes"),
            "nodes_featureids": inner.whole("features"),
            "nodes_missing_value_tracks_true": inner.whole("missing"),
            "nodes_truenodeids": inner.whole("true"),
            "nodes_falsenodeids": inner.whole("false"),
            "nodes_trueleafs": inner.whole("true_leaf"),
            "nodes_falseleafs": inner.whole("false_leaf"),
            "leaf_weights": tensor(leaf.of("weights"), "weights"),
            "leaf_targetids": leaf.whole("targets"),
        }

    def answer(self, name: str, value: str, shape: Iterable[int]) -> None:
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        self.nodes.append(helper.make_node("Cast", [value], [name], f"give_{name}", to=1))
        self.answers.append(helper.make_tensor_value_info(name, kind, ["n", *shape]))

    def bytes(self, shape: Sequence[str | int]) -> bytes:
        helper = self.onnx.helper
        inputs = [helper.make_tensor_value_info("x", self.onnx.TensorProto.FLOAT, list(shape))]
        graph = helper.make_graph(self.nodes, "served", inputs, self.answers, self.kept)
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR, producer_name="ara")
        written: bytes = model.SerializeToString()
        return written


class _Rows:
    """Columns that grow together."""

    def __init__(self) -> None:
        self.count = 0
        self._parts: dict[str, list[NDArray[Any]]] = {}

    def add(self, **columns: NDArray[Any]) -> None:
        for name, column in columns.items():
            self._parts.setdefault(name, []).append(column)
        self.count += len(column)

    def of(self, name: str) -> NDArray[np.float64]:
        return np.concatenate([one.astype(np.float64) for one in self._parts.get(name, [np.empty(0)])])

    def whole(self, name: str) -> list[int]:
        found: list[int] = self.of(name).astype(np.int64).tolist()
        return found
