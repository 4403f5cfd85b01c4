"""How a network is to be trained."""

from dataclasses import dataclass, fields
from typing import Final

from ara.errors import ModelError

__all__ = ["AUGMENTS", "CURRICULA", "KINDS", "Plan"]

AUGMENTS: Final = ("jitter", "magnitude", "mix", "slice", "time")
"""Ways of making more of the training windows; see `augmented`."""

CURRICULA: Final = ("", "horizon", "volatility")
"""Orders of learning: none, short horizons first, calm markets first."""

KINDS: Final = ("cpu", "cuda", "mps", "rocm")
"""Kinds of devices."""

_LIMITS: Final = {
    "epochs": (0, 10_000),
    "batch": (1, 65_536),
    "accumulate": (1, 4096),
    "rate": (1e-7, 1.0),
    "decay": (0.0, 1.0),
    "warm_up": (0.0, 0.9),
    "clip": (1e-3, 1e6),
    "patience": (1, 10_000),
    "prune": (0.0, 0.95),
    "every": (1, 1_000_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the training loop is told.

    Parameters
    ----------
    epochs
        At most so many passes over the training rows.
    batch
        Windows that one step of the optimiser looks at; fewer where there are few rows.
    accumulate
        Parts in which a batch is worked, one after the other, so that less of it is in memory.
    rate
        Highest learning rate of AdamW: reached after the warm-up, and left along half a cosine.
    decay
        Weight decay of matrices.
    warm_up
        Share of all steps over which the rate rises from 0.
    clip
        Gradients longer than this are shortened to it.
    patience
        Epochs without a better loss on the validation rows after which training stops.
    mixed
        Whether to use bfloat16 where the device has it.
    spare
        Whether to compute activations again in the backward pass instead of keeping them: slower, less memory.
    augment
        Some of `AUGMENTS`.
    curriculum
        One of `CURRICULA`.
    prune
        Share of the weights of matrices that is 0 at the end, the smallest first.
    every
        Steps between two checkpoints.
    device
        `auto`, `cuda`, `rocm`, `mps` or `cpu`.
    """

    epochs: int = 12
    batch: int = 256
    accumulate: int = 1
    rate: float = 3e-3
    decay: float = 0.01
    warm_up: float = 0.1
    clip: float = 1.0
    patience: int = 3
    mixed: bool = True
    spare: bool = False
    augment: tuple[str, ...] = ()
    curriculum: str = ""
    prune: float = 0.0
    every: int = 100
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ModelError(
                    f"a network can't be trained with {name} = {value:g}",
                    hint=f"Choose {name} from {low:g} to {high:g}.",
                )
        unknown = sorted(set(self.augment) - set(AUGMENTS))
        if unknown:
            raise ModelError(f"there is no augmentation {unknown[0]!r}", hint=f"There are {', '.join(AUGMENTS)}.")
        if self.device not in ("auto", *KINDS):
            raise ModelError(f"there is no device {self.device!r}", hint=f"There are auto, {', '.join(KINDS)}.")
        if self.curriculum not in CURRICULA:
            raise ModelError(
                f"there is no curriculum {self.curriculum!r}", hint="There are horizon and volatility, or '' for none."
            )

    @property
    def settings(self) -> dict[str, object]:
        """All fields by name, as JSON has them: what tells one training from another."""
        return {one.name: getattr(self, one.name) for one in fields(self)}
