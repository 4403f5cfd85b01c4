"""In which form a trained model's graphs answer: how exactly, and on what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeGuard, runtime_checkable

from ara.errors import ModelError
from ara.models.model import Fitted

__all__ = ["PLACES", "PLAIN", "PRECISIONS", "Form", "Formed", "in_form", "is_formed"]

PRECISIONS: Final = ("exact", "half", "int8")
"""As the graph was trained; half precision throughout; weights of 8 bits where there are products of matrices."""

PLACES: Final = ("cpu", "cuda", "tensorrt", "auto")
"""The processor, with the same bytes everywhere; NVIDIA's cards, plainly or by TensorRT; the fastest that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How graphs answer.

    Parameters
    ----------
    precision
        One of `PRECISIONS`.
    device
        One of `PLACES`.
    """

    precision: str = "exact"
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name, value, allowed in (("precision", self.precision, PRECISIONS), ("device", self.device, PLACES)):
            if value not in allowed:
                known = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
                raise ModelError(f"there is no {name} {value!r} for a graph", hint=f"Choose {known}.")

    @property
    def described(self) -> Mapping[str, str]:
        """What a lineage says of it: what differs from the form in which a model was trained."""
        both = {"precision": self.precision, "device": self.device}
        return {name: value for name, value in both.items() if value != getattr(PLAIN, name)}


PLAIN: Final = Form()
"""The form in which models are trained and judged: exact, on the processor."""


@runtime_checkable
class Formed(Fitted, Protocol):
    """A fitted model that has graphs, itself or in its members."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said beside its answers, such as a form that could not be had."""
        ...

    def in_form(self, form: Form) -> Fitted:
        """Give the same model answering in another form; in its own where that can't be had, which its notes say."""
        ...


def is_formed(fitted: Fitted) -> TypeGuard[Formed]:
    """Say whether it is `Formed`: to ask the protocol takes long."""
    return hasattr(fitted, "in_form") and hasattr(fitted, "notes")


def in_form(fitted: Fitted, form: Form) -> Fitted:
    """Give a fitted model in a form; one that has no graph is as it was."""
    return fitted.in_form(form) if form != PLAIN and is_formed(fitted) else fitted
