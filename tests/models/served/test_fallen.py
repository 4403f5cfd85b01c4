"""A device that fails while it answers: the processor stands in, to the last bit, and it is said once."""

import logging

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from ara.errors import ModelError
from ara.models.form import Form
from ara.models.graphs import session
from ara.models.networks import Gru
from ara.models.served import Served
from tests.models.networks.worlds import featured
from tests.models.panels import fit
from tests.models.served.planted import planted
from tests.models.served.planted import served as trees

AWAY = ("AzureExecutionProvider", "CPUExecutionProvider")
"""Providers of which the first is another than the processor's, and in every build of onnxruntime."""


def failing(rank: int, outputs: tuple[str, ...]) -> onnxruntime.InferenceSession:
    """A session of onnxruntime that can be made and is asked as any other, and fails whenever it is run."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None] * rank)
    beyond = helper.make_tensor("beyond", TensorProto.INT64, [1], [1 << 20])
    graph = helper.make_graph(
        [helper.make_node("Gather", ["x", "beyond"], [name], axis=rank - 1) for name in outputs],
        "failing",
        [x],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank) for name in outputs],
        [beyond],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=list(AWAY), enable_fallback=0)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch) -> None:
    monkeypatch.setattr(session, "_sessions", {})
    monkeypatch.setattr(session, "_fallen", {})
    monkeypatch.setattr(session, "available", lambda device: ("CPUExecutionProvider",) if device == "cpu" else AWAY)


def dies(served: Served, device: str = "auto") -> None:
    """Let the device of a model fail from now on."""
    rank = 3 if served.head.window else 2
    outputs = ("quantiles",) if served.head.gives == "quantiles" else ("location", "log_scale")
    session._sessions[served.sha256, device] = failing(rank, outputs)


def test_the_session_fails_as_a_device_does() -> None:
    away = failing(2, ("location",))
    assert away.get_providers()[0] == AWAY[0]
    with pytest.raises(Exception, match="out of data bounds"):
        away.run(["location"], {"x": np.zeros((1, 3), np.float32)})


def test_trees_are_answered_by_the_processor_and_it_is_said_once(caplog) -> None:
    panel, rows, plain = planted(), np.arange(200, 260), trees()
    there = plain.in_form(Form(device="auto"))
    assert (there.device, there.notes) == ("auto", ())
    dies(there)
    with caplog.at_level(logging.WARNING, logger="ara.models"):
        told = [there.predict(panel, rows).values for _ in range(3)]
    assert all(one.tobytes() == plain.predict(panel, rows).values.tobytes() for one in told)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"auto failed at the graph {there.sha256[:8]}, and the processor answers: ")
    assert "out of data bounds" in record.getMessage()
    assert there.notes == (f"{there.head.family} answers by the processor: its device (auto) failed",)
    assert (there.sha256, "auto") not in session._sessions
    assert plain.in_form(Form(device="auto")).notes == there.notes
    assert plain.notes == ()


def test_windows_that_came_in_batches_are_answered_as_the_processor_does_one_by_one() -> None:
    panel, rows = featured(), np.arange(250, 290)
    gru = fit(Gru(epochs=1, window=8), panel.until(int(panel.known_at[240])))
    there = gru.in_form(Form(device="auto"))
    dies(there)
    assert there.predict(panel, rows).values.tobytes() == gru.predict(panel, rows).values.tobytes()
    assert len(there.notes) == 1


def test_a_device_that_can_not_begin_is_left_too(monkeypatch) -> None:
    wrong = [(AWAY[0], "no options")]
    monkeypatch.setattr(session, "available", lambda device: ("CPUExecutionProvider",) if device == "cpu" else wrong)
    panel, rows, plain = planted(), np.arange(200, 260), trees()
    there = plain.in_form(Form(device="cuda"))
    assert there.predict(panel, rows).values.tobytes() == plain.predict(panel, rows).values.tobytes()
    assert there.notes == (f"{there.head.family} answers by the processor: its device (cuda) failed",)


def test_what_the_processor_can_not_run_either_is_no_fault_of_the_device() -> None:
    plain = trees()
    dies(plain)
    with pytest.raises(ModelError, match="features of the shape"):
        session.run(plain.graph, plain.sha256, np.zeros((2, 1), np.float32), device="auto")
    assert not session.fell(plain.sha256, "auto")
    with pytest.raises(ModelError, match="nothing is computed"):
        session.run(b"\x08\x0a", "no graph", np.zeros((2, 1), np.float32), device="auto")
    assert not session.fell("no graph", "auto")


def test_no_more_failures_are_remembered_than_there_is_room_for(monkeypatch) -> None:
    monkeypatch.setattr(session, "_REMEMBERED", 1)
    plain = trees()
    for device in ("auto", "cuda"):
        dies(plain, device)
        session.run(plain.graph, plain.sha256, np.zeros((1, len(plain.head.names)), np.float32), device=device)
    assert not session.fell(plain.sha256, "auto")
    assert session.fell(plain.sha256, "cuda")
