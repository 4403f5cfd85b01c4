"""What a feature of many instruments is, and the decorator that makes one of a function of matrices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.indicator import IndicatorSpec, Param, Scale

__all__ = ["Matrix", "MatrixFeature", "PanelFeature", "panel_feature"]

Matrix = NDArray[np.float64]
"""One number for each instant and series, `[time, series]`; NaN where a series has no bar."""

_DIMENSIONS: Final = 2


@runtime_checkable
class PanelFeature(Protocol):
    """A figure per instant and instrument, from what was known of all of them then and before."""

    @property
    def spec(self) -> IndicatorSpec:
        """What is known of it; bars are rows of the matrices, warm-up and memory count from the panel's first."""
        ...

    def compute_panel(
        self, inputs: Mapping[str, Matrix], *, groups: Sequence[str] = (), **params: float
    ) -> tuple[Matrix, ...]:
        """Give one matrix per output, shaped like the inputs; a value depends on its row and earlier ones only."""
        ...

    def memory(self, **params: float) -> int | None:
        """Give how many of the last rows the last value depends on; None where all do."""
        ...


@dataclass(frozen=True, slots=True)
class MatrixFeature:
    """A feature made of a function of matrices, one per input, and keyword parameters.

    Parameters
    ----------
    spec
        What is known of it.
    function
        Gives a matrix, or a tuple of one per output; an array with one number per row counts for every series.
    shared
        Whether it is one figure of the whole panel, the same for each instrument.
    grouped
        Whether the function is told `groups`, the group of each series.
    """

    spec: IndicatorSpec
    function: Callable[..., Any]
    shared: bool = False
    grouped: bool = False

    def compute_panel(
        self, inputs: Mapping[str, Matrix], *, groups: Sequence[str] = (), **params: float
    ) -> tuple[Matrix, ...]:
        """Give one matrix per output, NaN where a series has no bar.

        Parameters
        ----------
        inputs
            A matrix for each input of the spec, `[time, series]`, each row known at one instant, ascending.
        groups
            The group of each series, such as its sector or asset class; all are one group if empty.
        **params
            The feature's parameters; its defaults stand for those that are left out.

        Raises
        ------
        FeatureEngineeringError
            Inputs, groups or parameters aren't as the spec says.
        """
        matrices = self._given(inputs)
        shape = matrices[0].shape
        told = {"groups": _groups(groups, shape[1], self.spec.name)} if self.grouped else {}
        with np.errstate(all="ignore"):
            found = self.function(*matrices, **told, **self.spec.resolve(params))
        there = np.isfinite(matrices[0])
        each = found if isinstance(found, tuple) else (found,)
        return tuple(_shown(one, there) for one in each)

    def memory(self, **params: float) -> int | None:
        """Give how many of the last rows the last value depends on; None where all do."""
        return self.spec.memory(**self.spec.resolve(params))

    def warmup(self, **params: float) -> int:
        """Give how many leading rows have no value."""
        return self.spec.warmup(**self.spec.resolve(params))

    def _given(self, inputs: Mapping[str, Matrix]) -> list[Matrix]:
        missing = [name for name in self.spec.inputs if name not in inputs]
        if missing:
            raise FeatureEngineeringError(f"The feature {self.spec.name} needs {', '.join(missing)}.")
        matrices = [np.asarray(inputs[name], np.float64) for name in self.spec.inputs]
        shapes = {one.shape for one in matrices}
        if len(shapes) > 1 or any(one.ndim != _DIMENSIONS for one in matrices):
            words = ", ".join(f"{name} {one.shape}" for name, one in zip(self.spec.inputs, matrices, strict=True))
            raise FeatureEngineeringError(
                f"The inputs of the feature {self.spec.name} are no matrices of one shape: {words}.",
                hint="Give [time, series] for each, a column for every instrument.",
            )
        return matrices


def panel_feature(
    *,
    inputs: Sequence[str],
    warmup: int | Callable[..., int],
    memory: int | Callable[..., int | None] | None,
    bounds: tuple[float, float] | Mapping[str, tuple[float, float]],
    formula: str,
    reference: str,
    words: str,
    params: Mapping[str, Param] | None = None,
    outputs: Sequence[str] = (),
    shared: bool = False,
    grouped: bool = False,
    name: str = "",
) -> Callable[[Callable[..., Any]], MatrixFeature]:
    """Make a feature of a function that takes one matrix per input, and its parameters by keyword.

    Figures of many instruments compare across them, so all are free of units.

    Parameters
    ----------
    inputs, warmup, memory, bounds, formula, reference, words, params, outputs, name
        As for `ara.features.indicator`, where bars are rows of the panel.
    shared, grouped
        As in MatrixFeature.
    """

    def make(function: Callable[..., Any]) -> MatrixFeature:
        called = name or function.__name__
        given = tuple(outputs) or (called,)
        spec = IndicatorSpec(
            name=called,
            inputs=tuple(inputs),
            outputs=given,
            params=dict(params or {}),
            warmup=warmup if callable(warmup) else lambda **_: warmup,
            memory=memory if callable(memory) else lambda **_: memory,
            scale=Scale.FREE,
            bounds=dict(bounds) if isinstance(bounds, Mapping) else dict.fromkeys(given, bounds),
            formula=formula,
            reference=reference,
            words=words,
        )
        return MatrixFeature(spec, function, shared, grouped)

    return make


def _groups(groups: Sequence[str], count: int, name: str) -> tuple[str, ...]:
    if not groups:
        return ("",) * count
    if len(groups) != count:
        raise FeatureEngineeringError(f"The feature {name} is told {len(groups)} groups for {count} series.")
    return tuple(groups)


def _shown(found: Any, there: NDArray[np.bool_]) -> Any:
    """Give finite figures where a series has a bar, else NaN; what is no array of numbers is for the checks to name."""
    if not isinstance(found, np.ndarray) or found.dtype != np.float64:
        return found
    wide = found[:, None] if found.ndim == 1 and len(found) == len(there) else found
    if np.broadcast_shapes(wide.shape, there.shape) != there.shape:
        return found
    return np.where(there & np.isfinite(wide), wide, np.nan)
