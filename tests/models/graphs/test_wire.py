"""Graphs of strangers: what is no arithmetic, or lies elsewhere, or is damaged, is refused before anything runs."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ara.errors import ModelError
from ara.models.graphs import wire
from ara.models.graphs.session import run, signature
from ara.models.graphs.wire import OPERATORS, refuse_strange
from tests.models.graphs.made import FITS, WIDTH, features, target, whole


def _model(*nodes, kept=(), functions=(), opsets=(("", 18),)) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", WIDTH])]
    outputs = [helper.make_tensor_value_info("location", TensorProto.FLOAT, None)]
    graph = helper.make_graph(list(nodes), "g", inputs, outputs, list(kept))
    ids = [helper.make_opsetid(*one) for one in opsets]
    return helper.make_model(graph, opset_imports=ids, ir_version=10, functions=list(functions))


def _bytes(*nodes, **more) -> bytes:
    return _model(*nodes, **more).SerializeToString()


def _identity():
    return helper.make_node("Identity", ["x"], ["location"])


@pytest.fixture(scope="module")
def graph() -> bytes:
    x = features()
    return whole(FITS["lightgbm"](x, target(x))[0]).graph()


def test_our_own_graphs_and_plain_ones_pass(graph: bytes) -> None:
    refuse_strange(graph)
    refuse_strange(_bytes(_identity()))


def test_every_operator_that_is_allowed_is_one_of_onnx_or_of_onnxruntime() -> None:
    known = {(schema.domain, schema.name) for schema in onnx.defs.get_all_schemas()}
    for domain, operators in OPERATORS.items():
        if domain in {"", "ai.onnx.ml"}:
            assert {name for name in operators if (domain, name) not in known} == set()
    assert OPERATORS[""] == OPERATORS["ai.onnx"]


@pytest.mark.parametrize(
    ("operator", "domain"),
    [
        ("If", ""),
        ("Loop", ""),
        ("Scan", ""),
        ("RandomNormal", ""),
        ("StringNormalizer", ""),
        ("PyOp", "ai.onnx.contrib"),
        ("Identity", "strangers"),
        ("Inverse", "com.microsoft"),
        ("", ""),
    ],
)
def test_an_operator_that_does_more_than_compute_is_refused_by_name(operator: str, domain: str) -> None:
    with pytest.raises(ModelError, match="uses the operator") as caught:
        refuse_strange(_bytes(_identity(), helper.make_node(operator, ["x"], ["z"], domain=domain)))
    assert operator in caught.value.message
    assert "OPERATORS" in caught.value.hint


def test_operators_in_graphs_within_attributes_are_seen() -> None:
    inside = _model(helper.make_node("RandomNormal", [], ["location"], shape=[1])).graph
    carrier = helper.make_node("Identity", ["x"], ["location"], body=inside)
    with pytest.raises(ModelError, match="RandomNormal"):
        refuse_strange(_bytes(carrier))
    with pytest.raises(ModelError, match="RandomNormal"):
        refuse_strange(_bytes(helper.make_node("Identity", ["x"], ["location"], bodies=[inside])))


def test_graphs_within_graphs_without_end_are_refused() -> None:
    inside = _model(_identity()).graph
    for _ in range(12):
        inside = _model(helper.make_node("Identity", ["x"], ["location"], body=inside)).graph
    with pytest.raises(ModelError, match="without end"):
        refuse_strange(_bytes(helper.make_node("Identity", ["x"], ["location"], body=inside)))


def _elsewhere() -> TensorProto:
    tensor = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return tensor


def test_numbers_in_another_file_are_refused_wherever_they_are_named() -> None:
    tensor = _elsewhere()
    only_flag = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    only_flag.data_location = TensorProto.EXTERNAL
    sparse = helper.make_sparse_tensor(tensor, numpy_helper.from_array(np.zeros(3, np.int64), "i"), [3])
    model = _model(_identity())
    model.graph.sparse_initializer.append(sparse)
    cases = [
        _bytes(_identity(), kept=[tensor]),
        _bytes(_identity(), kept=[only_flag]),
        _bytes(_identity(), helper.make_node("Constant", [], ["c"], value=tensor)),
        _bytes(_identity(), helper.make_node("Constant", [], ["c"], values=[tensor])),
        _bytes(_identity(), helper.make_node("Constant", [], ["c"], sparse_value=sparse)),
        model.SerializeToString(),
    ]
    for case in cases:
        with pytest.raises(ModelError, match="another file"):
            refuse_strange(case)


def test_functions_of_its_own_are_refused() -> None:
    own = helper.make_function("own", "F", ["a"], ["b"], [helper.make_node("Identity", ["a"], ["b"])], [])
    with pytest.raises(ModelError, match="functions of its own"):
        refuse_strange(_bytes(_identity(), functions=[own], opsets=(("", 18), ("own", 1))))


def test_too_large_or_too_many_nodes_is_refused(monkeypatch) -> None:
    graph = _bytes(_identity(), *[helper.make_node("Identity", ["x"], [f"y{i}"]) for i in range(30)])
    monkeypatch.setattr(wire, "_NODES", 20)
    with pytest.raises(ModelError, match="more than 20 nodes"):
        refuse_strange(graph)
    monkeypatch.setattr(wire, "LARGEST", 100)
    with pytest.raises(ModelError, match="at most 0 MB"):
        refuse_strange(graph)


def test_a_node_behind_a_tag_of_more_than_32_bits_is_not_overlooked() -> None:
    graph = _model(_identity()).graph.SerializeToString()
    node = helper.make_node("Loop", ["x"], ["z"]).SerializeToString()
    hidden = graph + b"\x8a\x80\x80\x80\x10" + bytes([len(node)]) + node
    size = bytes([len(hidden) & 0x7F | 0x80, len(hidden) >> 7])
    head = _bytes(_identity())[:2]
    with pytest.raises(ModelError, match="damaged"):
        refuse_strange(head + b"\x3a" + size + hidden)
    open_to_all = graph + b"\x8a\x80\x80\x80\x00" + bytes([len(node)]) + node
    with pytest.raises(ModelError, match="Loop"):
        refuse_strange(head + b"\x3a" + size + open_to_all)


@pytest.mark.parametrize(
    "junk",
    [b"", b"\x00", b"not a graph at all", b"\x3a\xff\xff\xff\xff\x7f", b"\x3a", b"\x38\x01", b"\x3b\x3c", b"\xff" * 20],
)
def test_bytes_that_are_no_graph_are_refused(junk: bytes) -> None:
    with pytest.raises(ModelError, match="damaged"):
        refuse_strange(junk)


def test_a_graph_without_nodes_and_a_number_in_a_messages_place_are_refused() -> None:
    with pytest.raises(ModelError, match="nothing is computed"):
        refuse_strange(_bytes())
    with pytest.raises(ModelError, match="not built as"):
        refuse_strange(b"\x38\x01")


def test_cut_or_flipped_graphs_answer_or_are_refused_in_words(graph: bytes) -> None:
    random = np.random.default_rng(0)
    x = features(rows=2)
    for case in range(60):
        body = bytearray(graph)
        if case % 3:
            body[random.integers(len(body))] ^= 1 << random.integers(8)
        else:
            del body[random.integers(len(body)) :]
        try:
            assert len(run(bytes(body), f"case {case}", x)["location"]) == len(x)
        except (ModelError, KeyError):
            continue


def test_long_runs_of_numbers_and_modes_are_passed_over_at_once_and_what_follows_is_seen() -> None:
    count = 500
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["location"],
        domain="ai.onnx.ml",
        nodes_modes=["BRANCH_LEQ", "LEAF"] * count,
        nodes_values=[0.5, -1.0] * count,
        nodes_nodeids=list(range(0, 2_000_000, 2000)),
    )
    refuse_strange(_bytes(node, opsets=(("", 18), ("ai.onnx.ml", 3))))
    with pytest.raises(ModelError, match="Loop"):
        refuse_strange(_bytes(node, helper.make_node("Loop", ["x"], ["y"])))
    node.attribute[-1].tensors.append(_elsewhere())
    with pytest.raises(ModelError, match="another file"):
        refuse_strange(_bytes(node))


def test_a_graph_has_one_input_of_float32() -> None:
    model = _model(_identity())
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n"]))
    with pytest.raises(ModelError, match="one input"):
        signature(model.SerializeToString(), "two inputs")
    model = _model(_identity())
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    with pytest.raises(ModelError, match="one input"):
        signature(model.SerializeToString(), "whole numbers")
