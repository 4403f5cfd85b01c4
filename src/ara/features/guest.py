"""Indicators of strangers: what goes in can't be written to, and what comes out is looked at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError, PluginError
from ara.features.fingerprint import fingerprint
from ara.features.indicator import ArrayIndicator, Indicator, IndicatorSpec, columns_of
from ara.features.shared import apart
from ara.plugins import guest

__all__ = ["Guest", "own"]

_SECONDS: Final = 300.0
_ROUNDED: Final = 1e-9
_OWN: Final = "ara."

_Array = NDArray[np.float64]


def own(part: Indicator) -> bool:
    """Say whether an indicator is Ara's, which its tests vouch for."""
    if isinstance(part, Guest):
        return False
    code = part.function if isinstance(part, ArrayIndicator) else type(part)
    return str(getattr(code, "__module__", "")).startswith(_OWN)


@dataclass(frozen=True, slots=True)
class Guest:
    """An indicator of another package, held to what its spec says.

    Parameters
    ----------
    part
        As the package made it.
    source
        The distribution that offers it, and its version.
    """

    part: Indicator
    source: str = ""
    spec: IndicatorSpec = field(init=False, compare=False)
    """What is known of it; its functions are the stranger's and fail by an error of Ara."""
    code: str = field(init=False, compare=False)
    """Digest of its code, so that what was kept of other code is not taken for its own."""

    def __post_init__(self) -> None:
        try:
            spec = self.part.spec
            spec = replace(
                spec,
                warmup=self._counting(spec.warmup),
                memory=self._counting(spec.memory),
                step=self._guarded(spec.step) if spec.step else None,
            )
        except (AttributeError, TypeError) as error:
            raise PluginError(f"What is offered as an indicator has no spec that can be read: {error}.") from None
        object.__setattr__(self, "code", self._guarded(fingerprint)(self.part, self.source))
        object.__setattr__(self, "spec", spec)

    def compute(self, inputs: Mapping[str, _Array], **params: float) -> tuple[_Array, ...]:
        """Give one array per output; FeatureEngineeringError where it fails, or gives what its spec rules out."""
        spec = self.spec
        with np.errstate(all="ignore"):
            given = dict(zip(spec.inputs, map(_sealed, columns_of(spec, inputs)), strict=True))
        chosen = spec.resolve(params)
        try:
            found = self._guarded(self.part.compute)(given, **chosen)
        except FeatureEngineeringError as error:
            if "read-only" not in error.message:
                raise
            raise self._wrong(
                "writes into the arrays that it is given, which others read too; copy them first"
            ) from error
        length = len(next(iter(given.values()))) if given else 0
        return self._checked(found, length, spec.warmup(**chosen))

    def memory(self, **params: float) -> int | None:
        """Give how many of the last bars the last value depends on; None where all do."""
        return self.spec.memory(**self.spec.resolve(params))

    @property
    def _who(self) -> str:
        return f"The indicator {self.part.spec.name}"

    @property
    def _hint(self) -> str:
        return f"See what it does wrong: ara plugins check {self.part.spec.name}"

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **params: Any) -> Any:
            with (
                np.errstate(all="ignore"),
                apart(),
                guest(self._who, error=FeatureEngineeringError, hint=self._hint, seconds=_SECONDS),
            ):
                return function(*args, **params)

        return run

    def _counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        run = self._guarded(function)

        def count(**params: float) -> Any:
            found = run(**params)
            if found is not None and (not isinstance(found, int | np.integer) or found < 0):
                raise self._wrong(f"counts {found!r:.40} bars for its warm-up or memory; give a whole number")
            return None if found is None else int(found)

        return count

    def _wrong(self, words: str) -> FeatureEngineeringError:
        return FeatureEngineeringError(f"{self._who} {words}.", hint=self._hint)

    def _checked(self, found: Any, length: int, warmup: int) -> tuple[_Array, ...]:
        outputs = self.spec.outputs
        if not isinstance(found, tuple) or len(found) != len(outputs):
            count = len(found) if isinstance(found, tuple) else 1
            raise self._wrong(f"gave {count} output{'s' * (count != 1)}; it has {', '.join(outputs)}")
        return tuple(self._output(name, values, length, warmup) for name, values in zip(outputs, found, strict=True))

    def _output(self, name: str, values: Any, length: int, warmup: int) -> _Array:
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiub":
            kind = f"an array of {values.dtype}" if isinstance(values, np.ndarray) else type(values).__name__
            raise self._wrong(f"gave {kind} for {name}; give an array of numbers")
        if values.shape != (length,):
            raise self._wrong(
                f"did not give one value of {name} for each of {length} bars: its shape is {values.shape}"
            )
        numbers = values.astype(np.float64)
        numbers[~np.isfinite(numbers)] = np.nan
        early = np.flatnonzero(~np.isnan(numbers[:warmup]))
        if len(early):
            words = f"gave {numbers[early[0]]:g} for {name} in bar {early[0]}"
            raise self._wrong(f"{words}; by its own warm-up it has no value in the first {warmup}")
        low, high = self.spec.bounds[name]
        slack = _ROUNDED * max(1.0, *(abs(one) for one in (low, high) if np.isfinite(one)), 1.0)
        outside = numbers[(numbers < low - slack) | (numbers > high + slack)]
        if len(outside):
            raise self._wrong(f"gave {outside[0]:g} for {name}; by its own bounds it is {low:g} to {high:g}")
        return numbers


def _sealed(values: _Array) -> _Array:
    """Give an array that can't be written to: others look at the same numbers."""
    sealed = values.view()
    sealed.flags.writeable = False
    return sealed
