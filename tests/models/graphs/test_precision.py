"""Lighter graphs: they answer nearly the same, the difference is told, and trees are left alone."""

import sys

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ara.errors import ModelError
from ara.models.graphs.precision import KINDS, lighter, weigh
from ara.models.graphs.wire import refuse_strange
from tests.models.graphs.made import FITS, WIDTH, features, target, whole


@pytest.fixture(scope="module")
def network() -> bytes:
    random = np.random.default_rng(0)
    kept = [
        numpy_helper.from_array(random.normal(size=shape).astype(np.float32) / 4, name)
        for name, shape in {"a": (WIDTH, 48), "b": (48, 48), "c": (48, 3)}.items()
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["p"]),
        helper.make_node("Tanh", ["p"], ["q"]),
        helper.make_node("MatMul", ["q", "b"], ["r"]),
        helper.make_node("Tanh", ["r"], ["s"]),
        helper.make_node("MatMul", ["s", "c"], ["location"]),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", WIDTH])]
    outputs = [helper.make_tensor_value_info("location", TensorProto.FLOAT, ["n", 3])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, kept)
    graph.value_info.append(helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 48]))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()


def test_each_lighter_form_is_smaller_and_nearly_the_same_and_says_by_how_much(network: bytes) -> None:
    x = np.nan_to_num(features(rows=64))
    half, small = weigh(network, x)
    assert (half.kind, small.kind) == KINDS
    for one in (half, small):
        refuse_strange(one.graph)
        assert 0 < one.error == one.errors["location"]
        assert one.size < 0.75
        assert one.speed > 0
    assert half.error < 0.01 < small.error * 10 < 2
    assert small.size < half.size


def test_an_answer_that_never_moves_is_compared_as_it_is() -> None:
    kept = numpy_helper.from_array(np.full((WIDTH, 1), 0.1, np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["location"])]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", WIDTH])]
    outputs = [helper.make_tensor_value_info("location", TensorProto.FLOAT, ["n", 1])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, [kept])
    body = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
    (half,) = weigh(body, np.ones((1, WIDTH), np.float32), kinds=("fp16",))
    assert half.error == pytest.approx(abs(WIDTH * float(np.float16(0.1)) - 0.5), abs=3e-4)


def test_trees_and_unknown_precisions_are_refused_and_a_missing_package_is_told(network: bytes, monkeypatch) -> None:
    x = features()
    trees = whole(FITS["lightgbm"](x, target(x))[0]).graph()
    for kind in KINDS:
        with pytest.raises(ModelError, match="gains nothing"):
            lighter(trees, kind)
    with pytest.raises(ModelError, match="no precision 'int4'") as caught:
        lighter(network, "int4")
    assert caught.value.hint == "Choose fp16 or int8."
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match="onnx, which is not installed"):
        lighter(network, "fp16")
