"""Sessions: made when first needed, shared by content, of one thread."""

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.graphs import Linear, Output, Parts, session
from tests.models.graphs.made import WIDTH, features


def _graph(weight: float) -> bytes:
    line = Linear.of(np.full(WIDTH, weight), 0.0)
    return Parts(width=WIDTH, outputs={"location": Output(regressors=(line,))}).graph()


def test_the_same_graph_is_read_once_and_the_oldest_goes_first(monkeypatch) -> None:
    monkeypatch.setattr(session, "_sessions", {})
    monkeypatch.setattr(session, "_KEPT", 2)
    made = []
    real = session._made
    monkeypatch.setattr(session, "_made", lambda graph, device: made.append(graph) or real(graph, device))
    x = np.nan_to_num(features(rows=3))
    one, two, three = (_graph(weight) for weight in (1.0, 2.0, 3.0))
    for graph in (one, two, one, one, three, one):
        session.run(graph, str(hash(graph)), x)
    assert made == [one, two, three]
    session.run(two, str(hash(two)), x)
    assert made == [one, two, three, two]


def test_features_of_another_shape_are_told() -> None:
    with pytest.raises(ModelError, match="shape \\(2, 3\\)"):
        session.run(_graph(1.0), "another shape", np.zeros((2, 3), np.float32))


def test_devices_are_tried_best_first_and_an_unknown_one_is_refused(monkeypatch) -> None:
    class Machine:
        def get_available_providers(self) -> list[str]:
            return ["CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider", "Strange"]

    assert session.available() == ("CPUExecutionProvider",)
    monkeypatch.setattr(session, "onnxruntime", Machine)
    assert session.available("cpu") == ("CPUExecutionProvider",)
    assert session.available("cuda") == ("CUDAExecutionProvider", "CPUExecutionProvider")
    assert session.available("tensorrt") == session.available("auto")
    assert session.available("auto") == ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")
    with pytest.raises(ModelError, match="no device 'gpu'") as caught:
        session.available("gpu")
    assert caught.value.hint == "Choose cpu, cuda, tensorrt, auto."


def test_auto_answers_here_too() -> None:
    x = np.nan_to_num(features(rows=3))
    graph = _graph(1.5)
    one, other = (session.run(graph, "auto", x, device=device)["location"] for device in ("cpu", "auto"))
    np.testing.assert_allclose(one, other, rtol=1e-5)
