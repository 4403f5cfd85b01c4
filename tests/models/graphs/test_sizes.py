"""Graphs of strangers that ask for more memory than any machine has are refused before anything runs them."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ara.errors import ModelError
from ara.models.graphs.session import run
from ara.models.graphs.wire import refuse_strange
from ara.models.registry.files import sha256_of
from tests.models.graphs.made import WIDTH
from tests.models.graphs.test_wire import _bytes

BIG = 2**40
FAR = "far larger than its input"


def ints(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def constant(name, *values):
    return helper.make_node("Constant", [], [name], value=ints("", *values))


def node(operator, *inputs, out="location", **more):
    return helper.make_node(operator, list(inputs), [out], **more)


def refused(words, *nodes, kept=()):
    with pytest.raises(ModelError, match=words) as found:
        refuse_strange(_bytes(*nodes, kept=kept))
    return found.value


@pytest.mark.parametrize(
    "nodes",
    [
        [node("ConstantOfShape", "s")],
        [node("ConstantOfShape", "s", out="f"), node("Add", "x", "f")],
        [node("Expand", "x", "s")],
        [node("Tile", "x", "s")],
        [node("Range", "a", "s", "b")],
        [node("Pad", "x", "p")],
        [node("OneHot", "x", "s", "v")],
    ],
    ids=lambda nodes: nodes[0].op_type,
)
def test_a_giant_size_is_refused_and_named(nodes):
    kept = [ints("s", BIG), ints("a", 0), ints("b", 1), ints("p", 0, 0, 0, BIG), ints("v", 0, 1)]
    error = refused(FAR, *nodes, kept=kept)
    assert nodes[0].op_type in error.message
    assert "2^24" in error.hint


def test_a_size_is_the_same_however_it_is_told():
    tensor = TensorProto(dims=[1], data_type=TensorProto.INT64, name="s", int64_data=[BIG])
    small = TensorProto(dims=[2], data_type=TensorProto.INT32, name="s", int32_data=[2**20, 2**20])
    for kept in (tensor, small):
        refused(FAR, node("Cast", "s", out="t", to=7), node("ConstantOfShape", "t"), kept=[kept])
    refused(FAR, constant("s", BIG), node("ConstantOfShape", "s"))
    refused(FAR, helper.make_node("Constant", [], ["s"], value_ints=[2**20, 2**20]), node("ConstantOfShape", "s"))
    refused(FAR, helper.make_node("Constant", [], ["s"], value_int=BIG), node("Range", "s", "s", "s"))


def test_a_size_that_is_computed_is_bounded():
    kept = [ints("k", 2**15), ints("one", 1)]
    refused(FAR, node("Mul", "k", "k", out="s"), node("ConstantOfShape", "s"), kept=kept)
    refused(FAR, node("Concat", "k", "k", out="s", axis=0), node("ConstantOfShape", "s"), kept=kept)
    twice = [node("Mul", "k" if not i else f"m{i}", "k" if not i else f"m{i}", out=f"m{i + 1}") for i in range(6)]
    refused(FAR, *twice, node("Tile", "x", "m6"), kept=kept)
    filled = helper.make_node("ConstantOfShape", ["three"], ["s"], value=ints("", 2**12))
    refused(FAR, filled, node("ConstantOfShape", "s"), kept=[ints("three", 3)])
    shape = [node("Shape", "x", out="n"), node("Concat", "n", "n", "n", "n", out="s", axis=0)]
    refused(FAR, *shape, node("ConstantOfShape", "s"))
    refuse_strange(_bytes(*shape[:1], node("Mul", "n", "one", out="s"), node("Expand", "x", "s"), kept=kept))


def test_growth_adds_up_along_the_way():
    tiles = [node("Tile", "x" if not i else f"t{i}", "k", out=f"t{i + 1}") for i in range(10)]
    refuse_strange(_bytes(*tiles[:4], kept=[ints("k", 1, 16)]))
    refused(FAR, *tiles, kept=[ints("k", 1, 16)])
    joins = [helper.make_node("Concat", ["x" if not i else f"c{i}"] * 2, [f"c{i + 1}"], axis=1) for i in range(40)]
    refused(FAR, *joins)
    refuse_strange(_bytes(*joins[:20]))
    picks = [node("Gather", "x" if not i else f"g{i}", "many", out=f"g{i + 1}", axis=1) for i in range(7)]
    refused(FAR, *picks, kept=[ints("many", *[0] * 64)])
    products = [helper.make_node("Einsum", ["w", "w"], ["y"], equation="ab,cd->abcd")]
    products += [helper.make_node("Einsum", ["y", "y"], ["z"], equation="abcd,efgh->abcdefgh")]
    weight = numpy_helper.from_array(np.zeros((2**8, 2**8), np.float32), "w")
    refused(FAR, *products, kept=[weight])


@pytest.mark.parametrize("name", ["pads", "kernel_shape", "strides", "dilations"])
def test_steps_of_a_window_are_bounded(name):
    more = {"kernel_shape": [3], "pads": [1, 1], "strides": [1], "dilations": [1]}
    refuse_strange(_bytes(node("MaxPool", "x", **more)))
    error = refused(f"MaxPool with {name}", node("MaxPool", "x", **{**more, name: [2**31] * len(more[name])}))
    assert "4096" in error.message
    refused(f"MaxPool with {name}", node("MaxPool", "x", **{**more, name: [1] * 40}))
    twice = node("MaxPool", "x", **more)
    twice.attribute.append(helper.make_attribute(name, [2**31]))
    twice.attribute.append(helper.make_attribute(name, [1]))
    refused(f"MaxPool with {name}", twice)


def test_what_is_small_runs_as_before():
    nodes = [
        node("Shape", "x", out="n"),
        node("Gather", "n", "zero", out="rows", axis=0),
        node("Concat", "rows", "two", out="s", axis=0),
        node("ConstantOfShape", "s", out="ones"),
        node("Pad", "ones", "p", out="padded"),
        node("Tile", "padded", "t", out="tiled"),
        node("Slice", "tiled", "zero", "two", "one", out="part"),
        node("Add", "x", "part"),
    ]
    kept = [ints("zero", 0), ints("one", 1), ints("two", WIDTH), ints("p", 0, 0, 0, 1), ints("t", 1, 4)]
    graph = _bytes(*nodes, kept=kept)
    x = np.ones((3, WIDTH), np.float32)
    refuse_strange(graph)
    assert run(graph, sha256_of(graph), x)["location"].shape == (3, WIDTH)
