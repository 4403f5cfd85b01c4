"""Running graphs: onnxruntime sessions, made when first needed, shared by what is in them; the processor stands in."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.runtime import onnxruntime
from ara.models.graphs.wire import refuse_strange

__all__ = ["DEVICES", "Signature", "available", "fell", "run", "runs_on", "signature"]

DEVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
    "tensorrt": ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"),
    "auto": (
        "TensorrtExecutionProvider",
        "CUDAExecutionProvider",
        "ROCMExecutionProvider",
        "CoreMLExecutionProvider",
        "CPUExecutionProvider",
    ),
}
"""What runs a graph, best first. `cpu` gives the same bytes everywhere; `auto` takes the fastest that is there."""

_NAMES: Final = {
    "CUDAExecutionProvider": "cuda",
    "TensorrtExecutionProvider": "tensorrt",
    "CPUExecutionProvider": "cpu",
}

_KEPT: Final = 64
_REMEMBERED: Final = 1024
_sessions: dict[tuple[str, str], Any] = {}
_fallen: dict[tuple[str, str], str] = {}

_log = logging.getLogger(__name__)

Signature: TypeAlias = tuple[tuple[Any, ...], dict[str, tuple[Any, ...]]]
"""The shape of a graph's input, and of each output by name; a size that is not fixed is a name or None."""


def available(device: str = "cpu") -> tuple[str, ...]:
    """Give the execution providers of a device that this onnxruntime has, best first."""
    if device not in DEVICES:
        raise ModelError(f"there is no device {device!r} to run a graph on", hint=f"Choose {', '.join(DEVICES)}.")
    present = set(onnxruntime().get_available_providers())
    return tuple(one for one in DEVICES[device] if one in present)


def runs_on(graph: bytes, sha256: str, device: str) -> str:
    """Give the device that runs a graph where this one is asked for: another one where it is not there."""
    provider = str(_session(graph, sha256, device).get_providers()[0])
    return _NAMES.get(provider, provider.removesuffix("ExecutionProvider").lower())


def signature(graph: bytes, sha256: str) -> Signature:
    """Give the shape of the one input, and the shape of each output by name; refuse a graph of another make."""
    session = _session(graph, sha256, "cpu")
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        raise ModelError("a graph has one input, of float32 features")
    outputs = {one.name: tuple(one.shape) for one in session.get_outputs()}
    return tuple(inputs[0].shape), outputs


def run(
    graph: bytes, sha256: str, x: NDArray[np.float32], *, names: Sequence[str] = (), device: str = "cpu"
) -> dict[str, NDArray[Any]]:
    """Give the outputs for features `[N, F]` or `[N, window, F]`; all of them where no names are said.

    Where a device fails at it, and the processor does not, the processor answers, now and from now on: see `fell`.
    """
    session = _session(graph, sha256, device)
    try:
        return _run(session, x, names)
    except ModelError as error:
        if device == "cpu":
            raise
        found = _run(_session(graph, sha256, "cpu"), x, names)  # what is wrong with the features is told by it too
        _fall(sha256, device, error)
        return found


def fell(sha256: str, device: str) -> bool:
    """Tell whether a device failed at a graph, so that the processor answers in its place until this process ends."""
    return (sha256, device) in _fallen


def _run(session: Any, x: NDArray[np.float32], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    wanted = list(names) or [one.name for one in session.get_outputs()]
    try:
        found = session.run(wanted, {session.get_inputs()[0].name: x})
    except Exception as error:  # onnxruntime's own errors share no class
        raise ModelError(f"the graph can't be run on features of the shape {x.shape}: {_first_line(error)}") from error
    return dict(zip(wanted, found, strict=True))


def _session(graph: bytes, sha256: str, device: str) -> Any:
    """Make the session, or give it again; the least recently used goes where there are too many."""
    if fell(sha256, device):
        return _session(graph, sha256, "cpu")
    session = _sessions.pop((sha256, device), None)
    if session is None:
        available(device)  # a device of no name is no device that failed
        try:
            session = _made(graph, device)
        except ModelError as error:
            if device == "cpu":
                raise
            plain = _session(graph, sha256, "cpu")  # a graph that nobody can read is told by it
            _fall(sha256, device, error)
            return plain
    _sessions[sha256, device] = session
    while len(_sessions) > _KEPT:
        _sessions.pop(next(iter(_sessions)), None)
    return session


def _fall(sha256: str, device: str, error: ModelError) -> None:
    """Leave a graph to the processor; the session is let go, and what failed is not tried again."""
    _sessions.pop((sha256, device), None)
    _fallen[sha256, device] = error.message
    while len(_fallen) > _REMEMBERED:
        _fallen.pop(next(iter(_fallen)), None)
    _log.warning("%s failed at the graph %s, and the processor answers: %s", device, sha256[:8], error.message)


def _made(graph: bytes, device: str) -> Any:
    """Make a session of one thread: the order of sums, and so their last bits, never depends on the machine's cores."""
    refuse_strange(graph)
    made_by = onnxruntime()
    options = made_by.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = made_by.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    options.add_session_config_entry("session.use_deterministic_compute", "1")
    try:
        return made_by.InferenceSession(graph, options, providers=list(available(device)), enable_fallback=0)
    except Exception as error:  # onnxruntime's own errors share no class
        raise ModelError(f"the graph can't be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
