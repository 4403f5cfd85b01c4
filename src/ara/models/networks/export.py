"""Networks as ONNX graphs, and their weights out of these again."""

import io
import warnings
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ara.errors import ModelError
from ara.models.graphs.runtime import silenced
from ara.models.networks.layers import Forecaster

__all__ = ["TRAINING_ONLY", "graph_of", "weights_of"]

TRAINING_ONLY: Final = "drop.rate"
"""How the names end of what a network needs in training alone; graphs have none of it."""

_OPSET: Final = 18
_PREFIX: Final = "network."
_SAME: Final = "same as: "


class _Named(nn.Module):
    """A network whose outputs stand in a fixed order."""

    def __init__(self, network: Forecaster, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        told = self.network(x)
        return tuple(told[name] for name in self.names)


def graph_of(network: Forecaster, *, window: int, dynamo: bool = False) -> bytes:
    """Give a network as an ONNX graph from windows `x` `[n, window, F]` to its outputs by name.

    Weights keep their names and are not folded, so that `weights_of` finds them.

    Parameters
    ----------
    network
        In its trained state.
    window
        Bars in a window.
    dynamo
        Whether to use PyTorch's newer exporter, which takes several times as long.
    """
    silenced()
    network = network.cpu().eval()
    x = torch.zeros(2, window, len(network.centre))
    with torch.no_grad():
        names = tuple(network(x))
    named = _Named(network, names).eval()
    with warnings.catch_warnings():
        # the exporter warns of its own age, of shapes that are fixed here, and of states that begin at 0 for any batch
        warnings.simplefilter("ignore")
        if dynamo:
            program = torch.onnx.export(
                named, (x,), dynamo=True, opset_version=_OPSET, input_names=["x"], output_names=list(names),
                dynamic_shapes={"x": {0: torch.export.Dim("rows")}}, verbose=False,
            )  # fmt: skip
            if program is None:  # pragma: no cover - only with `f`, says the exporter's own text
                raise ModelError("the exporter gave no graph")
            body: bytes = program.model_proto.SerializeToString()
            return body
        file: Any = io.BytesIO()
        torch.onnx.export(
            named, (x,), file, dynamo=False, opset_version=_OPSET, input_names=["x"], output_names=list(names),
            dynamic_axes={name: {0: "rows"} for name in ("x", *names)}, do_constant_folding=False,
        )  # fmt: skip
    return _named(file.getvalue(), network)


def weights_of(graph: bytes) -> dict[str, Tensor]:
    """Give a network's weights by the names they have in it, from a graph that `graph_of` made."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load_model_from_string(graph)
    found = {
        one.name.removeprefix(_PREFIX): torch.from_numpy(numpy_helper.to_array(one).copy())
        for one in model.graph.initializer
        if one.name.startswith(_PREFIX)
    }
    for one in model.metadata_props:
        if one.key.startswith(_SAME) and one.value in found:
            found[one.key.removeprefix(_SAME)] = found[one.value].clone()
    return found


def _named(graph: bytes, network: Forecaster) -> bytes:
    """Note in the graph which weights the exporter left out because they equal others."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load_model_from_string(graph)
    held = {one.name.removeprefix(_PREFIX): numpy_helper.to_array(one) for one in model.graph.initializer}
    for name, value in network.state_dict().items():
        if name in held or name.endswith(TRAINING_ONLY):
            continue
        own = value.numpy()
        twin = next(
            one
            for one, array in held.items()
            if array.shape == own.shape and np.array_equal(array, own, equal_nan=True)
        )
        model.metadata_props.add(key=_SAME + name, value=twin)
    body: bytes = model.SerializeToString(deterministic=True)
    return body
