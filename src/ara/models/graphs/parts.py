"""What a tabular model is made of: trees and linear models, added up to named answers; and its graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.graphs.linear import Linear
from ara.models.graphs.trees import Trees

__all__ = ["Inputs", "Output", "Parts", "Regressor"]

_Floats: TypeAlias = NDArray[np.float64]

Regressor: TypeAlias = Trees | Linear
"""One number from a row of features."""

_BOUNDS = ("medians", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """What is done to the features before the regressors see them.

    Parameters
    ----------
    medians
        `[F]`, put where a feature is NaN, for trees and linear models alike; none where trees deal with NaN themselves.
    low, high
        `[F]`: bounds beyond which linear models see no further; trees see the feature as it is.
    """

    medians: NDArray[np.float32] | None = None
    low: _Floats | None = None
    high: _Floats | None = None

    def filled(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the features with NaN replaced."""
        return x if self.medians is None else np.where(np.isnan(x), np.asarray(self.medians, np.float32), x)

    def bounded(self, x: NDArray[Any]) -> _Floats:
        """Give filled features as linear models see them."""
        wide = np.asarray(x, np.float64)
        wide = wide if self.low is None else np.maximum(wide, self.low)
        return wide if self.high is None else np.minimum(wide, self.high)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Output:
    """One answer `[row, M]`: the regressors' `[row, K]`, mixed and moved.

    Parameters
    ----------
    regressors
        K of them; one that stands in several answers is computed once.
    blend
        `[K, M]`; each regressor is an answer by itself where there is none.
    shift
        `[M]`, added.
    shape
        Of a row's answer, where it is more than a list: `(H, Q)`.
    """

    regressors: tuple[Regressor, ...]
    blend: _Floats | None = None
    shift: _Floats | None = None
    shape: tuple[int, ...] = ()

    @property
    def mixing(self) -> _Floats:
        """The `blend`, also where it changes nothing."""
        return np.eye(len(self.regressors)) if self.blend is None else np.asarray(self.blend, np.float64)

    @property
    def moving(self) -> _Floats:
        """The `shift`, also where it is nothing."""
        return np.zeros(self.mixing.shape[1]) if self.shift is None else np.asarray(self.shift, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """A tabular model: from `[row, F]` features to named answers.

    Parameters
    ----------
    width
        F.
    outputs
        The answers by name.
    inputs
        What is done to the features first.
    """

    width: int
    outputs: Mapping[str, Output]
    inputs: Inputs = field(default_factory=Inputs)

    def __post_init__(self) -> None:
        for name, one in self.outputs.items():
            size = len(one.moving)
            if one.mixing.shape != (len(one.regressors), size) or (one.shape and np.prod(one.shape) != size):
                raise ModelError(f"the output {name} is mixed from {len(one.regressors)} regressors by another shape")
        for part in self.regressors:
            widest = len(part.weights) if isinstance(part, Linear) else int(part.feature.max(initial=-1)) + 1
            if widest > self.width or (isinstance(part, Linear) and widest != self.width):
                raise ModelError(f"a regressor sees {widest} features where there are {self.width}")
        for bound in (getattr(self.inputs, name) for name in _BOUNDS):
            if bound is not None and (np.shape(bound) != (self.width,) or not np.isfinite(bound).all()):
                raise ModelError(f"medians and bounds are {self.width} finite numbers, one for each feature")

    @property
    def regressors(self) -> tuple[Regressor, ...]:
        """All different regressors, in the order of the outputs."""
        return tuple({id(part): part for one in self.outputs.values() for part in one.regressors}.values())

    def values(self, x: NDArray[np.float32]) -> dict[str, _Floats]:
        """Give each answer for each row, computed here; the graph's is this as float32."""
        filled = self.inputs.filled(np.asarray(x, np.float32))
        bounded = self.inputs.bounded(filled)
        found = {
            id(one): one.predict(bounded) if isinstance(one, Linear) else one.predict(filled) for one in self.regressors
        }
        return {name: self._answer(one, found, len(x)) for name, one in self.outputs.items()}

    def _answer(self, output: Output, found: Mapping[int, _Floats], rows: int) -> _Floats:
        raw = np.stack([found[id(one)] for one in output.regressors], axis=1)
        mixed = np.einsum("nk,km->nm", raw, output.mixing) + output.moving
        return np.asarray(mixed).reshape(rows, *(output.shape or (-1,)))

    def graph(self) -> bytes:
        """Give the ONNX graph; the package onnx must be there."""
        from ara.models.graphs.building import graph_of

        return graph_of(self)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give all arrays by name, to be kept."""
        kept: dict[str, NDArray[Any]] = {"width": np.array(self.width)}
        kept |= {
            name: np.asarray(getattr(self.inputs, name)) for name in _BOUNDS if getattr(self.inputs, name) is not None
        }
        places = {id(one): place for place, one in enumerate(self.regressors)}
        for place, part in enumerate(self.regressors):
            kind = "linear" if isinstance(part, Linear) else "trees"
            kept |= {f"{kind}.{place}.{name}": array for name, array in part.arrays().items()}
        for name, one in self.outputs.items():
            kept[f"output.{name}.parts"] = np.array([places[id(part)] for part in one.regressors], np.int64)
            kept[f"output.{name}.blend"], kept[f"output.{name}.shift"] = one.mixing, one.moving
            kept[f"output.{name}.shape"] = np.array(one.shape, np.int64)
            kept[f"output.{name}.halved"] = np.array(False)  # noqa: FBT003 - files have had it since their first version
        return kept

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Parts":
        """Make the parts of kept arrays."""
        grouped: dict[tuple[str, str], dict[str, NDArray[Any]]] = {}
        for name, array in arrays.items():
            if name.count(".") >= 2:
                kind, which, what = name.split(".", 2)
                grouped.setdefault((kind, which), {})[what] = array
        parts: dict[int, Regressor] = {int(w): Trees.of_arrays(own) for (k, w), own in grouped.items() if k == "trees"}
        parts |= {int(w): Linear.of_arrays(own) for (k, w), own in grouped.items() if k == "linear"}
        outputs = {
            name: Output(
                regressors=tuple(parts[int(place)] for place in own["parts"]),
                blend=own["blend"],
                shift=own["shift"],
                shape=tuple(int(size) for size in own["shape"]),
            )
            for (kind, name), own in grouped.items()
            if kind == "output"
        }
        bounds = {name: arrays[name] for name in _BOUNDS if name in arrays}
        return cls(width=int(arrays["width"]), outputs=outputs, inputs=Inputs(**bounds))
