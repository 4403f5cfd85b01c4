"""Lighter forms of a graph, and what they cost: half precision, or weights of 8 bits.

Neither is taken by itself: they pay for networks on devices made for them, seldom on a processor, and never for trees.
`weigh` says what is lost and what is won on the rows and the machine at hand.
"""

import logging
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.runtime import silenced
from ara.models.graphs.session import run

__all__ = ["KINDS", "Weighed", "lighter", "weigh"]

KINDS: Final = ("fp16", "int8")
"""Half precision throughout; or weights of matrix products and LSTMs of 8 bits, the rest in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What a lighter form of a graph loses and wins.

    Parameters
    ----------
    kind
        One of `KINDS`.
    graph
        The lighter graph.
    errors
        By output: the largest difference from the full graph, over the standard deviation of the full one's answers.
    size
        Bytes, over those of the full graph.
    speed
        Time of the full graph over that of this one, in the same run; below 1 it is slower.
    """

    kind: str
    graph: bytes
    errors: Mapping[str, float]
    size: float
    speed: float

    @property
    def error(self) -> float:
        """The largest of the errors."""
        return max(self.errors.values(), default=0.0)


def lighter(graph: bytes, kind: str) -> bytes:
    """Give the lighter form; its inputs and outputs stay float32. The package onnx must be there."""
    if kind not in KINDS:
        raise ModelError(f"there is no precision {kind!r}", hint=f"Choose {' or '.join(KINDS)}.")
    try:
        import onnx
    except ImportError as error:
        raise ModelError(
            "a graph is made lighter by the package onnx, which is not installed",
            hint="Install it: pip install 'ara-ai[train]'",
        ) from error
    model = onnx.load_from_string(graph)
    if any(node.op_type.startswith("TreeEnsemble") for node in model.graph.node):
        raise ModelError("a graph of trees gains nothing from less precision", hint="Make graphs of networks lighter.")
    del model.graph.value_info[:]  # shapes that were noted for the full graph contradict the lighter one's
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numbers too small for half precision, and advice on preparing the graph
        made = _halved(model) if kind == "fp16" else _quantised(model)
    written: bytes = made.SerializeToString()
    return written


def weigh(graph: bytes, x: NDArray[np.float32], *, kinds: Sequence[str] = KINDS, device: str = "cpu") -> list[Weighed]:
    """Make each lighter form and compare it with the full graph on these features, `[N, F]` or `[N, window, F]`."""
    full = run(graph, sha256(graph).hexdigest(), x, device=device)
    found = []
    for kind in kinds:
        other = lighter(graph, kind)
        told = run(other, sha256(other).hexdigest(), x, device=device)
        errors = {name: _error(answer, told[name]) for name, answer in full.items()}
        speed = _seconds(graph, x, device) / _seconds(other, x, device)
        found.append(Weighed(kind=kind, graph=other, errors=errors, size=len(other) / len(graph), speed=speed))
    return found


def _halved(model: Any) -> Any:
    silenced()
    from onnxruntime.transformers.float16 import convert_float_to_float16

    return convert_float_to_float16(model, keep_io_types=True)


def _quantised(model: Any) -> Any:
    silenced()
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)  # it advises on the root logger
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "graph.onnx")
            unsaid = {"DefaultTensorType": onnx.TensorProto.FLOAT}  # of what lies between two nodes
            _part(model)
            quantize_dynamic(model, path, weight_type=QuantType.QInt8, per_channel=True, extra_options=unsaid)
            return onnx.load(path)
    finally:
        logger.setLevel(before)


def _part(model: Any) -> None:
    """Give each product weights of its own: the library turns weights that several share once for each of them."""
    kept = {one.name: one for one in model.graph.initializer}
    met: Counter[str] = Counter()
    for node in model.graph.node:
        name = node.input[1] if node.op_type == "Gemm" else ""
        met[name] += 1
        if name in kept and met[name] > 1:
            own = model.graph.initializer.add()
            own.CopyFrom(kept[name])
            own.name = node.input[1] = f"{name}_{met[name]}"


def _error(full: NDArray[Any], light: NDArray[Any]) -> float:
    spread = float(np.nanstd(full.astype(np.float64)))
    apart = np.abs(full.astype(np.float64) - light.astype(np.float64))
    worst = float(np.nanmax(apart, initial=0.0))
    return worst / spread if spread > 0 else worst


def _seconds(graph: bytes, x: NDArray[np.float32], device: str) -> float:
    """Give the time of one run, the least of a few: on a processor its own, whatever else that is busy with."""
    key, least = sha256(graph).hexdigest(), float("inf")
    clock = time.process_time if device == "cpu" else time.perf_counter
    for _ in range(5):
        begin = clock()
        run(graph, key, x, device=device)
        least = min(least, clock() - begin)
    return least
