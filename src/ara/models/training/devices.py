"""What computes, and a quiet room for it: one thread, seeds of its own, the same result each time."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch

from ara.errors import ModelError
from ara.models.training.plan import KINDS

__all__ = ["Device", "device", "gone", "repeatable", "seeded"]

_FAILURES: Final = ("cuda error", "cudnn error", "hip error", "miopen error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where a network is trained.

    Parameters
    ----------
    kind
        One of `KINDS`.
    name
        The maker's name of it.
    mixed
        Whether it multiplies in bfloat16 faster than in float32.
    """

    kind: str
    name: str
    mixed: bool

    @property
    def torch(self) -> str:
        """The name under which PyTorch knows it; ROCm answers to CUDA's."""
        return "cuda" if self.kind == "rocm" else self.kind


def device(wish: str = "auto") -> Device:
    """Give the device asked for, or with `auto` the best there is: CUDA or ROCm, then Apple's, then the processor."""
    if wish not in ("auto", *KINDS):
        raise ModelError(f"there is no device {wish!r}", hint=f"There are auto, {', '.join(KINDS)}.")
    found = _found()
    if wish == "auto":
        return found[0]
    for one in found:
        if one.kind == wish:
            return one
    raise ModelError(
        f"this machine has no {wish} that PyTorch can use",
        hint=f"It has {', '.join(one.kind for one in found)}; leave the device at auto.",
        device=wish,
    )


def gone(error: RuntimeError) -> bool:
    """Tell whether a device failed beneath PyTorch: it fell off its bus, was reset, hung. Short memory is none."""
    words = str(error).lower()
    return "out of memory" not in words and any(one in words for one in _FAILURES)


def _found() -> list[Device]:
    out = [Device(kind="cpu", name="processor", mixed=False)]
    if torch.backends.mps.is_available():
        out.insert(0, Device(kind="mps", name="Apple GPU", mixed=False))
    if torch.cuda.is_available():
        kind = "rocm" if torch.version.hip else "cuda"
        out.insert(0, Device(kind=kind, name=torch.cuda.get_device_name(), mixed=torch.cuda.is_bf16_supported()))
    return out


@contextmanager
def repeatable(seed: int, where: Device | None = None) -> Iterator[None]:
    """Compute on one thread with repeatable kernels and seeds of one's own; all is as it was afterwards.

    A card lacks a few of these kernels; the last bits may differ there from run to run.
    """
    threads, strict = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    cards = [torch.cuda.current_device()] if where is not None and where.torch == "cuda" else []
    if cards:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with torch.random.fork_rng(devices=cards), warnings.catch_warnings():
        if cards:  # cards lack a few repeatable kernels; then the next best is taken
            warnings.filterwarnings("ignore", message=".*deterministic.*", category=UserWarning)
        torch.set_num_threads(1)
        torch.set_deterministic_debug_mode(
            "warn" if cards else "error"
        )  # its sister takes seconds: it loads a compiler
        memory.fill_uninitialized_memory = False
        seeded(seed, where)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.set_deterministic_debug_mode(strict)
            memory.fill_uninitialized_memory = filled


def seeded(seed: int, where: Device | None = None) -> None:
    """Set the seed of what is random on the processor, and on the device."""
    torch.default_generator.manual_seed(seed)
    if where is not None and where.torch == "cuda":
        torch.cuda.manual_seed(seed)
    if where is not None and where.kind == "mps":
        torch.mps.manual_seed(seed)
